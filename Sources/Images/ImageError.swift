import CImages

/// Why bytes are not an image that can be used, or an image could not be made or encoded.
public struct ImageError: Error, CustomStringConvertible, Sendable {
  /// A clause without a full stop: "is not a PNG file".
  public let reason: String
  /// Of the bytes, the one where the fault was found; nil where there are none.
  public let offset: Int?

  init(reason: String, offset: Int? = nil) {
    self.reason = reason
    self.offset = offset
  }

  /// What a C function says, after a clause.
  init(_ clause: String, _ fault: CIFault, offset: Int? = nil) {
    let text = withUnsafeBytes(of: fault.reason) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    reason = "\(clause) (\(text.isEmpty ? "the library gives no reason" : text))"
    self.offset = fault.offset >= 0 ? Int(fault.offset) : offset
  }

  public var description: String { "the image " + reason + (offset.map { " (at byte \($0))" } ?? "") }
}
