import Datasets
import Files
import Foundation
import Testing

@Suite struct SVHNTests {
  @Test(arguments: SVHN.Part.allCases)
  func partsWrittenBySciPyAreRead(part: SVHN.Part) throws {
    // Compressed, plain with labels of doubles, compressed with labels of 16 bits.
    let images = try SVHN.load(directory: golden(""), part: part)
    try GoldenImages("svhn-\(part)").expect(images, classes: 10)
  }

  @Test func extraDigitsAreAddedWhereARecipeAsksForThem() throws {
    let images = try SVHN.Source(extra: true).open(at: golden(""), .train)
    let (train, extra) = (try GoldenImages("svhn-train"), try GoldenImages("svhn-extra"))
    #expect(images.count == 10 && images.labels == train.labels! + extra.labels!)
    try GoldenImages("svhn-train").expect(SVHN.Source().open(at: golden(""), .train), classes: 10)
    try GoldenImages("svhn-test").expect(SVHN.Source(extra: true).open(at: golden(""), .test), classes: 10)
  }

  private func refusal(_ data: Data, sourceLocation: SourceLocation = #_sourceLocation) throws -> FileError {
    try withFolder { folder in
      let file = folder.appendingPathComponent("train_32x32.mat")
      try data.write(to: file)
      let error = try fileError(sourceLocation: sourceLocation) { _ = try SVHN.load(directory: folder, part: .train) }
      #expect(error.path == file.path && error.place != nil, sourceLocation: sourceLocation)
      return error
    }
  }

  private let packed: Data
  private let plain: Data

  init() throws {
    packed = try Data(contentsOf: golden("train_32x32.mat"))
    plain = try Data(contentsOf: golden("test_32x32.mat"))
  }

  @Test func everyCutIsRefused() throws {
    for whole in [packed, plain] {
      for length in Array(0..<300) + Array(stride(from: 300, to: whole.count, by: 311)) + [whole.count - 1] {
        let error = try refusal(whole.prefix(length))
        #expect(!error.reason.isEmpty)
      }
    }
  }

  @Test func damagedDataAreRefusedOrRead() throws {
    // A bit of zlib data is noticed by its checksum; one of a plain file may be a pixel.
    var data = packed
    data[packed.count / 2] ^= 4
    #expect(try refusal(data).reason.contains("damaged"))
  }

  @Test func otherFilesAndVersions() throws {
    #expect(try refusal(Data("<html>no</html>".utf8)).reason == "is not a MATLAB file: it is a web page")
    var newer = packed
    newer[125] = 2
    #expect(try refusal(newer).reason == "is a MATLAB file of version 7.3, which is HDF5: save it with -v7")
    newer[126] = 0
    #expect(try refusal(newer).reason.hasSuffix("its byte order is not stated"))
    #expect(try refusal(Data([0x89]) + Data("HDF\r\n\u{1a}\n".utf8)).reason.hasSuffix("it is an HDF5 file"))
  }

  @Test func variablesThatDoNotFit() throws {
    // The plain file: X's element begins at 128, its dimensions at 128 + 8 + 16 + 8, y's element behind it.
    var shape = plain
    shape[160] = 200
    #expect(try refusal(shape).reason == "has a variable whose numbers do not fit its dimensions")
    var kind = plain
    kind[144] = 5  // an object that is no array of numbers
    #expect(try refusal(kind).reason == "has a variable that is no array of plain real numbers")
    var large = plain
    large[132...135] = Data([0xff, 0xff, 0xff, 0x7f])
    #expect(try refusal(large).reason.hasPrefix("is cut short: an element of 2 147 483 647 bytes"))
    var name = plain
    let letter = try #require(plain.firstIndex(of: UInt8(ascii: "X")))
    name[letter] = UInt8(ascii: "Z")
    #expect(try refusal(name).reason == "holds no variable 'X'")
    var label = plain
    // The last five doubles are the labels.
    label.replaceSubrange(
      label.count - 8..<label.count, with: withUnsafeBytes(of: 11.0.bitPattern.littleEndian) { Data($0) })
    #expect(try refusal(label).reason == "has the label 11 at index 4, outside 1...10")
    label.replaceSubrange(
      label.count - 8..<label.count, with: withUnsafeBytes(of: 1.5.bitPattern.littleEndian) { Data($0) })
    #expect(try refusal(label).reason == "has 1.5 at index 4 of 'y'")
  }

  @Test func missingFile() throws {
    try withFolder { folder in
      let error = try fileError { _ = try SVHN.load(directory: folder, part: .extra) }
      #expect(
        error.description == "\(folder.path): lacks extra_32x32.mat of SVHN; `gan data get svhn-extra` fetches it")
    }
  }
}
