import Datasets
import Files
import Foundation
import Testing
import Torch

/// Data sets that are opened once: what is packed is what was given, a source that has changed is noticed, and memory
/// is not taken.
@Suite(.serialized) struct PackedCacheTests {
  private func key(_ folder: URL, _ settings: String = "test") throws -> PackedKey {
    let file = folder.appendingPathComponent("source")
    if !FileManager.default.fileExists(atPath: file.path) { try Data([1, 2, 3]).write(to: file) }
    return PackedKey(source: file, files: [try FileStamp(file)], settings: settings)
  }

  /// Three images of 2 x 1 x 2.
  private func write(_ key: PackedKey, _ cache: PackedCache, labels: [Int]? = [0, 300, 1]) throws -> LabelledImages {
    let writer = PackedImagesWriter(key, in: cache, channels: 2, height: 1, width: 2)
    for index in 0..<3 {
      try writer.append((0..<4).map { UInt8(4 * index + $0) }, label: labels?[index])
    }
    return try writer.finish(
      classes: labels == nil ? nil : 301,
      provenance: Provenance(
        source: "/there", settings: ["size": "2"], used: 3,
        leftOut: [LeftOutFile(name: "a.txt", kind: .notAPicture, reason: "is text")], notes: ["A note."]))
  }

  @Test func whatIsPackedIsReadBackMapped() throws {
    try withFolder { folder in
      let cache = PackedCache(folder.appendingPathComponent("cache"))
      let key = try key(folder)
      #expect(cache.images(key) == nil)
      let written = try write(key, cache)
      let read = try #require(cache.images(key))
      #expect(written == read && read.images.isMapped)
      #expect(read.images == (0..<12).map { UInt8($0) } && read.shape == [3, 2, 1, 2])
      #expect(read.labels == [0, 300, 1] && read.classes == 301)
      #expect(read.provenance?.leftOut.first?.name == "a.txt" && read.provenance?.notes == ["A note."])
      // The checksum that the file holds is that of its images.
      let owned = try LabelledImages(
        images: PixelBytes(Array(read.images)), labels: read.labels, classes: 301, height: 1, width: 2, channels: 2)
      #expect(read.fingerprint == owned.fingerprint)
      #expect(cache.images(try self.key(folder, "other settings")) == nil)
    }
  }

  @Test func withoutLabelsThereAreNoClasses() throws {
    try withFolder { folder in
      let images = try write(try key(folder), PackedCache(folder), labels: nil)
      #expect(images.labels == nil && images.classes == nil && images.classNames == nil)
    }
  }

