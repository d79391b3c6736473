import NN
import Torch

/// How one player is trained.
public struct Training {
  /// The rule by which its parameters move; one for each player, since it has a memory.
  public let optimizer: any Optimizer
  /// The learning rate of each step.
  public let learningRate: LearningRate
  /// On this player's parameters, beside its loss.
  public let penalties: [any ParameterPenalty]
  /// What this player's layers' noise is multiplied by.
  public let noiseScale: LinearDecline

  /// - Parameters:
  ///   - learningRate: of each step.
  ///   - penalties: on this player's parameters, beside its loss.
  ///   - noiseScale: what its layers' noise is multiplied by, by the step.
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
  /// G's loss, before its update; empty in a step in which G rests (``Trainer/labelledSteps``).
  public let generatorLoss: [Double]
  /// The part of D's loss that is of labelled examples, where there are any.
  public let labelledLoss: [Double]?
}

/// When the players move within a step.
public enum Updates: String, Codable, Sendable, CaseIterable {
  /// D moves, then G, against the D that has moved and on fresh examples and noise: the published experiments.
  case alternating
  /// D moves, then G, against the D that has moved, on the examples that D was just shown: one pass through G serves
  /// both.
  case alternatingShared = "alternating-shared"
  /// Both move from where they stand, on the same examples and noise. G's pass through D then costs no second pass over
  /// real examples and no second generated batch.
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
  /// G, which each step changes.
  public let generator: Network<G>
  /// D, which each step changes.
  public let discriminator: Network<D>
  /// What the two minimise.
  public let objective: any Objective
  /// Losses of G beside or instead of the objective's.
  public let terms: [any GeneratorTerm]
  /// Losses of D beside the objective's.
  public let discriminatorTerms: [any DiscriminatorTerm]
  /// Of what D sees, real and generated; nil where it sees the examples as they are.
  public let augmentation: (any Augmentation)?
  /// K, in a game whose players are told classes; nil in another.
  public let classes: Int?
  /// When the players move within a step.
  public let updates: Updates
  /// What matrix products and convolutions are made in: float32, or bfloat16 where speed counts more (see
  /// `withProducts`).
  public let productType: DType
  /// How convolutions are made (see `withConvolutions`).
  public var convolutions = ConvolutionAlgorithm.automatic
  /// Of D's weights, for terms that ask what they say (``DiscriminatorStep/Batch/judge(_:augmented:averaged:)``).
  /// Whoever plays the game moves it after every step.
  public var discriminatorAverage: WeightAverage<D>?
  /// The number of steps played so far.
  public internal(set) var step = 0
  /// Multiplies every learning rate: 1, or less after a game has been taken back from a fault.
  public var learningRateFactor = 1.0
  /// The number of steps in the game.
  public let steps: Int
  /// Steps of G for each of D, at least 1: the code released with *Improved Techniques for Training GANs* takes three
  /// beside minibatch discrimination. Each has draws of its own. Only where the players alternate.
  public var generatorSteps = 1 {
    didSet {
      let turns = random.stream("generator").stream("turns")
      furtherGeneratorSteps = (1..<max(1, generatorSteps)).map { PlayerStreams(turns.at($0)) }
    }
  }
  private var furtherGeneratorSteps: [PlayerStreams] = []
  private let random: RandomStream
  /// Both players' gradients in the last step, penalties included.
  package private(set) var lastGradients: (discriminator: Tensor, generator: Tensor?)?
  /// The processes that play the game together; nil where this one plays by itself. See
  /// ``share(with:batchSize:labelledBatchSize:)``.
  public private(set) var processes: ProcessGroup?
  /// Steps at the beginning in which D learns from labelled examples alone, and G rests: these cost a fraction of the
  /// others, and a D that knows no classes yet has little to gain from what is not labelled.
  public var labelledSteps = 0
  /// Generated examples in a step, of all processes together; nil for as many as real ones. Another number is for an
  /// ``UnpairedObjective``, and to be set before ``share(with:batchSize:labelledBatchSize:)``.
  public var generatedCount: Int?
  /// What this process asks all to know after the step, such as that it is to end; and what any process had asked.
  package var asks: [Bool] = []
  package private(set) var asked: [Bool] = []
  /// The batches of real, generated and labelled examples, of which this process may play with a part.
  private var wholes = (real: WholeBatch.alone, generated: WholeBatch.alone, labelled: WholeBatch.alone)
  var begun: Begun?

