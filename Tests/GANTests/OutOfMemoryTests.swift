import GAN
import NN
import Testing
import Torch

/// A program that catches an error for want of memory may go on: with the game that it would have had.
@Suite struct OutOfMemoryTests {
  /// In whose move there is no memory: D's, G's, or the second that G makes in a step.
  enum Place: CaseIterable {
    case discriminator, generator, furtherGenerator
  }

  /// Asks for 4 petabytes, which no machine has, in some of its calls.
  final class Memory {
    private let shortages: Set<Int>
    private var calls = 0

    init(shortages: Set<Int>) { self.shortages = shortages }

    /// 0.
    func used() -> Tensor {
      defer { calls += 1 }
      return shortages.contains(calls) ? .zeros([1 << 50]).sum() : .zeros([])
    }
  }

  /// Adds nothing to G's loss.
  private struct Costly: GeneratorTerm {
    let memory: Memory
    let replacesObjective = false
    func callAsFunction(real: Judgement, generated: Judgement) -> Tensor { memory.used() }
  }

  private func game(_ memory: Memory, _ place: Place, _ updates: Updates) throws -> TrainerTests.Small {
    let random = RandomStream(seed: 4)
    func training() -> Training {
      Training(
        Adam(beta1: 0.5), learningRate: LearningRate(0.01), penalties: [HistoricalAveraging(weight: 0.1)])
    }
    let trainer = TrainerTests.Small(
      generator: try Network(TrainerTests.SmallGenerator(), random: random.stream("G")),
      discriminator: try Network(TrainerTests.SmallDiscriminator(), random: random.stream("D")),
      terms: place == .discriminator ? [] : [Costly(memory: memory)],
      data: { step, random in
        let x = random.at(step).normal([16, 1])
        return place == .discriminator ? x + memory.used() : x
      }, noise: .uniform(-1, 1, dimensions: 1), generatorTraining: training(), discriminatorTraining: training(),
      updates: updates, steps: 12, random: random.stream("game"))
    if place == .furtherGenerator { trainer.generatorSteps = 2 }
    return trainer
  }

  /// The bits of both players and of all that their optimisers and penalties keep when the game is over, and what was
  /// caught on the way.
  private func outcome(_ shortages: Set<Int>, _ place: Place, _ updates: Updates) throws
    -> (state: [String: [Double]], caught: [TensorError])
  {
    let trainer = try game(Memory(shortages: shortages), place, updates)
    var caught: [TensorError] = []
    while trainer.step < trainer.steps, caught.count <= shortages.count {
      do {
        _ = try trainer.next()
      } catch let error as TensorError {
        caught.append(error)
      }
    }
    return (try trainer.state.mapValues { try $0.to(.float64).values(Double.self) }, caught)
  }

  /// The names of the tensors that differ.
  private func differences(_ a: [String: [Double]], _ b: [String: [Double]]) -> [String] {
    Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
  }

  /// Short in the first step, where optimisers have nothing yet, and in a later one; there is memory when the step is
  /// tried again.
  @Test(arguments: Place.allCases, Updates.allCases)
  func aPlayerThatRanOutOfMemoryLearnsOnToTheSameBits(_ place: Place, _ updates: Updates) throws {
    // Elsewhere G moves once.
    if place == .furtherGenerator, updates != .alternating { return }
    let undisturbed = try outcome([], place, updates)
    #expect(undisturbed.caught.isEmpty)
    let disturbed = try outcome(place == .furtherGenerator ? [1, 8] : [0, 5], place, updates)
    #expect(disturbed.caught.count == 2)
    for error in disturbed.caught { #expect(error.description.contains("memory"), "\(error)") }
    #expect(differences(disturbed.state, undisturbed.state) == [])
    let first = try game(Memory(shortages: []), place, updates).state
    for player in ["generator", "discriminator"] {
      let name = "\(player).hidden.weight"
      #expect(try first[name]?.values(Double.self) != disturbed.state[name], "\(player) has learnt")
    }
  }

  /// A game that is put back to another moment does not go on with half of the step that it left.
  @Test func aRestoredGamePlaysItsStepFromTheBeginning() throws {
    let trainer = try game(Memory(shortages: [3]), .generator, .alternating)
    for _ in 0..<2 { _ = try trainer.next() }
    let state = trainer.state
    _ = try trainer.next()
    #expect(throws: TensorError.self) { _ = try trainer.next() }
    try trainer.restore(state)
    while try trainer.next() != nil {}
    let undisturbed = try outcome([], .generator, .alternating).state
    let found = try trainer.state.mapValues { try $0.to(.float64).values(Double.self) }
    #expect(differences(found, undisturbed) == [])
  }
}
