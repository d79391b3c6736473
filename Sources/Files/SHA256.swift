import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#else
  import Clibmd
#endif

/// The SHA-256 checksum of `data`: 64 lower-case hexadecimal digits, as `sha256sum` prints them.
public func sha256(_ data: Data) -> String {
  #if canImport(CryptoKit)
    let digest = Array(SHA256.hash(data: data))
  #else
    var state = SHA2_CTX()
    SHA256Init(&state)
    data.withUnsafeBytes { bytes in
      SHA256Update(&state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
    var digest = [UInt8](repeating: 0, count: 32)
    SHA256Final(&digest, &state)
  #endif
  return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