  /// How G is trained.
  public let generatorTraining: Training
  /// How D is trained.
  public let discriminatorTraining: Training
  private let data: (_ step: Int, _ random: RandomStream) -> Examples
  private let labelled: LabelledBatches?
  private let noise: Noise
  let sharedTraining: Training?
  /// The streams of D's step, of G's, and of one in which both move.
  private let streams: (discriminator: PlayerStreams, generator: PlayerStreams, both: PlayerStreams)

  /// - Parameters:
  ///   - terms: losses of G beside or instead of the objective's.
  ///   - discriminatorTerms: losses of D beside the objective's.
  ///   - augmentation: of what D sees, in its step and in G's; of labelled examples where it says so
  ///     (``Augmentation/changesLabelled``).
  ///   - data: the real examples, [..., N, F] or [N, C, H, W]. D's and G's steps draw from it independently, where they
  ///     alternate.
  ///   - labelled: examples with their classes, for an objective that classifies. D sees them beside the others; where
  ///     D has layers that look at the batch, they must be as many.
  ///   - sharedTraining: where given, G's step also moves D, along G's loss. It is the quirk of a tutorial whose
  ///     optimiser was not told which player's parameters to leave alone; features of real examples are not constants
  ///     then.
  ///   - random: of as many seeds as the networks.
  ///
  /// Parts that do not go together are refused by the first ``next()``: `labelled` without a ``ClassifyingObjective``;
  /// `sharedTraining` with simultaneous updates; an optimiser or a penalty that is in two places.
  public convenience init(
    generator: Network<G>, discriminator: Network<D>, objective: any Objective = Logistic(),
    terms: [any GeneratorTerm] = [], discriminatorTerms: [any DiscriminatorTerm] = [],
    augmentation: (any Augmentation)? = nil, data: @escaping Batches, labelled: LabelledBatches? = nil, noise: Noise,
    generatorTraining: Training, discriminatorTraining: Training, sharedTraining: Training? = nil,
    updates: Updates = .alternating, productType: DType = .float32, steps: Int, random: RandomStream
  ) {
    self.init(
      generator, discriminator, objective, terms, discriminatorTerms, augmentation,
      data: { Examples(values: data($0, $1), labels: nil) }, classes: nil, labelled: labelled, noise: noise,
      generatorTraining, discriminatorTraining, sharedTraining, updates, productType, steps, random)
  }

  /// A game of classes: G makes examples of the class that it is told, and D judges whether an example is a real one of
  /// its class (Mirza and Osindero 2014, *Conditional Generative Adversarial Nets*). Both find the classes in
  /// `Context/labels`: D those of the real examples, and for generated ones both the same, drawn uniformly from 0 ..<
  /// `classes`.
  ///
  /// - Parameters:
  ///   - data: the real examples with their classes, [..., N] of int64.
  ///   - classes: K, at least 1.
  public convenience init(
    generator: Network<G>, discriminator: Network<D>, objective: any Objective = Logistic(),
    terms: [any GeneratorTerm] = [], discriminatorTerms: [any DiscriminatorTerm] = [],
    augmentation: (any Augmentation)? = nil, data: @escaping LabelledBatches, classes: Int, noise: Noise,
    generatorTraining: Training, discriminatorTraining: Training, updates: Updates = .alternating,
    productType: DType = .float32, steps: Int, random: RandomStream
  ) {
    self.init(
      generator, discriminator, objective, terms, discriminatorTerms, augmentation,
      data: { step, random in
        let (examples, labels) = data(step, random)
        return Examples(values: examples, labels: labels)
      }, classes: classes, labelled: nil, noise: noise, generatorTraining, discriminatorTraining, nil, updates,
      productType, steps, random)
  }

  private init(
    _ generator: Network<G>, _ discriminator: Network<D>, _ objective: any Objective, _ terms: [any GeneratorTerm],
    _ discriminatorTerms: [any DiscriminatorTerm], _ augmentation: (any Augmentation)?,
    data: @escaping (Int, RandomStream) -> Examples, classes: Int?, labelled: LabelledBatches?, noise: Noise,
    _ generatorTraining: Training, _ discriminatorTraining: Training, _ sharedTraining: Training?, _ updates: Updates,
    _ productType: DType, _ steps: Int, _ random: RandomStream
  ) {
    self.generator = generator
    self.discriminator = discriminator
    self.objective = objective
    self.terms = terms
    self.discriminatorTerms = discriminatorTerms
    self.augmentation = augmentation
    self.data = data
    self.classes = classes
    self.labelled = labelled
    self.noise = noise
    self.generatorTraining = generatorTraining
    self.discriminatorTraining = discriminatorTraining
    self.sharedTraining = sharedTraining
    self.updates = updates
    self.productType = productType
    self.steps = steps
    self.random = random
    streams = (
      PlayerStreams(random.stream("discriminator")), PlayerStreams(random.stream("generator")),
      PlayerStreams(random.stream("both"))
    )
  }

