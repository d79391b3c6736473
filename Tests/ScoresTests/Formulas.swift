import Foundation
import GoldenSupport
import Images
import Metrics
import Scores
import Testing
import Torch

/// The numbers, pictures and weights of Golden/formulas.py, by the same whole numbers.
enum Formulas {
  /// The first `count` outputs of splitmix64 from the state `seed`.
  static func words(_ seed: UInt64, _ count: Int) -> [UInt64] {
    (1...UInt64(max(1, count))).prefix(count).map { index in
      var z = seed &+ index &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return z ^ z >> 31
    }
  }

  static func uniform(_ seed: UInt64, _ count: Int) -> [Float] {
    words(seed, count).map { Float(Double($0 >> 40) / 16_777_216 - 0.5) }
  }

  static func picture(_ number: Int, _ width: Int, _ height: Int) -> Image {
    let noise = words(UInt64(1_000 + number), width * height * 3).map { Int($0 & 31) }
    var samples: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          let waves = x * (3 + number % 7) * (c + 1) + y * (5 + number % 5) + x * y * (number % 11) / 16 + 40 * number
          samples.append(UInt8((waves + noise[(y * width + x) * 3 + c]) % 256))
        }
      }
    }
    return Image(width: width, height: height, channels: 3, made: samples)
  }

  static func features(_ seed: UInt64, _ count: Int, _ dimensions: Int, shift: Double = 0, scale: Float = 1) throws
    -> Features
  {
    let (own, mix) = (uniform(seed, count * dimensions), uniform(99, dimensions * dimensions))
    var values: [Float] = []
    for row in 0..<count {
      for column in 0..<dimensions {
        let before = own[row * dimensions + (column + dimensions - 1) % dimensions]
        let mixed = Double(own[row * dimensions + column]) + Double(before) * 0.5 + Double(mix[column]) * 0.25
        values.append(Float(mixed + shift) * scale)
      }
    }
    return try Features(values, dimensions: dimensions)
  }

  static func weights(_ shapes: [String: [Int]]) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (index, name) in shapes.keys.sorted().enumerated() {
      let shape = shapes[name]!
      let scale: Float =
        name.hasSuffix("conv.weight")
        ? Float((24.0 / Double(shape.dropFirst().reduce(1, *))).squareRoot()) : name == "fc.weight" ? 0.0625 : 0.25
      let shift: Float = name.hasSuffix("bn.weight") || name.hasSuffix("running_var") ? 1 : 0
      result[name] = Tensor(uniform(UInt64(5_000 + index), shape.reduce(1, *)).map { $0 * scale + shift }, shape: shape)
    }
    return result
  }

  /// The Inception network with these weights.
  static let inception = Result {
    try checkingTensors {
      try InceptionNetwork(
        weights(InceptionNetwork.shapes), of: URL(fileURLWithPath: "formula.pth"),
        hash: String(repeating: "0", count: 64))
    }
  }

  static func file(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
  }
}

/// What Golden/generate.py wrote.
struct ScoreGolden {
  private let tensors: [String: Tensor]
  init() throws { tensors = try Safetensors(contentsOf: Formulas.file("golden.safetensors")).tensors }
  func values(_ name: String) throws -> [Double] { try #require(tensors[name]).values(Double.self) }
  func number(_ name: String) throws -> Double { try values(name)[0] }
}

/// |a - b| / |b|
func relativeError(_ a: Double, _ b: Double) -> Double { abs(a - b) / abs(b) }
