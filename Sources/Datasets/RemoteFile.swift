/// A published file, known well enough to tell whether what arrived is it.
public struct RemoteFile: Sendable, Hashable {
  /// Its name, on the mirrors and on disk, without folders.
  public let name: String
  /// Its size in bytes.
  public let size: Int
  /// Its MD5 checksum: 32 lower-case hexadecimal digits.
  public let md5: String
  /// What a gzip file of ours unpacks to: for mirrors whose servers say that they pack it on the way, so that whoever asks gets it
  /// unpacked. Nil where that is not known.
  public let unpacked: Unpacked?

  /// Of what a file unpacks to.
  public struct Unpacked: Sendable, Hashable {
    public let size: Int
    public let md5: String

    public init(size: Int, md5: String) {
      self.size = size
      self.md5 = md5
    }
  }

  /// The file that ``unpacked`` describes, without `.gz`.
  var unpackedFile: RemoteFile? {
    guard let unpacked, name.hasSuffix(".gz") else { return nil }
    return RemoteFile(name: String(name.dropLast(3)), size: unpacked.size, md5: unpacked.md5)
  }

  /// Describes a file.
  ///
  /// - Precondition: `name` is a file name without a slash, `size` is not negative, and `md5` has 32 lower-case
  ///   hexadecimal digits.
  public init(name: String, size: Int, md5: String, unpacked: Unpacked? = nil) {
    precondition(!name.isEmpty && !name.contains("/") && name != "." && name != "..", "file name '\(name)'")
    precondition(size >= 0, "size \(size)")
    precondition(md5.utf8.count == 32 && md5.allSatisfy { "0123456789abcdef".contains($0) }, "md5 '\(md5)'")
    self.name = name
    self.size = size
    self.md5 = md5
    self.unpacked = unpacked
  }
}
