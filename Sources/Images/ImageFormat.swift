import Foundation

/// A kind of picture file that can be decoded.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
  /// Portable Network Graphics; JPEG; WebP, lossy or lossless.
  case png, jpeg, webp

  /// What the first bytes say, whatever a file is called; nil for everything else. Twelve bytes are enough.
  public init?(of bytes: Data) {
    guard let format = bytes.reading({ reader in Self.of(reader) }) else { return nil }
    self = format
  }

  /// As it is written: "PNG".
  public var name: String {
    switch self {
    case .png: "PNG"
    case .jpeg: "JPEG"
    case .webp: "WebP"
    }
  }

  static func of(_ reader: ByteReader) -> Self? {
    if reader.count >= 8, reader.number(at: 0, width: 8) == Int(bitPattern: 0x8950_4E47_0D0A_1A0A as UInt) {
      return .png
    }
    if reader.count >= 3, reader.number(at: 0, width: 3) == 0xFFD8FF { return .jpeg }
    return reader.has("RIFF", at: 0) && reader.has("WEBP", at: 8) ? .webp : nil
  }
}
