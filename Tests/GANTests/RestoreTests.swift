import Files
import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// A game is restored whole or not at all, from memory or straight from a file.
@Suite(.serialized) struct RestoreTests {
  private struct Square: Generator, Discriminator {
    let layer: Linear
    init(_ width: Int) { layer = Linear(width, width) }
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { layer(z) }
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      let y = layer(x)
      return Judgement(logits: y.sliced(-1, 0..<1), features: y)
    }
  }

  private func game(_ width: Int = 3, seeds: [UInt64] = [1], hasPenalty: Bool = true) throws
    -> Trainer<Square, Square>
  {
    let random = seeds.count == 1 ? RandomStream(seed: seeds[0]) : RandomStream(seeds: seeds)
    func training() -> Training {
      Training(
        Adam(beta1: 0.5), learningRate: LearningRate(0.01),
        penalties: hasPenalty ? [HistoricalAveraging(weight: 0.1)] : [])
    }
    return Trainer(
      generator: try Network(Square(width), random: random.stream("G")),
      discriminator: try Network(Square(width), random: random.stream("D")),
      data: { step, random in random.at(step).normal([2, width]) }, noise: .normal(dimensions: width),
      generatorTraining: training(), discriminatorTraining: training(), steps: 100, random: random.stream("game"))
  }

  private func withFile<Result>(_ state: [String: Tensor], _ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try Safetensors(tensors: state).write(to: url)
    return try body(url)
  }

  private func bits(_ trainer: Trainer<Square, Square>) throws -> [String: [Double]] {
    try trainer.state.mapValues { try $0.to(.float64).values(Double.self) }
  }

  /// The names of the tensors that differ.
  private func differences(_ a: Trainer<Square, Square>, _ b: Trainer<Square, Square>) throws -> [String] {
    let (one, other) = (try bits(a), try bits(b))
    return Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.sorted()
  }

  /// Seeds side by side, whose parameters do not lie in one piece, and layers that are read in several pieces.
  @Test(arguments: [[1], [1, 2, 3]] as [[UInt64]]) func aFileGoesStraightIntoAGame(_ seeds: [UInt64]) throws {
    let first = try game(700, seeds: seeds)
    for _ in 0..<2 { _ = try first.next() }
    try withFile(first.state) { url in
      let fresh = try game(700, seeds: seeds)
      try fresh.restore(TensorSource(SafetensorsFile(url)))
      #expect(try differences(fresh, first) == [])
      // One that has played, whose optimisers' memories are written over.
      let played = try game(700, seeds: seeds)
      _ = try played.next()
      let moment = try #require(played.discriminatorTraining.optimizer.state["second"])
      try played.restore(TensorSource(SafetensorsFile(url)))
      #expect(try differences(played, first) == [])
      let isWrittenOver = try moment.values() == first.discriminatorTraining.optimizer.state["second"]?.values()
      #expect(isWrittenOver)
      _ = (try first.next(), try played.next(), try fresh.next())
      #expect(try differences(played, first) == [])
      #expect(try differences(fresh, first) == [])
    }
  }

  /// Whatever does not fit is found before anything changes, the last thing that is looked at as well as the first.
  @Test func whatDoesNotFitChangesNothing() throws {
    let other = try game()
    for _ in 0..<3 { _ = try other.next() }
    let good = other.state
    let changes: [(String, (inout [String: Tensor]) -> Void)] = [
      ("step", { $0["step"] = nil }), ("step", { $0["step"] = Tensor([-1] as [Int64]) }),
      ("learning-rate-factor", { $0["learning-rate-factor"] = Tensor([0] as [Double]) }),
      ("layer.weight", { $0["generator.layer.weight"] = nil }),
      ("layer.bias", { $0["discriminator.layer.bias"] = .zeros([4]) }),
      ("layer.bias", { $0["discriminator.layer.bias"] = .zeros([3], dtype: .float64) }),
      ("stranger", { $0["discriminator.stranger"] = .zeros([3]) }), ("nonsense.x", { $0["nonsense.x"] = .zeros([3]) }),
      ("discriminator-optimizer.second", { $0["discriminator-optimizer.second"] = nil }),
      ("discriminator-optimizer.velocity", { $0["discriminator-optimizer.velocity"] = .zeros([12]) }),
      ("discriminator-optimizer.second", { $0["discriminator-optimizer.second"] = .zeros([13]) }),
      ("discriminator-optimizer.steps", { $0["discriminator-optimizer.steps"] = Tensor([-4] as [Int64]) }),
      ("discriminator-penalty-0.count", { $0["discriminator-penalty-0.count"] = nil }),
      ("discriminator-penalty-0.average", { $0["discriminator-penalty-0.average"] = .zeros([12], dtype: .float64) }),
    ]
    for (name, change) in changes {
      var state = good
      change(&state)
      let trainer = try game()
      _ = try trainer.next()
      let before = try bits(trainer)
      let inMemory = #expect(throws: StateError.self, "\(name)") { try trainer.restore(state) }
      #expect(inMemory?.name == name)
      let inFile = try withFile(state) { url in
        #expect(throws: StateError.self, "\(name)") { try trainer.restore(TensorSource(SafetensorsFile(url))) }
      }
      #expect(inFile?.name == name)
      let isUntouched = try bits(trainer) == before
      #expect(isUntouched, "\(name)")
    }
    let trainer = try game()
    let before = try bits(trainer)
    var state = good
    state["discriminator-optimizer.second"] = .failed("a tensor: of no use")
    #expect(throws: TensorError.self) { try trainer.restore(state) }
    #expect(throws: StateError.self) { try game(hasPenalty: false).restore(good) }
    let isUntouched = try bits(trainer) == before
    #expect(isUntouched)
    try trainer.restore(good)
    #expect(try differences(trainer, other) == [])
  }

  /// A file that was changed after it was written is refused before any of it is taken over.
  @Test func aChangedFileChangesNothing() throws {
    let other = try game()
    _ = try other.next()
    try withFile(other.state) { url in
      var bytes = try Data(contentsOf: url)
      bytes[bytes.count - 3] ^= 1
      try bytes.write(to: url)
      let error = #expect(throws: FileError.self) { try SafetensorsFile(url) }
      #expect(error?.reason.contains("checksum") == true)
    }
  }

  /// What is read is the file that was checked, though another takes its place.
  @Test func aFileThatIsReplacedStaysWhatItWas() throws {
    let (one, other) = (try game(), try game(seeds: [2]))
    for trainer in [one, other] { _ = try trainer.next() }
    try withFile(one.state) { url in
      let file = try SafetensorsFile(url)
      try Safetensors(tensors: other.state).write(to: url)
      let trainer = try game()
      try trainer.restore(TensorSource(file))
      #expect(try differences(trainer, one) == [])
    }
  }

  /// A game takes its own memory, be it fresh or one that has played, and its file next to none: a fifth is what issue
  /// and review allow, and 216 MB of state are 50 times the megabytes that pieces take.
  @Test(.enabled(if: PeakMemory.isKnown, "the system does not tell the peak of memory"))
  func aGameIsRestoredWithoutASecondCopy() throws {
    // Two players of 9 million parameters, each with two moments.
    let width = 2_999
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      let first = try game(width, hasPenalty: false)
      _ = try first.next()
      try Safetensors(tensors: first.currentState).write(to: file)
    }
    let size = Double(try #require(FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int))
    #expect(size > 6 * 4 * Double(width * width))
    let before = try #require(residentMemory())
    let trainer = try game(width, hasPenalty: false)
    PeakMemory.reset()
    try trainer.restore(TensorSource(SafetensorsFile(file)))
    let fresh = Double(try #require(PeakMemory.bytes()) - before) / size
    let standing = try #require(residentMemory())
    PeakMemory.reset()
    try trainer.restore(TensorSource(SafetensorsFile(file)))
    let again = Double(try #require(PeakMemory.bytes()) - standing) / size
    print("restoring \(Int(size / 1e6)) MB: a fresh game takes \(fresh) of it, one that has played \(again) more")
    #expect(fresh <= 1.2)
    #expect(again <= 0.2)
    #expect(trainer.step == 1)
  }
}
