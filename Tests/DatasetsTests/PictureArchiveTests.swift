import Czlib
import Datasets
import Files
import Foundation
import Images
import Testing

/// Zip archives of pictures, stylegan's among them.
@Suite struct PictureArchiveTests {
  private func scan(_ zip: TestZip, in folder: URL, _ change: (inout PictureSettings) -> Void = { _ in }) throws
    -> PictureScan
  {
    let file = folder.appendingPathComponent("pictures.zip")
    try zip.data.write(to: file)
    return try PictureScan(pictureContainer(at: file), settings(8, change))
  }

  /// zlib's data without a frame, as zip has them.
  private func deflated(_ data: Data) -> Data {
    var stream = z_stream()
    deflateInit2_(
      &stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var (input, output) = ([UInt8](data), [UInt8](repeating: 0, count: data.count / 2 + 1_000))
    let count = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
        return output.count - Int(stream.avail_out)
      }
    }
    return Data(output.prefix(count))
  }

  @Test func anArchiveIsReadAsTheFolderThatItWasMadeOf() throws {
    try withFolder { folder in
      let files = try [
        "set/a/1.png": picture(1).png(), "set/b/2.jpg": picture(2).jpeg(), "set/b/3.webp": picture(3).webp(),
      ]
      try write(files, to: folder)
      var zip = TestZip()
      for (name, data) in files { zip.add(name, data, packed: deflated(data), method: 8) }
      zip.add("__MACOSX/set/a/._1.png", Data([0, 5]))
      let file = folder.appendingPathComponent("a.zip")
      try zip.data.write(to: file)
      let cache = PackedCache(folder.appendingPathComponent("cache"))
      let source = PictureSource(settings(8))
      let packed = try source.open(at: file, cache: cache, progress: { _ in })
      let loose = try source.open(at: folder.appendingPathComponent("set"), cache: cache, progress: { _ in })
      #expect(packed == loose && packed.labels == [0, 1, 1] && packed.images.isMapped)
    }
  }

  /// stylegan2-ada, stylegan3, R3GAN and EDM2 share this form.
  @Test func labelsAreReadFromDatasetJSON() throws {
    try withFolder { folder in
      func zip(_ json: String) throws -> TestZip {
        var zip = TestZip()
        for index in 0..<3 { zip.add("0000\(index / 2)/img0000000\(index).png", try picture(index).png()) }
        zip.add("dataset.json", Data(json.utf8))
        return zip
      }
      let names = (0..<3).map { "0000\($0 / 2)/img0000000\($0).png" }
      let whole = #"{"labels": [["\#(names[2])", 0], ["\#(names[0])", 6], ["\#(names[1])", 2]]}"#
      let labelled = try scan(zip(whole), in: folder)
      #expect(labelled.pictures.map(\.label) == [6, 2, 0] && labelled.classNames == (0...6).map { "\($0)" })
      #expect(labelled.leftOut.isEmpty)
      // Null says that there are none; the folders are no classes then either.
      let none = try scan(zip(#"{"labels": null}"#), in: folder)
      #expect(none.classNames == nil && none.pictures.count == 3)
      #expect(try scan(zip(whole), in: folder) { $0.labels = .none }.classNames == nil)
      // One picture without a label does not take the labels from all others.
      let partly = try scan(
        zip(#"{"labels": [["\#(names[0])", 1], ["\#(names[1])", 0], ["\#(names[2])", null]]}"#), in: folder)
      #expect(partly.pictures.map(\.label) == [1, 0] && partly.leftOut.map(\.name) == [names[2]])
      let vectors = try scan(
        zip(
          #"{"labels": [["\#(names[0])", [0, 1]], ["\#(names[1])", [1, 0]], ["\#(names[2])", [1, 0]]], "#
            + #""classes": ["x", "y"]}"#
        ),
        in: folder)
      #expect(vectors.pictures.map(\.label) == [1, 0, 0] && vectors.classNames == ["x", "y"])
      for bad in [
        "", "[1]", #"{"labels": 3}"#, #"{"labels": [["a", 0.5]]}"#, #"{"labels": [["a", -1]]}"#, #"{"labels": [1]}"#,
      ] {
        let error = try fileError { _ = try scan(zip(bad), in: folder) }
        #expect(error.place == .memberByte(0, of: "dataset.json"), "\(bad): \(error)")
      }
    }
  }

  /// Nothing is unpacked to the disk, and a name is nothing but a name.
  @Test func namesThatLeadOutAndOtherMischiefAreLeftOut() throws {
    try withFolder { folder in
      let png = try picture(1).png()
      var zip = TestZip()
      zip.add("../../escape.png", png)
      zip.add("/absolute.png", png)
      zip.add("ok/fine.png", try picture(2).png())
      zip.add("windows\\style.png", try picture(3).png())
      zip.add("secret.png", png, flags: 1)
      zip.add("bomb.png", png, packed: Data([3, 0]), method: 8, stated: 1 << 30)
      zip.add("cut.png", png, packed: deflated(png).dropLast(30), method: 8)
      zip.add("longer.png", png, packed: deflated(png + Data(count: 500)), method: 8)
      zip.add("crc.png", Data(png.reversed()), packed: png)
      zip.add("twice.png", try picture(4).png())
      zip.add("twice.png", try picture(5).png())
      let scan = try scan(zip, in: folder) { $0.labels = .none }
      var preparation = try PicturePreparation(scan, settings(8))
      var used: [String] = []
      try preparation.run(transform: { $0 }) { picture, _ in used.append(picture.file.name) }
      let twice = preparation.scan.leftOut.filter { $0.name == "twice.png" }.map { $0.reason }
      #expect(twice == ["is there twice; the last of that name counts"])
      #expect(used == ["ok/fine.png", "twice.png", "windows/style.png"])
      let left = Dictionary(grouping: preparation.scan.leftOut, by: \.name)
      for name in [
        "../../escape.png", "/absolute.png", "secret.png", "bomb.png", "cut.png", "longer.png", "crc.png", "twice.png",
      ] { #expect(left[name]?.count == 1, "\(name)") }
      #expect(left["bomb.png"]?[0].reason.contains("can hold") == true)
      #expect(left["secret.png"]?[0].reason == "is encrypted")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pictures.zip"])
    }
  }

  @Test func whatIsNoArchiveIsRefused() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("a.zip")
      var zip = TestZip()
      zip.add("a.png", try picture(1).png())
      for (bytes, word) in [
        (Data("hello".utf8), "is text"), (Data(), "an empty file"), (zip.data.prefix(60), "damaged zip"),
        (try picture(1).png(), "a PNG picture"),
      ] {
        try bytes.write(to: file)
        let error = try fileError { _ = try pictureContainer(at: file) }
        #expect(error.reason.contains(word) && error.path == file.path, "\(error)")
      }
    }
  }

  /// Written and read again: the same pixels, the same classes; and the same bytes whenever it is written.
  @Test func anArchiveThatIsWrittenIsReadAgain() throws {
    try withFolder { folder in
      let files = [folder.appendingPathComponent("a.zip"), folder.appendingPathComponent("b.zip")]
      for file in files {
        let archive = try StyleGANArchive(file)
        for index in 0..<5 { try archive.append(try picture(index, width: 8, height: 8).png(), label: index % 3) }
        #expect(!FileManager.default.fileExists(atPath: file.path))
        try archive.finish(classNames: ["x", "y", "z"])
      }
      #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]))
      let scan = try PictureScan(pictureContainer(at: files[0]), settings(0))
      #expect(scan.pictures.map(\.file.name) == (0..<5).map { "00000/img0000000\($0).png" })
      #expect(scan.pictures.map(\.label) == [0, 1, 2, 0, 1] && scan.classNames == ["x", "y", "z"])
      var preparation = try PicturePreparation(scan, settings(0))
      var images: [Image] = []
      try preparation.run(transform: { $0 }) { images.append($1) }
      #expect(images == (0..<5).map { picture($0, width: 8, height: 8) })
    }
  }

  @Test func anArchiveThatIsNotFinishedLeavesNothing() throws {
    try withFolder { folder in
      do {
        let archive = try StyleGANArchive(folder.appendingPathComponent("a.zip"))
        try archive.append(try picture(1).png(), label: nil)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }
}
