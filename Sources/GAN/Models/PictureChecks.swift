import Settings
import Torch

// What networks of pictures ask of the pictures. Keys are those of the network's player.

extension SettingsCheck {
  /// The side of square images; others fail.
  func squareSide(_ example: ExampleShape, for kind: String) throws(SettingsError) -> Int {
    guard case .image(_, let height, let width) = example else { try fail("network", "\(kind) is for images") }
    guard height == width else {
      try fail("network", "\(kind) is for square images; these have \(height) x \(width) pixels")
    }
    return height
  }

  /// The side of square images where it is a power of two, at least `low`.
  func powerOfTwo(_ example: ExampleShape, from low: Int, for kind: String) throws(SettingsError) -> Int {
    let size = try squareSide(example, for: kind)
    guard size >= low, size & (size - 1) == 0 else {
      try fail(
        "network",
        "\(kind) is for images whose side is a power of two from \(low) on; these have \(size) x \(size) pixels")
    }
    return size
  }

  /// The settings of residual networks.
  func residual(widths: [Int], blocks: Int, expansion: Int, groupWidth: Int) throws(SettingsError) {
    try self.widths("widths", widths)
    guard widths.count <= 16 else { try fail("widths", "must have 1 to 16 sizes, has \(widths.count)") }
    try size("blocks", blocks, atMost: 1000)
    try size("expansion", expansion, atMost: 1000)
    try size("groupWidth", groupWidth)
    if let width = widths.first(where: { $0 * expansion % groupWidth != 0 }) {
      try fail("groupWidth", "must divide \(width * expansion), the channels of a block, is \(groupWidth)")
    }
  }

  /// Whether there is a width for each size of the image, 4 x 4, 8 x 8 and so on.
  func residual(widths: [Int], for example: ExampleShape, of kind: String) throws(SettingsError) {
    let sizes = try powerOfTwo(example, from: 4, for: kind).trailingZeroBitCount - 1
    guard widths.count == sizes else {
      let side = 4 << (sizes - 1)
      try fail("widths", "must be \(sizes), one for each size from 4 x 4 to \(side) x \(side), are \(widths.count)")
    }
  }
}

extension Activation {
  /// Of its values; nil for all numbers.
  var range: ClosedRange<Double>? {
    switch self {
    case .sigmoid: 0...1
    case .tanh: -1...1
    case .relu, .softplus: 0 ... .infinity
    case .identity, .leakyReLU: nil
    }
  }
}
