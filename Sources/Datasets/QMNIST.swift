import Files
import Foundation

/// QMNIST of Yadav and Bottou: MNIST made anew from its source, with the 60 000 test digits of which MNIST kept 10 000
/// (<https://github.com/facebookresearch/qmnist>).
public enum QMNIST {
  /// Reads one split from `qmnist-train-images-idx3-ubyte` and `qmnist-train-labels-idx2-int`, or the same of `test`,
  /// gzip-compressed or not; see ``MNIST/load(directory:split:requiresLabels:)`` for spellings and errors.
  ///
  /// The labels are 32-bit numbers, [N, 8], of which the first column is the digit; the others (writer, place in the source) are
  /// not kept.
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
