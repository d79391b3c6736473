import Datasets
import Files
import Foundation
import Images
import Testing

/// Folders of pictures as people have them.
@Suite struct PictureFolderTests {
  private func scan(_ folder: URL, _ change: (inout PictureSettings) -> Void = { _ in }) throws -> PictureScan {
    try PictureScan(pictureContainer(at: folder), settings(8, change))
  }

  private func names(_ scan: PictureScan) -> [String] { scan.pictures.map(\.file.name) }

  private func open(
    _ folder: URL, cache: URL, _ settings: PictureSettings, split: Split = .train, requiresLabels: Bool = true
  ) throws -> LabelledImages {
    try PictureSource(settings).open(
      at: folder, split, requiresLabels: requiresLabels, cache: PackedCache(cache), progress: { _ in })
  }

  @Test func foldersOfTheFirstLevelAreClassesInTheOrderOfCodePoints() throws {
    try withFolder { folder in
      try write(
        [
          "b/1.png": picture(1).png(), "Z/deep/er/2.PNG": picture(2).png(), "ä/3.JPG": picture(3).jpeg(),
          "b/4.webp": picture(4).webp(), "a/5": picture(5).png(),
        ], to: folder)
      let scan = try scan(folder)
      #expect(scan.classNames == ["Z", "a", "b", "ä"])
      #expect(names(scan) == ["Z/deep/er/2.PNG", "a/5", "b/1.png", "b/4.webp", "ä/3.JPG"])
      #expect(scan.pictures.map(\.label) == [0, 1, 2, 2, 3] && scan.leftOut.isEmpty && scan.notes.isEmpty)
      #expect(try self.scan(folder) { $0.labels = .none }.classNames == nil)
    }
  }

  @Test func aFolderWithoutFoldersHasNoClasses() throws {
    try withFolder { folder in
      try write(["1.png": picture(1).png(), "2.png": picture(2).png()], to: folder)
      let scan = try scan(folder)
      #expect(scan.classNames == nil && scan.pictures.map(\.label) == [nil, nil])
    }
  }

  /// BigGAN's users had one class called "data".
  @Test func oneFolderTooDeepIsRecognisedAndSaid() throws {
    try withFolder { folder in
      try write(["x/y/cat/1.png": picture(1).png(), "x/y/dog/2.png": picture(2).png()], to: folder)
      let scan = try scan(folder)
      #expect(scan.classNames == ["cat", "dog"] && scan.pictures.map(\.label) == [0, 1])
      #expect(scan.notes.contains { $0.contains("'x/y'") })
    }
    try withFolder { folder in
      try write(["only/1.png": picture(1).png(), "only/2.png": picture(2).png()], to: folder)
      let scan = try scan(folder)
      #expect(scan.classNames == nil && scan.notes.contains { $0.contains("one class is none") })
    }
  }

  /// One picture that lies beside the folders takes the classes from no other.
  @Test func aStrayPictureBesideTheClassesIsLeftOutWhereClassesMatter() throws {
    try withFolder { folder in
      try write(
        [
          "cover.png": picture(0).png(), "cat/1.png": picture(1).png(), "cat/2.png": picture(2).png(),
          "dog/3.png": picture(3).png(),
        ], to: folder)
      let scan = try scan(folder)
      #expect(scan.classNames == ["cat", "dog"] && scan.pictures.count == 3)
      #expect(scan.leftOut.map(\.name) == ["cover.png"] && scan.leftOut[0].kind == .unlabelled)
      let unlabelled = try PictureScan(pictureContainer(at: folder), settings(8), requiresLabels: false)
      #expect(unlabelled.classNames == nil && unlabelled.pictures.count == 4 && unlabelled.notes.count == 1)
    }
  }

  @Test func whatSystemsLeaveBehindIsPassedOver() throws {
    try withFolder { folder in
      try write(
        [
          "a/1.png": picture(1).png(), "a/._1.png": Data([0, 5, 22, 7]), "a/.DS_Store": Data([1]),
          "__MACOSX/a/1.png": picture(2).png(), "b/Thumbs.db": Data([1]), "b/2.png": picture(3).png(),
          ".hidden/3.png": picture(4).png(), "desktop.ini": Data([1]),
        ], to: folder)
      let scan = try scan(folder) { $0.strict = true }
      #expect(names(scan) == ["a/1.png", "b/2.png"] && scan.classNames == ["a", "b"])
      #expect(scan.leftOut.allSatisfy { $0.kind == .system } && scan.leftOut.count == 6)
    }
  }

