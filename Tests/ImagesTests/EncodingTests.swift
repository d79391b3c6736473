import Foundation
import Images
import Testing

@Suite struct EncodingTests {
  private let images: [Image] = [
    noise(width: 1, height: 1, channels: 1), noise(width: 19, height: 7, channels: 3),
    noise(width: 64, height: 64, channels: 1),
    Self.slopes,
  ]
  /// A step of 5 levels from pixel to pixel.
  private static let slopes: Image = {
    let samples = (0..<3600).map { (i: Int) -> UInt8 in UInt8(i / 3 % 40 * 5 + i % 3) }
    return Image(width: 40, height: 30, channels: 3, made: samples)
  }()

  @Test func pngsHoldTheSamplesAtEveryLevel() throws {
    for image in images {
      for compression in [.standard, .fast] + (0...9).map(PNGCompression.level) {
        #expect(try Image(decoding: image.png(compression)) == image)
      }
      #expect(try image.png() == image.png(.level(6)))
    }
    #expect(throws: ImageError.self) { try images[0].png(.level(10)) }
    #expect(throws: ImageError.self) { try images[0].png(.level(-1)) }
  }

  /// The same tables, sampling and transform: pixel for pixel what Pillow's file of that quality holds.
  @Test func jpegsHoldWhatPillowsDo() throws {
    for channels in [1, 3] {
      let cases = Golden.all.encoding.filter { $0.channels == channels }
      let source = try #require(cases.first).source
      let image = try Image(width: 37, height: 29, channels: channels, samples: Array(source))
      for golden in cases {
        let file = try image.jpeg(quality: golden.quality)
        #expect(try Image(decoding: file).checksum == golden.sha256, "\(channels) channels, \(golden.quality)")
      }
    }
  }

  @Test func losslessWebPHoldsTheSamples() throws {
    for image in images {
      let file = try image.webp(.lossless)
      #expect(ImageFormat(of: file) == .webp)
      #expect(try Image(decoding: file) == image.colour())
    }
  }

  @Test func lossyWebPComesNearerWithQuality() throws {
    let image = Self.slopes
    let errors = try [0.0, 50, 100].map { quality in
      let decoded = try Image(decoding: image.webp(.quality(quality)))
      return zip(decoded.samples, image.samples).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    }
    #expect(errors[0] > errors[1] && errors[1] > errors[2])
    // A step of these slopes is 5 levels: better than half of one.
    #expect(errors[2] < image.samples.count * 5 / 2)
  }

  @Test func animationsHoldTheirFrames() throws {
    let frames = (1...4).map { noise(width: 20, height: 12, channels: 3, seed: UInt64($0)) }
    let file = try Image.animatedWebP(frames, milliseconds: 70)
    #expect(try PictureFacts(of: file).isAnimated)
    #expect(try Image(decoding: file) == frames[0])
    for (index, frame) in frames.enumerated() {
      let held = try Image.webpFrame(index, of: file)
      #expect(held.image == frame && held.end == 70 * (index + 1))
    }
    #expect(throws: ImageError.self) { try Image.webpFrame(4, of: file) }
    let grey = try [0, 90, 255].map { try Image(width: 3, height: 2, samples: [UInt8](repeating: $0, count: 6)) }
    let lossy = try Image.animatedWebP(grey, milliseconds: 1, loops: 2, coding: .quality(100))
    #expect(try Image.webpFrame(2, of: lossy).image.samples.allSatisfy { $0 >= 254 })
  }

  /// A frame that equals the one before it is not stored, but shown as long.
  @Test func stillFramesTakeTheirTime() throws {
    let frame = noise(width: 20, height: 12, channels: 3)
    let file = try Image.animatedWebP([frame, frame, images[1].resized(to: (20, 12))], milliseconds: 50)
    let first = try Image.webpFrame(0, of: file)
    #expect(first.image == frame && first.end == 100)
    #expect(try Image.webpFrame(1, of: file).end == 150)
  }

  @Test func whatCannotBeEncodedIsSaid() throws {
    let image = images[1]
    #expect(throws: ImageError.self) { try image.jpeg(quality: 0) }
    #expect(throws: ImageError.self) { try image.jpeg(quality: 101) }
    #expect(throws: ImageError.self) { try image.webp(.quality(-1)) }
    #expect(throws: ImageError.self) { try image.webp(.quality(.nan)) }
    let long = try Image(width: 70_000, height: 1, samples: [UInt8](repeating: 0, count: 70_000))
    #expect(throws: ImageError.self) { try long.jpeg() }
    let error = try #require(throws: ImageError.self) { try long.webp() }
    #expect(error.reason == "cannot be encoded (it has 70000 x 1 pixels, a WebP's side at most 16383)")
    #expect(try Image(decoding: long.png()) == long)
    #expect(throws: ImageError.self) { try Image.animatedWebP([], milliseconds: 5) }
    #expect(throws: ImageError.self) { try Image.animatedWebP([image], milliseconds: 0) }
    #expect(throws: ImageError.self) { try Image.animatedWebP([image], milliseconds: 5, loops: -1) }
    let unlike = try #require(throws: ImageError.self) { try Image.animatedWebP([image, long], milliseconds: 5) }
    #expect(unlike.reason == "cannot be encoded (frame 1 is 70000 x 1 x 1, the first 19 x 7 x 3)")
  }

  /// Bytes to levels of -1 ... 1 or 0 ... 1 and back.
  @Test(arguments: [0...1, -1...1, -0.5...0.5, 0...255] as [ClosedRange<Float>])
  func levelsComeHome(range: ClosedRange<Float>) throws {
    let all = try Image(width: 16, height: 16, samples: Array(0...255))
    let levels = all.planes(in: range)
    #expect(levels.first == range.lowerBound && levels.last == range.upperBound)
    #expect(try Image(width: 16, height: 16, planes: levels, range: range) == all)
    let colour = noise(width: 5, height: 3, channels: 3)
    let planes = colour.planes(in: range)
    #expect(try Image(width: 5, height: 3, channels: 3, planes: planes, range: range) == colour)
  }

  @Test func planesStandOneAfterTheOther() throws {
    let image = try Image(width: 2, height: 1, channels: 3, samples: [0, 51, 102, 255, 204, 153])
    #expect(image.planes() == [0, 1, 0.2, 0.8, 0.4, 0.6])
  }
}
