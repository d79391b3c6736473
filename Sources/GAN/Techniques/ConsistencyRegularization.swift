import Settings
import Torch

/// Consistency (Bachman et al. 2014, *Learning with Pseudo-Ensembles*; Laine and Aila 2017, *Temporal Ensembling*):
/// under its own noise D is to tell the same classes of an example as without it. With p = softmax(l(x)) where D
/// evaluates and p' where it trains,
///
///     weight · mean KL(p || p') = weight · mean_i sum_k p_k(x_i) (log p_k(x_i) - log p'_k(x_i)),
///
/// p a constant. No class is needed, hence every real example teaches; a boundary between classes that noise
/// can push an example across costs most, and moves to where there are no examples.
///
/// Between views, p is told of the picture as the data have it, mirrored and moved by draws of its own (``view``),
/// without the game's augmentation: D is to tell the same of both. As in UDA (Xie et al. 2020, *Unsupervised Data
/// Augmentation for Consistency Training*, section 2.4) p may be sharpened, softmax(l(x) / ``temperature``), and
/// counted only where its largest is at least ``confidence``; the mean stays one over all examples.
///
/// p may be told by the average of D's weights, a mean teacher (Tarvainen and Valpola 2017, *Mean teachers are better
/// role models*): its classes are better than those of the weights as long as these move much.
///
/// Not part of *Improved Techniques for Training GANs*. It costs one more pass of the real examples through D, forward
/// only.
public struct ConsistencyRegularization: DiscriminatorTerm {
  /// What the divergence is multiplied by.
  public let weight: Double
  /// What p sees; nil for what D sees where it trains.
  public let view: ImageAugmentation?
  /// Below 1 it sharpens p.
  public let temperature: Double
  /// The least that p gives its first class where it counts, before it is sharpened.
  public let confidence: Double
  /// Whether p is what the average of D's weights tells.
  public let byAverage: Bool

  /// - Parameters:
  ///   - weight: what the divergence is multiplied by.
  ///   - view: what p sees, of pictures [N, C, H, W], reflected where they have moved away from; nil for what D sees
  ///     where it trains.
  ///   - temperature: above 0; below 1 it sharpens p.
  ///   - confidence: in 0 ... 1, the least that p gives its first class where it counts.
  ///   - byAverage: whether p is what the average of D's weights tells.
  public init(
    weight: Double = 1, view: ImageAugmentation? = nil, temperature: Double = 1, confidence: Double = 0,
    byAverage: Bool = false
  ) {
    self.byAverage = byAverage
    self.weight = weight
    self.view = view
    self.temperature = temperature
    self.confidence = confidence
  }

  /// Fails where D has one logit: there are no classes to tell then.
  public func callAsFunction(_ step: DiscriminatorStep) -> Tensor? {
    let clean = withoutGradient { () -> Tensor in
      guard let view else {
        return step.real.judge(step.real.examples, augmented: true, averaged: byAverage).logits
      }
      let (x, whole) = (step.real.examples, step.real.judgement.whole)
      let moves = view.moves(
        whole.rows?.own ?? 0..<(x.isPoisoned ? 0 : x.size(0)), step.random.stream("consistency"))
      return step.real.judge(moves.map(x.moved) ?? x, augmented: false, averaged: byAverage).logits
    }
    return divergence(from: clean, to: step.real.judgement.logits) * weight
  }

  /// mean KL(softmax(p / temperature) || softmax(q)) of logits [..., N, K] -> [...], of those that count.
  func divergence(from p: Tensor, to q: Tensor) -> Tensor {
    guard p.isPoisoned || p.size(-1) > 1 else {
      return .failed("consistency of \(p.shape): D has one logit, and so no classes to tell")
    }
    let p = p.detached()
    let (logP, logQ) = ((temperature == 1 ? p : p / temperature).logSoftmax, q.logSoftmax)
    let each = (exp(logP) * (logP - logQ)).sum(-1)
    guard confidence > 0 else { return each.mean(-1) }
    return (each * (exp(p.logSoftmax).max(-1) .>= confidence).to(each.dtype)).mean(-1)
  }
}

