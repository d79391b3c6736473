import Files
import Foundation

/// The files of a published data set wherever a user may have them: loose in the folder, in the folder that the archive
/// unpacks to, packed one by one, or in the archive as it was downloaded.
struct PublishedFiles {
  /// The data set's name, for errors.
  let title: String
  /// What to do where nothing is found: "`gan data get cifar10` fetches them".
  let advice: String
  /// The folder within the archive.
  let folder: String
  /// Names of the archive.
  let archives: [String]
  /// The files, in the order in which their content counts.
  let names: [String]

  /// Where the files are.
  enum Found {
    /// One each.
    case loose([URL])
    /// In an archive.
    case archive(URL)
  }

  /// Looks in `directory`, which may be the archive itself.
  ///
  /// - Throws: `FileError` where some of the loose files are there and some not.
  func find(in directory: URL) throws(FileError) -> Found? {
    if isRegularFile(directory) { return .archive(directory) }
    for folder in [directory, directory.appendingPathComponent(folder)] {
      let found = names.map { name in
        ["", ".gz", ".xz"].map { folder.appendingPathComponent(name + $0) }.first(where: isRegularFile)
      }
      if found.allSatisfy({ $0 != nil }) { return .loose(found.compactMap { $0 }) }
      if found.contains(where: { $0 != nil }) {
        let missing = zip(names, found).filter { $1 == nil }.map(\.0)
        throw FileError(path: folder.path, reason: "lacks \(missing.joined(separator: ", ")) of \(title)")
      }
    }
    return archives.map { directory.appendingPathComponent($0) }.first(where: isRegularFile).map(Found.archive)
  }

  /// The error of a folder without any of the files of `layouts`.
  static func missing(_ layouts: [PublishedFiles], in directory: URL) -> FileError {
    let wanted = layouts.map { layout in
      let names =
        layout.names.count > 2 ? "\(layout.names[0]) ... \(layout.names.last!)" : layout.names.joined(separator: ", ")
      return "\(names), loose or in \(layout.archives.joined(separator: " or "))"
    }
    return FileError(
      path: directory.path,
      reason: "\(isFolder(directory) ? "lacks" : "is not a folder; it should hold") the files of \(layouts[0].title) "
        + "(\(wanted.joined(separator: "; or "))); \(layouts[0].advice)")
  }

  /// Reads each of the files once, in an order of their container's choosing.
  ///
  /// - Parameter body: takes a file's index in ``names`` and its content, from its beginning to its end.
  /// - Throws: `FileError`: what `body` throws; a file that is missing, there twice or not read as it should be.
  func read(_ found: Found, _ body: (Int, any ByteStream) throws(FileError) -> Void) throws(FileError) {
    switch found {
    case .loose(let urls):
      for (index, url) in urls.enumerated() { try read(url, index, body) }
    case .archive(let url):
      let archive = try ArchiveReader(url)
      var seen: Set<Int> = []
      while let member = try archive.next() {
        guard let base = member.name.split(separator: "/").last, let index = names.firstIndex(of: String(base)) else {
          continue
        }
        guard seen.insert(index).inserted else { throw member.fail("holds \(names[index]) twice", at: 0) }
        try body(index, member)
      }
      let missing = names.indices.filter { !seen.contains($0) }.map { names[$0] }
      guard missing.isEmpty else {
        throw FileError(
          path: url.path, reason: "is an archive without \(missing.joined(separator: ", ")) of \(title)", at: .byte(0))
      }
    }
  }

  private func read(
    _ url: URL, _ index: Int, _ body: (Int, any ByteStream) throws(FileError) -> Void
  ) throws(FileError) {
    let start = try ContentReader(url, unpacking: false).read(6)
    if start == [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] {
      try body(index, XZReader(url))
    } else {
      try body(index, ContentReader(url))
    }
  }
}

/// Whether a regular file is at `url`, links followed.
func isRegularFile(_ url: URL) -> Bool {
  var isDirectory: ObjCBool = false
  return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && !isDirectory.boolValue
}

/// Whether a folder is at `url`, links followed.
func isFolder(_ url: URL) -> Bool {
  var isDirectory: ObjCBool = false
  return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
}
