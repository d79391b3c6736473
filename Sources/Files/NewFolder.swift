import Foundation

/// Makes the folder `url` with `files` in it, by name; whole or not at all.
///
/// They are written into a folder beside it, which then gets its name.
///
/// - Throws: `FileError` naming `url` and the system's reason, also where something of that name is there; nothing is
///   left then.
public func writeNewFolder(_ files: [String: Data], at url: URL) throws {
  try writeNewFolder(at: url) { folder in
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      try replaceFile(at: folder.appendingPathComponent(name), with: data)
    }
  }
}

/// Makes the folder `url` with what `fill` puts into it; whole or not at all.
///
/// - Parameter fill: is given the folder beside it, which then gets its name.
/// - Throws: `FileError` as above; whatever `fill` throws. Nothing is left then.
public func writeNewFolder(at url: URL, _ fill: (_ folder: URL) throws -> Void) throws {
  let temporary = url.deletingLastPathComponent().appendingPathComponent(
    ".\(url.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max)).gan-part")
  guard mkdir(temporary.path, 0o755) == 0 else {
    throw FileError(path: url.path, reason: systemReason("cannot be made as a folder"))
  }
  do {
    try fill(temporary)
    // An empty folder of that name would be replaced: it is somebody's.
    try refuseExisting(url)
    guard rename(temporary.path, url.path) == 0 else {
      throw FileError(path: url.path, reason: systemReason("cannot be made as a folder"))
    }
  } catch {
    try? FileManager.default.removeItem(at: temporary)
    // Nobody knows the name that it had meanwhile.
    if let error = error as? FileError, error.path.hasPrefix(temporary.path) {
      throw FileError(path: url.path + error.path.dropFirst(temporary.path.count), reason: error.reason)
    }
    throw error
  }
}