  /// Plays the game together with the other processes of `group`, each with its rows of every batch
  /// (`ProcessGroup/rows(of:rank:)`): the same game that one process plays by itself, up to the order of sums. All
  /// begin with the same parameters, and stay alike: what moves them is the sum of all gradients. To be called before
  /// the first step.
  ///
  /// From here on `data` and `labelled` are to give this process's rows only, in their order. All processes are to play
  /// the same steps.
  ///
  /// - Parameters:
  ///   - batchSize: of the whole batch of real examples; and of generated ones, unless ``generatedCount`` says
  ///     otherwise.
  ///   - labelledBatchSize: the same of labelled examples, where there are any.
  /// - Throws: ``TrainerError`` where a batch has fewer rows than there are processes; where a process would have
  ///   another share of the generated examples than of the real ones.
  public func share(with group: ProcessGroup, batchSize: Int, labelledBatchSize: Int? = nil) throws {
    do {
      wholes.real = try WholeBatch(of: batchSize, among: group)
      wholes.generated = try WholeBatch(of: generatedCount ?? batchSize, among: group)
      if labelled != nil { wholes.labelled = try WholeBatch(of: labelledBatchSize ?? batchSize, among: group) }
    } catch let error as ProcessError {
      throw TrainerError(description: error.description)
    }
    // D's loss is one mean over both: a process's share of it is its share of either.
    guard wholes.real.weight == wholes.generated.weight else {
      throw TrainerError(
        description:
          "batches of \(batchSize) real and \(generatedCount ?? batchSize) generated examples cannot be shared by "
          + "\(group.count) processes: both must be multiples of \(group.count)")
    }
    processes = group.count > 1 ? group : nil
  }

  /// Plays one step; `nil` once all are played.
  ///
  /// - Throws: `ProcessError` where another process is missing;
  ///   ``TrainerError`` where the parts do not make a game; `TensorError` naming the first operation that
  ///   failed, for too little memory for one: the next call plays what is left of the step then;
  ///   ``TrainingFault`` where a loss, a gradient, a parameter or what an optimiser keeps is NaN or infinite after the
  ///   step. The players have moved then; to go back, ``restore(_:)-([String:Tensor])`` an earlier ``state``.
  public func next() throws -> StepReport? {
    guard step < steps else { return nil }
    if !isChecked { try check() }
    // This step's take the same memory.
    lastGradients = nil
    processes?.activity = "step \(step + 1)"
    let (played, report) = try explaining {
      var played = try withConvolutions(convolutions) {
        try withProducts(in: productType) {
          if step < labelledSteps { return try moveOnLabelled() }
          return try updates == .simultaneous ? moveBoth() : moveInTurn()
        }
      }
      try exchangeLosses(&played)
      let report = StepReport(
        step: step, discriminatorLoss: try played.discriminator.loss.values(Double.self),
        generatorLoss: try played.generator?.loss.values(Double.self) ?? [],
        labelledLoss: try played.labelledLoss?.values(Double.self))
      let isFinite =
        try played.discriminator.isFinite() && played.generator?.isFinite() != false
        && (report.discriminatorLoss + report.generatorLoss).allSatisfy(\.isFinite)
      if !isFinite,
        let fault = try played.discriminator.fault(in: step) ?? played.generator?.fault(in: step)
      {
        begun = nil
        throw fault
      }
      return (played, report)
    }
    begun = nil
    step += 1
    lastGradients = (played.discriminator.gradient, played.generator?.gradient)
    return report
  }

  private var isChecked = false

  /// An operation that failed in `body` for want of another process is explained by who is missing.
  private func explaining<Result>(_ body: () throws -> Result) throws -> Result {
    guard let processes else { return try checkingTensors(body) }
    return try processes.explaining { try checkingTensors(body) }
  }

