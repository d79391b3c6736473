import Datasets
import Files
import Foundation
import Testing

@Suite struct CIFARTests {
  // MARK: What is read

  @Test(arguments: ["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"])
  func cifar10IsReadFromItsArchiveInPlace(archive: String) throws {
    for split in Split.allCases {
      try GoldenImages("cifar10-\(split)").expect(CIFAR10.load(directory: golden(archive), split: split), classes: 10)
      try withFolder { folder in
        try copy([archive: archive], to: folder)
        try GoldenImages("cifar10-\(split)").expect(CIFAR10.load(directory: folder, split: split), classes: 10)
      }
    }
  }

  @Test(arguments: [
    ("cifar-10-binary.tar.gz", "cifar-10-batches-bin"), ("cifar-10-python.tar.gz", "cifar-10-batches-py"),
  ])
  func cifar10IsReadFromTheUnpackedFolderAndFromTheFolderAround(archive: String, inner: String) throws {
    try withFolder { folder in
      try unpack(archive, to: folder)
      for place in [folder, folder.appendingPathComponent(inner)] {
        for split in Split.allCases {
          try GoldenImages("cifar10-\(split)").expect(CIFAR10.load(directory: place, split: split), classes: 10)
        }
      }
    }
  }

  @Test func filesPackedOneByOneAreRead() throws {
    try withFolder { folder in
      try unpack("cifar-10-binary.tar.gz", to: folder)
      let files = folder.appendingPathComponent("cifar-10-batches-bin")
      try run("xz", ["-q", files.appendingPathComponent("test_batch.bin").path])
      try run("xz", ["-q", files.appendingPathComponent("data_batch_2.bin").path])
      let fifth = files.appendingPathComponent("data_batch_5.bin")
      try gzip(Data(contentsOf: fifth)).write(to: fifth.appendingPathExtension("gz"))
      try FileManager.default.removeItem(at: fifth)
      for split in Split.allCases {
        try GoldenImages("cifar10-\(split)").expect(CIFAR10.load(directory: files, split: split), classes: 10)
      }
    }
  }

  @Test(arguments: ["cifar-100-binary.tar.gz", "cifar-100-python.tar.gz"])
  func cifar100HasTwoLabels(archive: String) throws {
    for split in Split.allCases {
      for labels in CIFAR100.Labels.allCases {
        let images = try CIFAR100.load(directory: golden(archive), split: split, labels: labels)
        try GoldenImages("cifar100-\(split)-\(labels)").expect(images, classes: labels == .fine ? 100 : 20)
      }
    }
  }

  @Test(arguments: [
    "batch-protocol-2", "batch-protocol-3", "batch-protocol-4", "batch-bytes", "batch-by-columns",
  ])
  func batchesThatPython3HasWrittenAreRead(name: String) throws {
    try withFolder { folder in
      try copy(["\(name).pickle": "test_batch"], to: folder)
      try GoldenImages("cifar10-batch").expect(CIFAR10.load(directory: folder, split: .test), classes: 10)
    }
  }

