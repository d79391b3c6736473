import Foundation

/// The CRC-32 that ends a chunk of a PNG file.
enum PNGChecksum {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }

  /// Its four bytes.
  static func of(_ bytes: Data) -> [UInt8] {
    let sum = bytes.reduce(UInt32.max) { table[Int(($0 ^ UInt32($1)) & 255)] ^ $0 >> 8 }
    return withUnsafeBytes(of: (~sum).bigEndian) { Array($0) }
  }
}