  /// The losses of all rows in the place of those of this process's, and what any process asks.
  private func exchangeLosses(_ played: inout Played) throws {
    guard let processes else { return asked = asks }
    let losses = [played.discriminator.loss, played.generator?.loss, played.labelledLoss].compactMap { $0 }
    let weights =
      played.generator == nil
      ? [wholes.labelled.weight, wholes.labelled.weight]
      : [wholes.real.weight, wholes.real.weight, wholes.labelled.weight]
    let own = zip(losses, weights).map { $0.detached().reshaped([-1]).to(.float64) * ($1 ?? 1) }
    let sums = concatenated(own + [Tensor(asks.map { $0 ? 1.0 : 0 })], 0)
    processes.activity = "step \(step + 1), the losses"
    try processes.sum(inPlace: sums)
    let parts = sums.split(0, sizes: own.map(\.count) + [asks.count])
    asked = try parts[own.count].values(Double.self).map { $0 > 0 }
    played.discriminator.loss = parts[0]
    if played.generator != nil { played.generator?.loss = parts[1] }
    // D's loss, weighted by the share of unlabelled rows, holds the labelled part weighted likewise.
    if played.labelledLoss != nil { played.labelledLoss = parts[own.count - 1] }
  }

  /// A loss as this process's part of that of all rows: the sum of the processes' parts is the loss.
  private func part(_ loss: Tensor) -> Tensor { wholes.real.weight.map { loss * $0 } ?? loss }

  /// Begins to add up all processes' gradients, in place.
  private func exchange(_ gradient: Tensor, _ player: String) throws -> (gradient: Tensor, sum: PendingSum?) {
    guard let processes else { return (gradient, nil) }
    // Gloo exchanges memory as it lies.
    let gradient = gradient.contiguous()
    processes.activity = "step \(step + 1), the \(player)'s gradient"
    return (gradient, try processes.beginSum(inPlace: gradient))
  }

  /// - Throws: ``TrainerError``.
  private func check() throws {
    if labelled != nil, !(objective is any ClassifyingObjective) {
      throw TrainerError(
        description:
          "the game has labelled examples, and its objective, \(type(of: objective)), does not tell classes apart")
    }
    if sharedTraining != nil, updates == .simultaneous {
      throw TrainerError(description: "a shared training moves D in G's step: with simultaneous updates there is none")
    }
    if labelledSteps > 0, labelled == nil {
      throw TrainerError(description: "the game has no labelled examples for its first \(labelledSteps) steps")
    }
    if let generatedCount {
      guard generatedCount > 0 else {
        throw TrainerError(description: "\(generatedCount) generated examples are no batch")
      }
      if !(objective is any UnpairedObjective) {
        throw TrainerError(
          description: "\(type(of: objective)) compares real with generated examples: both must be as many, and "
            + "generatedCount nil")
      }
    }
    if let classes, classes < 1 { throw TrainerError(description: "a game of \(classes) classes has none to draw") }
    var places: [ObjectIdentifier: String] = [:]
    for (player, training) in [
      ("generator", generatorTraining), ("discriminator", discriminatorTraining),
    ] + (sharedTraining.map { [("shared", $0)] } ?? []) {
      let penalties = training.penalties.enumerated().map { ("penalty \($0)", $1 as AnyObject) }
      for (part, object) in [("optimizer", training.optimizer as AnyObject)] + penalties {
        let place = "\(player)Training's \(part)"
        if let other = places.updateValue(place, forKey: ObjectIdentifier(object)) {
          throw TrainerError(
            description: "\(place) is \(other): what it keeps belongs to one player, each needs one of its own")
        }
      }
    }
    isChecked = true
  }

  /// The root mean square of each player's gradient in the last step, penalties included, over all its parameters (and
  /// all seeds); nil before the first step, and for G where it rested.
  ///
  /// - Throws: `TensorError`.
  public func gradientSizes() throws -> (discriminator: Double, generator: Double?)? {
    func size(_ gradient: Tensor) throws -> Double {
      try square(gradient).mean().item().squareRoot()
    }
    return try lastGradients.map { (try size($0.discriminator), try $0.generator.map(size)) }
  }

  private struct Played {
    var discriminator: StepTrace
    /// Nil where G rests.
    var generator: StepTrace?
    var labelledLoss: Tensor?
  }

  /// What has been played of a step that an error has ended: D, who must not move twice, and so many moves of G.
  struct Begun {
    fileprivate var discriminator: DiscriminatorMove
    fileprivate var generator: [StepTrace] = []
  }

