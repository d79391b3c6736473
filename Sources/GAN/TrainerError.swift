/// Parts that do not make a game; thrown by its first step.
public struct TrainerError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String
}
