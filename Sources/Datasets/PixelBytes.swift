import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of images, in memory of their own or mapped from a file: what is mapped is read from the disk as it is
/// used, is shared by all processes that have it mapped, and can be dropped from memory by the system at any time.
public struct PixelBytes: RandomAccessCollection, Sendable {
  private enum Storage: Sendable {
    case owned([UInt8])
    case mapped(MappedFile, Range<Int>)
  }
  private let storage: Storage
  public let count: Int

  /// Bytes in memory of their own.
  public init(_ bytes: [UInt8]) {
    storage = .owned(bytes)
    count = bytes.count
  }

  /// - Precondition: `range` lies within the file.
  init(_ file: MappedFile, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.count, "bytes \(range) of \(file.count)")
    storage = .mapped(file, range)
    count = range.count
  }

  /// Whether the bytes are in a mapped file.
  public var isMapped: Bool { if case .mapped = storage { true } else { false } }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  /// An index outside ends the program, as an `Array`'s does.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "byte \(index) of \(count)")
    return switch storage {
    case .owned(let bytes): bytes[index]
    case .mapped(let file, let range): file.bytes[range.lowerBound + index]
    }
  }

  /// Calls `body` with all bytes where they lie: nothing is copied. They are not to be used after it returns.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch storage {
    case .owned(let bytes): return try bytes.withUnsafeBytes(body)
    case .mapped(let file, let range): return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    }
  }

  public func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result? {
    try withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
  }
}

extension PixelBytes: Equatable {
  /// Compares with bytes in memory.
  public static func == (a: PixelBytes, b: [UInt8]) -> Bool { a == PixelBytes(b) }

  public static func == (a: PixelBytes, b: PixelBytes) -> Bool {
    a.count == b.count
      && a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }
      }
  }
}

/// A file mapped for reading, for as long as the object lives, whatever becomes of its name.
///
/// Whoever shortens such a file ends the processes that read it. Only files that are never changed once they have their
/// name are mapped: those of the cache.
final class MappedFile: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  var count: Int { bytes.count }

  /// - Throws: `FileError`: no regular file, or one that cannot be mapped.
  convenience init(_ url: URL) throws(FileError) {
    let (descriptor, _) = try openRegularFile(at: url.path)
    defer { close(descriptor) }
    try self.init(descriptor: descriptor, path: url.path)
  }

  /// Maps an open file, which may be closed afterwards.
  ///
  /// - Parameter path: what errors name.
  /// - Throws: `FileError` where it cannot be mapped.
  init(descriptor: Int32, path: String) throws(FileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, reason: systemReason("cannot be read")) }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let start = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let start, start != MAP_FAILED else { throw FileError(path: path, reason: systemReason("cannot be mapped")) }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  deinit { if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) } }
}