  private func moveInTurn() throws -> Played {
    var (played, next) = try begun.map { ($0, nil) } ?? moveDiscriminatorFirst()
    // The graph of these may be used up; G stands where it stood.
    if begun != nil, updates == .alternatingShared {
      played.discriminator.generated = generate(played.discriminator.generated.count, streams.discriminator)
    }
    begun = played
    for random in ([streams.generator] + furtherGeneratorSteps).dropFirst(played.generator.count) {
      played.generator.append(try moveGenerator(played.discriminator.generated, random, made: next))
      next = nil
      begun = played
    }
    return Played(
      discriminator: played.discriminator.trace, generator: played.generator[played.generator.count - 1],
      labelledLoss: played.discriminator.labelledLoss)
  }

  fileprivate typealias DiscriminatorMove = (trace: StepTrace, generated: Examples, labelledLoss: Tensor?)

  /// D's move, and what G moves on next where that is made already.
  private func moveDiscriminatorFirst() throws -> (Begun, Examples?) {
    let moving = try moveDiscriminator()
    // While the processes' gradients are added up: G's examples do not depend on what D becomes.
    let next =
      processes == nil || updates != .alternating ? nil : generate(moving.generated.count, streams.generator)
    try moving.exchanged.sum?.finish()
    try move(discriminatorTraining, discriminator.flat, moving.exchanged.gradient)
    let trace = StepTrace(
      .discriminator, discriminator, discriminatorTraining, loss: moving.loss, gradient: moving.exchanged.gradient)
    return (Begun(discriminator: (trace, moving.generated, moving.labelledLoss)), next)
  }

  /// D's loss and its gradient, whose exchange has begun; D has not moved yet.
  private func moveDiscriminator() throws -> (
    loss: Tensor, exchanged: (gradient: Tensor, sum: PendingSum?), real: Examples, generated: Examples,
    labelledLoss: Tensor?
  ) {
    let random = streams.discriminator
    let real = try realExamples(random)
    let count = generatedCount(beside: real.count)
    let made = updates == .alternating ? withoutGradient { generate(count, random) } : generate(count, random)
    let generated = made.with(made.values.detached())
    let labelled = try labelledExamples(random)
    let batches = [
      labelled.map { shown($0.examples, random) },
      augmented(real, random, "real"), augmented(generated, random, "generated"),
    ].compactMap { $0 }
    let layers = random.discriminatorLayers.at(step)
    let judgements = judge(batches, layers)
    let (loss, labelledLoss) = discriminatorLoss(
      labelled: labelled.map { (judgements[0], $0.labels) }, real: (real, judgements[judgements.count - 2]),
      generated: (generated, judgements[judgements.count - 1]), random
    ) { [self] in context(of: $0, inPlaceOfLast: batches, layers) }
    let exchanged = try exchange(discriminator.gradient(of: part(loss)), "discriminator")
    return (loss, exchanged, real, made, labelledLoss)
  }

  /// - Parameters:
  ///   - shown: the examples that D was shown, made with gradient where G moves on them.
  ///   - made: those that G moves on, where they are made already.
  private func moveGenerator(_ shown: Examples, _ random: PlayerStreams, made: Examples? = nil) throws -> StepTrace {
    let generated = made ?? (updates == .alternating ? generate(shown.count, random) : shown)
    let layers = random.discriminatorLayers.at(step)
    func judge(_ x: Examples, _ name: String) -> Judgement {
      let x = augmented(x, random, name)
      return discriminator.model(x.values, context(layers.stream(name), [x], labels: x.labels)).with(whole: x.whole)
    }
    func makeLoss() -> Tensor {
      generatorLoss(
        real: {
          func judgeReal() -> Judgement {
            judge(Examples(data(step, random.data), wholes.real), "real")
          }
          return self.sharedTraining == nil ? withoutGradient(judgeReal) : judgeReal()
        }, generated: judge(generated, "generated"))
    }
    let loss = sharedTraining == nil ? discriminator.asConstants(makeLoss) : makeLoss()
    guard let sharedTraining else {
      let (gradient, sum) = try exchange(generator.gradient(of: part(loss)), "generator")
      try sum?.finish()
      try move(generatorTraining, generator.flat, gradient)
      return StepTrace(.generator, generator, generatorTraining, loss: loss, gradient: gradient)
    }
    let gradients = generator.gradients(of: part(loss), with: discriminator)
    let (own, other) = (try exchange(gradients.own, "generator"), try exchange(gradients.other, "discriminator"))
    for sum in [own.sum, other.sum] { try sum?.finish() }
    try move(generatorTraining, generator.flat, own.gradient)
    try move(sharedTraining, discriminator.flat, other.gradient)
    return StepTrace(.generator, generator, generatorTraining, loss: loss, gradient: own.gradient)
  }

