import Files
import Foundation
import Images
import Testing

@Suite struct DecodingTests {
  /// Every depth and kind of colour, interlacing, transparency, sampling, orientation and animation.
  @Test(arguments: Golden.all.files) func pixelsAreThoseOfAnIndependentReader(_ file: Golden.File) throws {
    let options = DecodingOptions(background: RGB(file.background))
    #expect(try Image(decoding: file.file, options: options) == file.image)
  }

  @Test(arguments: Golden.all.files) func factsAreReadFromTheHeader(_ file: Golden.File) throws {
    let facts = try PictureFacts(of: file.file)
    let expected = file.facts
    #expect(facts.format.rawValue == expected.format)
    #expect(facts.width == expected.width && facts.height == expected.height)
    #expect(facts.uprightSize == (file.width, file.height))
    #expect(facts.bitDepth == expected.bitDepth)
    #expect(facts.colour.rawValue == expected.colour)
    #expect(facts.hasAlpha == expected.hasAlpha)
    #expect(facts.orientation == expected.orientation)
    #expect(facts.isAnimated == expected.isAnimated)
    #expect(facts.channels == file.channels)
  }

  @Test func channelsAreThoseAskedFor() throws {
    for file in Golden.all.files {
      var options = DecodingOptions(background: RGB(file.background))
      let stored = file.image
      options.channels = .colour
      let colour = try Image(decoding: file.file, options: options)
      #expect(colour.channels == 3 && (stored.channels == 3 ? colour == stored : true), "\(file.name)")
      if stored.channels == 1 {
        #expect(colour.samples == stored.samples.flatMap { [$0, $0, $0] }, "\(file.name)")
      }
      options.channels = .grey
      let grey = try Image(decoding: file.file, options: options)
      let expected =
        stored.channels == 1
        ? stored.samples
        : stride(from: 0, to: stored.samples.count, by: 3).map {
          Image.luma(stored.samples[$0], stored.samples[$0 + 1], stored.samples[$0 + 2])
        }
      #expect(grey.channels == 1 && grey.samples == expected, "\(file.name)")
    }
  }

  /// Pillow's `L`, at colours where another weighting or a truncation would differ.
  @Test func lumaIsThatOfBT601() {
    #expect(Image.luma(255, 255, 255) == 255 && Image.luma(0, 0, 0) == 0 && Image.luma(77, 77, 77) == 77)
    #expect(Image.luma(255, 0, 0) == 76 && Image.luma(0, 255, 0) == 150 && Image.luma(0, 0, 255) == 29)
    #expect(Image.luma(1, 2, 3) == 2 && Image.luma(250, 3, 128) == 91)
  }

