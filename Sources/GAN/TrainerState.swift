import NN
import Torch

/// Everything that a game needs to go on as if it had not been interrupted. Random numbers need no place in it: they
/// are functions of the step.
extension Trainer {
  /// Copies, by name: `step` and `learning-rate-factor`; `generator.NAME` and `discriminator.NAME` for every parameter;
  /// `generator-optimizer.NAME` and `discriminator-optimizer.NAME` (and `shared-optimizer.NAME`), and
  /// `generator-penalty-0.NAME` and so on, for what the optimisers keep.
  public var state: [String: Tensor] { state(ofCopies: true) }

  /// The same without copies, to be written before the next step: what a step changes, these change with.
  package var currentState: [String: Tensor] { state(ofCopies: false) }

  private func state(ofCopies copies: Bool) -> [String: Tensor] {
    var state = ["step": Tensor([Int64(step)]), "learning-rate-factor": Tensor([learningRateFactor])]
    func add(_ part: String, _ tensors: [String: Tensor]) {
      for (name, tensor) in tensors { state["\(part).\(name)"] = tensor }
    }
    add("generator", copies ? generator.state : generator.currentValues)
    add("discriminator", copies ? discriminator.state : discriminator.currentValues)
    for (part, kept) in memories { add(part, copies ? kept().mapValues { $0.copied() } : kept()) }
    return state
  }

  /// Goes on from an earlier ``state`` of a game of the same shape.
  ///
  /// - Throws: `StateError` naming what is missing, unknown or of another shape or kind of elements; `TensorError`.
  public func restore(_ state: [String: Tensor]) throws {
    func number<Value: TensorElement>(_ name: String, where isPossible: (Value) -> Bool) throws -> Value {
      guard let tensor = state[name] else { throw StateError(name: name, reason: "is missing") }
      guard tensor.count == 1, tensor.dtype == Value.dtype, let value = try tensor.values(Value.self).first,
        isPossible(value)
      else { throw StateError(name: name, reason: "is not such a number") }
      return value
    }
    let step: Int64 = try number("step") { $0 >= 0 }
    let factor: Double = try number("learning-rate-factor") { $0 > 0 && $0.isFinite }
    let known = Set(["generator", "discriminator"] + memories.map(\.part))
    var parts: [String: [String: Tensor]] = [:]
    for (name, tensor) in state where name != "step" && name != "learning-rate-factor" {
      let path = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard path.count == 2, known.contains(path[0]) else {
        throw StateError(name: name, reason: "does not belong to the game")
      }
      parts[path[0], default: [:]][path[1]] = tensor
    }
    try generator.load(parts["generator"] ?? [:])
    try discriminator.load(parts["discriminator"] ?? [:])
    /// What `part` kept, each tensor with elements of its own.
    func kept(_ part: String) throws -> [String: Tensor] {
      let flat = part.hasPrefix("generator-") ? generator.flat : discriminator.flat
      return try Dictionary(
        uniqueKeysWithValues: (parts[part] ?? [:]).map { name, tensor in
          try check(tensor, "\(part).\(name)", isCount: name == "steps" || name == "count", like: flat)
          return (name, tensor.copied())
        })
    }
    try generatorTraining.optimizer.restore(kept("generator-optimizer"))
    try discriminatorTraining.optimizer.restore(kept("discriminator-optimizer"))
    for (part, penalty) in penalties { try penalty.restore(kept(part)) }
    try sharedTraining?.optimizer.restore(kept("shared-optimizer"))
    self.step = Int(step)
    learningRateFactor = factor
  }

  /// What penalties and optimisers keep, by the name of their part.
  private var memories: [(part: String, kept: () -> [String: Tensor])] {
    func kept(_ optimizer: (any Optimizer)?) -> () -> [String: Tensor] { { optimizer?.state ?? [:] } }
    return penalties.map { part, penalty in (part, { penalty.state }) } + [
      ("generator-optimizer", kept(generatorTraining.optimizer)),
      ("discriminator-optimizer", kept(discriminatorTraining.optimizer)),
      ("shared-optimizer", kept(sharedTraining?.optimizer)),
    ]
  }

  private var penalties: [(String, any ParameterPenalty)] {
    func numbered(_ player: String, _ training: Training) -> [(String, any ParameterPenalty)] {
      training.penalties.enumerated().map { ("\(player)-penalty-\($0)", $1) }
    }
    return numbered("generator", generatorTraining) + numbered("discriminator", discriminatorTraining)
  }

  /// What optimisers and penalties keep is laid out as the parameters, but for what they count.
  private func check(_ tensor: Tensor, _ name: String, isCount: Bool, like flat: Tensor) throws {
    if isCount {
      guard tensor.dtype == .int64, tensor.count == 1, try tensor.values(Int64.self)[0] >= 0 else {
        throw StateError(name: name, reason: "is no count")
      }
    } else if tensor.shape != flat.shape {
      throw StateError(name: name, reason: "has the shape \(tensor.shape), the parameters have \(flat.shape)")
    } else if tensor.dtype != flat.dtype {
      throw StateError(name: name, reason: "has elements of kind \(tensor.dtype), the parameters \(flat.dtype)")
    }
  }
}
