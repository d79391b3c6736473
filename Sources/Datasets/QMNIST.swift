import Files
import Foundation
import Settings

/// QMNIST of Yadav and Bottou: MNIST made anew from its source, with the 60 000 test digits of which MNIST kept 10 000
/// (<https://github.com/facebookresearch/qmnist>).
public enum QMNIST {
  /// Reads one split from `qmnist-train-images-idx3-ubyte` and `qmnist-train-labels-idx2-int`, or the same of `test`,
  /// gzip-compressed or not; see ``MNIST/load(directory:split:requiresLabels:)`` for spellings and errors.
  ///
  /// The labels are 32-bit numbers, [N, 8], of which the first column is the digit; the others (writer, place in the
  /// source) are not kept.
  ///
  /// - Returns: [count, 1, 28, 28] with labels 0...9; others are refused.
  public static func load(
    directory: URL, split: Split, requiresLabels: Bool = true
  ) throws(FileError) -> LabelledImages {
    try IDXDataSet(
      title: "QMNIST", advice: "its makers' pages have them",
      names: { ("qmnist-\($0.rawValue)-images-idx3-ubyte", "qmnist-\($0.rawValue)-labels-idx2-int") },
      classNames: (0..<MNIST.classes).map { "\($0)" }
    ).load(directory: directory, split: split, requiresLabels: requiresLabels).labelled
  }
}

extension QMNIST {
  /// The digits as a recipe's data, as `data.source: qmnist`.
  public struct Source: ImageSource {
    public static let kind = "qmnist"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { nil }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    /// - Parameter pixels: what the bytes of a pixel become; 0 ... 1 by default.
    public init(pixels: PixelRange = .unit) {
      self.pixels = pixels
    }

    public var title: String { "QMNIST" }

    public var published: PublishedImages? {
      PublishedImages(count: 60_000, channels: 1, height: 28, width: 28, classes: MNIST.classes)
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try QMNIST.load(directory: place, split: split, requiresLabels: requiresLabels)
    }
  }
}
