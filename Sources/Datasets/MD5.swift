#if canImport(CryptoKit)
  import CryptoKit
#else
  import Clibmd
#endif

/// An MD5 checksum in the making: tells a download that went wrong from one that went right.
///
/// MD5 is what the data sets' publishers state. It finds accidents; it is no protection against a forger.
package struct MD5 {
  #if canImport(CryptoKit)
    private var state = Insecure.MD5()
  #else
    private var state: MD5_CTX = {
      var fresh = MD5_CTX()
      MD5Init(&fresh)
      return fresh
    }()
  #endif

  package init() {}

  /// Takes in the next bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    #if canImport(CryptoKit)
      state.update(bufferPointer: bytes)
    #else
      MD5Update(&state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    #endif
  }

  /// The checksum of everything taken in: 32 lower-case hexadecimal digits.
  package consuming func finish() -> String {
    #if canImport(CryptoKit)
      let digest = Array(state.finalize())
    #else
      var digest = [UInt8](repeating: 0, count: 16)
      MD5Final(&digest, &state)
    #endif
    return digest.map { hexadecimal($0) }.joined()
  }
}

/// Two lower-case hexadecimal digits.
func hexadecimal(_ byte: UInt8) -> String {
  (byte < 16 ? "0" : "") + String(byte, radix: 16)
}