  @Test func everyClassHasAName() {
    #expect(CIFAR10.classNames.count == 10)
    #expect(
      Set(CIFAR100.classNames(.fine)).count == 100 && CIFAR100.classNames(.fine).sorted() == CIFAR100.classNames(.fine))
    #expect(Set(CIFAR100.classNames(.coarse)).count == 20)
  }

  @Test func damagedXZ() throws {
    try withFolder { folder in
      let plain = folder.appendingPathComponent("test_batch.bin")
      let packed = plain.appendingPathExtension("xz")
      try (record(1) + record(2)).write(to: plain)
      try run("xz", ["-q", plain.path])
      let whole = try Data(contentsOf: packed)
      #expect(try CIFAR10.load(directory: folder, split: .test).labels == [1, 2])
      func reason(_ data: Data) throws -> String {
        try data.write(to: packed)
        let error = try fileError { _ = try CIFAR10.load(directory: folder, split: .test) }
        #expect(error.path == packed.path && error.place != nil)
        return error.reason
      }
      #expect(try reason(whole.dropLast(8)) == "is cut short within its xz data: it unpacks to 6 146 bytes")
      var damaged = whole
      damaged[whole.count / 2] ^= 1
      #expect(try reason(damaged).hasPrefix("has damaged xz data"))
      // A dictionary of 1.5 GiB, in the head of a block, with the head's checksum.
      var greedy = Data([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0, 0xff, 0x12, 0xd9, 0x41, 2, 0, 0x21, 1, 37, 0, 0, 0])
      greedy += crc32(greedy.suffix(8)) + Data(count: 64)
      #expect(try reason(greedy) == "asks for more memory than 72 MB to be unpacked: it unpacks to 0 bytes")
    }
  }

  // MARK: What is refused

  /// The error of a test split whose file holds `data`.
  private func refusal(
    _ data: Data, _ name: String = "test_batch.bin", hundred: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> FileError {
    try withFolder { folder in
      let file = folder.appendingPathComponent(name)
      try data.write(to: file)
      let error = try fileError(sourceLocation: sourceLocation) {
        if hundred {
          _ = try CIFAR100.load(directory: folder, split: .test)
        } else {
          _ = try CIFAR10.load(directory: folder, split: .test)
        }
      }
      #expect(error.path == file.path, sourceLocation: sourceLocation)
      return error
    }
  }

  private func record(_ labels: UInt8...) -> Data { Data(labels) + Data((0..<3072).map { UInt8($0 % 251) }) }

  @Test func cutFiles() throws {
    let error = try refusal(record(1) + record(2).dropLast(100))
    #expect(error.reason == "ends within record 1, after 2973 of its 3073 bytes" && error.place == .byte(6046))
    #expect(try refusal(Data()).reason == "is not a CIFAR file: it is empty")
    #expect(
      try refusal(gzip(record(1)).dropLast(6), "test_batch.bin.gz").reason.hasPrefix("is cut short within its gzip"))
  }

  @Test func labelsOutsideTheClasses() throws {
    let error = try refusal(record(1) + record(10))
    #expect(error.reason == "has the label 10 in record 1, outside 0...9" && error.place == .byte(3073))
    #expect(try refusal(record(20, 3), "test.bin", hundred: true).place == .byte(0))
    #expect(try refusal(record(1, 100), "test.bin", hundred: true).place == .byte(1))
  }

  @Test func filesExchangedWithThoseOfTheOtherSet() throws {
    // A hundred's record is a byte longer, so that its labels drift into the pixels, and the reverse.
    #expect(try refusal(record(3, 4) + record(3, 4)).reason.contains("record"))
    #expect(try refusal(record(3) + record(4), "test.bin", hundred: true).reason.contains("record"))
  }

  @Test func moreRecordsThanPublished() throws {
    let many = Data(count: 3073 * 10_001)
    #expect(try refusal(many).reason == "holds more than the 10 000 records of the published file")
    // Fewer zeros than that fit into a small file.
    let error = try refusal(gzip(many), "test_batch.bin.gz")
    #expect(error.reason.hasPrefix("holds more than") && error.place == .unpackedByte(30_730_000))
  }

  @Test func otherFilesUnderTheName() throws {
    #expect(try refusal(Data("<!DOCTYPE html><p>404".utf8)).reason == "is not a CIFAR file: it is a web page")
    #expect(try refusal(Data([0x89, 0x50, 0x4e, 0x47]), "test_batch").reason.hasSuffix("it is a PNG picture"))
  }

  @Test func missingFilesAreNamed() throws {
    try withFolder { folder in
      var error = try fileError { _ = try CIFAR10.load(directory: folder, split: .train) }
      #expect(error.path == folder.path)
      #expect(
        error.reason == "lacks the files of CIFAR-10 (data_batch_1.bin ... data_batch_5.bin, loose or in "
          + "cifar-10-binary.tar.gz; or data_batch_1 ... data_batch_5, loose or in cifar-10-python.tar.gz); "
          + "`gan data get cifar10` fetches them")
      try unpack("cifar-10-binary.tar.gz", to: folder)
      let files = folder.appendingPathComponent("cifar-10-batches-bin")
      try FileManager.default.removeItem(at: files.appendingPathComponent("data_batch_3.bin"))
      error = try fileError { _ = try CIFAR10.load(directory: folder, split: .train) }
      #expect(error.path == files.path && error.reason == "lacks data_batch_3.bin of CIFAR-10")
    }
    let error = try fileError { _ = try CIFAR10.load(directory: golden("stl10_binary.tar.gz"), split: .test) }
    #expect(error.reason == "is an archive without test_batch.bin of CIFAR-10")
  }

  @Test func damagedArchives() throws {
    let whole = try Data(contentsOf: golden("cifar-10-binary.tar.gz"))
    func refusal(_ data: Data) throws -> FileError {
      try withFolder { folder in
        let file = folder.appendingPathComponent("cifar-10-binary.tar.gz")
        try data.write(to: file)
        let error = try fileError { _ = try CIFAR10.load(directory: folder, split: .train) }
        #expect(error.path == file.path && error.place != nil, "\(error)")
        return error
      }
    }
    for cut in [0, 1, 2, 100, whole.count / 2, whole.count - 4] { _ = try refusal(whole.prefix(cut)) }
    var checksum = whole
    checksum[checksum.count - 6] ^= 1
    #expect(try refusal(checksum).reason.contains("incorrect data check"))
    #expect(try refusal(Data("<html>".utf8)).reason.hasPrefix("is not a"))
  }
}

/// The published files themselves, packed one by one.
@Suite(
  .enabled(
    if: publishedCIFAR != nil,
    """
    needs CIFAR-10's binary files, in the folder that GAN_CIFAR10 names \
    or in ../shared/data/cifar-10 beside the package
    """
  ))
struct PublishedCIFARTests {
  @Test func testImages() throws {
    let images = try CIFAR10.load(directory: #require(publishedCIFAR), split: .test)
    #expect(images.shape == [10_000, 3, 32, 32])
    let labels = try #require(images.labels)
    #expect((0..<10).allSatisfy { label in labels.filter { $0 == label }.count == 1000 })
    // The published checksum is that of the records.
    var sum = MD5()
    images.images.withUnsafeBytes { pixels in
      for (index, label) in labels.enumerated() {
        withUnsafeBytes(of: UInt8(label)) { sum.update($0) }
        sum.update(UnsafeRawBufferPointer(rebasing: pixels[index * 3072..<(index + 1) * 3072]))
      }
    }
    #expect(sum.finish() == "803d5f7f4d78ea53de84dbe85f74fb6d")
  }
}

private let publishedCIFAR: URL? = {
  let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let candidates = [
    ProcessInfo.processInfo.environment["GAN_CIFAR10"].map { URL(fileURLWithPath: $0) },
    package.deletingLastPathComponent().appendingPathComponent("shared/data/cifar-10"),
  ]
  return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
}()
