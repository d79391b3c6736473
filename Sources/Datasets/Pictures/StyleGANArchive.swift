import Clibarchive
import Files
import Foundation
import Images

/// Writes a zip archive as stylegan2-ada, stylegan3 and their kin read it: PNG files `00000/img00000000.png`, a
/// thousand in a folder, stored rather than compressed a second time, and `dataset.json` behind them.
///
/// The archive is at its place when it is whole, or not at all. The same pictures give the same bytes.
public final class StyleGANArchive {
  private let archive: OpaquePointer
  private let file: FileReplacement
  private let url: URL
  private var names: [String] = []
  private var labels: [Int?] = []

  /// How many pictures have been written.
  public var count: Int { names.count }

  /// - Throws: `FileError` where nothing can be written beside `url`.
  public init(_ url: URL) throws(FileError) {
    self.url = url
    file = try FileReplacement(of: url)
    guard let archive = archive_write_new() else {
      throw FileError(path: url.path, reason: "cannot be written: there is no memory")
    }
    self.archive = archive
    guard archive_write_set_format_zip(archive) == ARCHIVE_OK,
      archive_write_zip_set_compression_store(archive) == ARCHIVE_OK,
      archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK,
      archive_write_open_fd(archive, file.descriptor) == ARCHIVE_OK
    else { throw failure }
  }

  deinit { archive_write_free(archive) }

  private var failure: FileError {
    let reason = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive says no more"
    return FileError(path: url.path, reason: "cannot be written (\(reason))")
  }

  /// The name of a picture by its number: stylegan's own.
  static func name(_ index: Int) -> String {
    let digits = "\(index)"
    let padded = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    return "\(padded.prefix(5))/img\(padded).png"
  }

  /// Adds a picture.
  ///
  /// - Parameters:
  ///   - png: a PNG file's bytes.
  ///   - label: its class; nil where it has none.
  /// - Throws: `FileError` with the system's reason, such as a full disk.
  public func append(_ png: Data, label: Int?) throws(FileError) {
    let name = Self.name(names.count)
    try add(png, name)
    names.append(name)
    labels.append(label)
  }

  /// Completes the archive and gives it its name. Labels are written if every picture has one; stylegan does not know
  /// of others.
  ///
  /// - Parameter classNames: of the labels.
  /// - Throws: `FileError`.
  public func finish(classNames: [String]?) throws {
    let all = labels.compactMap { $0 }
    let json = DatasetJSON(
      labels: !all.isEmpty && all.count == names.count ? Dictionary(uniqueKeysWithValues: zip(names, all)) : nil,
      classNames: classNames)
    try add(try json.encoded(names), DatasetJSON.name)
    guard archive_write_close(archive) == ARCHIVE_OK else { throw failure }
    try file.commit()
  }

  private func add(_ data: Data, _ name: String) throws(FileError) {
    guard let entry = archive_entry_new() else {
      throw FileError(path: url.path, reason: "cannot be written: there is no memory")
    }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_size(entry, la_int64_t(data.count))
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_perm(entry, 0o644)
    // No time: the beginning of zip's calendar is written, so that the bytes do not depend on when or where that was.
    guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw failure }
    let written = data.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
    guard written == data.count, archive_write_finish_entry(archive) == ARCHIVE_OK else { throw failure }
  }
}
