import Foundation
import Images
import Testing

@Suite struct ResizingTests {
  /// Larger and smaller, odd sizes and single pixels, grey and colour, at every level that this processor has.
  @Test(arguments: ResizingLevel.available) func bytesAreThoseOfPillow(_ level: ResizingLevel) throws {
    #expect(Golden.all.resizing.count > 100)
    for golden in Golden.all.resizing {
      let filter = try #require(ResizingFilter(rawValue: golden.filter))
      let resized = try golden.source.resized(to: golden.target, filter: filter, level: level)
      #expect(resized.width == golden.target.width && resized.height == golden.target.height)
      #expect(Array(resized.samples.prefix(6)) == golden.first, "\(golden.name)")
      #expect(resized.checksum == golden.sha256, "\(golden.name)")
    }
  }

  @Test func levelsAreChosenByTheProcessorOrByName() throws {
    let available = ResizingLevel.available
    let highest = try #require(available.last)
    #expect(available.first == .baseline && available.contains(.current))
    #expect(ResizingLevel.current == .chosen(by: ProcessInfo.processInfo.environment["SWIFT_GAN_CPU"]))
    for level in ResizingLevel.allCases {
      #expect(ResizingLevel.chosen(by: level.rawValue) == (available.contains(level) ? level : highest))
    }
    for name in [nil, "", "sse9"] { #expect(ResizingLevel.chosen(by: name) == highest) }
  }

  @Test func picturesAreFittedAsByImageOps() throws {
    for golden in Golden.all.fitting {
      let filter = try #require(ResizingFilter(rawValue: golden.filter))
      let fit = try #require(golden.fit.flatMap(Fit.init))
      let background = RGB(try #require(golden.background))
      let fitted = try golden.source.fitted(to: golden.target, fit: fit, filter: filter, background: background)
      #expect(fitted.checksum == golden.sha256, "\(golden.name)")
    }
  }

  @Test func aSideIsASquare() throws {
    let image = noise(width: 20, height: 10, channels: 3)
    for fit in Fit.allCases { #expect(try image.fitted(to: 8, fit: fit) == image.fitted(to: (8, 8), fit: fit)) }
  }

  @Test func whatIsFlatStaysFlat() throws {
    for value: UInt8 in [0, 1, 127, 254, 255] {
      let image = try Image(width: 37, height: 23, samples: [UInt8](repeating: value, count: 851))
      for filter in ResizingFilter.allCases {
        for size in [(5, 5), (64, 70), (36, 24)] {
          #expect(try image.resized(to: size, filter: filter).samples.allSatisfy { $0 == value })
        }
      }
    }
  }

  @Test func partsAreCutFromTheMiddle() throws {
    let image = try Image(width: 4, height: 3, samples: Array(0..<12))
    #expect(try image.cropped(toCentral: (2, 1)).samples == [5, 6])
    #expect(try image.cropped(toCentral: (3, 2)).samples == [0, 1, 2, 4, 5, 6])
    #expect(try image.cropped(toCentral: (4, 3)) == image)
    #expect(try image.cropped(x: 3, y: 1, width: 1, height: 2).samples == [7, 11])
    let colour = try Image(width: 3, height: 1, channels: 3, samples: Array(0..<9))
    #expect(try colour.cropped(toCentral: (1, 1)).samples == [3, 4, 5])
  }

  @Test func sizesThatCannotBeAreErrors() throws {
    let image = noise(width: 4, height: 3, channels: 1)
    for size in [(0, 1), (1, 0), (-1, 5), (1 << 20, 1 << 20), (Int.max, Int.max)] {
      #expect(throws: ImageError.self) { try image.resized(to: size) }
      for fit in Fit.allCases { #expect(throws: ImageError.self) { try image.fitted(to: size, fit: fit) } }
    }
    for size in [(5, 3), (4, 4), (0, 1), (-3, 1), (Int.max, 1), (Int.min, 1)] {
      let error = #expect(throws: ImageError.self) { try image.cropped(toCentral: size) }
      #expect(error?.reason.hasPrefix("of 4 x 3 pixels has no part of ") == true)
    }
    #expect(throws: ImageError.self) { try image.cropped(x: Int.max, y: 0, width: 2, height: 2) }
  }
}
