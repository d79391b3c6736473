import Foundation
import Torch

extension Network {
  /// The network as TorchScript, for PyTorch: a module with one `forward` from one tensor to one, in evaluation mode,
  /// with copies of the parameters under their names (the fixed ones as buffers).
  ///
  /// The pass is recorded, layer by layer as it is, so a new layer needs nothing of its own here. What the recording
  /// could have lost, such as the number of rows or what a layer computes past libtorch's operations, is looked for:
  /// the module must give what the network gives for other rows, and for fewer and more of them.
  ///
  /// - Parameters:
  ///   - name: of the module's class, an identifier.
  ///   - input: inputs for a number of rows, different ones for different numbers.
  ///   - forward: the pass, such as `{ model, z in model(z, .evaluation) }`.
  /// - Throws: ``ScriptError`` where the module does not give what the network gives; `TensorError`.
  public func script(
    named name: String, input: (_ rows: Int) -> Tensor, _ forward: (Model, Tensor) -> Tensor
  ) throws -> ScriptModule {
    try script(named: name, input: input, classes: nil) { model, x, _ in forward(model, x) }
  }

  /// The same of a network that is told classes: the module's `forward` takes their numbers 0 ..< `classes`, [N], after
  /// the tensor.
  ///
  /// - Parameter classes: nil for a module of one argument.
  public func script(
    named name: String, input: (_ rows: Int) -> Tensor, classes: Int?,
    _ forward: (Model, Tensor, _ labels: Tensor?) -> Tensor
  ) throws -> ScriptModule {
    guard random.leadingShape.isEmpty else { throw ScriptError(reason: "it is of several seeds") }
    func labels(_ rows: Int) -> Tensor? {
      classes.map { classes in Tensor((0..<rows).map { Int64(($0 + rows) % classes) }) }
    }
    let module = try withCopies { copies in
      try ScriptModule(recording: name, tensors: copies, example: input(5), labels: labels(5)) {
        forward(model, $0, $1)
      }
    }
    for rows in [5, 3, 17] {
      let (own, found) = try withoutGradient {
        let (x, labels) = (input(rows), labels(rows))
        let own = forward(model, x, labels), found = try module(x, labels: labels).checked()
        return (try own.values(Double.self), own.shape == found.shape ? try found.values(Double.self) : nil)
      }
      guard own.allSatisfy(\.isFinite) else { throw ScriptError(reason: "its own outputs are not finite") }
      guard let found else { throw ScriptError(reason: "for \(rows) rows the module's outputs have another shape") }
      let largest = own.reduce(0) { max($0, abs($1)) }
      guard zip(own, found).allSatisfy({ abs($0 - $1) <= Self.tolerance * largest }) else {
        throw ScriptError(reason: "for \(rows) rows the module's outputs are not the network's")
      }
    }
    return module
  }

  /// Of the largest output. What a recording loses shows far above it; batch norm of a few rows that are almost alike
  /// enlarges what remains of adding in another order, usually below 1e-6, to something near it.
  private static var tolerance: Double { 1e-3 }
}

/// A network whose TorchScript would not give what the network gives, or gives nothing of use.
public struct ScriptError: Error, CustomStringConvertible, Sendable {
  /// What the recording does otherwise than the network, as a clause.
  public let reason: String
  public var description: String { "the network cannot be written as TorchScript: \(reason)" }
}
