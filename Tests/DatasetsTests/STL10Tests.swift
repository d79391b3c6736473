import Datasets
import Files
import Foundation
import Testing

@Suite struct STL10Tests {
  @Test(arguments: STL10.Part.allCases)
  func partsAreReadFromTheArchiveAndLoose(part: STL10.Part) throws {
    let expected = try GoldenImages("stl10-\(part)")
    let isLabelled = part != .unlabeled
    expected.expect(
      try STL10.load(directory: golden("stl10_binary.tar.gz"), part: part), classes: 10, labelled: isLabelled)
    try withFolder { folder in
      try unpack("stl10_binary.tar.gz", to: folder)
      expected.expect(try STL10.load(directory: folder, part: part), classes: 10, labelled: isLabelled)
      let files = folder.appendingPathComponent("stl10_binary")
      try? FileManager.default.removeItem(at: files.appendingPathComponent("\(part)_y.bin"))
      expected.expect(
        try STL10.load(directory: files, part: part, requiresLabels: false), classes: 10, labelled: false)
    }
  }

  @Test func aRecipeMayLearnFromTheUnlabelledPart() throws {
    let source = STL10.Source(training: .unlabeled)
    let place = golden("stl10_binary.tar.gz")
    try GoldenImages("stl10-unlabeled").expect(
      source.open(at: place, .train, requiresLabels: false), classes: 10, labelled: false)
    try GoldenImages("stl10-test").expect(source.open(at: place, .test), classes: 10)
    #expect(try fileError { _ = try source.open(at: place, .train) }.reason.hasPrefix("has no labels in STL-10's part"))
  }

  private func refusal(_ images: Data, _ labels: Data) throws -> FileError {
    try withFolder { folder in
      try images.write(to: folder.appendingPathComponent("train_X.bin"))
      try labels.write(to: folder.appendingPathComponent("train_y.bin"))
      return try fileError { _ = try STL10.load(directory: folder, part: .train) }
    }
  }

  @Test func filesThatDoNotFit() throws {
    let size = 3 * 96 * 96
    var error = try refusal(Data(count: size + 5), Data([1]))
    #expect(error.reason == "ends within image 1, after 5 of its 27 648 bytes" && error.place == .byte(size + 5))
    error = try refusal(Data(count: 2 * size), Data([1, 2, 3]))
    #expect(error.reason == "train_X.bin holds 2 images, but train_y.bin holds 3 labels")
    error = try refusal(Data(count: size), Data([0]))
    #expect(error.reason == "has the label 0 at index 0, outside 1...10" && error.place == .byte(0))
    #expect(try refusal(Data(count: size), Data([11])).reason == "has the label 11 at index 0, outside 1...10")
    #expect(try refusal(Data(), Data([1])).reason == "holds no images: it is empty")
    #expect(try refusal(Data(count: size), Data()).reason == "holds no labels: it is empty")
    #expect(try refusal(Data(count: size), Data(repeating: 1, count: 5_001)).reason.contains("5 000 labels"))
    // Exchanged, the labels are too short to be an image.
    #expect(
      try refusal(Data([1, 2]), Data(count: 2 * size)).reason == "ends within image 0, after 2 of its 27 648 bytes")
  }

  @Test func missingFiles() throws {
    try withFolder { folder in
      var error = try fileError { _ = try STL10.load(directory: folder, part: .test) }
      #expect(
        error.reason == "lacks the files of STL-10 (test_X.bin, test_y.bin, loose or in stl10_binary.tar.gz); "
          + "`gan data get stl10` fetches them")
      try Data(count: 27_648).write(to: folder.appendingPathComponent("test_X.bin"))
      error = try fileError { _ = try STL10.load(directory: folder, part: .test) }
      #expect(error.reason == "lacks test_y.bin of STL-10")
    }
  }
}
