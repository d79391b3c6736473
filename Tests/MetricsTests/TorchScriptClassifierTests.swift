import Files
import Foundation
import GoldenSupport
import Metrics
import Testing
import Torch

@Suite struct TorchScriptClassifierTests {
  private func load(
    _ name: String, _ range: TorchScriptClassifier.InputRange = .unit, channels: Int? = nil,
    output: TorchScriptClassifier.Output = .logits
  ) throws -> TorchScriptClassifier {
    try TorchScriptClassifier(
      contentsOf: Golden.file("classifiers/\(name).pt"), inputRange: range, channels: channels, output: output)
  }

  private func refusal(
    _ name: String, _ images: Tensor = .ones([4, 1, 28, 28]), output: TorchScriptClassifier.Output = .logits
  ) throws -> String {
    let classifier = try load(name, output: output)
    let error = #expect(throws: ClassifierError.self) { try classifier(images) }
    #expect(error?.classifier == "\(name).pt")
    return error?.reason ?? ""
  }

  /// Means of 16 pixels, sums of 49 of them.
  private static let bound = RoundingBound(.float32, sums: [16, 49])

  @Test func saysWhatPyTorchSays() throws {
    let golden = try Golden("inception_score").tensors()
    let classifier = try load("linear")
    #expect(classifier.classes == nil)
    let outputs = try classifier(#require(golden["linear.f32.in.images"]))
    guard case .logits(let logits) = outputs else { return #expect(Bool(false), "not logits") }
    try expectClose(logits, try #require(golden["linear.f32.out.logits"]), Self.bound.relative)
    #expect(classifier.classes == 10 && classifier.channels == 1 && classifier.name == "linear.pt")
    let probable = try load("probabilities", output: .probabilities)(#require(golden["linear.f32.in.images"]))
    guard case .probabilities(let p) = probable else { return #expect(Bool(false), "not probabilities") }
    let largest = try abs(logits).max().item()
    let bound = RoundingBound(.float32, sums: [16, 49, 10], functions: 3, amplification: max(1, largest))
    try expectClose(p, exp(logits - logits.logSumExp(-1, keep: true)), bound.ofTwo)
  }

  /// Two readings of one file, as published scores have two of the Inception network; the name says which it is.
  @Test func argumentsOfTheModuleArePassedOn() throws {
    let golden = try Golden("inception_score").tensors()
    let images = try #require(golden["linear.f32.in.images"])
    func outputs(_ keywords: [String: Bool]) throws -> (name: String, logits: Tensor) {
      let classifier = try TorchScriptClassifier(
        contentsOf: Golden.file("classifiers/unbiased.pt"), keywords: keywords)
      return (classifier.name, try classifier(images).tensor)
    }
    let (plain, with) = try outputs([:])
    try expectClose(with, try #require(golden["linear.f32.out.logits"]), Self.bound.relative)
    let (named, without) = try outputs(["no_output_bias": true])
    try expectClose(without, try #require(golden["linear.f32.out.unbiased"]), Self.bound.relative)
    #expect(plain == "unbiased.pt" && named == "unbiased.pt (no_output_bias=true)")
    try expectClose(outputs(["no_output_bias": false]).logits, with, 0)
    let error = #expect(throws: ClassifierError.self) { try outputs(["no_such_thing": true]) }
    #expect(error?.reason.contains("no_such_thing") == true, "\(error?.reason ?? "")")
  }

  @Test func theHashIsThatOfTheFile() throws {
    #expect(
      sha256(Data("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(sha256(Data()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let classifier = try load("linear")
    #expect(classifier.hash == sha256(try Data(contentsOf: Golden.file("classifiers/linear.pt"))))
  }

  private static let ofAPixel = RoundingBound(.float32, sums: [2], functions: 1).relative

  @Test func pixelsComeInTheRangeThatWasStated() throws {
    // Every byte, as data sets are read; and what lies outside 0 ... 1, which is brought to its ends.
    let bytes = Tensor((0...255).map { UInt8($0) }, shape: [1, 1, 16, 16])
    let images = concatenated([bytes.to(.float32) / 255, .full(1.5, [1, 1, 16, 16]), .full(-1, [1, 1, 16, 16])], 0)
    func seen(_ name: String, _ range: TorchScriptClassifier.InputRange) throws -> [Double] {
      try load(name, range)(images).tensor.values(Double.self)
    }
    let unit = try seen("echo", .unit)
    #expect(
      unit[255] == 1 && unit[0] == 0 && abs(unit[51] - 0.2) < 0.2 * Self.ofAPixel && unit[256] == 1 && unit[512] == 0)
    let symmetric = try seen("echo", .symmetric)
    #expect(
      symmetric[255] == 1 && symmetric[0] == -1 && abs(symmetric[51] + 0.6) < 0.6 * Self.ofAPixel
        && symmetric[512] == -1)
    let asBytes = try seen("bytes", .bytes)
    #expect(asBytes.count == 3 * 3 * 256)
    for channel in 0..<3 {
      #expect(Array(asBytes[channel * 256..<(channel + 1) * 256]) == (0...255).map(Double.init))
    }
    #expect(asBytes[768] == 255 && asBytes[1536] == 0)
  }

  @Test func greyIsRepeatedWhereThreeChannelsAreTaken() throws {
    let classifier = try load("bytes", .bytes)
    _ = try classifier(.ones([2, 1, 3, 3]))
    #expect(classifier.channels == 3 && classifier.classes == 27)
    #expect(try load("bytes", .bytes, channels: 3)(.ones([2, 1, 3, 3])).tensor.shape == [2, 27])
    #expect(throws: ClassifierError.self) { try load("bytes", .bytes, channels: 1)(.ones([2, 1, 3, 3])) }
    #expect(try load("echo")(.ones([2, 3, 4, 4])).tensor.shape == [2, 48])
    let error = #expect(throws: ClassifierError.self) { try load("echo", channels: 1)(.ones([2, 3, 4, 4])) }
    #expect(error?.reason == "it takes 1 channel, images have 3")
    #expect(throws: ClassifierError.self) { try load("echo")(.ones([2, 2, 4, 4])) }
    #expect(throws: ClassifierError.self) { try load("echo")(.ones([2, 16])) }
  }

  @Test func outputsThatAreNoClassesAreRefused() throws {
    // The first of several outputs is taken, and that is the images themselves.
    #expect(try refusal("tuple").contains("[4, 1, 28, 28] for 4 images"))
    #expect(try refusal("vector").contains("[4] for 4 images, not [4, K]"))
    #expect(try refusal("rows").contains("[3, 784] for 4 images"))
    #expect(try refusal("infinite").contains("not finite"))
    #expect(try refusal("integers").contains("int64"))
    #expect(try refusal("linear", .ones([4, 1, 20, 20])).contains("mat1 and mat2"))
    // What it said of the images as they are, not of three channels.
    #expect(try refusal("linear", .ones([4, 1, 20, 20])).contains("[4, 1, 20, 20]"))
    #expect(try refusal("linear", output: .probabilities).contains("no probabilities"))
    #expect(try refusal("probabilities").contains("not logits"))
    let classifier = try load("echo")
    _ = try classifier(.ones([2, 1, 4, 4]))
    let error = #expect(throws: ClassifierError.self) { try classifier(.ones([2, 1, 5, 5])) }
    #expect(error?.reason == "it returns 25 classes after 16 before")
  }

  @Test func filesThatAreNoModulesAreRefused() throws {
    func refusal(_ path: String) throws -> FileError {
      let url = Golden.file(path)
      let error = #expect(throws: FileError.self) { try TorchScriptClassifier(contentsOf: url) }
      #expect(error?.path == url.path)
      return try #require(error)
    }
    #expect(try refusal("classifiers/none.pt").reason == "there is no such file")
    #expect(try refusal("classifiers").reason == "is a folder, not a file")
    #expect(try refusal("classifiers/state.pt").reason.hasPrefix("holds weights"))
    for name in ["text", "headless"] {
      #expect(try refusal("classifiers/\(name).pt").reason.hasPrefix("is not a TorchScript file: "))
    }
    #expect(try refusal("classifiers/headless.pt").reason.contains("forward"))
  }
}
