import NN
import Torch

/// How one player is trained.
public struct Training {
  public let optimizer: any Optimizer
  public let learningRate: LearningRate
  /// On this player's parameters, beside its loss.
  public let penalties: [any ParameterPenalty]
  /// What this player's layers' noise is multiplied by.
  public let noiseScale: LinearDecline

  public init(
    _ optimizer: any Optimizer, learningRate: LearningRate, penalties: [any ParameterPenalty] = [],
    noiseScale: LinearDecline = .none
  ) {
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.penalties = penalties
    self.noiseScale = noiseScale
  }
}

/// The measurements of one step, one number per seed.
public struct StepReport: Sendable {
  /// From 0.
  public let step: Int
  /// D's loss, before its update, with the labelled part.
  public let discriminatorLoss: [Double]
  /// G's loss, before its update.
  public let generatorLoss: [Double]
  /// The part of D's loss that is of labelled examples, where there are any.
  public let labelledLoss: [Double]?
}

/// When the players move within a step.
public enum Updates: String, Codable, Sendable, CaseIterable {
  /// D moves, then G, against the D that has moved and on fresh examples and noise: the published experiments.
  case alternating
  /// D moves, then G, against the D that has moved, on the examples that D was just shown: one pass through G serves both.
  case alternatingShared = "alternating-shared"
  /// Both move from where they stand, on the same examples and noise. G's pass through D then costs no second pass over real
  /// examples and no second generated batch.
  case simultaneous
}

