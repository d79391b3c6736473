import Files
import Foundation

/// A published file, known well enough to tell whether what arrived is it.
public struct RemoteFile: Sendable, Hashable {
  /// Its name, on the mirrors and on disk, without folders.
  public let name: String
  /// Its size in bytes; 0 where ``isSized`` is false.
  public let size: Int
  /// Whether ``size`` is known: a ``Download`` asks the mirror for it otherwise, and trusts the checksum alone.
  public let isSized: Bool
  /// Its MD5 checksum: 32 lower-case hexadecimal digits; empty where ``sha256`` is known.
  public let md5: String
  /// Its SHA-256 checksum, 64 lower-case hexadecimal digits, of files that could do harm where they are forged.
  public let sha256: String?
  /// What a gzip file of ours unpacks to: for mirrors whose servers say that they pack it on the way, so that whoever
  /// asks gets it unpacked. Nil where that is not known.
  public let unpacked: Unpacked?

  /// Of what a file unpacks to.
  public struct Unpacked: Sendable, Hashable {
    /// In bytes.
    public let size: Int
    /// Its MD5 checksum: 32 lower-case hexadecimal digits.
    public let md5: String

    /// - Parameters:
    ///   - size: in bytes.
    ///   - md5: 32 lower-case hexadecimal digits.
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
  /// A ``Download`` refuses one whose name is none, whose size is negative, or whose checksum has not 32 lower-case
  /// hexadecimal digits.
  ///
  /// - Parameter size: nil where nobody has published it.
  public init(name: String, size: Int?, md5: String, unpacked: Unpacked? = nil) {
    self.name = name
    self.size = size ?? 0
    isSized = size != nil
    self.md5 = md5
    sha256 = nil
    self.unpacked = unpacked
  }

  /// Describes a file by its SHA-256 checksum.
  ///
  /// As for ``init(name:size:md5:unpacked:)``, with 64 digits.
  ///
  /// - Parameter size: nil where nobody has published it.
  public init(name: String, size: Int?, sha256: String) {
    self.name = name
    self.size = size ?? 0
    isSized = size != nil
    md5 = ""
    self.sha256 = sha256
    unpacked = nil
  }

  /// Why it cannot be fetched: a clause; nil where it can.
  var defect: String? {
    if name.isEmpty || name.contains("/") || name == "." || name == ".." { return "is no name of a file" }
    if size < 0 { return "cannot have \(size) bytes" }
    let digits = sha256 == nil ? 32 : 64
    return checksum.utf8.count == digits && checksum.allSatisfy { "0123456789abcdef".contains($0) }
      ? nil : "has the \(checksumName) '\(checksum)', which is none"
  }

  /// The same file with its size.
  func sized(_ size: Int) -> RemoteFile {
    sha256.map { RemoteFile(name: name, size: size, sha256: $0) }
      ?? RemoteFile(name: name, size: size, md5: md5, unpacked: unpacked)
  }

  /// Its size for people.
  var sizeText: String { isSized ? "\(grouped(size)) bytes" : "" }

  /// What it is checked by.
  package var checksum: String { sha256 ?? md5 }
  /// What that is called.
  var checksumName: String { sha256 == nil ? "md5" : "sha256" }
}

extension RemoteFile {
  /// The checksum, of the kind that this file is checked by, of what is at `url`.
  ///
  /// - Throws: `FileError` where it cannot be read.
  func checksum(at url: URL) throws(FileError) -> String {
    sha256 == nil ? try ContentReader(url, unpacking: false).md5() : Files.sha256(try readFile(at: url))
  }
}
