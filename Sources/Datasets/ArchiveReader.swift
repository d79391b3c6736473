import Clibarchive
import Files
import Foundation

/// Reads the files in a tar archive, gzip-compressed or not, one after the other, without unpacking it to disk.
///
/// libarchive reads the archive; gzip data are unpacked by ``ContentReader``, which checks their checksums.
final class ArchiveReader {
  /// The path that errors name.
  var path: String { source.content.path }

  private let source: Source
  private let archive: OpaquePointer

  /// What libarchive reads from: it holds no reference of its own.
  private final class Source {
    let content: ContentReader
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    /// Why reading failed, which libarchive is not told in words.
    var failure: FileError?

    init(_ content: ContentReader) { self.content = content }

    deinit { buffer.deallocate() }
  }

  /// Opens the file at `url`; what it is shows at the first ``next()``.
  init(_ url: URL) throws(FileError) {
    source = Source(try ContentReader(url))
    guard let archive = archive_read_new() else {
      throw FileError(path: url.path, reason: "cannot be unpacked for lack of memory", at: .byte(0))
    }
    self.archive = archive
    archive_read_support_format_tar(archive)
    let status = archive_read_open(
      archive, Unmanaged.passUnretained(source).toOpaque(), nil,
      { archive, context, bytes in
        let source = Unmanaged<Source>.fromOpaque(context!).takeUnretainedValue()
        do throws(FileError) {
          let count = try source.content.read(into: source.buffer)
          bytes!.pointee = UnsafeRawPointer(source.buffer.baseAddress!)
          return count
        } catch {
          source.failure = error
          archive_set_error_text(archive, "cannot be read")
          return -1
        }
      }, nil)
    if status != ARCHIVE_OK { throw failure("is not a tar archive") }
  }

  deinit { archive_read_free(archive) }

  /// Goes on to the next regular file; `nil` at the end, up to which the data have then been read and found sound.
  ///
  /// - Throws: `FileError`: no archive, damaged or cut short.
  func next() throws(FileError) -> Member? {
    while true {
      var entry: OpaquePointer?
      switch archive_read_next_header(archive, &entry) {
      case ARCHIVE_EOF:
        // What stands behind the end is of no interest, but a checksum may be there.
        while try source.content.read(into: source.buffer) > 0 {}
        return nil
      case ARCHIVE_OK, ARCHIVE_WARN:
        break
      default:
        throw failure("is not a sound tar archive")
      }
      guard let entry else { continue }
      // A regular file's type, in the octal notation of all systems.
      guard archive_entry_filetype(entry) == 0o100000 else { continue }
      let name = (archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)).map { String(cString: $0) } ?? ""
      // Holes would be zeros without end out of nothing.
      guard archive_entry_sparse_count(entry) == 0 else {
        throw FileError(path: path, reason: "holds a sparse file", at: .memberByte(0, of: name))
      }
      return Member(name: name, self)
    }
  }

  private func failure(_ reason: String) -> FileError {
    if let failure = source.failure { return failure }
    let detail = archive_error_string(archive).map { " (\(String(cString: $0)))" } ?? ""
    return FileError(path: path, reason: reason + detail, at: source.content.place(source.content.count))
  }

  /// A file in the archive, to be read before the archive goes on.
  final class Member: ByteStream {
    /// The path in the archive.
    let name: String
    private(set) var count = 0
    private let archive: ArchiveReader

    fileprivate init(name: String, _ archive: ArchiveReader) {
      self.name = name
      self.archive = archive
    }

    var path: String { archive.path }

    func place(_ offset: Int) -> FileError.Place { .memberByte(offset, of: name) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
      var filled = 0
      while filled < buffer.count {
        let got = archive_read_data(archive.archive, buffer.baseAddress! + filled, buffer.count - filled)
        if got == ARCHIVE_RETRY { continue }
        if got == 0 { break }
        guard got > 0 else {
          if let failure = archive.source.failure { throw failure }
          let detail = archive_error_string(archive.archive).map { " (\(String(cString: $0)))" } ?? ""
          throw fail("is damaged\(detail)", at: count + filled)
        }
        filled += got
      }
      count += filled
      return filled
    }
  }
}