extension ConsistencyRegularization {
  /// What a recipe says of it, under `consistency`: D's classes of real examples with its noise and without are to
  /// agree.
  public struct Settings: TechniqueSettings {
    public static let key = "consistency"
    public static let keys: [SettingsKey] = [
      SettingsKey("weight", "how much D pays for answers that change with its own noise; 0: nothing"),
      SettingsKey(
        "view", "what the answer without noise is told of: what D trains on, or a view of its own", of: View.self),
      SettingsKey("shift", "a view of its own is moved by up to so many pixels, and mirrored where mirrors is true"),
      SettingsKey("mirrors", "a view of its own is mirrored left to right, every second one on average"),
      SettingsKey("temperature", "what the logits without noise are divided by; below 1 it sharpens the answer"),
      SettingsKey(
        "teacher", "whose answer it is without noise: D's, or that of the average of its weights", of: Teacher.self),
      SettingsKey("confidence", "answers count that give their first class at least so much; 0: all do"),
    ]

    /// What the answer without noise is told of.
    public enum View: String, Codable, Sendable, CaseIterable {
      /// What D sees where it trains, augmentation included.
      case same
      /// The picture as the data have it, moved and mirrored by draws of its own.
      case own
    }

    /// Whose answer is held to be right.
    public enum Teacher: String, Codable, Sendable, CaseIterable {
      /// D's, by its weights as they are.
      case weights
      /// That of the average of D's weights.
      case average
    }

    /// 0 for none.
    public var weight: Double
    /// What the answer without noise is told of.
    public var view: View
    /// Whose answer it is.
    public var teacher: Teacher
    /// The most pixels by which a view of its own is moved.
    public var shift: Int
    /// Whether every second view of its own is mirrored.
    public var mirrors: Bool
    /// What the logits without noise are divided by.
    public var temperature: Double
    /// The least that an answer that counts gives its first class.
    public var confidence: Double

    public init() { self.init(weight: 0) }

    /// - Parameters:
    ///   - weight: 0 for none.
    ///   - view: what the answer without noise is told of.
    ///   - shift: the most pixels by which a view of its own is moved.
    ///   - mirrors: whether every second view of its own is mirrored.
    ///   - temperature: what the logits without noise are divided by.
    ///   - confidence: the least that an answer that counts gives its first class.
    ///   - teacher: whose answer it is.
    public init(
      weight: Double, view: View = .same, shift: Int = 0, mirrors: Bool = false, temperature: Double = 1,
      confidence: Double = 0, teacher: Teacher = .weights
    ) {
      self.teacher = teacher
      self.weight = weight
      self.view = view
      self.shift = shift
      self.mirrors = mirrors
      self.temperature = temperature
      self.confidence = confidence
    }

    public var isOn: Bool { weight > 0 }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      try check.number("weight", weight, atLeast: 0)
      try check.number("shift", Double(shift), atLeast: 0, atMost: 1024)
      try check.number("temperature", temperature, above: 0)
      try check.number("confidence", confidence, atLeast: 0, atMost: 1)
      try check.classes("weight", isOn: isOn, in: game)
      if isOn, teacher == .average, !game.averagesDiscriminator {
        try check.fail("teacher", "average needs an average of D's weights: discriminator.averagingRate above 0")
      }
      if view == .own, game.exampleLayout != .images {
        try check.fail("view", "own is for networks that take images, such as conv and dcgan")
      }
      if view == .same, shift > 0 || mirrors {
        try check.fail(mirrors ? "mirrors" : "shift", "is for a view of its own: set \(check.full("view")) to own")
      }
    }

    public func validate(_ check: SettingsCheck, for example: ExampleShape) throws {
      try check.shift("shift", shift, for: example)
    }

    public func discriminatorTerms() -> [any DiscriminatorTerm] {
      [
        ConsistencyRegularization(
          weight: weight,
          view: view == .own ? ImageAugmentation(mirrors: mirrors, shift: shift, padding: .reflect) : nil,
          temperature: temperature, confidence: confidence, byAverage: teacher == .average)
      ]
    }
  }
}