  /// This step's, of which this process may have a part.
  private func realExamples(_ random: PlayerStreams) throws -> Examples {
    let real = Examples(data(step, random.data), wholes.real)
    try check(real.count, wholes.real, "real", of: real.values)
    return real
  }

  private func labelledExamples(_ random: PlayerStreams) throws -> (examples: Tensor, labels: Tensor)? {
    let batch = labelled?(step, random.labelled)
    if let batch { try check(batch.labels.size(-1), wholes.labelled, "labelled", of: batch.examples) }
    return batch
  }

  private func check(_ count: Int, _ whole: WholeBatch, _ name: String, of values: Tensor) throws {
    guard let rows = whole.rows, !values.isPoisoned, count != rows.own.count else { return }
    throw TrainerError(
      description: "the data give \(count) \(name) examples, this process's part of \(rows.count) is \(rows.own.count)")
  }

  /// D moves along the loss of labelled examples, and G rests. What the batch draws is what it draws in another step.
  private func moveOnLabelled() throws -> Played {
    let random = updates == .simultaneous ? streams.both : streams.discriminator
    guard let labelled = try labelledExamples(random), let classifying = objective as? any ClassifyingObjective else {
      throw TrainerError(description: "step \(step + 1) has no labelled examples")
    }
    let layers = random.discriminatorLayers.at(step)
    let judgement = judge(
      [shown(labelled.examples, random)], updates == .simultaneous ? layers.stream("real") : layers)[0]
    let loss = classifying.labelledLoss(judgement, labels: labelled.labels)
    let (gradient, sum) = try exchange(
      discriminator.gradient(of: wholes.labelled.weight.map { loss * $0 } ?? loss), "discriminator")
    try sum?.finish()
    try move(discriminatorTraining, discriminator.flat, gradient)
    return Played(
      discriminator: StepTrace(.discriminator, discriminator, discriminatorTraining, loss: loss, gradient: gradient),
      generator: nil, labelledLoss: loss)
  }

  private func moveBoth() throws -> Played {
    let random = streams.both
    let real = try realExamples(random)
    let labelled = try labelledExamples(random)
    let layers = random.discriminatorLayers.at(step)
    let generated = generate(generatedCount(beside: real.count), random)
    // Generated examples go through D by themselves: G's gradient then comes back through their rows only.
    let asGiven = generated.with(generated.values.asVariable())
    let onGenerated = discriminator.model(
      augmented(asGiven, random, "generated").values,
      context(layers.stream("generated"), [asGiven], labels: asGiven.labels)
    ).with(whole: asGiven.whole)
    let onReal = judge(
      [
        labelled.map { shown($0.examples, random) },
        augmented(real, random, "real"),
      ].compactMap { $0 }, layers.stream("real"))
    let (loss, labelledLoss) = discriminatorLoss(
      labelled: labelled.map { (onReal[0], $0.labels) }, real: (real, onReal[onReal.count - 1]),
      generated: (asGiven.with(asGiven.values.detached()), onGenerated), random
    ) { [self] in context(layers.stream("generated"), [$0], labels: $0.labels) }
    let generatorLoss = generatorLoss(real: { onReal[onReal.count - 1].detached }, generated: onGenerated)

    let byGenerated = gradient(of: part(generatorLoss), by: [asGiven.values], keepsGraph: true)[0]
    // Added up while G's is computed.
    let ofDiscriminator = try exchange(discriminator.gradient(of: part(loss)), "discriminator")
    let ofGenerator = try exchange(
      generator.gradient(of: generated.values, cotangent: byGenerated), "generator")
    // Both move, or neither.
    try ofGenerator.gradient.checked()
    try ofDiscriminator.sum?.finish()
    try move(discriminatorTraining, discriminator.flat, ofDiscriminator.gradient)
    try ofGenerator.sum?.finish()
    try move(generatorTraining, generator.flat, ofGenerator.gradient)
    return Played(
      discriminator: StepTrace(
        .discriminator, discriminator, discriminatorTraining, loss: loss, gradient: ofDiscriminator.gradient),
      generator: StepTrace(
        .generator, generator, generatorTraining, loss: generatorLoss, gradient: ofGenerator.gradient),
      labelledLoss: labelledLoss)
  }

