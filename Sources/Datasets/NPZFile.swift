import Clibzip
import Files
import Foundation

/// A NumPy archive: a zip archive of arrays, each a file `NAME.npy`.
final class NPZFile {
  let path: String
  private let archive: OpaquePointer

  /// - Throws: `FileError`: no regular file, not a zip archive, damaged.
  init(_ url: URL) throws(FileError) {
    path = url.path
    let (descriptor, _) = try openRegularFile(at: url.path)
    var status: Int32 = 0
    guard let archive = zip_fdopen(descriptor, 0, &status) else {
      close(descriptor)
      var error = zip_error_t()
      zip_error_init_with_code(&error, status)
      let detail = zip_error_strerror(&error).map { String(cString: $0) } ?? "status \(status)"
      zip_error_fini(&error)
      let kind = contentKind(of: try ContentReader(url, unpacking: false).read(512))
      throw FileError(
        path: url.path, reason: "is not a sound .npz file: " + (kind.map { "it is \($0) (\(detail))" } ?? detail),
        at: .byte(0))
    }
    self.archive = archive
  }

  deinit { zip_discard(archive) }

  /// The names of the arrays, without `.npy`.
  var names: [String] {
    (0..<max(0, zip_get_num_entries(archive, 0))).compactMap { index in
      zip_get_name(archive, zip_uint64_t(index), 0).map { String(cString: $0) }
    }.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
  }

  /// The array `name`; `nil` where there is none.
  ///
  /// - Throws: `FileError`: encrypted, packed in another way than NumPy does, damaged; what ``NPYArray`` refuses.
  /// - Parameter reals: see ``NPYArray/init(from:size:reals:)``.
  func array(_ name: String, reals: Bool = false) throws(FileError) -> NPYArray? {
    let file = name + ".npy"
    func fail(_ reason: String) -> FileError {
      FileError(path: path, reason: reason, at: .memberByte(0, of: file))
    }
    var status = zip_stat_t()
    guard zip_stat(archive, file, 0, &status) == 0 else { return nil }
    let known = UInt64(ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD)
    guard status.valid & known == known else { throw fail("does not state its size") }
    guard status.comp_method == UInt16(ZIP_CM_STORE) || status.comp_method == UInt16(ZIP_CM_DEFLATE) else {
      throw fail("is packed by method \(status.comp_method); NumPy stores or deflates")
    }
    // The best deflate can do is 258 bytes in two bits.
    guard status.size / 1032 <= status.comp_size else {
      throw fail("announces \(status.size) bytes, more than \(status.comp_size) packed ones can hold")
    }
    guard let handle = zip_fopen_index(archive, status.index, 0) else {
      throw fail("cannot be read (\(zip_strerror(archive).map { String(cString: $0) } ?? "libzip"))")
    }
    let member = Member(path: path, name: file, size: Int(clamping: status.size), handle)
    return try NPYArray(from: member, size: member.size, reals: reals)
  }

  /// A file in the archive.
  private final class Member: ByteStream {
    let path: String
    let name: String
    let size: Int
    private(set) var count = 0
    private let handle: OpaquePointer

    init(path: String, name: String, size: Int, _ handle: OpaquePointer) {
      self.path = path
      self.name = name
      self.size = size
      self.handle = handle
    }

    deinit { zip_fclose(handle) }

    func place(_ offset: Int) -> FileError.Place { .memberByte(offset, of: name) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
      var filled = 0
      while filled < buffer.count {
        let got = zip_fread(handle, buffer.baseAddress! + filled, zip_uint64_t(buffer.count - filled))
        if got == 0 { break }
        guard got > 0 else {
          let detail = zip_error_strerror(zip_file_get_error(handle)).map { String(cString: $0) } ?? "libzip"
          throw fail("is damaged (\(detail))", at: count + filled)
        }
        filled += Int(got)
      }
      count += filled
      return filled
    }
  }
}
