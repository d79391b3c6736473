import Clibzip
import Files
import Foundation
import Images

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of a zip archive. Nothing is unpacked to the disk, so that no name in it leads anywhere; nothing is
/// unpacked beyond the size that the archive states, and no more is believed of that than its packed bytes can hold.
public struct PictureArchive: PictureContainer {
  public let url: URL
  public private(set) var files: [ContainedFile] = []
  public private(set) var leftOut: [LeftOutFile] = []
  public let notes: [String] = []
  public let stamps: [FileStamp]

  /// - Throws: `FileError`: no regular file, no zip archive, or a damaged one.
  public init(_ url: URL) throws(FileError) {
    self.url = url
    stamps = [try FileStamp(url)]
    let archive = try ZipHandle(url)
    for index in 0..<archive.count { look(at: index, of: archive) }
    files.sort { ($0.name, $0.index) < ($1.name, $1.index) }
    // An archive may have two files of one name: which of them is meant cannot be told, so that the last counts, as
    // when it is unpacked.
    var last: [String: Int] = [:]
    for file in files { last[file.name] = file.index }
    for file in files where last[file.name] != file.index {
      leave(file.name, .unreadable, "is there twice; the last of that name counts")
    }
    files.removeAll { last[$0.name] != $0.index }
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    leftOut.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private mutating func leave(_ name: String, _ kind: LeftOutFile.Kind, _ reason: String) {
    leftOut.append(LeftOutFile(name: name, kind: kind, reason: reason))
  }

  private mutating func look(at index: Int, of archive: ZipHandle) {
    guard let entry = archive.entry(index) else {
      leave("file \(index)", .unreadable, "its name or size cannot be read")
      return
    }
    // Windows programs have written backslashes.
    let name = entry.name.replacingOccurrences(of: "\\", with: "/")
    if name.hasSuffix("/") { return }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if parts.contains("..") || name.hasPrefix("/") {
      leave(name, .unreadable, "its name leads out of the archive")
    } else if parts.contains(where: isSystemName) {
      leave(name, .system, LeftOutFile.Kind.system.words)
    } else if entry.isEncrypted {
      leave(name, .unreadable, "is encrypted")
    } else if entry.unpackedSize / 1032 > entry.packedSize {
      leave(
        name, .damaged,
        "states \(grouped(entry.unpackedSize)) bytes, more than its \(grouped(entry.packedSize)) packed ones can hold")
    } else {
      files.append(ContainedFile(name: name, size: entry.unpackedSize, index: index))
    }
  }

  public func error(_ reason: String, in name: String?) -> FileError {
    FileError(path: url.path, reason: reason, at: name.map { .memberByte(0, of: $0) } ?? .byte(0))
  }

  public func reader() throws(FileError) -> any ContainerReader { Reader(try ZipHandle(url), url) }

  private final class Reader: ContainerReader {
    private let archive: ZipHandle
    private let url: URL

    init(_ archive: ZipHandle, _ url: URL) {
      self.archive = archive
      self.url = url
    }

    func read(_ file: ContainedFile, limit: Int) throws(FileError) -> Data {
      do {
        return try archive.read(file.index, count: min(limit, file.size), of: file.size)
      } catch {
        throw FileError(path: url.path, reason: error.reason, at: .memberByte(0, of: file.name))
      }
    }
  }
}

/// An archive open for reading by one thread.
private final class ZipHandle {
  struct Entry {
    let name: String
    let unpackedSize: Int
    let packedSize: Int
    let isEncrypted: Bool
  }

  struct Failure: Error {
    let reason: String
  }

  private let archive: OpaquePointer

  init(_ url: URL) throws(FileError) {
    let (descriptor, _) = try openRegularFile(at: url.path)
    var code: Int32 = 0
    guard let archive = zip_fdopen(descriptor, 0, &code) else {
      var start = Data(count: 4096)
      let got = start.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
      close(descriptor)
      let content = contentName(of: start.prefix(max(0, got)))
      guard content != "a zip archive" else {
        var error = zip_error_t()
        zip_error_init_with_code(&error, code)
        defer { zip_error_fini(&error) }
        let detail = String(cString: zip_error_strerror(&error))
        throw FileError(path: url.path, reason: "is a damaged zip archive (\(detail))", at: .byte(0))
      }
      throw FileError(path: url.path, reason: "is \(content), not a folder or zip archive of pictures", at: .byte(0))
    }
    self.archive = archive
  }

  deinit { zip_discard(archive) }

  var count: Int { max(0, Int(zip_get_num_entries(archive, 0))) }

  func entry(_ index: Int) -> Entry? {
    var status = zip_stat_t()
    let needed = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD)
    guard zip_stat_index(archive, UInt64(index), 0, &status) == 0, status.valid & needed == needed,
      let name = status.name
    else { return nil }
    return Entry(
      name: String(cString: name), unpackedSize: Int(clamping: status.size),
      packedSize: Int(clamping: status.comp_size),
      isEncrypted: status.encryption_method != UInt16(ZIP_EM_NONE))
  }

  /// The first `count` of the `size` bytes that an entry states; all of them are checked by their checksum.
  func read(_ index: Int, count: Int, of size: Int) throws(Failure) -> Data {
    guard let file = zip_fopen_index(archive, UInt64(index), 0) else {
      throw Failure(reason: "cannot be unpacked (\(String(cString: zip_strerror(archive))))")
    }
    defer { zip_fclose(file) }
    // Grown as the bytes come: a size is a claim.
    var data = Data()
    var piece = [UInt8](repeating: 0, count: max(1, min(count, 1 << 18)))
    while data.count < count {
      let got = zip_fread(file, &piece, UInt64(min(piece.count, count - data.count)))
      guard got >= 0 else { throw Failure(reason: "is damaged (\(String(cString: zip_file_strerror(file))))") }
      guard got > 0 else { throw Failure(reason: "is cut short: \(grouped(data.count)) of \(grouped(size)) bytes") }
      data.append(contentsOf: piece.prefix(Int(got)))
    }
    if count == size {
      // What is behind the last byte, which also makes libzip look at the checksum.
      let more = zip_fread(file, &piece, 1)
      guard more == 0 else {
        throw Failure(
          reason: more > 0
            ? "holds more than the \(grouped(size)) bytes that it states"
            : "is damaged (\(String(cString: zip_file_strerror(file))))")
      }
    }
    return data
  }
}
