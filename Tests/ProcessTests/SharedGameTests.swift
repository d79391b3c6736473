import Foundation
import GAN
import Settings
import Testing
import Torch

/// Several processes play the game that one plays.
@Suite(.serialized) struct SharedGameTests {
  /// What `count` processes come to, of every game.
  private func play(_ count: Int, _ dtype: DType, steps: Int, in folder: URL) throws -> Safetensors {
    let file = folder.appendingPathComponent("\(dtype)-\(count).safetensors")
    for process in try Helpers(count, in: folder, { _ in ["games", dtype.rawValue, "\(steps)", file.path] }).ended() {
      try #require(process.status == 0, "\(process.errors)")
    }
    return try Safetensors(contentsOf: file)
  }

  /// The largest difference, as a share of the largest number.
  private func difference(_ a: Tensor, _ b: Tensor) throws -> Double {
    let (a, b) = try (a.values(Double.self), b.values(Double.self))
    try #require(a.count == b.count && !a.isEmpty)
    let size = a.map(abs).max()!
    return zip(a, b).map { abs($0 - $1) }.max()! / (size > 0 ? size : 1)
  }

  private func expectSame(
    _ one: Safetensors, _ several: Safetensors, gradients: Double, parameters: Double, _ count: Int
  ) throws {
    #expect(Set(one.tensors.keys) == Set(several.tensors.keys))
    for (name, tensor) in one.tensors {
      let tolerance = name.contains("parameters") ? parameters : gradients
      let found = try difference(tensor, try #require(several.tensors[name]))
      #expect(found <= tolerance, "\(name), \(count) processes: \(found)")
    }
  }

  /// In float64 only the order of sums is left of the difference. Gradients of games, whose sums are of some thousand
  /// terms, lose some hundred units in the last place where they cancel.
  @Test func gradientsOfTwoAndFourProcessesAreThoseOfOneInFloat64() throws {
    try withEmptyFolder { folder in
      let one = try play(1, .float64, steps: 2, in: folder)
      for count in [2, 4] {
        let several = try play(count, .float64, steps: 2, in: folder)
        try expectSame(one, several, gradients: 1e-10, parameters: 1e-10, count)
      }
    }
  }

  @Test func gradientsAreTheSameInFloat32AndParametersAfterFiftySteps() throws {
    try withEmptyFolder { folder in
      let one = try play(1, .float32, steps: 50, in: folder)
      let two = try play(2, .float32, steps: 50, in: folder)
      try expectSame(one, two, gradients: 1e-5, parameters: 1e-3, 2)
      let again = try play(2, .float32, steps: 50, in: folder)
      for (name, tensor) in two.tensors {
        #expect(try tensor.rawBytes() == #require(again.tensors[name]).rawBytes(), "\(name): two runs of two processes")
      }
    }
  }

  /// A new network or technique has to be played here as well.
  @Test func everyNetworkObjectiveAndTechniqueIsPlayed() throws {
    try withEmptyFolder { folder in
      let played = try play(1, .float32, steps: 1, in: folder).metadata
      func words(_ key: String) -> Set<Substring> { Set((played[key] ?? "").split(separator: " ")) }
      #expect(words("generators") == Set(GeneratorFamily.kinds.map { Substring($0.kind) }))
      #expect(words("discriminators") == Set(DiscriminatorFamily.kinds.map { Substring($0.kind) }))
      #expect(words("objectives") == Set(ObjectiveFamily.kinds.map { Substring($0.kind) }))
      #expect(words("techniques") == Set(TechniqueSet.kinds.map { Substring($0.key) }))
    }
  }
}
