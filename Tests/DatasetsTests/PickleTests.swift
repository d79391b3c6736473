import Datasets
import Files
import Foundation
import Testing

/// Pickles that are more than data, or not sound: read as a batch of CIFAR-10.
@Suite struct PickleTests {
  private func refusal(
    _ data: Data, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> FileError {
    try withFolder { folder in
      let file = folder.appendingPathComponent("test_batch")
      try data.write(to: file)
      let error = try fileError(sourceLocation: sourceLocation) {
        _ = try CIFAR10.load(directory: folder, split: .test)
      }
      #expect(error.path == file.path && error.place != nil, sourceLocation: sourceLocation)
      return error
    }
  }

  private func pickle(_ code: String) -> Data { Data([0x80, 2]) + Data(code.unicodeScalars.map { UInt8($0.value) }) }

  @Test func functionsAreRefusedByName() throws {
    // What pickle.loads would take as os.getcwd().
    let error = try refusal(pickle("}U\u{4}datacos\ngetcwd\n)Rs."))
    #expect(error.reason == "asks for os.getcwd, which data do not need; nothing of it was run")
    #expect(error.place == .byte(9))
    #expect(try refusal(pickle("cbuiltins\neval\n.")).reason.contains("builtins.eval"))
    #expect(try refusal(pickle("cnumpy.core.multiarray\nfromfile\n.")).reason.contains("fromfile"))
    // By name from the stack, as protocol 4 has it.
    #expect(try refusal(pickle("U\u{2}osU\u{6}system\u{93}.")).reason.contains("os.system"))
  }

  @Test(arguments: [
    ("}\u{81}.", "NEWOBJ", 3), ("(ios\ngetcwd\n.", "INST", 3), ("(o.", "OBJ", 3), ("Px\n.", "PERSID", 2),
    ("NQ.", "BINPERSID", 3), ("\u{82}\u{1}.", "EXT1", 2), ("I1\n.", "INT", 2), ("\u{8f}.", "EMPTY_SET", 2),
    ("\u{80}\u{2}.", "PROTO", 2), ("\u{ff}", "0xff", 2), ("G........", "BINFLOAT", 2), ("\u{97}.", "NEXT_BUFFER", 2),
  ])
  func otherOpcodesAreRefusedByName(code: String, name: String, place: Int) throws {
    let error = try refusal(pickle(code))
    #expect(
      error.reason == "has the opcode \(name), which CIFAR's files do not have; nothing of it was run")
    #expect(error.place == .byte(place))
  }

  @Test(arguments: [
    (".", "a value is missing"), ("N.", "of no dictionary"), ("N}.", "values are left over"),
    ("}.x", "other bytes behind"),
    ("}h\u{5}.", "nothing is kept as 5"), ("t.", "a mark is missing"), ("}(U\u{1}au.", "a key has no value"),
    ("}NNs.", "key is not a string"), ("}U\u{1}a}s.", "of a kind that"), ("]]a.", "within a list"),
    ("]q\u{1}h\u{1}a.", "within a list"), (")\u{85}\u{85}\u{85}.", "within a tuple"), ("}a.", "a value is missing"),
    ("}Na.", "not a list"), ("NNs.", "a value is missing"), ("NNR.", "no function"), ("}Nb.", "not a tuple"),
    ("}", "is cut short"), ("", "is cut short"), ("U\u{5}abc", "is cut short"),
    ("T\u{ff}\u{ff}\u{ff}\u{7f}", "more than"),
    ("\u{8e}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}", "more than"),
    ("\u{8a}\u{9}123456789.", "a number of 9 bytes"),
    ("c\(String(repeating: "x", count: 300))", "a name of more than"), ("}.", "without the entry 'data'"),
    ("}U\u{4}dataNs.", "has nothing as its entry 'data'"),
  ])
  func unsoundPickles(code: String, reason: String) throws {
    let error = try refusal(pickle(code))
    #expect(error.reason.contains(reason), "\(error)")
  }

  private func batch(_ shape: String, type: String = "u1", bytes: Int, labels: String = "]K\u{3}a") -> Data {
    let array =
      "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\u{0}\u{85}U\u{1}b\u{87}R(K\u{1}"
      + "\(shape)cnumpy\ndtype\nU\u{2}\(type)"
      + "K\u{0}K\u{1}\u{87}R(K\u{3}U\u{1}|NNNJ\u{ff}\u{ff}\u{ff}\u{ff}J\u{ff}\u{ff}\u{ff}\u{ff}K\u{0}tb\u{89}T"
    let count = withUnsafeBytes(of: UInt32(bytes).littleEndian) { Data($0) }
    return pickle("}(U\u{4}data" + array) + count + Data(count: bytes) + Data("tbU\u{6}labels".utf8)
      + Data(labels.unicodeScalars.map { UInt8($0.value) }) + Data("u.".utf8)
  }

  @Test func arraysAndLabelsThatDoNotFit() throws {
    let one = "K\u{1}M\u{0}\u{c}\u{86}"  // (1, 3072)
    try withFolder { folder in
      try batch(one, bytes: 3072).write(to: folder.appendingPathComponent("test_batch"))
      #expect(try CIFAR10.load(directory: folder, split: .test).labels == [3], "the batch that the others depart from")
    }
    #expect(try refusal(batch(one, bytes: 3000)).reason == "has an array of shape [1, 3072] with 3 000 bytes")
    #expect(try refusal(batch(one, type: "f4", bytes: 3072)).reason == "has an array of elements 'f4', not of bytes")
    #expect(
      try refusal(batch("K\u{3}M\u{0}\u{4}\u{86}", bytes: 3072)).reason.hasPrefix("has an array of shape [3, 1024]"))
    #expect(
      try refusal(batch("J\u{ff}\u{ff}\u{ff}\u{7f}J\u{ff}\u{ff}\u{ff}\u{7f}\u{86}", bytes: 1)).reason.contains(
        "with 1 bytes"))
    #expect(
      try refusal(batch("\u{8a}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{40}K\u{4}\u{86}", bytes: 0)).reason
        == "has an array larger than any memory")
    #expect(
      try refusal(batch(one, bytes: 3072, labels: "]K\u{a}a")).reason == "has 10 as the label at index 0, outside 0...9"
    )
    #expect(
      try refusal(batch(one, bytes: 3072, labels: "]J\u{ff}\u{ff}\u{ff}\u{ff}a")).reason.hasPrefix(
        "has -1 as the label"))
    #expect(try refusal(batch(one, bytes: 3072, labels: "]Na")).reason.hasPrefix("has nothing as the label"))
    #expect(try refusal(batch(one, bytes: 3072, labels: "](K\u{1}K\u{2}e")).reason == "holds 1 images, but 2 labels")
    #expect(try refusal(batch(one, bytes: 3072, labels: "N")).reason == "has nothing as its entry 'labels', not a list")
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = batch("K\u{1}M\u{0}\u{c}\u{86}", bytes: 3072)
    for length in Array(0..<260) + Array(whole.count - 30..<whole.count) { _ = try refusal(whole.prefix(length)) }
  }

  @Test func aFileOfAnotherProtocolOrKind() throws {
    #expect(try refusal(Data("(dp0\n.".utf8)).reason == "is not a Python pickle of protocol 2 or later: it is text")
    #expect(try refusal(Data([0x80, 9, 0x2e])).reason == "is a Python pickle of protocol 9; 2 to 4 are read")
  }
}
