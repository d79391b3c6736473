import CImages
import Files
import Foundation

/// A colour of 8-bit samples.
public struct RGB: Sendable, Hashable {
  /// 0 ... 255.
  public var red: UInt8
  /// 0 ... 255.
  public var green: UInt8
  /// 0 ... 255.
  public var blue: UInt8

  /// Samples 0 ... 255.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// 255, 255, 255.
  public static let white = RGB(255, 255, 255)
  /// 0, 0, 0.
  public static let black = RGB(0, 0, 0)

  /// As an image of so many channels has it.
  func samples(channels: Int) -> [UInt8] { channels == 1 ? [Image.luma(red, green, blue)] : [red, green, blue] }
}

/// What becomes of a picture file where there is a choice.
public struct DecodingOptions: Sendable, Hashable {
  /// How many channels an image gets.
  public enum Channels: String, Sendable, Hashable, CaseIterable {
    /// One channel for grey files, three for all others.
    case asStored
    /// One: the luma of what is in colour (``Image/luma(_:_:_:)``).
    case grey
    /// Three.
    case colour
  }

  /// A scale at which libjpeg transforms a JPEG's blocks, faster than in full; the pixels are not those of any filter.
  public enum JPEGScale: Int, Sendable, Hashable, CaseIterable {
    /// As stored.
    case full = 1
    /// Sides of one half.
    case half = 2
    /// Sides of a quarter.
    case quarter = 4
    /// Sides of an eighth.
    case eighth = 8
  }

  /// Where a picture is transparent. Its samples count as they are stored, not as light; a grey picture takes its luma.
  public var background: RGB
  /// How many channels the image gets.
  public var channels: Channels
  /// Of JPEGs; sides are divided by it and rounded up. Other files are not touched by it.
  public var jpegScale: JPEGScale
  /// The most pixels that a header may claim.
  public var pixelLimit: Int

  /// By default transparent parts become white, channels are as stored and JPEGs are decoded in full.
  public init(
    background: RGB = .white, channels: Channels = .asStored, jpegScale: JPEGScale = .full,
    pixelLimit: Int = Image.pixelLimit
  ) {
    self.background = background
    self.channels = channels
    self.jpegScale = jpegScale
    self.pixelLimit = pixelLimit
  }
}

extension Image {
  /// The most pixels that an image may have to be decoded: 2^26, about 67 million (200 MB in colour). What a file's
  /// header claims is checked against it before any memory is taken.
  public static let pixelLimit = 1 << 26

  /// Decodes a picture file's bytes: PNG, JPEG or WebP, told apart by what they are.
  ///
  /// Sixteen bits become eight by rounding; palettes and fewer bits are expanded; CMYK becomes red, green and blue;
  /// what is transparent is laid over the background; the picture is turned upright where EXIF says how; of an
  /// animation the first picture is taken. Samples are never changed for a gamma or a colour profile. A JPEG is decoded
  /// as libjpeg does by itself: the exact integer transform, smooth upsampling of colour.
  ///
  /// - Throws: ``ImageError`` with the byte at which the fault was found, if the bytes are of another kind, damaged or
  ///   cut off, or if the image is larger than the limit or than so many bytes can hold.
  public init(decoding bytes: Data, options: DecodingOptions = DecodingOptions()) throws(ImageError) {
    let facts = try PictureFacts(of: bytes)
    try facts.check(count: bytes.count, limit: options.pixelLimit)
    let stored = try Image(bytes, facts, options)
    let upright = stored.upright(from: facts.orientation)
    switch options.channels {
    case .asStored: self = upright
    case .grey: self = upright.grey()
    case .colour: self = upright.colour()
    }
  }

  /// Reads a picture file: PNG, JPEG or WebP, whatever it is called.
  ///
  /// - Throws: `FileError` naming the file, with the reasons of ``init(decoding:options:)``, what it is where it is
  ///   none of the three (``contentName(of:)``), or that it cannot be read.
  public init(contentsOf url: URL, options: DecodingOptions = DecodingOptions()) throws(FileError) {
    let data = try readFile(at: url)
    do {
      self = try Image(decoding: data, options: options)
    } catch {
      throw FileError(path: url.path, reason: error.reason, at: error.offset.map { .byte($0) })
    }
  }

  /// The pixels as they are stored, but for what is transparent.
  private init(_ bytes: Data, _ facts: PictureFacts, _ options: DecodingOptions) throws(ImageError) {
    let channels = facts.channels
    let divisor = facts.format == .jpeg ? options.jpegScale.rawValue : 1
    let (width, height) = ((facts.width + divisor - 1) / divisor, (facts.height + divisor - 1) / divisor)
    let background = options.background.samples(channels: channels)
    // A grey one takes one byte of three.
    let ground = background.count == 3 ? background : Array(repeating: background[0], count: 3)
    var fault = CIFault()
    var done: Int32 = 0
    let size = width * height * channels
    let samples = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      done = bytes.withUnsafeBytes { raw in
        let source = raw.assumingMemoryBound(to: UInt8.self)
        let (start, length, out) = (source.baseAddress, source.count, target.baseAddress)
        let (w, h) = (UInt32(width), UInt32(height))
        switch facts.format {
        case .png: return ci_png_decode(start, length, w, h, Int32(channels), ground, out, &fault)
        case .jpeg: return ci_jpeg_decode(start, length, w, h, Int32(channels), Int32(divisor), out, &fault)
        case .webp where facts.isAnimated:
          var end: Int32 = 0
          return ci_webp_frame(start, length, w, h, ground, 0, out, &end, &fault)
        case .webp: return ci_webp_decode(start, length, w, h, ground, out, &fault)
        }
      }
      count = done == 1 ? size : 0
    }
    guard done == 1 else {
      let offset: Int
      switch facts.format {
      case .png: offset = bytes.reading { PNGChunks.damaged(in: $0) }
      case .jpeg: offset = bytes.count
      case .webp: offset = bytes.reading { WebPChunks.pixels(in: $0) }
      }
      throw ImageError("is a damaged \(facts.format.name) file", fault, offset: offset)
    }
    self.init(width: width, height: height, channels: channels, made: samples)
  }
}
