import Clibarchive
import Files
import Foundation

/// A NumPy archive (`.npz`) of floating-point arrays, as statistics of features are exchanged in.
public enum NumberArchive {
  /// An array by its name in the archive, without `.npy`.
  public struct Array: Sendable, Equatable {
    /// In the archive, without `.npy`.
    public let name: String
    /// The dimensions, outermost first.
    public let shape: [Int]
    /// The numbers, last dimension fastest.
    public let values: [Double]

    /// - Parameter shape: multiplies to the number of values; others are not written.
    public init(name: String, shape: [Int], values: [Double]) {
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// The arrays `names`, float32 or float64, in their order.
  ///
  /// - Throws: `FileError`: no archive, damaged, without one of them, or with other numbers in it.
  public static func read(_ names: [String], from url: URL) throws(FileError) -> [Array] {
    let file = try NPZFile(url)
    var arrays: [Array] = []
    for name in names {
      guard let array = try file.array(name, reals: true) else {
        let found = file.names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        throw FileError(
          path: url.path, reason: "has no array '\(name)'" + (found.isEmpty ? "" : ", but \(found)"))
      }
      arrays.append(Array(name: name, shape: array.shape, values: array.reals))
    }
    return arrays
  }

  /// The names of the arrays in an archive.
  ///
  /// - Throws: `FileError`: no archive, or a damaged one.
  public static func names(in url: URL) throws(FileError) -> [String] { try NPZFile(url).names }

  /// Writes arrays as float64, uncompressed, as `numpy.savez` does; the file is there whole, or not at all.
  ///
  /// - Throws: `FileError` with the system's reason, such as a full disk.
  public static func write(_ arrays: [Array], to url: URL) throws {
    for array in arrays
    where array.shape.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) != array.values.count {
      throw FileError(
        path: url.path, reason: "cannot hold '\(array.name)': \(array.values.count) numbers of shape \(array.shape)")
    }
    let file = try FileReplacement(of: url)
    guard let archive = archive_write_new() else {
      throw FileError(path: url.path, reason: "cannot be written: there is no memory")
    }
    defer { archive_write_free(archive) }
    func check(_ succeeded: Bool) throws(FileError) {
      guard !succeeded else { return }
      let reason = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive says no more"
      throw FileError(path: url.path, reason: "cannot be written (\(reason))")
    }
    try check(
      archive_write_set_format_zip(archive) == ARCHIVE_OK
        && archive_write_zip_set_compression_store(archive) == ARCHIVE_OK
        && archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK
        && archive_write_open_fd(archive, file.descriptor) == ARCHIVE_OK)
    for array in arrays {
      let bytes = encoded(array)
      guard let entry = archive_entry_new() else {
        throw FileError(path: url.path, reason: "cannot be written: there is no memory")
      }
      defer { archive_entry_free(entry) }
      archive_entry_set_pathname(entry, array.name + ".npy")
      archive_entry_set_size(entry, la_int64_t(bytes.count))
      archive_entry_set_filetype(entry, 0o100000)
      archive_entry_set_perm(entry, 0o644)
      try check(archive_write_header(archive, entry) == ARCHIVE_OK)
      let written = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
      try check(written == bytes.count && archive_write_finish_entry(archive) == ARCHIVE_OK)
    }
    try check(archive_write_close(archive) == ARCHIVE_OK)
    try file.commit()
  }

  /// NumPy's format, version 1.0, filled up so that the numbers begin at a multiple of 64.
  private static func encoded(_ array: Array) -> Data {
    let axes = array.shape.count == 1 ? "\(array.shape[0])," : array.shape.map { "\($0)" }.joined(separator: ", ")
    var head = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(axes)), }"
    head += String(repeating: " ", count: 63 - (10 + head.utf8.count) % 64) + "\n"
    var data = Data([0x93] + "NUMPY".utf8 + [1, 0, UInt8(head.utf8.count % 256), UInt8(head.utf8.count / 256)])
    data.append(contentsOf: head.utf8)
    array.values.withUnsafeBytes { data.append(contentsOf: $0) }
    return data
  }
}
