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
    for memory in memories { add(memory.part, copies ? memory.kept().mapValues { $0.copied() } : memory.kept()) }
    return state
  }

  /// Goes on from an earlier ``state`` of a game of the same shape.
  ///
  /// - Throws: `StateError` naming what is missing, unknown or of another shape or kind of elements; `TensorError`.
  ///   Nothing has changed then.
  public func restore(_ state: [String: Tensor]) throws { try restore(TensorSource(state)) }

  /// The same of a state that may be in a file, such as `TensorSource(SafetensorsFile(url))`: values go straight to
  /// where the players and their optimisers have them. The game is all that is in memory, but for a few megabytes.
  ///
  /// - Throws: `StateError` and `TensorError` as above; `FileError` where the file cannot be read any more. All is
  ///   checked, and all memory there, before anything changes: only such a file can leave half a state, which another
  ///   ``restore(_:)`` makes good.
  public func restore(_ source: TensorSource) throws {
    let step: Int64 = try number("step", source) { $0 >= 0 }
    let factor: Double = try number("learning-rate-factor", source) { $0 > 0 && $0.isFinite }
    let memories = memories
    let known = Set(["generator", "discriminator"] + memories.map(\.part))
    for name in source.names where name != "step" && name != "learning-rate-factor" {
      guard let dot = name.firstIndex(of: "."), known.contains(String(name[..<dot])) else {
        throw StateError(name: name, reason: "does not belong to the game")
      }
    }
    try generator.check(source.part("generator"))
    try discriminator.check(source.part("discriminator"))
    for memory in memories { try check(source.part(memory.part), memory) }

    // What is there already is written over; for the rest there has to be room.
    var kept: [String: [String: Tensor]] = [:]
    var waiting: [(part: TensorSource, name: String, target: Tensor)] = []
    for memory in memories {
      let (part, current) = (source.part(memory.part), memory.kept())
      for (name, description) in part.descriptions {
        let tensor: Tensor
        if let there = current[name], there.shape == description.shape, there.dtype == description.dtype {
          tensor = there
          waiting.append((part, name, there))
        } else {
          tensor = try part.tensor(name)
        }
        kept[memory.part, default: [:]][name] = tensor
      }
    }
    try generator.load(source.part("generator"))
    try discriminator.load(source.part("discriminator"))
    for (part, name, target) in waiting { try part.read(name, into: target) }
    for memory in memories { try memory.restore(kept[memory.part] ?? [:]) }
    self.step = Int(step)
    learningRateFactor = factor
    begun = nil
  }

  private func number<Value: TensorElement>(
    _ name: String, _ source: TensorSource, where isPossible: (Value) -> Bool
  ) throws -> Value {
    guard let (shape, dtype) = source.descriptions[name] else { throw StateError(name: name, reason: "is missing") }
    guard shape.reduce(1, *) == 1, dtype == Value.dtype, let value = try source.tensor(name).values(Value.self).first,
      isPossible(value)
    else { throw StateError(name: name, reason: "is not such a number") }
    return value
  }

  /// What a penalty or an optimiser keeps.
  private struct Memory {
    /// Its name in a ``Trainer/state``.
    let part: String
    /// All of it, without copies.
    let kept: () -> [String: Tensor]
    /// The names that it has once there has been a step, where it says so.
    let names: Set<String>?
    let restore: ([String: Tensor]) throws -> Void

    init(_ part: String, _ optimizer: any Optimizer) {
      self.part = part
      (kept, names, restore) = ({ optimizer.state }, optimizer.stateNames, { try optimizer.restore($0) })
    }

    init(_ part: String, _ penalty: any ParameterPenalty) {
      self.part = part
      (kept, names, restore) = ({ penalty.state }, penalty.stateNames, { try penalty.restore($0) })
    }
  }

  private var memories: [Memory] {
    func memories(_ player: String, _ training: Training) -> [Memory] {
      training.penalties.enumerated().map { Memory("\(player)-penalty-\($0)", $1) }
        + [Memory("\(player)-optimizer", training.optimizer)]
    }
    return memories("generator", generatorTraining) + memories("discriminator", discriminatorTraining)
      + (sharedTraining.map { [Memory("shared-optimizer", $0.optimizer)] } ?? [])
  }

  /// What optimisers and penalties keep is laid out as the parameters, but for what they count.
  private func check(_ part: TensorSource, _ memory: Memory) throws {
    if let names = memory.names {
      try StateError.require(names, in: Set(part.names), of: "the game", prefix: memory.part + ".")
    }
    let flat = memory.part.hasPrefix("generator-") ? generator.flat : discriminator.flat
    for (name, (shape, dtype)) in part.descriptions {
      let path = "\(memory.part).\(name)"
      if name == "steps" || name == "count" {
        guard dtype == .int64, shape.reduce(1, *) == 1, try part.tensor(name).values(Int64.self)[0] >= 0 else {
          throw StateError(name: path, reason: "is no count")
        }
      } else if shape != flat.shape {
        throw StateError(name: path, reason: "has the shape \(shape), the parameters have \(flat.shape)")
      } else if dtype != flat.dtype {
        throw StateError(name: path, reason: "has elements of kind \(dtype), the parameters \(flat.dtype)")
      }
    }
  }
}
