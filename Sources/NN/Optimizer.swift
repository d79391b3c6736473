import Torch

/// A rule that moves parameters against their gradient, with the state it keeps from step to step.
///
/// All tensors have the shape of ``Network/flat``.
public protocol Optimizer: AnyObject {
  /// Whether a NaN or an infinity in a gradient always is one in the parameters after the step: to look at these is enough then.
  /// False unless stated otherwise.
  var passesNonFiniteOn: Bool { get }
  /// Changes `parameters` in place.
  func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double)
  /// What it keeps from step to step, by name; empty before the first step.
  var state: [String: Tensor] { get }
  /// Takes up an earlier ``state``, whose tensors become its own.
  func restore(_ state: [String: Tensor]) throws
}

extension Optimizer {
  public var passesNonFiniteOn: Bool { false }

  /// - Throws: ``StateError`` where `state` does not have exactly these names.
  fileprivate func require(_ names: [String], in state: [String: Tensor]) throws {
    if let missing = names.first(where: { state[$0] == nil }) { throw StateError(name: missing, reason: "is missing") }
    if let stranger = state.keys.sorted().first(where: { !names.contains($0) }) {
      throw StateError(name: stranger, reason: "does not belong to the optimiser")
    }
  }
}

/// v := momentum v + gradient; parameters := parameters - rate v. With momentum 0 it is gradient descent.
public final class Momentum: Optimizer {
  public let momentum: Double
  /// 0 times infinity is NaN: a rate of 0 hides nothing.
  public let passesNonFiniteOn = true
  private var velocity: Tensor?

  public init(_ momentum: Double) { self.momentum = momentum }

  public func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double) {
    let velocity = velocity ?? .zeros(like: parameters)
    self.velocity = velocity
    momentumStep(parameters, gradient: gradient, velocity: velocity, rate: learningRate, momentum: momentum)
  }

  public var state: [String: Tensor] { velocity.map { ["velocity": $0] } ?? [:] }

  public func restore(_ state: [String: Tensor]) throws {
    if !state.isEmpty { try require(["velocity"], in: state) }
    velocity = state["velocity"]
  }
}

/// Adam (Kingma and Ba 2015): with m and v the decaying means of the gradient and its square, divided by
/// 1 - beta^t, parameters := parameters - rate m / (sqrt(v) + epsilon).
public final class Adam: Optimizer {
  /// Where the stabiliser stands. Beside the root it is compared with a gradient's size, inside with its square: 1e-8 inside
  /// is about 1e-4 beside it.
  public enum EpsilonPlace: String, Codable, Sendable, CaseIterable {
    /// sqrt(v) + epsilon: Kingma and Ba, PyTorch.
    case outsideRoot = "outside-root"
    /// sqrt(v + epsilon): the code released with *Improved Techniques for Training GANs*.
    case insideRoot = "inside-root"
  }

  public let beta1: Double
  public let beta2: Double
  public let epsilon: Double
  public let epsilonPlace: EpsilonPlace
  /// Infinity divided by the root of infinity is NaN.
  public let passesNonFiniteOn = true
  private var steps = 0
  private var moments: (first: Tensor, second: Tensor)?

  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, epsilonPlace: EpsilonPlace = .outsideRoot
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.epsilonPlace = epsilonPlace
  }

  public func step(_ parameters: Tensor, gradient: Tensor, learningRate: Double) {
    let moments = moments ?? (first: .zeros(like: parameters), second: .zeros(like: parameters))
    self.moments = moments
    steps += 1
    adamStep(
      parameters, gradient: gradient, firstMoment: moments.first, secondMoment: moments.second, step: steps,
      rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, epsilonInsideRoot: epsilonPlace == .insideRoot)
  }

  public var state: [String: Tensor] {
    guard let moments else { return [:] }
    return ["first": moments.first, "second": moments.second, "steps": Tensor([Int64(steps)])]
  }

  public func restore(_ state: [String: Tensor]) throws {
    guard !state.isEmpty else { return (moments, steps) = (nil, 0) }
    try require(["first", "second", "steps"], in: state)
    moments = (first: state["first"]!, second: state["second"]!)
    steps = Int(try state["steps"]!.values(Int64.self)[0])
  }
}
