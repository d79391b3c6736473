import Clzma
import Files
import Foundation

/// Reads what a file of xz data unpacks to, from front to back.
final class XZReader: ByteStream {
  private(set) var count = 0
  private let source: ContentReader
  /// liblzma's state, which must not move in memory.
  private let decoder = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
  private var isAtEnd = false

  /// What unpacking may take: a little more than xz's strongest setting does, where a file could ask for gigabytes.
  private static let memoryLimit: UInt64 = 72 << 20

  /// LZMA_CONCATENATED, a macro that Swift does not see: several streams may follow each other.
  private static let concatenated: UInt32 = 0x08

  init(_ url: URL) throws(FileError) {
    source = try ContentReader(url, unpacking: false)
    decoder.initialize(to: lzma_stream())
    guard lzma_stream_decoder(decoder, Self.memoryLimit, Self.concatenated) == LZMA_OK else {
      throw FileError(path: url.path, reason: "cannot be unpacked for lack of memory", at: .byte(0))
    }
  }

  deinit {
    lzma_end(decoder)
    decoder.deallocate()
    input.deallocate()
  }

  var path: String { source.path }

  func place(_ offset: Int) -> FileError.Place { .unpackedByte(offset) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count && !isAtEnd {
      var action = LZMA_RUN
      if decoder.pointee.avail_in == 0 {
        let got = try source.read(into: input)
        decoder.pointee.next_in = UnsafePointer(input.baseAddress!.assumingMemoryBound(to: UInt8.self))
        decoder.pointee.avail_in = got
        if got == 0 { action = LZMA_FINISH }
      }
      decoder.pointee.next_out = (buffer.baseAddress! + filled).assumingMemoryBound(to: UInt8.self)
      decoder.pointee.avail_out = buffer.count - filled
      let status = lzma_code(decoder, action)
      filled = buffer.count - decoder.pointee.avail_out
      switch status {
      case LZMA_OK: break
      case LZMA_STREAM_END: isAtEnd = true
      default:
        let here = FileError.Place.byte(source.count - decoder.pointee.avail_in)
        let reason =
          switch status {
          case LZMA_BUF_ERROR: "is cut short within its xz data"
          case LZMA_MEMLIMIT_ERROR: "asks for more memory than \(Self.memoryLimit >> 20) MB to be unpacked"
          case LZMA_MEM_ERROR: "cannot be unpacked for lack of memory"
          default: "has damaged xz data"
          }
        throw FileError(
          path: path, reason: "\(reason): it unpacks to \(grouped(count + filled)) bytes", at: here)
      }
    }
    count += filled
    return filled
  }
}