  /// Run folders of earlier versions hold this checksum; it was computed of arrays then.
  @Test func fingerprintsAreThoseOfEarlierVersions() throws {
    let images = try LabelledImages(
      images: (0..<12).map { UInt8($0) }, labels: [1, 0, 2], height: 2, width: 2, channels: 1, classes: 3)
    #expect(
      images.fingerprint
        == sha256(Data("[3, 1, 2, 2] 3 ".utf8), Data((0..<12).map { UInt8($0) }), Data([1, 0, 2])))
    let unlabelled = try LabelledImages(
      images: PixelBytes((0..<12).map { UInt8($0) }), labels: nil, height: 2, width: 2, channels: 1)
    #expect(unlabelled.fingerprint == sha256(Data("[3, 1, 2, 2] 0 ".utf8), Data((0..<12).map { UInt8($0) })))
  }

  /// Another program can read it: the format is safetensors.
  @Test func packedFilesAreSafetensors() throws {
    try withFolder { folder in
      let cache = folder.appendingPathComponent("cache")
      _ = try write(try key(folder), PackedCache(cache), labels: [0, 1, 1])
      let name = try #require(FileManager.default.contentsOfDirectory(atPath: cache.path).first)
      // The reader of this package takes no int32; the header and the places are checked by hand.
      let bytes = try [UInt8](Data(contentsOf: cache.appendingPathComponent(name)))
      let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try #require(
        JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: [String: Any]])
      let places = try ["images", "labels", "about"].map { try #require(header[$0]?["data_offsets"] as? [Int]) }
      #expect(places[0] == [0, 12] && places[1] == [12, 24] && places[2][0] == 24)
      #expect(8 + length + places[2][1] == bytes.count)
      #expect(Array(bytes[8 + length..<8 + length + 12]) == (0..<12).map { UInt8($0) })
      #expect(Array(bytes[8 + length + 12..<8 + length + 24]) == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
      #expect(header["__metadata__"]?["classes"] as? String == "301")
    }
  }

  /// Also where size and date are those of before.
  @Test func aChangedFileIsNoticedAndTheOldSetGoes() throws {
    try withFolder { folder in
      let cache = PackedCache(folder.appendingPathComponent("cache"))
      let file = folder.appendingPathComponent("source")
      let before = try key(folder)
      _ = try write(before, cache)
      let date = try #require(
        FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date)
      // The times of a file system have a grain.
      usleep(30_000)
      try Data([9, 9, 9]).write(to: file)
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
      let after = try key(folder)
      #expect(after != before && cache.images(after) == nil)
      _ = try write(after, cache)
      #expect(cache.images(after) != nil && cache.images(before) == nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path).count == 1)
    }
  }

  @Test func damagedPackedFilesAreNotRead() throws {
    try withFolder { folder in
      let cache = PackedCache(folder.appendingPathComponent("cache"))
      let key = try key(folder)
      _ = try write(key, cache)
      let name = try #require(FileManager.default.contentsOfDirectory(atPath: cache.folder.path).first)
      let file = cache.folder.appendingPathComponent(name)
      let whole = try Data(contentsOf: file)
      for count in [0, 7, 500, 1024, 1030, 1040, whole.count - 1] {
        try whole.prefix(count).write(to: file)
        #expect(cache.images(key) == nil, "\(count) bytes")
      }
      for (old, new) in [("301", "200"), ("[3,2,1,2]", "[4,2,1,2]"), ("[0,12]", "[0,99]"), ("U8", "U9"), ("3", "-")] {
        let text = String(decoding: whole.prefix(1024), as: UTF8.self)
        let range = try #require(text.range(of: old))
        try (Data(text.replacingCharacters(in: range, with: new).utf8).prefix(1024) + whole.dropFirst(1024)).write(
          to: file)
        #expect(cache.images(key) == nil, "\(old) as \(new)")
      }
      try whole.write(to: file)
      #expect(cache.images(key) != nil)
    }
  }

  @Test func aCacheThatCannotBeWrittenLeavesTheImagesInMemoryAndSaysSo() throws {
    try withFolder { folder in
      let cache = PackedCache(folder.appendingPathComponent("file").appendingPathComponent("cache"))
      try Data().write(to: folder.appendingPathComponent("file"))
      let images = try write(try key(folder), cache)
      #expect(images.images == (0..<12).map { UInt8($0) } && !images.images.isMapped)
      #expect(images.provenance?.notes.contains { $0.contains("held in memory") } == true)
      let writer = PackedImagesWriter(
        try key(folder), in: cache, channels: 1, height: 4, width: 4, memoryLimit: 40)
      try writer.append([UInt8](repeating: 0, count: 16))
      try writer.append([UInt8](repeating: 0, count: 16))
      let error = try fileError { try writer.append([UInt8](repeating: 0, count: 16)) }
      #expect(error.reason.contains("no room in memory"))
    }
  }

  @Test func nothingIsLeftOfASetThatWasNotFinished() throws {
    try withFolder { folder in
      let cache = folder.appendingPathComponent("cache")
      do {
        let writer = PackedImagesWriter(try key(folder), in: PackedCache(cache), channels: 1, height: 1, width: 1)
        try writer.append([1])
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).count == 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).isEmpty)
    }
  }

  /// 100 MB of images are packed, opened and gone through, and the process grows by a fraction of that: what 60 000
  /// images of 64 x 64 in colour would take is 740 MB.
  @Test func imagesTakeNoMemoryOfTheProcess() throws {
    guard let before = anonymousMemory() else { return }
    try withFolder { folder in
      let cache = PackedCache(folder)
      let key = try key(folder)
      let (count, size) = (8_192, 3 * 64 * 64)
      let writer = PackedImagesWriter(key, in: cache, channels: 3, height: 64, width: 64)
      var image = [UInt8](repeating: 0, count: size)
      for index in 0..<count {
        image[0] = UInt8(index & 255)
        try writer.append(image, label: index & 7)
      }
      _ = try writer.finish(classes: 8)
      let start = ContinuousClock.now
      let images = try #require(cache.images(key))
      let batches = try ImageBatches(images, batchSize: 64)
      _ = try batches.batches(0, RandomStream(seed: 1)).values()
      let time = ContinuousClock.now - start
      #expect(time < .seconds(0.2), "the first batch came after \(time)")
      for step in 0..<batches.stepsPerEpoch { _ = batches.batches(step, RandomStream(seed: 1)) }
      let grown = try #require(anonymousMemory()) - before
      #expect(grown < 30 << 20, "\(grown >> 20) MB")
      #expect(grown < count * size / 3)
    }
  }

  /// The bound above can fail: memory of one's own is seen.
  @Test func anonymousMemoryIsSeen() throws {
    guard let before = anonymousMemory() else { return }
    let bytes = [UInt8](repeating: 1, count: 64 << 20)
    let grown = try withExtendedLifetime(bytes) { try #require(anonymousMemory()) - before }
    #expect(grown > 50 << 20)
  }

  /// Bytes of memory that no file stands behind; nil where the system does not tell.
  private func anonymousMemory() -> Int? {
    // What has been freed and kept would be taken again, unseen.
    if let trim = dlsym(nil, "malloc_trim") {
      _ = unsafeBitCast(trim, to: (@convention(c) (Int) -> Int32).self)(0)
    }
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    return text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
      .flatMap { $0.split(whereSeparator: { " \t".contains($0) }).dropFirst().first }.flatMap { Int($0) }.map {
        $0 << 10
      }
  }
}
