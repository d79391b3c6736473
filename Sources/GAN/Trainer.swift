import NN
import Torch

/// How one player is trained.
public struct Training {
  public let optimizer: any Optimizer
  public let learningRate: LearningRate
  /// On this player's parameters, beside its loss.
  public let penalties: [any ParameterPenalty]

  public init(_ optimizer: any Optimizer, learningRate: LearningRate, penalties: [any ParameterPenalty] = []) {
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.penalties = penalties
  }
}

/// The measurements of one step, one number per seed.
public struct StepReport: Sendable {
  /// From 0.
  public let step: Int
  /// D's loss, before its update.
  public let discriminatorLoss: [Double]
  /// G's loss, before its update.
  public let generatorLoss: [Double]
}

/// The game: in every step D moves once, then G.
///
/// The loop belongs to the caller, who measures, draws, saves or stops as plain code:
///
/// ```swift
/// while let report = try trainer.next() {
///   print(report.step, report.discriminatorLoss, report.generatorLoss)
/// }
/// ```
///
/// Every random number is a function of the seed, the purpose and the step (see `RandomStream`): two runs of one seed
/// are bit-identical on the same machine, device and thread count.
public final class Trainer<G: Generator, D: Discriminator> {
  public let generator: Network<G>
  public let discriminator: Network<D>
  public let objective: any Objective
  public let terms: [any GeneratorTerm]
  /// The number of steps played so far.
  public private(set) var step = 0
  /// The number of steps in the game.
  public let steps: Int

  private let data: Batches
  private let noise: Noise
  private let generatorTraining: Training
  private let discriminatorTraining: Training
  private let sharedTraining: Training?
  private let random: RandomStream

  /// - Parameters:
  ///   - data: the real examples, [..., N, F] or [N, C, H, W]. D's and G's steps draw from it independently.
  ///   - terms: losses of G beside or instead of the objective's.
  ///   - sharedTraining: where given, G's step also moves D, along G's loss. It is the quirk of a tutorial whose optimiser was
  ///     not told which player's parameters to leave alone; features of real examples are not constants then.
  ///   - random: of as many seeds as the networks.
  public init(
    generator: Network<G>, discriminator: Network<D>, objective: any Objective = Logistic(),
    terms: [any GeneratorTerm] = [], data: @escaping Batches, noise: Noise, generatorTraining: Training,
    discriminatorTraining: Training, sharedTraining: Training? = nil, steps: Int, random: RandomStream
  ) {
    self.generator = generator
    self.discriminator = discriminator
    self.objective = objective
    self.terms = terms
    self.data = data
    self.noise = noise
    self.generatorTraining = generatorTraining
    self.discriminatorTraining = discriminatorTraining
    self.sharedTraining = sharedTraining
    self.steps = steps
    self.random = random
  }

  /// Plays one step; `nil` once all are played.
  ///
  /// - Throws: `TensorError` naming the first operation that failed.
  public func next() throws -> StepReport? {
    guard step < steps else { return nil }
    let report = try checkingTensors {
      let discriminatorLoss = moveDiscriminator()
      let generatorLoss = moveGenerator()
      return StepReport(
        step: step, discriminatorLoss: try discriminatorLoss.values(Double.self),
        generatorLoss: try generatorLoss.values(Double.self))
    }
    step += 1
    return report
  }

  private func moveDiscriminator() -> Tensor {
    let random = random.stream("discriminator")
    let real = data(step, random.stream("data"))
    let generated = withoutGradient { generate(real.batchSize, random) }
    let (onReal, onGenerated) = judge(real, generated, random)
    let loss = objective.discriminatorLoss(real: onReal, generated: onGenerated)
    let gradient = discriminator.gradient(of: loss)
    discriminatorTraining.move(discriminator.flat, gradient, step)
    return loss
  }

  private func moveGenerator() -> Tensor {
    let random = random.stream("generator")
    let real = data(step, random.stream("data"))
    let generated = generate(real.batchSize, random)
    let loss = generatorLoss(real: real, generated: generated, random)
    guard let sharedTraining else {
      generatorTraining.move(generator.flat, generator.gradient(of: loss), step)
      return loss
    }
    let gradients = generator.gradients(of: loss, with: discriminator)
    generatorTraining.move(generator.flat, gradients.own, step)
    sharedTraining.move(discriminator.flat, gradients.other, step)
    return loss
  }

  private func generate(_ count: Int, _ random: RandomStream) -> Tensor {
    let z = noise(count, random.stream("noise").at(step), dtype: generator.flat.dtype, device: generator.flat.device)
    return generator.model(z, Context(.training, random: random.stream("layers of the generator").at(step)))
  }

  private func generatorLoss(real: Tensor, generated: Tensor, _ random: RandomStream) -> Tensor {
    let layers = random.stream("layers of the discriminator").at(step)
    let judgement = discriminator.model(generated, Context(.training, random: layers.stream("generated")))
    let fromObjective =
      terms.contains(where: \.replacesObjective) ? nil : objective.generatorLoss(generated: judgement)
    guard !terms.isEmpty else { return fromObjective! }
    func judgeReal() -> Judgement { discriminator.model(real, Context(.training, random: layers.stream("real"))) }
    let target = sharedTraining == nil ? withoutGradient(judgeReal) : judgeReal()
    let losses = [fromObjective].compactMap { $0 } + terms.map { $0(real: target, generated: judgement) }
    return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
  }

  /// D's judgement of both batches, which are of one size, in one pass as two groups.
  private func judge(_ real: Tensor, _ generated: Tensor, _ random: RandomStream) -> (Judgement, Judgement) {
    let layers = random.stream("layers of the discriminator").at(step)
    let rows = concatenated([real, generated], real.batchDimension)
    let parts = discriminator.model(rows, Context(.training, random: layers, groups: 2)).split(parts: 2)
    return (parts[0], parts[1])
  }
}

extension Training {
  fileprivate func move(_ parameters: Tensor, _ gradient: Tensor, _ step: Int) {
    for penalty in penalties { penalty.add(to: gradient, at: parameters) }
    optimizer.step(parameters, gradient: gradient, learningRate: learningRate(step))
  }
}

extension Tensor {
  /// The dimension over examples: the first of images [N, C, H, W], else the last but one.
  fileprivate var batchDimension: Int { rank == 4 ? 0 : -2 }
  fileprivate var batchSize: Int { size(batchDimension) }
}
