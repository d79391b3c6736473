import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Refuses a place where somebody's file or folder may be; devices and pipes hold none.
///
/// - Throws: `FileError` naming `url`.
public func refuseExisting(_ url: URL) throws {
  var status = stat()
  guard stat(url.path, &status) == 0, [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return }
  throw FileError(path: url.path, reason: "exists: name another file, or remove it")
}

/// Writes `data` to the place that a user has named for it, whatever is there: a file, which is replaced as
/// ``replaceFile(at:with:isSynced:)`` does; where a link leads, which stays a link; a device, standard output, or a
/// pipe that the shell has opened (`/dev/stdout`, `>(command)`), which are written into. A named pipe stays as it is
/// and is refused: it would be waited for until somebody reads it.
///
/// - Throws: `FileError` naming `url` and the system's reason.
public func writeOutput(_ data: Data, to url: URL) throws {
  let path = url.path
  if let descriptor = standardStream(at: url) ?? OwnStream.descriptor(named: path) {
    guard writeAll(data, to: descriptor) else { throw FileError(path: path, reason: systemReason("cannot be written")) }
    return
  }
  var status = stat()
  if stat(path, &status) == 0 {
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(path: path, reason: "is a folder, not a file")
    case S_IFIFO:
      throw FileError(path: path, reason: "is a named pipe: name /dev/stdout, and lead that into the pipe")
    default:
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(path: path, reason: systemReason("cannot be written")) }
      defer { close(descriptor) }
      guard writeAll(data, to: descriptor) else {
        throw FileError(path: path, reason: systemReason("cannot be written"))
      }
      return
    }
  }
  try replaceFile(at: target(of: url), with: data)
}

/// The descriptor of standard output, or of standard error, where `url` leads to the very file that it is.
public func standardStream(at url: URL) -> Int32? {
  var named = stat()
  guard stat(url.path, &named) == 0 else { return nil }
  return [STDOUT_FILENO, STDERR_FILENO].first { descriptor in
    var own = stat()
    guard fstat(descriptor, &own) == 0, own.st_dev == named.st_dev, own.st_ino == named.st_ino else { return false }
    // The null device is everybody's.
    return own.st_mode & S_IFMT != S_IFCHR || isatty(descriptor) == 1
  }
}

/// Where a chain of links leads to, which may be a file that is not there yet; `url` itself where it is no link.
private func target(of url: URL) throws -> URL {
  var place = url
  for _ in 0..<40 {
    guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: place.path) else { return place }
    place = URL(fileURLWithPath: next, relativeTo: place.deletingLastPathComponent()).absoluteURL
  }
  throw FileError(path: url.path, reason: "is a link in a circle")
}
