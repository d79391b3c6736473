import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#else
  import Clibmd
#endif

/// The SHA-256 checksum of `parts`, one after the other: 64 lower-case hexadecimal digits, as `sha256sum` prints them.
public func sha256(_ parts: Data...) -> String {
  #if canImport(CryptoKit)
    var state = SHA256()
    for part in parts { state.update(data: part) }
    let digest = Array(state.finalize())
  #else
    var state = SHA2_CTX()
    SHA256Init(&state)
    for part in parts {
      part.withUnsafeBytes { bytes in
        SHA256Update(&state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
      }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    SHA256Final(&digest, &state)
  #endif
  return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
