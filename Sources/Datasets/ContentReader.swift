import Czlib
import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a file's content from front to back, unpacked where the file is gzip data.
///
/// Whether it is gzip data is told by its first two bytes, not by its name.
final class ContentReader: ByteStream {
  /// The path that errors name.
  let path: String
  /// Bytes on disk: packed, where the file is gzip data.
  let fileSize: Int
  /// Errors in gzip data then say "12 of 400 bytes".
  var expectedCount: Int?
  /// Bytes of content read so far.
  private(set) var count = 0

  private let descriptor: Int32
  private let input: UnsafeMutableRawBufferPointer
  private var inputIsAtEnd = false
  /// Bytes that are in `input` and not yet used.
  private var pending: Range<Int> = 0..<0
  /// Where in the file `input` begins.
  private var inputStart = 0
  /// zlib's state, which must not move in memory; `nil` for a plain file.
  private var inflater: UnsafeMutablePointer<z_stream>?
  /// True where one gzip member has ended: what follows is another one or the end.
  private var isBetweenMembers = false

  /// True where the file is gzip data.
  var isGzip: Bool { inflater != nil }

  /// The byte of the content at `offset`, as errors name it.
  func place(_ offset: Int) -> FileError.Place { isGzip ? .unpackedByte(offset) : .byte(offset) }

  /// The first byte of the file that has not been used.
  private var here: FileError.Place { .byte(inputStart + pending.lowerBound) }

  /// Opens a regular file; gzip data is read as it is if not `unpacking`.
  init(_ url: URL, unpacking: Bool = true) throws(FileError) {
    path = url.path
    (descriptor, fileSize) = try openRegularFile(at: url.path)
    // Once there is a file: of an object that is never made nothing is given back.
    input = .allocate(byteCount: 1 << 17, alignment: 16)
    try refill()
    if unpacking && pending.count >= 2 && input[0] == 0x1f && input[1] == 0x8b { try startInflating() }
  }

  deinit {
    if let inflater {
      inflateEnd(inflater)
      inflater.deallocate()
    }
    input.deallocate()
    close(descriptor)
  }

  /// Fills `buffer`, and fewer bytes only where the content ends; says how many.
  ///
  /// - Throws: `FileError` on a failed read, and on gzip data that is damaged, cut short or followed by
  ///   other bytes than zeros.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      if pending.isEmpty && !inputIsAtEnd { try refill() }
      let free = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let step = try inflater == nil ? copy(into: free) : inflate(into: free)
      guard let step else { break }
      filled += step
      count += step
    }
    return filled
  }

  /// The checksum of the content that has not been read yet.
  func md5() throws(FileError) -> String {
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { chunk.deallocate() }
    var sum = MD5()
    while true {
      let got = try read(into: chunk)
      if got == 0 { return sum.finish() }
      sum.update(UnsafeRawBufferPointer(rebasing: chunk.prefix(got)))
    }
  }

  /// Copies what is pending; `nil` at the end.
  private func copy(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    if pending.isEmpty { return nil }
    let step = min(pending.count, buffer.count)
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[pending.prefix(step)]))
    pending = pending.lowerBound + step..<pending.upperBound
    return step
  }

  /// Unpacks once, which may yield no byte yet; `nil` at the end.
  private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int? {
    guard let inflater else { return nil }
    if isBetweenMembers {
      // Tapes and block devices leave zeros behind the data.
      let start = input[pending].firstIndex { $0 != 0 } ?? pending.upperBound
      pending = start..<pending.upperBound
      if pending.isEmpty { return inputIsAtEnd ? nil : 0 }
      guard input[start] == 0x1f else {
        throw FileError(path: path, reason: "has other bytes behind its gzip data", at: here)
      }
      inflateReset(inflater)
      isBetweenMembers = false
    }
    inflater.pointee.next_in = input.baseAddress!.advanced(by: pending.lowerBound)
      .assumingMemoryBound(to: UInt8.self)
    inflater.pointee.avail_in = UInt32(pending.count)
    inflater.pointee.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
    let room = UInt32(clamping: buffer.count)
    inflater.pointee.avail_out = room
    let status = Czlib.inflate(inflater, Z_NO_FLUSH)
    pending = pending.upperBound - Int(inflater.pointee.avail_in)..<pending.upperBound
    let produced = Int(room - inflater.pointee.avail_out)
    switch status {
    case Z_OK:
      break
    case Z_STREAM_END:
      isBetweenMembers = true
    case Z_BUF_ERROR:  // No progress possible: harmless as long as more input can come.
      if inputIsAtEnd && pending.isEmpty {
        throw FileError(
          path: path, reason: "is cut short within its gzip data: \(holding(count + produced))", at: here)
      }
    case Z_MEM_ERROR:
      throw FileError(path: path, reason: "cannot be unpacked for lack of memory")
    default:
      let detail = inflater.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
      throw FileError(
        path: path, reason: "has damaged gzip data (\(detail)): \(holding(count + produced))", at: here)
    }
    return produced
  }

  private func holding(_ count: Int) -> String {
    if let expectedCount { return "it unpacks to \(grouped(count)) of \(grouped(expectedCount)) bytes" }
    return "it unpacks to \(grouped(count)) bytes"
  }

  private func startInflating() throws(FileError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, plus 16: gzip data and nothing else.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      throw FileError(path: path, reason: "cannot be unpacked: zlib does not start")
    }
    inflater = stream
  }

  private func refill() throws(FileError) {
    while true {
      let got = Foundation.read(descriptor, input.baseAddress!, input.count)
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw FileError(path: path, reason: systemReason("cannot be read"), at: here) }
      inputStart += pending.upperBound
      pending = 0..<got
      inputIsAtEnd = got == 0
      return
    }
  }
}
