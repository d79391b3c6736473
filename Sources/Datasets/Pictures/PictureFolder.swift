import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of a folder and of all folders below it.
///
/// Links are followed. A folder that is met again, by a link to one above it or by another way, is passed over, so that
/// circles of links end.
public struct PictureFolder: PictureContainer {
  public let url: URL
  public private(set) var files: [ContainedFile] = []
  public private(set) var leftOut: [LeftOutFile] = []
  public private(set) var notes: [String] = []
  public private(set) var stamps: [FileStamp] = []

  private struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  /// - Throws: `FileError` where `url` is no folder that can be read.
  public init(_ url: URL) throws(FileError) {
    self.url = url
    var seen: Set<Identity> = []
    var repeated = 0
    // By hand, not by recursion: how deep folders lie is not ours to decide.
    var waiting = [""]
    while let folder = waiting.popLast() {
      let path = folder.isEmpty ? url.path : url.path + "/" + folder
      var status = stat()
      guard stat(path, &status) == 0, let stream = opendir(path) else {
        if folder.isEmpty { throw FileError(path: path, reason: systemReason("cannot be read")) }
        leftOut.append(LeftOutFile(name: folder + "/", kind: .unreadable, reason: systemReason("cannot be read")))
        continue
      }
      defer { closedir(stream) }
      guard seen.insert(Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))).inserted else {
        repeated += 1
        continue
      }
      while let entry = readdir(stream) {
        let raw = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
        guard let name = String(validating: raw, as: UTF8.self) else {
          let lossy = String(decoding: raw, as: UTF8.self)
          leftOut.append(
            LeftOutFile(
              name: folder.isEmpty ? lossy : "\(folder)/\(lossy)", kind: .unreadable, reason: "its name is not UTF-8"))
          continue
        }
        if name == "." || name == ".." { continue }
        look(at: folder.isEmpty ? name : "\(folder)/\(name)", name, &waiting)
      }
    }
    if repeated > 0 {
      notes.append("\(repeated) folders are reached twice by links; each was read once.")
    }
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    leftOut.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private mutating func look(at relative: String, _ name: String, _ waiting: inout [String]) {
    var status = stat()
    guard stat("\(url.path)/\(relative)", &status) == 0 else {
      leftOut.append(LeftOutFile(name: relative, kind: .unreadable, reason: systemReason("cannot be read")))
      return
    }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    if isSystemName(name) {
      leftOut.append(
        LeftOutFile(name: relative + (isFolder ? "/" : ""), kind: .system, reason: LeftOutFile.Kind.system.words))
    } else if isFolder {
      waiting.append(relative)
    } else if status.st_mode & S_IFMT == S_IFREG {
      let stamp = FileStamp(status, name: relative)
      files.append(ContainedFile(name: relative, size: stamp.size, index: stamps.count))
      stamps.append(stamp)
    } else {
      leftOut.append(LeftOutFile(name: relative, kind: .notAPicture, reason: "is not a regular file"))
    }
  }

  public func error(_ reason: String, in name: String?) -> FileError {
    FileError(path: url.path + (name.map { "/" + $0 } ?? ""), reason: reason)
  }

  public func reader() throws(FileError) -> any ContainerReader { Reader(url) }

  private final class Reader: ContainerReader {
    private let url: URL
    init(_ url: URL) { self.url = url }

    func read(_ file: ContainedFile, limit: Int) throws(FileError) -> Data {
      let path = url.path + "/" + file.name
      if limit >= file.size { return try readFile(at: URL(fileURLWithPath: path), limit: limit) }
      let (descriptor, size) = try openRegularFile(at: path)
      defer { close(descriptor) }
      var data = Data(count: min(limit, size))
      let got = data.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
      guard got >= 0 else { throw FileError(path: path, reason: systemReason("cannot be read")) }
      return data.prefix(got)
    }
  }
}
