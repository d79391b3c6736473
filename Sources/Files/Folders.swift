import Foundation

/// Makes the folder `url`, with the folders above it that are missing; nothing happens where it exists.
///
/// - Parameter makesParents: whether those above it are made as well; otherwise one that is missing is an error, which
///   it is where it was there before and has been removed.
/// - Throws: `FileError` naming the first folder that cannot be made, or `url` where it cannot be written in.
public func makeFolder(at url: URL, makesParents: Bool = true) throws(FileError) {
  var status = stat()
  let path = url.path
  if mkdir(path, 0o755) != 0 {
    let isParentMissing = errno == ENOENT
    let parent = url.deletingLastPathComponent()
    if isParentMissing, !makesParents { throw FileError(path: parent.path, reason: "there is no such folder any more") }
    if isParentMissing, parent.path != url.path {
      try makeFolder(at: parent)
    }
    guard mkdir(path, 0o755) != 0 else { return }
    guard errno == EEXIST, stat(url.path, &status) == 0 else {
      throw FileError(path: url.path, reason: systemReason("cannot be made as a folder"))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw FileError(path: url.path, reason: "is a file, not a folder")
    }
  }
  guard access(url.path, W_OK) == 0 else {
    throw FileError(path: url.path, reason: systemReason("cannot be written in"))
  }
}
