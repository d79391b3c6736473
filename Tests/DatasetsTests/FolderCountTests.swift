import Datasets
import Files
import Foundation
import Images
import Testing

/// One folder, and five answers to which pictures are in it: those of the tools that `Tests/Golden/folder_counts.py`
/// asked, and ours.
@Suite struct FolderCountTests {
  /// What the script wrote: every file of the folder with what it is, and what each tool takes of it.
  private struct Folder: Decodable {
    let files: [String: String]
    let tools: [String: [String]]

    init() throws {
      let place = golden("").deletingLastPathComponent().appendingPathComponent("folder_counts.json")
      self = try JSONDecoder().decode(Folder.self, from: Data(contentsOf: place))
    }
  }

  private func make(_ files: [String: String], at folder: URL) throws {
    let picture = picture(1, width: 9, height: 7)
    for (name, kind) in files {
      let place = folder.appendingPathComponent(name)
      try makeFolder(at: place.deletingLastPathComponent())
      switch kind {
      case "PNG": try picture.png().write(to: place)
      case "JPEG": try picture.jpeg().write(to: place)
      case "WebP": try picture.webp().write(to: place)
      default: try Data("no picture".utf8).write(to: place)
      }
    }
  }

  /// Ours takes what is a picture by its content, in whatever folder and whatever it is called, and says what it left
  /// out. Each of the others misses pictures, and takes a text for one or a file that is hidden.
  @Test func oursTakesEveryPictureAndNamesTheRest() throws {
    let golden = try Folder()
    try withFolder { folder in
      try make(golden.files, at: folder)
      let scan = try PictureScan(pictureContainer(at: folder), settings(8), requiresLabels: false)
      let isHidden = { (name: String) in name.hasPrefix(".") }
      let pictures = golden.files.filter { $0.value != "text" && !isHidden($0.key) }.keys.sorted()
      let taken = scan.pictures.map(\.file.name).sorted()
      #expect(taken == pictures && taken.count == 11)
      #expect(
        Set(scan.leftOut.filter { $0.kind == .notAPicture }.map(\.name)) == ["notes.txt", "text.png"])
      #expect(scan.leftOut.filter { $0.kind == .system }.count == 2)
      #expect(scan.misnamed.map(\.name).sorted() == ["a-jpeg.png", "without-ending"])

      #expect(golden.tools.count == 4)
      for (tool, files) in golden.tools {
        #expect(!Set(pictures).isSubset(of: files), "\(tool)")
        #expect(files.contains { isHidden($0) || golden.files[$0] == "text" }, "\(tool)")
      }
      // No two of the five agree.
      #expect(Set(golden.tools.values.map { $0.sorted() } + [taken]).count == 5)
    }
  }
}
