import Torch

/// A term of a player's loss that depends on its parameters and on what they have been, not on any example.
///
/// It adds its gradient itself, after the loss's, so that no graph is built for it. It has state: each player needs one
/// of its own.
public protocol ParameterPenalty: AnyObject {
  /// Called once a step, before the optimiser's: adds the penalty's gradient at `parameters` to `gradient`, in place.
  /// Both are laid out as `Network/flat`.
  ///
  /// - Throws: `TensorError`; the step is not counted then.
  func add(to gradient: Tensor, at parameters: Tensor) throws
  /// What it keeps from step to step, by name; empty before the first step.
  var state: [String: Tensor] { get }
  /// The names in ``state`` once it has been added; nil, as unless stated otherwise, where only ``restore(_:)`` knows.
  var stateNames: Set<String>? { get }
  /// Takes up an earlier ``state``, whose tensors become its own.
  ///
  /// - Throws: `StateError` naming what is missing.
  func restore(_ state: [String: Tensor]) throws
}

extension ParameterPenalty {
  public var stateNames: Set<String>? { nil }
}
