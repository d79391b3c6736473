import Settings
import Torch

/// Keys that several networks have, each with one meaning.
extension SettingsKey {
  static let activation = SettingsKey("activation", "the nonlinearity between the layers", of: Activation.self)
  static let blocks = SettingsKey("blocks", "residual blocks at each size")
  static let expansion = SettingsKey("expansion", "how many times as many channels a block has inside")
  static let groupWidth = SettingsKey("groupWidth", "channels of a group in a block's convolution")
  static let hidden = SettingsKey("hidden", "widths of the hidden layers")
  static let inputNoise = SettingsKey("inputNoise", "standard deviation of the noise on D's input while it trains")
  static let outputActivation = SettingsKey(
    "outputActivation", "the last layer's; it must reach all values of the data", of: Activation.self)
  static let outputWeightNorm = SettingsKey("outputWeightNorm", "the last layer is weight-normalised")
  static let width = SettingsKey("width", "channels of the widest image; other sizes have multiples of it")
  static let widths = SettingsKey("widths", "channels, size by size")

  /// The values are each network's own.
  static func normalization<Value: CaseIterable & RawRepresentable<String>>(_ values: Value.Type) -> SettingsKey {
    SettingsKey("normalization", "what is normalised between the layers", of: values)
  }
}
