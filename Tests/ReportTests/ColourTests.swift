import Foundation
import Report
import Testing

/// The roles of traces stand out from the page, and from each other for every kind of colour vision.
@Suite struct ColourTests {
  private static let roles = ["data", "generated", "discriminator", "reference"]
  private static let series = (0..<6).map { "series-\($0)" }

  /// Colour vision as linear maps of linear RGB: Machado, Oliveira and Fernandes, "A Physiologically-based Model for
  /// Simulation of Color Vision Deficiency" (2009), severity 1.0.
  private static let visions: [(name: String, rows: [[Double]])] = [
    ("normal", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (
      "protanopia",
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    (
      "deuteranopia",
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    (
      "tritanopia",
      [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
  ]

  @Test(arguments: [false, true])
  func rolesStandApart(isDark: Bool) throws {
    let html = page(.paragraph("")).html(plotly: "")
    let parts = html.components(separatedBy: ":not(.printing)")
    let style = try #require(isDark ? parts.last : parts.first)
    func color(_ name: String) throws -> [Double] {
      let start = try #require(style.range(of: "--\(name): #"))
      let number = try #require(UInt32(style[start.upperBound...].prefix(6), radix: 16))
      return [16, 8, 0].map { shift in
        let value = Double(number >> shift & 255) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
      }
    }
    let background = luminance(try color("page"))
    for (names, distance) in [(Self.roles, 0.12), (Self.series, 0.14)] {
      let colors = try names.map(color)
      for (name, color) in zip(names, colors) {
        let pair = [luminance(color), background].sorted()
        #expect((pair[1] + 0.05) / (pair[0] + 0.05) >= 3, "contrast of \(name)")
      }
      for vision in Self.visions {
        let seen = colors.map { color in
          perceived(vision.rows.map { row in min(1, max(0, zip(row, color).reduce(0) { $0 + $1.0 * $1.1 })) })
        }
        for first in seen.indices {
          for second in seen.indices.dropFirst(first + 1) {
            let squares = zip(seen[first], seen[second]).map { ($0 - $1) * ($0 - $1) }
            let apart = squares.reduce(0, +).squareRoot()
            #expect(apart >= distance, "\(names[first]) and \(names[second]), \(vision.name)")
          }
        }
      }
    }
  }

  private func luminance(_ color: [Double]) -> Double { 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2] }

  /// Björn Ottosson's Oklab, in which distances are about as large as they look.
  private func perceived(_ color: [Double]) -> [Double] {
    func map(_ rows: [[Double]], _ vector: [Double]) -> [Double] {
      rows.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let cones = map(
      [
        [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
      ], color)
    return map(
      [
        [0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
      ], cones.map { cbrt(max(0, $0)) })
  }
}
