import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#else
  import Clibmd
#endif

/// The SHA-256 checksum of `parts`, one after the other: 64 lower-case hexadecimal digits, as `sha256sum` prints them.
public func sha256(_ parts: Data...) -> String {
  var hash = SHA256Hash()
  for part in parts { part.withUnsafeBytes { hash.update($0) } }
  return hash.digits()
}

/// A SHA-256 checksum of bytes that come piece by piece.
public struct SHA256Hash {
  #if canImport(CryptoKit)
    private var state = SHA256()
  #else
    private var state = SHA2_CTX()
  #endif

  /// Of nothing yet.
  public init() {
    #if !canImport(CryptoKit)
      SHA256Init(&state)
    #endif
  }

  /// Takes in the next bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    #if canImport(CryptoKit)
      state.update(bufferPointer: bytes)
    #else
      SHA256Update(&state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    #endif
  }

  /// Of all that came: 64 lower-case hexadecimal digits. More may come after.
  public func digits() -> String {
    #if canImport(CryptoKit)
      let digest = Array(state.finalize())
    #else
      var (copy, digest) = (state, [UInt8](repeating: 0, count: 32))
      SHA256Final(&digest, &copy)
    #endif
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