  @Test func everyBadFileIsNamedWithItsReason() throws {
    try withFolder { folder in
      let (png, jpeg) = (try picture(1).png(), try picture(2, width: 64, height: 64).jpeg())
      try write(
        [
          "good.png": png, "jpeg-called.png": jpeg, "notes.txt": Data("some words".utf8), "empty.jpg": Data(),
          "page.jpg": Data("<html><body>not found</body></html>".utf8), "cut.png": png.prefix(png.count / 2),
          "cut.jpg": jpeg.prefix(120), "half.jpg": jpeg.prefix(jpeg.count * 3 / 4),
          "animation.gif": Data("GIF89a\u{1}\0\u{1}\0\0\0\0".utf8),
        ], to: folder)
      let scan = try scan(folder)
      var preparation = try PicturePreparation(scan, settings(8))
      var used: [String] = []
      try preparation.run(transform: { $0 }) { picture, image in
        used.append(picture.file.name)
        #expect(image.width == 8 && image.height == 8 && image.channels == 3)
      }
      #expect(used == ["good.png", "jpeg-called.png"])
      let left = Dictionary(uniqueKeysWithValues: preparation.scan.leftOut.map { ($0.name, $0) })
      #expect(
        Set(left.keys) == ["notes.txt", "empty.jpg", "page.jpg", "cut.png", "cut.jpg", "half.jpg", "animation.gif"])
      #expect(left["notes.txt"]?.kind == .notAPicture && left["notes.txt"]?.reason.contains("text") == true)
      #expect(left["empty.jpg"]?.reason.contains("empty") == true)
      #expect(left["page.jpg"]?.reason.contains("HTML") == true)
      #expect(left["animation.gif"]?.reason.contains("GIF") == true)
      #expect(left["cut.png"]?.kind == .damaged && left["cut.jpg"]?.kind == .damaged)
      #expect(left["half.jpg"]?.kind == .damaged)
      #expect(scan.misnamed.map(\.name) == ["jpeg-called.png"] && scan.misnamed[0].format == .jpeg)
      let error = try fileError { _ = try self.scan(folder) { $0.strict = true } }
      #expect(error.description.contains("strict") && error.path.hasPrefix(folder.path))
    }
  }

  /// A picture that only decoding shows to be cut ends a strict opening as well.
  @Test func strictSettingsRefuseACutPicture() throws {
    try withFolder { folder in
      let png = try picture(1, width: 60, height: 60).png()
      try write(["a/1.png": png, "a/2.png": png.prefix(png.count - 20)], to: folder)
      let place = folder.appendingPathComponent("a")
      let error = try fileError {
        _ = try open(place, cache: folder.appendingPathComponent("cache"), settings(8) { $0.strict = true })
      }
      #expect(error.description.contains("2.png"))
      #expect(try open(place, cache: folder.appendingPathComponent("cache"), settings(8)).count == 1)
    }
  }

  @Test func picturesThatAreThereTwiceAreFound() throws {
    try withFolder { folder in
      let png = try picture(1).png()
      try write(
        [
          "a.png": png, "b.png": png, "c.png": picture(2).png(), "d.png": picture(1).png(.level(0)),
          "e.png": picture(3).png(),
        ], to: folder)
      let scan = try scan(folder)
      #expect(scan.sameBytes == [["a.png", "b.png"]])
      var preparation = try PicturePreparation(scan, settings(8))
      try preparation.run(transform: { $0 }) { _, _ in }
      #expect(preparation.samePixels == [["a.png", "b.png", "d.png"]])
      #expect(preparation.provenance(used: 5).notes.count == 2)
    }
  }

  @Test func onePictureInColourMakesAllOfThemColour() throws {
    try withFolder { folder in
      try write(["a.png": picture(1, channels: 1).png(), "b.png": picture(2, channels: 1).png()], to: folder)
      let cache = folder.appendingPathComponent(".cache")
      #expect(try open(folder, cache: cache, settings(8)).shape == [2, 1, 8, 8])
      try write(["c.png": picture(3).png()], to: folder)
      let images = try open(folder, cache: cache, settings(8))
      #expect(images.shape == [3, 3, 8, 8])
      let first = images.pixels(of: 0)
      #expect(first[0..<64] == first[64..<128] && first[0..<64] == first[128..<192])
      #expect(try open(folder, cache: cache, settings(8) { $0.channels = .grey }).shape == [3, 1, 8, 8])
    }
  }

  /// What is transparent is laid over white, or whatever is asked for.
  @Test func transparencyTakesTheBackground() throws {
    guard let odd = sharedData("odd-pictures") else { return }
    try withFolder { folder in
      try FileManager.default.copyItem(
        at: odd.appendingPathComponent("grey-alpha.png"), to: folder.appendingPathComponent("a.png"))
      let cache = folder.appendingPathComponent(".cache")
      // Means: other filters may swing beyond what they are made of.
      var settings = settings(32)
      settings.filter = .box
      let white = try open(folder, cache: cache, settings)
      settings.background = "black"
      let black = try open(folder, cache: cache, settings)
      settings.background = "#000000"
      let other = try open(folder, cache: cache, settings)
      #expect(white.images != black.images && black.images == other.images)
      #expect(zip(white.images, black.images).allSatisfy { $0 >= $1 })
    }
  }

  /// The pixels are those that the image library makes, plane by plane; and the packed file is used the second time.
  @Test(arguments: Fit.allCases, [PictureSettings.Crop.none, .center])
  func pixelsAreThoseOfTheFittedPictures(_ fit: Fit, _ crop: PictureSettings.Crop) throws {
    try withFolder { folder in
      let pictures = [picture(1), picture(2, width: 9, height: 31), picture(3, width: 8, height: 8)]
      for (index, image) in pictures.enumerated() {
        try write(["\(index % 2 == 0 ? "a" : "b")/\(index).png": image.png()], to: folder)
      }
      let cache = folder.appendingPathComponent(".cache")
      let settings = settings(8) {
        $0.fit = fit
        $0.crop = crop
        $0.filter = .bicubic
        $0.background = "#102030"
      }
      var steps: [PictureProgress] = []
      let images = try PictureSource(settings).open(
        at: folder, cache: PackedCache(cache), progress: { steps.append($0) })
      #expect(images.labels == [0, 0, 1] && images.classNames == ["a", "b"] && images.images.isMapped)
      for (place, image) in [pictures[0], pictures[2], pictures[1]].enumerated() {
        var image = image
        if crop == .center {
          let side = min(image.width, image.height)
          image = try image.cropped(toCentral: (side, side))
        }
        let fitted = try image.fitted(to: 8, fit: fit, filter: .bicubic, background: RGB(16, 32, 48))
        let expected = (0..<3).flatMap { channel in (0..<64).map { fitted.samples[$0 * 3 + channel] } }
        #expect(images.pixels(of: place) == expected)
      }
      #expect(steps.last == PictureProgress(stage: .decoding, done: 3, total: 3))
      steps = []
      let again = try PictureSource(settings).open(
        at: folder, cache: PackedCache(cache), progress: { steps.append($0) })
      #expect(again == images && steps.isEmpty && again.fingerprint == images.fingerprint)
      #expect(again.provenance?.settings["fit"] == fit.rawValue && again.provenance?.used == 3)
    }
  }

  @Test func aPictureThatIsExchangedIsPackedAgain() throws {
    try withFolder { folder in
      let (one, two) = (try picture(1).png(.level(0)), try picture(2).png(.level(0)))
      #expect(one.count == two.count)
      try write(["1.png": one, "2.png": picture(9).png()], to: folder)
      let cache = folder.appendingPathComponent(".cache")
      let before = try open(folder, cache: cache, settings(8))
      usleep(30_000)
      try write(["1.png": two], to: folder)
      let after = try open(folder, cache: cache, settings(8))
      #expect(before.pixels(of: 0) != after.pixels(of: 0) && before.pixels(of: 1) == after.pixels(of: 1))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("2.png"))
      #expect(try open(folder, cache: cache, settings(8)).count == 1)
    }
  }

  @Test func withoutASizePicturesOfSeveralAreRefusedByName() throws {
    try withFolder { folder in
      try write(["1.png": picture(1).png(), "2.png": picture(2).png()], to: folder)
      let cache = folder.appendingPathComponent(".cache")
      #expect(try open(folder, cache: cache, settings(0)).shape == [2, 3, 16, 20])
      #expect(try open(folder, cache: cache, settings(0) { $0.crop = .center }).shape == [2, 3, 16, 16])
      try write(["3.png": picture(3, width: 21).png()], to: folder)
      let error = try fileError { _ = try open(folder, cache: cache, settings(0)) }
      #expect(error.reason.contains("1.png (20 x 16)") && error.reason.contains("3.png (21 x 16)"))
    }
  }

  @Test func linksAreFollowedAndCirclesEnd() throws {
    try withFolder { folder in
      let (inside, outside) = (folder.appendingPathComponent("in"), folder.appendingPathComponent("out"))
      try write(["in/a/1.png": picture(1).png(), "out/2.png": picture(2).png()], to: folder)
      for (name, target) in [("a/up", inside), ("b", outside), ("again", outside)] {
        try FileManager.default.createSymbolicLink(
          at: inside.appendingPathComponent(name), withDestinationURL: target)
      }
      try FileManager.default.createSymbolicLink(
        at: inside.appendingPathComponent("a/nowhere.png"), withDestinationURL: folder.appendingPathComponent("gone"))
      let scan = try scan(inside)
      #expect(scan.pictures.count == 2 && scan.notes.contains { $0.contains("reached twice") })
      #expect(scan.leftOut.map(\.name) == ["a/nowhere.png"])
    }
  }

  @Test func foldersOfTrainingAndTestsDivideASet() throws {
    try withFolder { folder in
      try write(
        [
          "Train/cat/1.png": picture(1).png(), "Train/dog/2.png": picture(2).png(), "test/dog/3.png": picture(3).png(),
          "val/dog/4.png": picture(4).png(),
        ], to: folder)
      let cache = folder.appendingPathComponent(".cache")
      let (train, test) = (
        try open(folder, cache: cache, settings(8)), try open(folder, cache: cache, settings(8), split: .test)
      )
      #expect(train.count == 2 && train.labels == [0, 1] && train.classNames == ["cat", "dog"])
      #expect(test.count == 1 && test.labels == [1] && test.classNames == ["cat", "dog"])
    }
  }

  @Test func aShareOfEachClassIsHeldBackForTests() throws {
    try withFolder { folder in
      for index in 0..<20 { try write(["\(index % 2)/\(index).png": picture(index).png()], to: folder) }
      let cache = folder.appendingPathComponent(".cache")
      let error = try fileError { _ = try open(folder, cache: cache, settings(8), split: .test) }
      #expect(error.reason.contains("testShare"))
      let held = settings(8) { $0.testShare = 0.2 }
      let train = try open(folder, cache: cache, held)
      let test = try open(folder, cache: cache, held, split: .test)
      #expect(train.labels?.count { $0 == 0 } == 8 && test.labels == [0, 0, 1, 1] && train.count == 16)
      let all = try open(folder, cache: cache, settings(8))
      let parts = (0..<16).map { train.pixels(of: $0) } + (0..<4).map { test.pixels(of: $0) }
      #expect(Set(parts) == Set((0..<20).map { all.pixels(of: $0) }) && Set(parts).count == 20)
    }
  }

  @Test func aFolderWithoutPicturesSaysWhatItHolds() throws {
    try withFolder { folder in
      try write(["a.txt": Data("words".utf8), ".DS_Store": Data([1])], to: folder)
      let error = try fileError { _ = try scan(folder) }
      #expect(error.reason.hasPrefix("holds no pictures") && error.reason.contains("no picture that is read"))
      #expect(try fileError { _ = try scan(folder.appendingPathComponent("gone")) }.reason.contains("no such"))
      #expect(try fileError { _ = try scan(folder.appendingPathComponent("a.txt")) }.reason.contains("is text"))
    }
  }

  /// A thousand photographs of five classes, two of which are there twice.
  @Test func aThousandPhotographsAreOpened() throws {
    guard let flowers = sharedData("flowers") else { return }
    try withFolder { folder in
      let images = try open(flowers, cache: folder, settings(32))
      #expect(images.shape == [1_000, 3, 32, 32])
      #expect(images.classNames == ["daisy", "dandelion", "rose", "sunflower", "tulip"])
      for label in 0..<5 { #expect(images.labels?.count { $0 == Int32(label) } == 200) }
      let scan = try PictureScan(pictureContainer(at: flowers), settings(32))
      #expect(scan.sameBytes.count == 2 && scan.sameBytes.allSatisfy { $0.count == 2 } && scan.leftOut.isEmpty)
    }
  }

  /// Pictures as cameras and tools leave them; all are valid.
  @Test func oddPicturesAreAllRead() throws {
    guard let odd = sharedData("odd-pictures") else { return }
    try withFolder { folder in
      let images = try open(odd, cache: folder, settings(16) { $0.strict = true })
      let files = try FileManager.default.contentsOfDirectory(atPath: odd.path).sorted()
      #expect(images.count == files.count && images.channels == 3)
      for (index, name) in files.enumerated() {
        let image = try Image(
          contentsOf: odd.appendingPathComponent(name), options: DecodingOptions(channels: .colour)
        ).fitted(to: 16, fit: .cover)
        let expected = (0..<3).flatMap { channel in (0..<256).map { image.samples[$0 * 3 + channel] } }
        #expect(images.pixels(of: index) == expected, "\(name)")
      }
    }
  }
}
