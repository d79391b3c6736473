import ArgumentParser
import Datasets
import Files
import Foundation
import Images
import Report

extension DataCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Looks through a folder or zip archive of pictures.",
      discussion: """
        Decodes every picture and says how many there are, of which formats, sizes and classes, which are there twice, \
        and the name of every file that cannot be used, with the reason. Writes a page with some of the pictures. \
        Exits with 0, or with 3 where --strict is given and something had to be left out.

          gan data check photos
          gan data check photos.zip --json
        """)

    @Argument(help: "A folder or zip archive of pictures.", completion: .file())
    var source: String

    @OptionGroup var pictures: PictureOptions

    @Option(help: "The page. (default: data-check.html)", completion: .file(extensions: ["html"]))
    var out: String?

    @Flag(help: "One JSON object in place of the text, and no page.")
    var json = false

    /// Of pictures of which some cannot be used.
    static let incomplete = ExitCode(3)

    func validate() throws {
      if json, out != nil { throw ValidationError("--json writes no page: leave out --out.") }
    }

    func run() throws {
      let page = URL(fileURLWithPath: out ?? "data-check.html")
      if !json { try makeFolder(at: page.deletingLastPathComponent()) }
      var settings = pictures.settings
      // What is wrong is to be told, all of it.
      settings.strict = false
      if settings.size == 0 { settings.size = 64 }
      var bar = PictureBar("check")
      let scan = try PictureScan(pictureContainer(at: URL(fileURLWithPath: source)), settings) { bar.show($0) }
      var preparation = try PicturePreparation(scan, settings)
      let wanted = Self.spread(64, of: scan.pictures)
      var samples: [Image] = []
      var used: [ScannedPicture] = []
      try preparation.run(transform: { $0 }, progress: { bar.show($0) }) { picture, image in
        used.append(picture)
        if wanted.contains(picture.file.name) { samples.append(image) }
      }
      let report = DataCheckReport(
        name: URL(fileURLWithPath: source).relativePath, scan: preparation.scan, used: used,
        samePixels: preparation.samePixels, side: settings.size)
      if json {
        try Output.print(report.json())
      } else {
        try report.page(samples).write(to: page)
        try Output.print(report.text)
        try Output.printPlace(page)
      }
      if pictures.strict, !report.leftOut.isEmpty { throw Self.incomplete }
    }

    /// The names of as many pictures, evenly spread, so that every class shows some.
    private static func spread(_ count: Int, of pictures: [ScannedPicture]) -> Set<String> {
      Set((0..<count).map { pictures[$0 * pictures.count / count].file.name })
    }
  }
}
