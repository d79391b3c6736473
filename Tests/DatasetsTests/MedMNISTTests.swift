import Datasets
import Files
import Foundation
import Testing

@Suite struct MedMNISTTests {
  @Test(arguments: MedMNIST.Part.allCases)
  func partsWrittenByNumPyAreRead(part: MedMNIST.Part) throws {
    try GoldenImages("pathmnist-\(part.rawValue)").expect(
      MedMNIST.load(golden("pathmnist.npz"), part: part), classes: 9)
    try GoldenImages("octmnist-\(part.rawValue)").expect(MedMNIST.load(golden("octmnist.npz"), part: part), classes: 4)
  }

  @Test func aSetOfAnotherNameHasTheClassesOfItsLabels() throws {
    try withFolder { folder in
      try copy(["pathmnist.npz": "mine.npz"], to: folder)
      let source = MedMNIST.Source()
      let expected = try GoldenImages("pathmnist-train")
      let classes = try MedMNIST.Part.allCases.map { Int(try GoldenImages("pathmnist-\($0.rawValue)").labels!.max()!) }
      expected.expect(try source.open(at: folder, .train), classes: classes.max()! + 1)
      try copy(["octmnist.npz": "octmnist.npz"], to: folder)
      #expect(
        try fileError { _ = try source.open(at: folder, .train) }.reason
          == "holds several .npz files: say which of mine.npz, octmnist.npz")
    }
  }

  @Test func namesOfClasses() {
    #expect(MedMNIST.classNames(of: "pathmnist_224")?.count == 9 && MedMNIST.classNames(of: "other") == nil)
  }

  // MARK: What is refused

  private func npy(_ head: String, _ body: [UInt8], version: UInt8 = 1) -> [UInt8] {
    let text = Array(head.utf8)
    return [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(text.count & 0xff), UInt8(text.count >> 8)] + text + body
  }

  /// A zip archive of stored files.
  private func zip(_ files: [(String, [UInt8])]) -> Data {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xff) } }
    var body: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in files {
      let common =
        little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + crc32(data) + little(data.count, 4)
        + little(data.count, 4) + little(name.utf8.count, 2) + little(0, 2)
      directory += Array("PK\u{1}\u{2}".utf8) + little(20, 2) + common + little(0, 10) + little(body.count, 4)
      directory += Array(name.utf8)
      body += Array("PK\u{3}\u{4}".utf8) + common + Array(name.utf8) + data
    }
    let end =
      Array("PK\u{5}\u{6}".utf8) + little(0, 4) + little(files.count, 2) + little(files.count, 2)
      + little(directory.count, 4) + little(body.count, 4) + little(0, 2)
    return Data(body + directory + end)
  }

  private func refusal(
    _ images: [UInt8], _ labels: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> FileError {
    try refusal(zip([("train_images.npy", images), ("train_labels.npy", labels)]), sourceLocation: sourceLocation)
  }

  private func refusal(_ data: Data, sourceLocation: SourceLocation = #_sourceLocation) throws -> FileError {
    try withFolder { folder in
      let file = folder.appendingPathComponent("breastmnist.npz")
      try data.write(to: file)
      let error = try fileError(sourceLocation: sourceLocation) { _ = try MedMNIST.load(file, part: .train) }
      #expect(error.path == file.path && error.place != nil, sourceLocation: sourceLocation)
      return error
    }
  }

  private func head(_ type: String, _ shape: String, order: String = "False") -> String {
    "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(shape)), }\n"
  }

  private var images: [UInt8] { npy(head("|u1", "2, 2, 3"), Array(0..<12)) }
  private var labels: [UInt8] { npy(head("|i1", "2, 1"), [1, 0]) }

  @Test func theArchiveThatTheOthersDepartFrom() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("breastmnist.npz")
      try zip([("train_images.npy", images), ("train_labels.npy", labels)]).write(to: file)
      let read = try MedMNIST.load(file, part: .train)
      #expect(
        read.shape == [2, 1, 2, 3] && read.bytes == Array(0..<12) && read.labels == [1, 0] && read.classes == 2)
      #expect(
        try fileError { _ = try MedMNIST.load(file, part: .test) }.reason
          == "is not there; the file holds train_images, train_labels")
    }
  }

  @Test func arraysThatDoNotFit() throws {
    func images(_ type: String, _ shape: String, order: String = "False", _ count: Int) -> [UInt8] {
      npy(head(type, shape, order: order), [UInt8](repeating: 0, count: count))
    }
    #expect(
      try refusal(images("|u1", "2, 2, 3", 11), labels).reason
        == "announces the shape [2, 2, 3], 12 bytes, and holds 11")
    #expect(
      try refusal(images("<f4", "2, 2, 3", 48), labels).reason == "has numbers of type '<f4'; whole numbers are read")
    #expect(
      try refusal(images("<i2", "2, 2, 3", 24), labels).reason == "has numbers of type '<i2', where images have bytes")
    #expect(try refusal(images("|O", "2", 8), labels).reason.hasPrefix("has numbers of type '|O'"))
    #expect(
      try refusal(images("|u1", "2, 2, 3", order: "True", 12), labels).reason.hasPrefix("is an array in Fortran's"))
    #expect(try refusal(images("|u1", "2, 0, 3", 0), labels).reason == "has the shape (2, 0, 3), which is empty")
    #expect(
      try refusal(images("|u1", "9223372036854775807, 4", 0), labels).reason.hasSuffix("larger than any file"))
    #expect(try refusal(images("|u1", "2, 2, 3, 4", 48), labels).reason.hasSuffix("volumes are not read"))
    #expect(
      try refusal(npy("{'descr': [('a', '<i4')]}", []), labels).reason.hasPrefix("has a head that is not NumPy's"))
    #expect(
      try refusal(npy(head("|u1", "1"), [0], version: 9), labels).reason
        == "is a NumPy array of an unknown version, 9.0")
    #expect(try refusal(Array("PK\u{3}\u{4}      ".utf8), labels).reason.hasPrefix("is not a NumPy array: it is a zip"))
    #expect(try refusal(Array(self.images.prefix(30)), labels).reason == "ends within its head")
  }

  @Test func labelsThatDoNotFit() throws {
    #expect(try refusal(images, npy(head("|u1", "3, 1"), [0, 1, 0])).reason == "holds 3 labels for 2 images")
    #expect(
      try refusal(images, npy(head("|u1", "2, 14"), [UInt8](repeating: 0, count: 28))).reason.contains("several labels")
    )
    let error = try refusal(images, npy(head("|u1", "2, 1"), [0, 2]))
    #expect(error.reason == "has the label 2 at index 1, outside 0...1")
    #expect(error.place == .memberByte(0, of: "train_labels.npy"))
    #expect(try refusal(images, npy(head("|i1", "2, 1"), [0, 255])).reason.hasPrefix("has the label -1 at index 1"))
    #expect(try refusal(images, npy(head(">i4", "2"), [0, 0, 0, 1, 0, 0, 1, 0])).reason.hasPrefix("has the label 256"))
  }

  @Test func damagedArchives() throws {
    let whole = try Data(contentsOf: golden("pathmnist.npz"))
    for cut in [0, 1, 4, 100, whole.count / 2, whole.count - 1] { _ = try refusal(whole.prefix(cut)) }
    var body = whole
    body[600] ^= 0x55
    #expect(try refusal(body).reason.contains("damaged"))
    #expect(try refusal(Data("<html>".utf8)).reason.contains("it is a web page"))
    // A stored byte that the checksum belies.
    var stored = zip([("train_images.npy", images), ("train_labels.npy", labels)])
    let last = try #require(stored.firstRange(of: Data(Array(0..<12))))
    stored[last.lowerBound] = 99
    #expect(try refusal(stored).reason.contains("CRC"))
  }
}
