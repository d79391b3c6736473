import Torch

/// A tensor that belongs to a layer: first only a shape and a distribution, then, once its module is in a
/// ``Network``, values.
public final class Parameter {
  /// Whether the optimiser changes it. A fixed parameter is set by other means, such as data-dependent
  /// initialisation, and saved like any other.
  public enum Role: Sendable { case trained, fixed }

  /// Without the leading dimension over seeds that the values may have.
  public let shape: [Int]
  public let initializer: Initializer
  public let role: Role
  private var bound: Tensor?

  public init(_ shape: [Int], _ initializer: Initializer, role: Role = .trained) {
    self.shape = shape
    self.initializer = initializer
    self.role = role
  }

  /// `shape`, or [S] + `shape` in a network of several seeds.
  ///
  /// - Precondition: the parameter's module is in a ``Network``.
  public var value: Tensor {
    guard let bound else { fatalError("a parameter has no value before its module is in a Network") }
    return bound
  }

  var isBound: Bool { bound != nil }
  func bind(_ value: Tensor) { bound = value }
}
