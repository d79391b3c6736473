import Foundation
import Images
import Metrics
import Scores
import Torch

/// What scoring pictures consists of: features by FID's Inception network, the Frechet distance of statistics, and who
/// is near whom.
enum PictureScoring {
  /// Pictures in a repetition.
  private static let pictures = 32

  /// Features of 32 pictures of 64 x 64, resized to 299 x 299 on the way, by FID's Inception network with random
  /// weights.
  static func features() throws -> Contestant {
    let random = RandomStream(seed: 1)
    let network = try checkingTensors {
      let weights = Dictionary(
        uniqueKeysWithValues: InceptionNetwork.shapes.map { name, shape in
          let own = random.stream(name)
          let scale = name.hasSuffix("conv.weight") ? (2 / Double(shape.dropFirst().reduce(1, *))).squareRoot() : 0.1
          let isScale = name.hasSuffix("bn.weight") || name.hasSuffix("running_var")
          return (name, isScale ? own.uniform(shape) + 0.5 : own.normal(shape) * scale)
        })
      return (
        try InceptionNetwork(weights, of: URL(fileURLWithPath: "random"), hash: "random"), weights
      )
    }
    let set = Pictures((0..<pictures).map(picture))
    return Contestant(
      run: { times in for _ in 0..<times { _ = try PictureFeatures(of: set, by: network.0) } },
      record: { steps in
        let features = try PictureFeatures(of: set, by: network.0).features
        var tensors = network.1
        tensors["pictures"] = Tensor(
          set.list.flatMap { $0.samples.map { Float($0) } }, shape: [pictures, 64, 64, 3])
        let means = (0..<2).map { half in
          let rows = features.values.enumerated().filter { $0.offset / features.dimensions % 2 == half }.map(\.element)
          return rows.reduce(0.0) { $0 + Double($1) } / Double(rows.count)
        }
        return (Array(repeating: means, count: steps), tensors)
      })
  }

  private static func picture(_ number: Int) -> Image {
    Image(
      width: 64, height: 64, channels: 3,
      made: (0..<64 * 64 * 3).map {
        UInt8(truncatingIfNeeded: $0 * (3 + number % 5) / 7 + (($0 &+ number) &* 2_654_435_761) >> 28)
      })
  }

  private final class Pictures: PictureSet {
    let list: [Image]
    init(_ list: [Image]) { self.list = list }
    var title: String { "pictures of a benchmark" }
    var count: Int { list.count }
    var key: String? { nil }
    var notes: [String] { [] }
    func name(_ index: Int) -> String { "picture \(index)" }
    func pictures(_ range: Range<Int>) -> [(index: Int, picture: Image)] { range.map { ($0, list[$0]) } }
  }

  /// Rows as features are: not below 0, of a lower rank than they seem.
  private static func rows(_ seed: UInt64, _ count: Int, _ dimensions: Int) throws -> Features {
    try checkingTensors {
      let random = RandomStream(seed: seed)
      let mix = RandomStream(seed: 9).normal([256, dimensions]) * 0.06
      let x = relu(matmul(random.normal([count, 256]), mix) + random.stream("own").normal([count, dimensions]) * 0.3)
      return try Features(try x.values(), dimensions: dimensions)
    }
  }

  /// The Frechet distance of statistics of 2048 dimensions.
  static func frechet() throws -> Contestant {
    let (real, generated) = (
      try FeatureStatistics(of: rows(1, 4_000, 2_048)), try FeatureStatistics(of: rows(2, 4_000, 2_048))
    )
    return Contestant(
      run: { times in for _ in 0..<times { _ = try FrechetDistance(real, generated) } },
      record: { steps in
        let value = try FrechetDistance(real, generated).value
        func tensors(_ name: String, _ statistics: FeatureStatistics) -> [String: Tensor] {
          [
            "\(name).mean": Tensor(statistics.mean),
            "\(name).covariance": Tensor(statistics.covariance, shape: [2_048, 2_048]),
          ]
        }
        return (
          Array(repeating: [value, value], count: steps),
          tensors("real", real).merging(tensors("generated", generated)) { $1 }
        )
      })
  }

  /// The same of so many points on either side, once: seconds, and the most memory that it took beside the points; 0
  /// where the system does not tell.
  static func neighboursOnce(_ points: Int) throws -> (seconds: Double, bytes: Int) {
    let (real, generated) = (try rows(3, points, 2_048), try rows(4, points, 2_048))
    func kilobytes(_ name: String) -> Int {
      let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
      return line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
    let before = kilobytes("VmRSS:")
    try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    let seconds =
      try ContinuousClock().measure { _ = try PrecisionRecall(real: real, generated: generated) } / .seconds(1)
    return (seconds, max(0, kilobytes("VmHWM:") - before) << 10)
  }

  /// Precision, recall, density and coverage of 10 000 and 10 000 points in 2048 dimensions, k = 5.
  static func neighbours() throws -> Contestant {
    let (real, generated) = (try rows(3, 10_000, 2_048), try rows(4, 10_000, 2_048))
    let settings = PrecisionRecall.Neighbours(precisionRecall: 5, densityCoverage: 5, isStrict: true)
    func score() throws -> PrecisionRecall {
      try PrecisionRecall(real: real, generated: generated, neighbours: settings)
    }
    return Contestant(
      run: { times in for _ in 0..<times { _ = try score() } },
      record: { steps in
        let found = try score()
        func matrix(_ features: Features) -> Tensor {
          Tensor(features.values, shape: [features.count, features.dimensions])
        }
        return (
          [[found.precision, found.recall], [found.density, found.coverage]],
          ["real": matrix(real), "generated": matrix(generated)]
        )
      })
  }
}
