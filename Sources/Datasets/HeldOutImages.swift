extension LabelledImages {
  /// Divides the images in two: those to train on, and `count` to choose settings by, the same number of each class.
  ///
  /// Which ones depends on the labels and on `count` alone, so that every run, whatever its seed, is judged by the same
  /// images. Both parts keep the order of the whole, and have bytes of their own.
  ///
  /// - Throws: ``LabelDrawError``: no labels, a count that the classes do not divide, a class with fewer images.
  public func holdingOut(_ count: Int) throws -> (training: LabelledImages, heldOut: LabelledImages) {
    guard let labels, let classes else {
      throw LabelDrawError(description: "\(count) images cannot be held out by their classes: they have none")
    }
    let chosen = Set(try LabelDraw(count, of: labels, classes: classes, seed: 0).indices)
    return (picked { !chosen.contains($0) }, picked(chosen.contains))
  }

  /// The images at the positions that `isWanted` favours.
  private func picked(_ isWanted: (Int) -> Bool) -> LabelledImages {
    let indices = (0..<count).filter(isWanted)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(indices.count * imageSize)
    images.withUnsafeBytes { all in
      for index in indices { bytes.append(contentsOf: all[index * imageSize..<(index + 1) * imageSize]) }
    }
    return LabelledImages(
      known: PixelBytes(bytes), labels: labels.map { labels in indices.map { labels[$0] } }, classes: classes,
      classNames: classNames, height: height, width: width, channels: channels, provenance: provenance)
  }
}
