import NN
import Torch

/// A number of a game that is NaN or infinite, in the step where it first was.
public struct TrainingFault: Error, CustomStringConvertible, Sendable, Equatable {
  /// Whose number it is.
  public enum Player: String, Sendable {
    /// D, and G.
    case discriminator, generator
  }
  /// Which of a player's numbers it is.
  public enum Quantity: String, Sendable {
    /// What the player minimises; its slope by the parameters; the parameters after the step.
    case loss, gradient, parameter
    /// What the optimiser keeps of a parameter, such as the mean of its squared gradients.
    case memory
  }

  /// From 0: so many steps had been played before it.
  public let step: Int
  /// Whose number it is.
  public let player: Player
  /// Which of the player's numbers it is.
  public let quantity: Quantity
  /// Which parameter it is, or whose gradient; the first of several.
  public let parameter: String?

  public var description: String { "step \(step + 1): \(reason)" }

  /// Without the step.
  public var reason: String {
    let place = parameter.map { " of '\($0)'" } ?? ""
    let what =
      switch quantity {
      case .loss: "loss"
      case .gradient: "gradient\(place)"
      case .parameter: "parameter\(parameter.map { " '\($0)'" } ?? "")"
      case .memory: "optimiser's memory\(place)"
      }
    return "the \(player.rawValue)'s \(what) is not finite"
  }
}

/// What a step computed, to be looked through should anything in it not be finite.
struct StepTrace {
  let player: TrainingFault.Player
  var loss: Tensor
  let gradient: Tensor
  /// As the step left them, laid out as the gradient.
  let parameters: Tensor
  /// Whether what is not finite in the gradient is not finite in the parameters either.
  let gradientShows: Bool
  /// What the optimiser keeps, where the step left that not finite.
  let overflow: Tensor?
  /// The name of the parameter at a place of the flat layout.
  let name: (_ values: Tensor) throws -> String?

  init<M>(
    _ player: TrainingFault.Player, _ network: Network<M>, _ training: Training, loss: Tensor, gradient: Tensor
  ) {
    self.player = player
    gradientShows = training.optimizer.passesNonFiniteOn
    overflow = training.optimizer.overflow
    self.loss = loss
    self.gradient = gradient
    parameters = network.flat
    name = network.nameOfFirstNonFinite(in:)
  }

  /// - Throws: `TensorError`.
  func isFinite() throws -> Bool {
    try overflow == nil && parameters.isAllFinite() && (gradientShows || gradient.isAllFinite())
  }

  /// - Throws: `TensorError`.
  func fault(in step: Int) throws -> TrainingFault? {
    func fault(_ quantity: TrainingFault.Quantity, _ parameter: String? = nil) -> TrainingFault {
      TrainingFault(step: step, player: player, quantity: quantity, parameter: parameter)
    }
    if try loss.values(Double.self).contains(where: { !$0.isFinite }) { return fault(.loss) }
    if let parameter = try name(gradient) { return fault(.gradient, parameter) }
    if let parameter = try name(parameters) { return fault(.parameter, parameter) }
    if let overflow { return fault(.memory, try name(overflow)) }
    return nil
  }
}