  /// Where a file is cut, however little is missing, it is not decoded, and the error says where.
  @Test(arguments: Golden.all.files) func cutFilesAreErrors(_ file: Golden.File) throws {
    let bytes = file.file
    for count in Array(stride(from: 0, to: bytes.count - 1, by: max(1, bytes.count / 50))) + [bytes.count - 1] {
      let error = #expect(throws: ImageError.self, "\(count) of \(bytes.count) bytes") {
        try Image(decoding: bytes.prefix(count))
      }
      let offset = try #require(error?.offset)
      #expect((0...count).contains(offset))
    }
  }

  /// A byte that is changed is found in PNGs by their checksums; in others it may be a picture still, but nothing
  /// worse.
  @Test(arguments: Golden.all.files) func changedBytesAreErrorsOrPixels(_ file: Golden.File) throws {
    for place in stride(from: 8, to: file.file.count, by: max(1, file.file.count / 40)) {
      var bytes = file.file
      bytes[bytes.startIndex + place] ^= 0x5A
      do throws(ImageError) {
        let image = try Image(decoding: bytes)
        #expect(file.facts.format != "png", "byte \(place)")
        #expect(image.samples.count == image.width * image.height * image.channels)
      } catch {
        #expect(error.offset != nil, "byte \(place): \(error)")
      }
    }
  }

  /// Damage that libjpeg only warns of, filling in what is missing.
  @Test func damagedScansOfJPEGsAreErrors() throws {
    let file = try #require(Golden.all.files.first { $0.name == "noise" }).file
    let scan = try #require(file.range(of: Data([0xFF, 0xDA]))).lowerBound
    // An end where pixels should be, and a restart that is none.
    for marker in [[0xFF, 0xD9], [0xFF, 0xD3]] as [[UInt8]] {
      var bytes = file
      bytes.replaceSubrange(scan + 60..<scan + 62, with: marker)
      let error = try #require(throws: ImageError.self) { try Image(decoding: bytes) }
      #expect(error.reason.hasPrefix("is a damaged JPEG file ("))
      #expect((scan...scan + 62).contains(try #require(error.offset)))
    }
  }

  /// Such bytes change no pixel, and are common.
  @Test func whatFollowsAJPEGIsPassedOver() throws {
    let file = try #require(Golden.all.files.first { $0.name == "noise" })
    #expect(try Image(decoding: file.file + Data("more".utf8)) == file.image)
  }

  /// libjpeg's smaller transforms are used where they are asked for: an eighth of a flat block is its mean.
  @Test func jpegsAreScaledOnlyWhereAskedFor() throws {
    var tiles: [UInt8] = []
    for y in 0..<16 { for x in 0..<24 { tiles.append(UInt8(y / 8 * 90 + x / 8 * 40)) } }
    let file = try Image(width: 24, height: 16, samples: tiles).jpeg(quality: 100)
    #expect(try Image(decoding: file).samples == tiles)
    let eighth = try Image(decoding: file, options: DecodingOptions(jpegScale: .eighth))
    #expect(try eighth == Image(width: 3, height: 2, samples: [0, 40, 80, 90, 130, 170]))
    let odd = try Image(width: 17, height: 9, samples: [UInt8](repeating: 200, count: 153)).jpeg(quality: 100)
    let half = try Image(decoding: odd, options: DecodingOptions(jpegScale: .half))
    #expect(try half == Image(width: 9, height: 5, samples: [UInt8](repeating: 200, count: 45)))
  }

  @Test func hugeHeadersAreRefusedBeforeAnythingIsTaken() throws {
    func header(_ name: String, _ change: (inout Data) throws -> Void) throws -> String {
      var bytes = try #require(Golden.all.files.first { $0.name == name }).file
      try change(&bytes)
      return try #require(throws: ImageError.self) { try Image(decoding: bytes) }.reason
    }
    let jpeg = try header("noise") { bytes in
      let frame = try #require(bytes.range(of: Data([0xFF, 0xC0]))).upperBound
      bytes.replaceSubrange(frame + 3..<frame + 7, with: [0xFF, 0xFF, 0xFF, 0xFF])
    }
    #expect(jpeg == "is too large (its header says 65535 x 65535 pixels, the limit is 67108864)")
    let hollow = try header("noise") { bytes in
      let frame = try #require(bytes.range(of: Data([0xFF, 0xC0]))).upperBound
      bytes.replaceSubrange(frame + 3..<frame + 7, with: [0x20, 0, 0x20, 0])
    }
    #expect(hollow.contains("8192 x 8192 pixels, more than"))
    let webp = try header("lossless") { $0.replaceSubrange(21..<25, with: [0xFF, 0xFF, 0xFF, 0x0F]) }
    #expect(webp == "is too large (its header says 16384 x 16384 pixels, the limit is 67108864)")
  }

  @Test func theLimitOfPixelsIsOnesOwn() throws {
    let file = try noise(width: 10, height: 10, channels: 1).png()
    #expect(try Image(decoding: file, options: DecodingOptions(pixelLimit: 100)).width == 10)
    let error = try #require(throws: ImageError.self) {
      try Image(decoding: file, options: DecodingOptions(pixelLimit: 99))
    }
    #expect(error.reason == "is too large (its header says 10 x 10 pixels, the limit is 99)")
  }

  @Test func aFilesNameSaysNothing() throws {
    try withFolder { folder in
      for file in Golden.all.files where file.background == [255, 255, 255] {
        let url = folder.appendingPathComponent("picture.png")
        try file.file.write(to: url)
        #expect(try Image(contentsOf: url) == file.image)
      }
    }
  }

  /// The bytes of one with a gamma and of one without.
  @Test func gammaNeverChangesPixels() throws {
    let plain = try #require(Golden.all.files.first { $0.name == "colour 8" })
    for file in Golden.all.files where file.name.hasPrefix("gamma") && file.facts.bitDepth == 8 {
      #expect(file.samples == plain.samples)
      #expect(
        try Image(decoding: file.file, options: DecodingOptions(channels: .grey))
          == Image(decoding: plain.file, options: DecodingOptions(channels: .grey)))
    }
  }

  @Test(arguments: [
    ("<!DOCTYPE html><html>", "an HTML page"), ("\u{FEFF}\n<html lang=en>", "an HTML page"),
    ("version https://git-lfs.github.com/spec/v1\n", "a git-lfs pointer, not the file it stands for"),
    ("PK\u{03}\u{04}", "a zip archive"), ("GIF89a", "a GIF picture"), ("II*\0", "a TIFF picture"),
    ("\0\0\0\u{18}ftypheic", "a HEIC picture"), ("\0\0\0\u{18}ftypavif", "an AVIF picture"),
    ("BM\u{46}\0\0\0\0\0\0\0\u{36}\0\0\0", "a BMP picture"), ("Größe: 3\n", "text"), ("", "an empty file"),
    ("<svg xmlns=''>", "an SVG drawing"), ("%PDF-1.4", "a PDF document"), ("{\"a\": 1}", "text"),
    ("\u{01}\u{02}\u{03}", "unknown data"), ("\0\0\0\0\0\0", "nothing but zeros"),
  ])
  func otherFilesAreCalledWhatTheyAre(content: String, name: String) throws {
    try withFolder { folder in
      let url = folder.appendingPathComponent("picture.jpg")
      try Data(content.utf8).write(to: url)
      let error = try #require(throws: FileError.self) { try Image(contentsOf: url) }
      #expect(error.description == "\(url.path): is \(name), not PNG, JPEG or WebP (at byte 0)")
    }
  }
}