  private func move(_ training: Training, _ parameters: Tensor, _ gradient: Tensor) throws {
    for penalty in training.penalties { try penalty.add(to: gradient, at: parameters) }
    try training.optimizer.step(
      parameters, gradient: gradient, learningRate: training.learningRate(step) * learningRateFactor)
  }

  /// The generated examples that this process makes in a step.
  private func generatedCount(beside real: Int) -> Int { wholes.generated.rows?.own.count ?? generatedCount ?? real }

  /// - Parameters:
  ///   - count: the examples that this process makes.
  ///   - change: of the step's noise.
  private func generate(_ count: Int, _ random: PlayerStreams, change: (Tensor) -> Tensor = { $0 }) -> Examples {
    let (flat, whole) = (generator.flat, wholes.generated)
    let z = change(
      noise(
        whole.rows?.count ?? count, random.noise.at(step), rows: whole.rows?.own, dtype: flat.dtype,
        device: flat.device))
    let layers = random.generatorLayers.at(step)
    let labels = classes.map { classes in
      // The product is rounded, to K itself at the worst.
      (random.classes.at(step).rows(of: [whole]).uniform([count], device: flat.device) * Double(classes))
        .clamped(0, Double(classes - 1)).to(.int64)
    }
    let made = generator.model(
      z,
      Context(.training, random: layers, noiseScale: generatorTraining.noiseScale(step), labels: labels, whole: whole))
    return Examples(values: made, labels: labels, whole: whole)
  }

  /// As D sees them.
  ///
  /// - Parameter name: of the batch, for draws of its own.
  private func augmented(_ x: Examples, _ random: PlayerStreams, _ name: String) -> Examples {
    augmentation.map { x.with($0(x.values, random.augmentation.at(step).stream(name).rows(of: [x.whole]))) } ?? x
  }

  /// Labelled examples as D sees them.
  private func shown(_ labelled: Tensor, _ random: PlayerStreams) -> Examples {
    let examples = Examples(values: labelled, labels: nil, whole: wholes.labelled)
    return augmentation?.changesLabelled == true ? augmented(examples, random, "labelled") : examples
  }

  /// - Parameter context: that in which D judged the generated examples, for others in their place.
  private func discriminatorLoss(
    labelled: (judgement: Judgement, labels: Tensor)?, real: (examples: Examples, judgement: Judgement),
    generated: (examples: Examples, judgement: Judgement), _ random: PlayerStreams,
    context: @escaping (Examples) -> Context
  ) -> (loss: Tensor, labelled: Tensor?) {
    var loss = objective.discriminatorLoss(real: real.judgement, generated: generated.judgement)
    if !discriminatorTerms.isEmpty {
      func shown(_ batch: (examples: Examples, judgement: Judgement), _ name: String) -> DiscriminatorStep.Batch {
        func judge(_ x: Tensor, augmented isAugmented: Bool = true, averaged: Bool = false) -> Judgement {
          let x = isAugmented ? augmented(batch.examples.with(x), random, name).values : x
          func judge() -> Judgement {
            discriminator.model(x, .evaluation(labels: batch.examples.labels, whole: batch.examples.whole)).with(
              whole: batch.examples.whole)
          }
          guard averaged else { return judge() }
          guard let average = discriminatorAverage else {
            let failed = Tensor.failed("a judgement by averaged weights: the game has no average of D's")
            return Judgement(logits: failed, features: failed)
          }
          return discriminator.with(average.values, judge)
        }
        return DiscriminatorStep.Batch(
          examples: batch.examples.values, labels: batch.examples.labels, judgement: batch.judgement,
          judge: { judge($0) }, judgeOtherwise: judge)
      }
      let view = DiscriminatorStep(
        number: step, real: shown(real, "real"), generated: shown(generated, "generated"), score: objective.score,
        random: random.terms.at(step),
        generatedNearby: { [self] change in
          let nearby = withoutGradient { generate(generated.examples.count, random, change: change) }
          return discriminator.model(
            augmented(nearby, random, "generated").values, context(nearby)
          ).with(whole: nearby.whole)
        })
      loss = discriminatorTerms.reduce(loss) { loss, term in term(view).map { loss + $0 } ?? loss }
    }
    guard let labelled, let classifying = objective as? any ClassifyingObjective else { return (loss, nil) }
    let labelledLoss = classifying.labelledLoss(labelled.judgement, labels: labelled.labels)
    // This process may have another share of the labelled rows than of the others, by which the whole loss is weighted.
    if let share = wholes.labelled.weight, let other = wholes.real.weight, share != other {
      return (loss + labelledLoss * (share / other), labelledLoss)
    }
    return (loss + labelledLoss, labelledLoss)
  }

