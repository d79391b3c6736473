import CTorch
import Foundation

/// Keys with values that processes on any host share: PyTorch's `TCPStore`, which one process serves, or the launcher.
///
/// It is for a few short messages, such as who is there; what is large goes through a ``ProcessGroup``.
public final class KeyStore {
  let handle: CStore
  /// Seconds that a value is waited for.
  let patience: Double

  /// The store at `port` of `host`.
  ///
  /// - Parameters:
  ///   - port: 0 for a free one, where this process serves.
  ///   - serves: whether this process is the one that others connect to.
  ///   - patience: seconds that whoever serves it, and later a value, is waited for.
  /// - Throws: `TensorError` where nobody serves it, or the port is in use.
  public convenience init(host: String, port: Int, serves: Bool, patience: Double) throws {
    var failure: CTensor?
    let handle = ct_store_open(host, Int32(port), serves, patience, &failure)
    try self.init(handle, failure, patience)
  }

  private init(_ handle: CStore?, _ failure: CTensor?, _ patience: Double) throws {
    try check(failure)
    guard let handle else { throw TensorError(description: "the store's opening has failed") }
    self.handle = handle
    self.patience = patience
  }

  /// Where it is served, by this process; 0 of another's.
  public var port: Int { Int(ct_store_port(handle)) }

  /// The same store, with `prefix` before all keys.
  ///
  /// - Throws: `TensorError`.
  public func behind(_ prefix: String) throws -> KeyStore {
    var failure: CTensor?
    let behind = ct_store_behind(handle, prefix, &failure)
    return try KeyStore(behind, failure, patience)
  }

  /// Another connection, for another thread: one that waits holds up everybody on the same connection.
  ///
  /// - Throws: `TensorError`.
  func again() throws -> KeyStore {
    var failure: CTensor?
    let again = ct_store_again(handle, &failure)
    return try KeyStore(again, failure, patience)
  }

  /// Gives `key` a value, in the place of the one it had.
  ///
  /// - Throws: `TensorError` where whoever serves the store does not answer, as all that follow.
  public func set(_ key: String, _ value: String) throws {
    let bytes = Array(value.utf8)
    try check(ct_store_set(handle, key, bytes, Int64(bytes.count)))
  }

  /// The value of `key`, once it has one.
  ///
  /// - Throws: `TensorError`, also where it gets none in time.
  public func get(_ key: String) throws -> String {
    var value = Data()
    try withUnsafeMutablePointer(to: &value) { value in
      try check(
        ct_store_get(
          handle, key,
          {
            $0.assumingMemoryBound(to: Data.self).pointee.append(
              $1.assumingMemoryBound(to: UInt8.self), count: Int($2))
          }, value))
    }
    return String(decoding: value, as: UTF8.self)
  }

  /// The value of `key`; nil where it has none.
  ///
  /// - Throws: `TensorError`.
  public func value(of key: String) throws -> String? { try has(key) ? get(key) : nil }

  /// Whether `key` has a value.
  ///
  /// - Throws: `TensorError`.
  public func has(_ key: String) throws -> Bool {
    var result = false
    try check(ct_store_has(handle, key, &result))
    return result
  }

  /// Adds `amount` to the number that `key` holds, 0 before the first, and returns the sum.
  ///
  /// - Throws: `TensorError`.
  @discardableResult
  public func add(_ key: String, _ amount: Int) throws -> Int {
    var result: Int64 = 0
    try check(ct_store_add(handle, key, Int64(amount), &result))
    return Int(result)
  }
}
