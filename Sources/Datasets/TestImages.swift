import Files
import Foundation

extension LabelledImages {
  /// Checks that a classifier that learned from `training` can be tested on these.
  ///
  /// - Parameter place: where both came from.
  /// - Throws: `FileError` where their images have another size or other channels, or where there are more classes.
  package func requireTestable(after training: LabelledImages, at place: URL) throws(FileError) {
    func form(_ set: LabelledImages) -> String {
      "\(set.width) x \(set.height) pixels in \(set.channels) channel\(set.channels == 1 ? "" : "s")"
    }
    func number(_ classes: Int?) -> Int { classes ?? 0 }
    guard shape.dropFirst() == training.shape.dropFirst() else {
      throw FileError(
        path: place.path,
        reason: "holds training images of \(form(training)), and test images of \(form(self))")
    }
    guard number(classes) <= number(training.classes) else {
      throw FileError(
        path: place.path,
        reason: "holds training images of \(number(training.classes)) classes, and test images of \(number(classes))")
    }
  }
}
