import Files
import Foundation
import Images
import Testing

/// What Golden/generate.py wrote.
struct Golden: Decodable {
  /// A picture file and the pixels that it holds.
  struct File: Decodable, CustomTestStringConvertible {
    let name: String
    let file: Data
    let width: Int
    let height: Int
    let channels: Int
    let samples: Data
    let background: [UInt8]
    let facts: Facts

    var image: Image { Image(width: width, height: height, channels: channels, made: Array(samples)) }
    var testDescription: String { name }
  }

  struct Facts: Decodable {
    let format: String
    let width: Int
    let height: Int
    let bitDepth: Int
    let colour: String
    let hasAlpha: Bool
    let orientation: Int
    let isAnimated: Bool
  }

  /// Noise in another size.
  struct Resizing: Decodable {
    let size: [Int]
    let to: [Int]
    let filter: String
    let fit: String?
    let background: [UInt8]?
    let sha256: String
    let first: [UInt8]?

    var source: Image { noise(width: size[0], height: size[1], channels: size[2]) }
    var target: (width: Int, height: Int) { (to[0], to[1]) }
    var name: String { "\(size) to \(to), \(filter)\(fit.map { ", \($0)" } ?? "")" }
  }

  /// What a JPEG holds that Pillow wrote.
  struct Encoding: Decodable {
    let channels: Int
    let quality: Int
    let source: Data
    let sha256: String
  }

  /// One of the odd pictures.
  struct Odd: Decodable, CustomTestStringConvertible {
    let name: String
    let background: [UInt8]
    let width: Int
    let height: Int
    let channels: Int
    let sha256: String
    let grey: String

    var testDescription: String { "\(name) over \(background)" }
  }

  let files: [File]
  let resizing: [Resizing]
  let fitting: [Resizing]
  let encoding: [Encoding]
  let odd: [Odd]

  static let all: Golden = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/golden.json")
    return try! JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }()
}

extension RGB {
  init(_ samples: [UInt8]) { self.init(samples[0], samples[1], samples[2]) }
}

extension Image {
  var checksum: String { sha256(Data(samples)) }
}
