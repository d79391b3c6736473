import Torch

/// A rule that moves parameters against their gradient, with the state it keeps from step to step.
///
/// All tensors have the shape of ``Network/flat``.
public protocol Optimizer: AnyObject {
  /// Whether a NaN or an infinity in a gradient always is one in the parameters after the step: to look at these is
  /// enough then. False unless stated otherwise.
  var passesNonFiniteOn: Bool { get }
  /// What it keeps, laid out as the parameters, where that is not finite after the last step; nil where it is, and
  /// unless stated otherwise. A moment that has overflowed can freeze a parameter that is finite itself.
  var overflow: Tensor? { get }
  /// Changes `parameters` in place.
  ///
  /// - Throws: `TensorError`. A step that fails is not counted, and leaves an optimiser that can go on.
  func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double) throws
  /// What it keeps from step to step, by name; empty before the first step.
  var state: [String: Tensor] { get }
  /// The names in ``state`` once there has been a step; nil, as unless stated otherwise, where only ``restore(_:)``
  /// knows.
  var stateNames: Set<String>? { get }
  /// Takes up an earlier ``state``, whose tensors become its own.
  func restore(_ state: [String: Tensor]) throws
}

extension Optimizer {
  public var passesNonFiniteOn: Bool { false }
  public var overflow: Tensor? { nil }
  public var stateNames: Set<String>? { nil }

  /// - Throws: ``StateError`` where `state` is not empty and does not have exactly the names in ``stateNames``.
  fileprivate func requireNames(of state: [String: Tensor]) throws {
    try StateError.require(stateNames ?? [], in: Set(state.keys), of: "the optimiser")
  }
}

/// v := momentum v + gradient; parameters := parameters - rate v. With momentum 0 it is gradient descent.
public final class Momentum: Optimizer {
  /// What is kept of the last step's movement, in 0 ..< 1.
  public let momentum: Double
  /// 0 times infinity is NaN: a rate of 0 hides nothing.
  public let passesNonFiniteOn = true
  private var velocity: Tensor?

  /// - Parameter momentum: in 0 ..< 1; 0 for gradient descent.
  public init(_ momentum: Double) { self.momentum = momentum }

  public func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double) throws {
    // Kept only if there: memory that there was no room for may be there next time.
    let velocity = try (velocity ?? .zeros(like: parameters)).checked()
    self.velocity = velocity
    try momentumStep(parameters, gradient: gradient, velocity: velocity, rate: learningRate, momentum: momentum)
  }

  public var state: [String: Tensor] { velocity.map { ["velocity": $0] } ?? [:] }
  public let stateNames: Set<String>? = ["velocity"]

  public func restore(_ state: [String: Tensor]) throws {
    try requireNames(of: state)
    velocity = try state["velocity"]?.checked()
  }
}

/// Adam (Kingma and Ba 2015): with m and v the decaying means of the gradient and its square, divided by
/// 1 - beta^t, parameters := parameters - rate m / (sqrt(v) + epsilon).
public final class Adam: Optimizer {
  /// Where the stabiliser stands. Beside the root it is compared with a gradient's size, inside with its square: 1e-8
  /// inside is about 1e-4 beside it.
  public enum EpsilonPlace: String, Codable, Sendable, CaseIterable {
    /// sqrt(v) + epsilon: Kingma and Ba, PyTorch.
    case outsideRoot = "outside-root"
    /// sqrt(v + epsilon): the code released with *Improved Techniques for Training GANs*.
    case insideRoot = "inside-root"
  }

  /// Of the mean of gradients, in 0 ..< 1; 0 for the last gradient alone.
  public let beta1: Double
  /// By its own steps.
  public let beta2: CosineSchedule
  /// What keeps the quotient finite where gradients are 0.
  public let epsilon: Double
  /// Whether ``epsilon`` is added to the root or under it.
  public let epsilonPlace: EpsilonPlace
  /// Infinity divided by the root of infinity is NaN.
  public let passesNonFiniteOn = true
  private var steps = 0
  private var moments: (first: Tensor, second: Tensor)?
  private var hasOverflowed = false

  /// With the same beta2 in every step. The defaults are Kingma and Ba's.
  public convenience init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, epsilonPlace: EpsilonPlace = .outsideRoot
  ) {
    self.init(beta1: beta1, beta2: .constant(beta2), epsilon: epsilon, epsilonPlace: epsilonPlace)
  }

  /// - Parameter beta2: of each of this optimiser's steps. The bias correction is 1 - beta2^t with the beta2 of step t,
  ///   as in PyTorch when its setting is changed between steps.
  public init(
    beta1: Double = 0.9, beta2: CosineSchedule, epsilon: Double = 1e-8, epsilonPlace: EpsilonPlace = .outsideRoot
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.epsilonPlace = epsilonPlace
  }

  public func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double) throws {
    // Kept only if there: memory that there was no room for may be there next time.
    let first = try (moments?.first ?? .zeros(like: parameters)).checked()
    let second = try (moments?.second ?? .zeros(like: parameters)).checked()
    moments = (first, second)
    let isFinite = try adamStep(
      parameters, gradient: gradient, firstMoment: first, secondMoment: second, step: steps + 1,
      rate: learningRate, beta1: beta1, beta2: beta2(steps), epsilon: epsilon,
      epsilonInsideRoot: epsilonPlace == .insideRoot)
    steps += 1
    hasOverflowed = !isFinite
  }

  public var overflow: Tensor? { hasOverflowed ? moments?.second : nil }

  public var state: [String: Tensor] {
    guard let moments else { return [:] }
    return ["first": moments.first, "second": moments.second, "steps": Tensor([Int64(steps)])]
  }

  public let stateNames: Set<String>? = ["first", "second", "steps"]

  public func restore(_ state: [String: Tensor]) throws {
    try requireNames(of: state)
    hasOverflowed = false
    guard !state.isEmpty else { return (moments, steps) = (nil, 0) }
    guard let first = state["first"], let second = state["second"], let steps = state["steps"] else { return }
    self.steps = Int(try steps.item())
    moments = (first: try first.checked(), second: try second.checked())
  }
}
