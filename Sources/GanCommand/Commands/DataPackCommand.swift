import ArgumentParser
import Datasets
import Files
import Foundation
import Images

extension DataCommand {
  struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes pictures of one size as a zip archive that stylegan2-ada, stylegan3 and this program read.",
      discussion: """
        PNG files 00000/img00000000.png, stored, and dataset.json with their classes. The archive is written whole or \
        not at all, and nothing is replaced.

          gan data pack photos photos-64.zip --size 64
          gan data pack photos photos-64.zip --size 64 --crop center --no-labels
        """)

    @Argument(help: "A folder or zip archive of pictures.", completion: .file())
    var source: String

    @Argument(help: "The archive to write.", completion: .file(extensions: ["zip"]))
    var destination: String

    @OptionGroup var pictures: PictureOptions

    func validate() throws {
      guard destination.lowercased().hasSuffix(".zip") else {
        throw ValidationError("the archive's name must end in .zip, is '\(destination)'.")
      }
    }

    func run() throws {
      let settings = pictures.settings
      let url = URL(fileURLWithPath: destination)
      try refuseExisting(url)
      try makeFolder(at: url.deletingLastPathComponent())
      var bar = PictureBar("pack")
      let scan = try PictureScan(pictureContainer(at: URL(fileURLWithPath: source)), settings) { bar.show($0) }
      var preparation = try PicturePreparation(scan, settings)
      let archive = try StyleGANArchive(url)
      try preparation.run(transform: { try $0.png() }, progress: { bar.show($0) }) { picture, png in
        try archive.append(png, label: picture.label)
      }
      try archive.finish(classNames: scan.classNames)
      let provenance = preparation.provenance(used: archive.count)
      reportOpening(of: provenance)
      let classes = scan.classNames.map { ", \($0.count) classes" } ?? ""
      try Output.print(
        "\(url.relativePath): \(grouped(archive.count)) pictures of \(preparation.width) x \(preparation.height), "
          + "\(preparation.channels == 1 ? "grey" : "in colour")\(classes)")
    }
  }
}

/// Says on standard error what of a data set was not used, and what else there is to know of it.
func reportOpening(of provenance: Provenance) {
  var lines = provenance.notes
  let missed = provenance.leftOut.filter { $0.kind != .system }
  if !missed.isEmpty {
    lines.append("\(grouped(missed.count)) files are left out:")
    lines += missed.prefix(20).map { "  \($0.name): \($0.reason)" }
    if missed.count > 20 { lines.append("  and \(grouped(missed.count - 20)) more (`gan data check` names all)") }
  }
  guard !lines.isEmpty else { return }
  Output.say(lines.joined(separator: "\n"))
}