/// The folder with pictures as cameras and tools leave them, where there is one.
private let oddFolder: URL? = {
  let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let candidates = [
    ProcessInfo.processInfo.environment["GAN_PICTURES"].map { URL(fileURLWithPath: $0) },
    package.deletingLastPathComponent().appendingPathComponent("shared/data/odd-pictures"),
  ]
  return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
}()

@Suite(
  .enabled(
    if: oddFolder != nil,
    "needs the odd pictures, in the folder that GAN_PICTURES names or in ../shared/data/odd-pictures beside the package"
  ))
struct OddPictureTests {
  @Test(arguments: Golden.all.odd) func pixelsAreRight(_ odd: Golden.Odd) throws {
    let file = try #require(oddFolder).appendingPathComponent(odd.name)
    var options = DecodingOptions(background: RGB(odd.background))
    let image = try Image(contentsOf: file, options: options)
    #expect(image.width == odd.width && image.height == odd.height && image.channels == odd.channels)
    #expect(image.checksum == odd.sha256)
    options.channels = .grey
    #expect(try Image(contentsOf: file, options: options).checksum == odd.grey)
  }

  @Test(arguments: [
    ("cmyk.jpg", 500, 333, 8, "ycck", false, 1), ("turned-5-mirrored.jpg", 450, 600, 8, "rgb", false, 5),
    ("palette-alpha.png", 900, 600, 2, "palette", true, 1), ("grey-alpha-16-bit.png", 32, 32, 16, "grey", true, 1),
    ("photo.webp", 1024, 772, 8, "rgb", false, 1), ("colour-16-bit-transparent-colour.png", 32, 32, 16, "rgb", true, 1),
  ])
  func factsAreRight(
    name: String, width: Int, height: Int, depth: Int, colour: String, hasAlpha: Bool, orientation: Int
  ) throws {
    let facts = try PictureFacts(of: Data(contentsOf: try #require(oddFolder).appendingPathComponent(name)))
    #expect(facts.width == width && facts.height == height && facts.bitDepth == depth)
    #expect(facts.colour.rawValue == colour && facts.hasAlpha == hasAlpha && facts.orientation == orientation)
  }
}