  /// - Parameter real: D's judgement of real examples, made only where the objective or a term needs it.
  private func generatorLoss(real: () -> Judgement, generated: Judgement) -> Tensor {
    var made: Judgement?
    func once() -> Judgement {
      if let made { return made }
      let judgement = real()
      made = judgement
      return judgement
    }
    let fromObjective =
      terms.contains(where: \.replacesObjective) ? nil : objective.generatorLoss(real: once, generated: generated)
    let losses = [fromObjective].compactMap { $0 } + terms.map { $0(real: once(), generated: generated) }
    return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
  }

  /// D's judgements of several batches: vectors' in one pass, images' one by one, since putting them together and
  /// taking them apart again around layers that look at the whole batch costs more than the larger pass saves.
  private func judge(_ batches: [Examples], _ random: RandomStream) -> [Judgement] {
    if batches[0].values.rank == 4 {
      return batches.enumerated().map {
        discriminator.model($1.values, context(random.at($0), [$1], labels: $1.labels)).with(whole: $1.whole)
      }
    }
    let (values, labels) = (batches.map(\.values), batches.compactMap(\.labels))
    let rows = batches.count == 1 ? values[0] : concatenated(values, values[0].batchDimension)
    let classes = labels.count == batches.count ? concatenated(labels, -1) : nil
    return discriminator.model(rows, context(random, batches, labels: classes)).split(
      batches.map(\.count), batches.map(\.whole))
  }

  /// Of a pass of `x` alone, whose layers draw what they drew for the last of `batches` in ``judge(_:_:)``.
  private func context(of x: Examples, inPlaceOfLast batches: [Examples], _ random: RandomStream) -> Context {
    if x.values.rank == 4 { return context(random.at(batches.count - 1), [x], labels: x.labels) }
    let first = batches.dropLast().reduce(0) { $0 + ($1.whole.rows?.count ?? $1.count) }
    let own = x.whole.rows?.own ?? 0..<x.count
    return Context(
      .training, random: random, rows: first + own.lowerBound..<first + own.upperBound,
      noiseScale: discriminatorTraining.noiseScale(step), labels: x.labels, whole: x.whole)
  }

  /// Of a pass of `batches` through D in this step.
  private func context(_ random: RandomStream, _ batches: [Examples], labels: Tensor?) -> Context {
    Context(
      .training, random: random, groupSizes: batches.map(\.count), noiseScale: discriminatorTraining.noiseScale(step),
      labels: labels, wholes: batches.map(\.whole))
  }
}

/// A batch, with the class of each example where the game has classes.
private struct Examples {
  let values: Tensor
  let labels: Tensor?
  /// What they are this process's part of.
  var whole = WholeBatch.alone

  init(values: Tensor, labels: Tensor?, whole: WholeBatch = .alone) {
    (self.values, self.labels, self.whole) = (values, labels, whole)
  }

  /// The same as a part of `whole`.
  init(_ examples: Examples, _ whole: WholeBatch) {
    self.init(values: examples.values, labels: examples.labels, whole: whole)
  }

  var count: Int { values.size(values.batchDimension) }

  /// Others of the same classes.
  func with(_ values: Tensor) -> Examples { Examples(values: values, labels: labels, whole: whole) }
}

/// What a step draws, by purpose; derived once.
private struct PlayerStreams {
  let data: RandomStream
  let labelled: RandomStream
  let noise: RandomStream
  let classes: RandomStream
  let augmentation: RandomStream
  let terms: RandomStream
  let generatorLayers: RandomStream
  let discriminatorLayers: RandomStream

  init(_ random: RandomStream) {
    data = random.stream("data")
    labelled = random.stream("labelled data")
    noise = random.stream("noise")
    classes = random.stream("classes")
    augmentation = random.stream("augmentation")
    terms = random.stream("terms")
    generatorLayers = random.stream("layers of the generator")
    discriminatorLayers = random.stream("layers of the discriminator")
  }
}

extension Tensor {
  /// The dimension over examples: the first of images [N, C, H, W], else the last but one.
  fileprivate var batchDimension: Int { rank == 4 ? 0 : -2 }
}
