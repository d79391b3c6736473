import NN
import Torch

/// Everything that a game needs to go on as if it had not been interrupted. Random numbers need no place in it: they
/// are functions of the step.
extension Trainer {
  /// Copies, by name: `step` and `learning-rate-factor`; `generator.NAME` and `discriminator.NAME` for every parameter; `generator-optimizer.NAME` and
  /// `discriminator-optimizer.NAME` (and `shared-optimizer.NAME`), and `generator-penalty-0.NAME` and so on, for what the optimisers keep.
  public var state: [String: Tensor] {
    var state = ["step": Tensor([Int64(step)]), "learning-rate-factor": Tensor([learningRateFactor])]
    for (part, tensors) in parts() {
      for (name, tensor) in tensors { state["\(part).\(name)"] = tensor.copied() }
    }
    return state
  }

  /// Goes on from an earlier ``state`` of a game of the same shape.
  ///
  /// - Throws: `StateError` naming what is missing, unknown or of another shape; `TensorError`.
  public func restore(_ state: [String: Tensor]) throws {
    func number(_ name: String) throws -> Tensor {
      guard let tensor = state[name], tensor.count == 1 else { throw StateError(name: name, reason: "is missing") }
      return tensor
    }
    let (step, factor) = (try number("step"), try number("learning-rate-factor"))
    var parts: [String: [String: Tensor]] = [:]
    for (name, tensor) in state where name != "step" && name != "learning-rate-factor" {
      let path = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard path.count == 2, self.parts().map(\.0).contains(path[0]) else {
        throw StateError(name: name, reason: "does not belong to the game")
      }
      parts[path[0], default: [:]][path[1]] = tensor
    }
    try generator.load(parts["generator"] ?? [:])
    try discriminator.load(parts["discriminator"] ?? [:])
    try restore(generatorTraining.optimizer, parts["generator-optimizer"] ?? [:], like: generator.flat)
    try restore(discriminatorTraining.optimizer, parts["discriminator-optimizer"] ?? [:], like: discriminator.flat)
    for (part, penalty) in penalties { try penalty.restore(parts[part] ?? [:]) }
    if let sharedTraining {
      try restore(sharedTraining.optimizer, parts["shared-optimizer"] ?? [:], like: discriminator.flat)
    }
    self.step = Int(try step.values(Int64.self)[0])
    learningRateFactor = try factor.values(Double.self)[0]
  }

  private func parts() -> [(String, [String: Tensor])] {
    penalties.map { ($0, $1.state) } + [
      ("generator", generator.state), ("discriminator", discriminator.state),
      ("generator-optimizer", generatorTraining.optimizer.state),
      ("discriminator-optimizer", discriminatorTraining.optimizer.state),
      ("shared-optimizer", sharedTraining?.optimizer.state ?? [:]),
    ]
  }

  private var penalties: [(String, any ParameterPenalty)] {
    func numbered(_ player: String, _ training: Training) -> [(String, any ParameterPenalty)] {
      training.penalties.enumerated().map { ("\(player)-penalty-\($0)", $1) }
    }
    return numbered("generator", generatorTraining) + numbered("discriminator", discriminatorTraining)
  }

  private func restore(_ optimizer: any Optimizer, _ state: [String: Tensor], like flat: Tensor) throws {
    for (name, tensor) in state where name != "steps" && tensor.shape != flat.shape {
      throw StateError(name: name, reason: "has the shape \(tensor.shape), the parameters have \(flat.shape)")
    }
    try optimizer.restore(state.mapValues { $0.copied() })
  }
}
