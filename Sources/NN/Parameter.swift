import Torch

/// A tensor that belongs to a layer: first only a shape and a distribution, then, once its module is in a
/// ``Network``, values.
public final class Parameter {
  /// Whether the optimiser changes it. A fixed parameter is set by other means, such as data-dependent
  /// initialisation, and saved like any other.
  public enum Role: Sendable {
    /// Moved by an optimiser; part of ``Network/flat``.
    case trained
    /// Set otherwise; part of ``Network/fixed``.
    case fixed
  }

  /// Without the leading dimension over seeds that the values may have.
  public let shape: [Int]
  /// What the first values are drawn from, once a network has the parameter.
  public let initializer: Initializer
  /// Whether the optimiser changes it.
  public let role: Role
  /// Why its module can be in no network; nil where it can.
  let misfit: String?
  private var bound: Tensor?

  /// A parameter without values yet.
  ///
  /// - Parameter shape: without a dimension over seeds.
  public init(_ shape: [Int], _ initializer: Initializer, role: Role = .trained) {
    self.shape = shape
    self.initializer = initializer
    self.role = role
    misfit = nil
  }

  private init(misfit: String) {
    (shape, initializer, role) = ([0], .constant(0), .fixed)
    self.misfit = misfit
  }

  /// For a module whose settings do not fit each other: kept as one of its properties it makes ``Network`` refuse the
  /// module, by the place where it is. Nil, and no parameter, where they fit.
  ///
  /// ```swift
  /// misfit = .unless(inputs % groups == 0, "has \(inputs) channels, which \(groups) groups do not divide")
  /// ```
  ///
  /// - Parameter reason: what does not fit, after the name of the module.
  public static func unless(_ fits: Bool, _ reason: @autoclosure () -> String) -> Parameter? {
    fits ? nil : Parameter(misfit: reason())
  }

  /// `shape`, or [S] + `shape` in a network of several seeds.
  ///
  /// Poisoned as long as the parameter's module is in no ``Network``.
  public var value: Tensor {
    bound ?? .failed("a parameter of shape \(shape) has no value: its module is in no network")
  }

  /// The number of elements of one seed's; nil where the shape is not one.
  var count: Int? {
    var count = 1
    for size in shape {
      let product = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !product.overflow else { return nil }
      count = product.partialValue
    }
    return count
  }

  var isBound: Bool { bound != nil }
  func bind(_ value: Tensor) { bound = value }
}
