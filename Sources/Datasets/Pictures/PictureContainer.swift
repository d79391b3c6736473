import Files
import Foundation

/// A place that holds picture files: a folder or an archive.
public protocol PictureContainer: Sendable {
  /// The folder or file.
  var url: URL { get }
  /// All files in it that could be pictures, by name in the order of their code points.
  var files: [ContainedFile] { get }
  /// What systems have left in it, and what could not be looked at.
  var leftOut: [LeftOutFile] { get }
  /// What whoever uses it should know.
  var notes: [String] { get }
  /// By which a change of it is noticed.
  var stamps: [FileStamp] { get }

  /// An error that names the container, or the file `name` in it.
  func error(_ reason: String, in name: String?) -> FileError

  /// Reads files, for one thread.
  ///
  /// - Throws: `FileError`.
  func reader() throws(FileError) -> any ContainerReader
}

/// A file in a ``PictureContainer``.
public struct ContainedFile: Sendable, Hashable {
  /// Relative to the container, with `/` between folders.
  public let name: String
  /// Bytes, unpacked.
  public let size: Int
  /// Its place in the container, for the reader.
  let index: Int
}

/// Reads the files of a ``PictureContainer``.
public protocol ContainerReader: AnyObject {
  /// The bytes of a file, or the first `limit` of them.
  ///
  /// - Throws: `FileError` naming the container and the file.
  func read(_ file: ContainedFile, limit: Int) throws(FileError) -> Data
}

/// The container at a place: a folder, or a zip archive.
///
/// - Throws: `FileError`: nothing is there, or something else.
public func pictureContainer(at url: URL) throws(FileError) -> any PictureContainer {
  var status = stat()
  guard stat(url.path, &status) == 0 else {
    throw FileError(
      path: url.path, reason: errno == ENOENT ? "there is no such folder or file" : systemReason("cannot be read"))
  }
  return status.st_mode & S_IFMT == S_IFDIR ? try PictureFolder(url) : try PictureArchive(url)
}

/// Whether a part of a path is one that systems make for themselves: hidden, or known by its name.
func isSystemName(_ part: some StringProtocol) -> Bool {
  part.hasPrefix(".") || part == "__MACOSX"
    || ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "$recycle.bin", "system volume information"]
      .contains(part.lowercased())
}