/// The game: in every step D moves once, and G once.
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
  public let discriminatorTerms: [any DiscriminatorTerm]
  public let updates: Updates
  /// What matrix products and convolutions are made in: float32, or bfloat16 where speed counts more (see `withProducts`).
  public let productType: DType
  /// The number of steps played so far.
  public internal(set) var step = 0
  /// Multiplies every learning rate: 1, or less after a game has been taken back from a fault.
  public var learningRateFactor = 1.0
  /// The number of steps in the game.
  public let steps: Int
  private var lastGradients: (discriminator: Tensor, generator: Tensor)?

  public let generatorTraining: Training
  public let discriminatorTraining: Training
  private let data: Batches
  private let labelled: LabelledBatches?
  private let noise: Noise
  let sharedTraining: Training?
  /// The streams of D's step, of G's, and of one in which both move.
  private let streams: (discriminator: PlayerStreams, generator: PlayerStreams, both: PlayerStreams)

  /// - Parameters:
  ///   - data: the real examples, [..., N, F] or [N, C, H, W]. D's and G's steps draw from it independently, where they
  ///     alternate.
  ///   - labelled: examples with their classes, for an objective that classifies. D sees them beside the others; where D has layers
  ///     that look at the batch, they must be as many.
  ///   - terms: losses of G beside or instead of the objective's.
  ///   - discriminatorTerms: losses of D beside the objective's.
  ///   - sharedTraining: where given, G's step also moves D, along G's loss. It is the quirk of a tutorial whose optimiser was
  ///     not told which player's parameters to leave alone; features of real examples are not constants then.
  ///   - random: of as many seeds as the networks.
  /// - Precondition: with `labelled` the objective is a ``ClassifyingObjective``; `sharedTraining` goes with
  ///   alternating updates.
  public init(
    generator: Network<G>, discriminator: Network<D>, objective: any Objective = Logistic(),
    terms: [any GeneratorTerm] = [], discriminatorTerms: [any DiscriminatorTerm] = [], data: @escaping Batches,
    labelled: LabelledBatches? = nil, noise: Noise,
    generatorTraining: Training, discriminatorTraining: Training, sharedTraining: Training? = nil,
    updates: Updates = .alternating, productType: DType = .float32, steps: Int, random: RandomStream
  ) {
    precondition(labelled == nil || objective is any ClassifyingObjective, "labels need an objective that classifies")
    precondition(sharedTraining == nil || updates != .simultaneous, "a shared step is a step of its own")
    self.generator = generator
    self.discriminator = discriminator
    self.objective = objective
    self.terms = terms
    self.discriminatorTerms = discriminatorTerms
    self.data = data
    self.labelled = labelled
    self.noise = noise
    self.generatorTraining = generatorTraining
    self.discriminatorTraining = discriminatorTraining
    self.sharedTraining = sharedTraining
    self.updates = updates
    self.productType = productType
    self.steps = steps
    streams = (
      PlayerStreams(random.stream("discriminator")), PlayerStreams(random.stream("generator")),
      PlayerStreams(random.stream("both"))
    )
  }

  /// Plays one step; `nil` once all are played.
  ///
  /// - Throws: `TensorError` naming the first operation that failed; ``TrainingFault`` where a loss, a gradient or a parameter is
  ///   NaN or infinite after the step. The players have moved then; to go back, ``restore(_:)`` an earlier ``state``.
  public func next() throws -> StepReport? {
    guard step < steps else { return nil }
    // This step's take the same memory.
    lastGradients = nil
    let (played, report) = try checkingTensors {
      let played = withProducts(in: productType) { updates == .simultaneous ? moveBoth() : moveInTurn() }
      let report = StepReport(
        step: step, discriminatorLoss: try played.discriminator.loss.values(Double.self),
        generatorLoss: try played.generator.loss.values(Double.self),
        labelledLoss: try played.labelledLoss?.values(Double.self))
      let isFinite =
        played.discriminator.isFinite && played.generator.isFinite
        && (report.discriminatorLoss + report.generatorLoss).allSatisfy(\.isFinite)
      if !isFinite,
        let fault = try played.discriminator.fault(in: step) ?? played.generator.fault(in: step)
      {
        throw fault
      }
      return (played, report)
    }
    step += 1
    lastGradients = (played.discriminator.gradient, played.generator.gradient)
    return report
  }

  /// The root mean square of each player's gradient in the last step, penalties included, over all its parameters (and all
  /// seeds); nil before the first step.
  ///
  /// - Throws: `TensorError`.
  public func gradientSizes() throws -> (discriminator: Double, generator: Double)? {
    func size(_ gradient: Tensor) throws -> Double {
      try checkingTensors { try square(gradient).mean().item() }.squareRoot()
    }
    return try lastGradients.map { (try size($0.discriminator), try size($0.generator)) }
  }

  private struct Played {
    var discriminator: StepTrace
    var generator: StepTrace
    var labelledLoss: Tensor?
  }

  private func moveInTurn() -> Played {
    let moved = moveDiscriminator()
    return Played(
      discriminator: moved.trace, generator: moveGenerator(moved.generated), labelledLoss: moved.labelledLoss)
  }

  private func moveDiscriminator() -> (trace: StepTrace, generated: Tensor, labelledLoss: Tensor?) {
    let random = streams.discriminator
    let real = data(step, random.data)
    let made =
      updates == .alternating ? withoutGradient { generate(real.batchSize, random) } : generate(real.batchSize, random)
    let generated = made.detached()
    let labelled = labelled?(step, random.labelled)
    let judgements = judge(
      [labelled?.examples, real, generated].compactMap { $0 }, random.discriminatorLayers.at(step))
    let (loss, labelledLoss) = discriminatorLoss(
      labelled: labelled.map { (judgements[0], $0.labels) }, real: (real, judgements[judgements.count - 2]),
      generated: judgements[judgements.count - 1])
    let gradient = discriminator.gradient(of: loss)
    move(discriminatorTraining, discriminator.flat, gradient)
    return (
      StepTrace(.discriminator, discriminator, discriminatorTraining, loss: loss, gradient: gradient), made,
      labelledLoss
    )
  }

  /// - Parameter shown: the examples that D was shown, made with gradient where G moves on them.
  private func moveGenerator(_ shown: Tensor) -> StepTrace {
    let random = streams.generator
    let generated = updates == .alternating ? generate(shown.batchSize, random) : shown
    let layers = random.discriminatorLayers.at(step)
    func judge(_ x: Tensor, _ name: String) -> Judgement { discriminator.model(x, context(layers.stream(name))) }
    func makeLoss() -> Tensor {
      generatorLoss(
        real: {
          func judgeReal() -> Judgement { judge(data(step, random.data), "real") }
          return self.sharedTraining == nil ? withoutGradient(judgeReal) : judgeReal()
        }, generated: judge(generated, "generated"))
    }
    let loss = sharedTraining == nil ? discriminator.asConstants(makeLoss) : makeLoss()
    guard let sharedTraining else {
      let gradient = generator.gradient(of: loss)
      move(generatorTraining, generator.flat, gradient)
      return StepTrace(.generator, generator, generatorTraining, loss: loss, gradient: gradient)
    }
    let gradients = generator.gradients(of: loss, with: discriminator)
    move(generatorTraining, generator.flat, gradients.own)
    move(sharedTraining, discriminator.flat, gradients.other)
    return StepTrace(.generator, generator, generatorTraining, loss: loss, gradient: gradients.own)
  }

  private func moveBoth() -> Played {
    let random = streams.both
    let real = data(step, random.data)
    let labelled = labelled?(step, random.labelled)
    let layers = random.discriminatorLayers.at(step)
    let generated = generate(real.batchSize, random)
    // Generated examples go through D by themselves: G's gradient then comes back through their rows only.
    let asGiven = generated.asVariable()
    let onGenerated = discriminator.model(asGiven, context(layers.stream("generated")))
    let onReal = judge([labelled?.examples, real].compactMap { $0 }, layers.stream("real"))
    let (loss, labelledLoss) = discriminatorLoss(
      labelled: labelled.map { (onReal[0], $0.labels) }, real: (real, onReal[onReal.count - 1]), generated: onGenerated)
    let generatorLoss = generatorLoss(real: { onReal[onReal.count - 1].detached }, generated: onGenerated)

    let byGenerated = gradient(of: generatorLoss, by: [asGiven], keepsGraph: true)[0]
    let discriminatorGradient = discriminator.gradient(of: loss)
    let generatorGradient = generator.gradient(of: generated, cotangent: byGenerated)
    move(discriminatorTraining, discriminator.flat, discriminatorGradient)
    move(generatorTraining, generator.flat, generatorGradient)
    return Played(
      discriminator: StepTrace(
        .discriminator, discriminator, discriminatorTraining, loss: loss, gradient: discriminatorGradient),
      generator: StepTrace(.generator, generator, generatorTraining, loss: generatorLoss, gradient: generatorGradient),
      labelledLoss: labelledLoss)
  }

  private func move(_ training: Training, _ parameters: Tensor, _ gradient: Tensor) {
    for penalty in training.penalties { penalty.add(to: gradient, at: parameters) }
    training.optimizer.step(
      parameters, gradient: gradient, learningRate: training.learningRate(step) * learningRateFactor)
  }

  private func generate(_ count: Int, _ random: PlayerStreams) -> Tensor {
    let z = noise(count, random.noise.at(step), dtype: generator.flat.dtype, device: generator.flat.device)
    let layers = random.generatorLayers.at(step)
    return generator.model(z, Context(.training, random: layers, noiseScale: generatorTraining.noiseScale(step)))
  }

  private func discriminatorLoss(
    labelled: (judgement: Judgement, labels: Tensor)?, real: (examples: Tensor, judgement: Judgement),
    generated: Judgement
  ) -> (loss: Tensor, labelled: Tensor?) {
    let loss = discriminatorTerms.reduce(
      objective.discriminatorLoss(real: real.judgement, generated: generated)
    ) { loss, term in
      loss + term(real: real.examples, judgement: real.judgement) { discriminator.model($0, .evaluation) }
    }
    guard let labelled, let classifying = objective as? any ClassifyingObjective else { return (loss, nil) }
    let labelledLoss = classifying.labelledLoss(labelled.judgement, labels: labelled.labels)
    return (loss + labelledLoss, labelledLoss)
  }

  /// - Parameter real: D's judgement of real examples, made only where a term needs it.
  private func generatorLoss(real: () -> Judgement, generated: Judgement) -> Tensor {
    let fromObjective =
      terms.contains(where: \.replacesObjective) ? nil : objective.generatorLoss(generated: generated)
    guard !terms.isEmpty else { return fromObjective! }
    let target = real()
    let losses = [fromObjective].compactMap { $0 } + terms.map { $0(real: target, generated: generated) }
    return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
  }

  /// D's judgements of several batches: vectors' in one pass, images' one by one, since putting them together and taking them apart
  /// again around layers that look at the whole batch costs more than the larger pass saves.
  private func judge(_ batches: [Tensor], _ random: RandomStream) -> [Judgement] {
    if batches[0].rank == 4 {
      return batches.enumerated().map { discriminator.model($1, context(random.at($0))) }
    }
    let sizes = batches.map(\.batchSize)
    let rows = batches.count == 1 ? batches[0] : concatenated(batches, batches[0].batchDimension)
    return discriminator.model(rows, context(random, groupSizes: sizes)).split(sizes)
  }

  /// Of a pass through D in this step.
  private func context(_ random: RandomStream, groupSizes: [Int] = [1]) -> Context {
    Context(
      .training, random: random, groupSizes: groupSizes, noiseScale: discriminatorTraining.noiseScale(step))
  }
}

/// What a step draws, by purpose; derived once.
private struct PlayerStreams {
  let data: RandomStream
  let labelled: RandomStream
  let noise: RandomStream
  let generatorLayers: RandomStream
  let discriminatorLayers: RandomStream

  init(_ random: RandomStream) {
    data = random.stream("data")
    labelled = random.stream("labelled data")
    noise = random.stream("noise")
    generatorLayers = random.stream("layers of the generator")
    discriminatorLayers = random.stream("layers of the discriminator")
  }
}

extension Tensor {
  /// The dimension over examples: the first of images [N, C, H, W], else the last but one.
  fileprivate var batchDimension: Int { rank == 4 ? 0 : -2 }
  fileprivate var batchSize: Int { size(batchDimension) }
}
