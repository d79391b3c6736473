import Foundation

/// Makes the folder `url` with `files` in it, by name; whole or not at all.
///
/// They are written into a folder beside it, which then gets its name.
///
/// - Throws: `FileError` naming `url` and the system's reason, also where something of that name is there; nothing is
///   left then.
public func writeNewFolder(_ files: [String: Data], at url: URL) throws {
  let temporary = url.deletingLastPathComponent().appendingPathComponent(
    ".\(url.lastPathComponent).\(getpid())-\(UInt32.random(in: 0 ... .max)).gan-part")
  guard mkdir(temporary.path, 0o755) == 0 else {
    throw FileError(path: url.path, reason: systemReason("cannot be made as a folder"))
  }
  do {
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      do {
        try replaceFile(at: temporary.appendingPathComponent(name), with: data)
      } catch let error as FileError {
        throw FileError(path: url.appendingPathComponent(name).path, reason: error.reason)
      }
    }
    // An empty folder of that name would be replaced: it is somebody's.
    try refuseExisting(url)
    guard rename(temporary.path, url.path) == 0 else {
      throw FileError(path: url.path, reason: systemReason("cannot be made as a folder"))
    }
  } catch {
    try? FileManager.default.removeItem(at: temporary)
    throw error
  }
}
