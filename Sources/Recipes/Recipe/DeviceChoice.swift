import Torch

/// Where a recipe is played if nobody says where, and why there.
public struct DeviceChoice: Sendable, Hashable {
  /// The best one for the recipe.
  public let device: Device
  /// A sentence for whoever plays it; nil where the machine has one device.
  public let reason: String?

  /// Games on points stay on the processors: an operation of theirs is a few thousand multiplications, and a graphics
  /// card takes longer to begin one than a core to end it. Games on pictures go to the graphics card.
  ///
  /// - Parameters:
  ///   - recipe: what is to be played.
  ///   - available: the devices of the machine; the CPU is one by all means.
  public init(for recipe: Recipe, available: [Device]) {
    guard let card = [Device.cuda, .mps].first(where: available.contains) else {
      (device, reason) = (.cpu, nil)
      return
    }
    if recipe.data.points != nil {
      device = .cpu
      reason =
        "'\(recipe.name)' is played on the cpu: its operations are too small for \(card.rawValue), which "
        + "--device \(card.rawValue) takes all the same"
    } else {
      device = card
      reason = "'\(recipe.name)' is played on \(card.rawValue); --device cpu keeps it on the processors"
    }
  }
}
