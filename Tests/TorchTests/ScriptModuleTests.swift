import Foundation
import GoldenSupport
import Testing
import Torch

/// Modules that PyTorch saved, and files that only look like them.
@Suite struct ScriptModuleTests {
  private func file(_ name: String) throws -> Data { try Data(contentsOf: Golden.file("classifiers/\(name).pt")) }

  @Test func computesWhatPyTorchComputes() throws {
    let golden = try Golden("inception_score").tensors()
    let module = try ScriptModule(file("linear"))
    let y = try checkingTensors { module(golden["linear.f32.in.images"]!) }
    // Means of 16 pixels, sums of 49 of them.
    try expectClose(y, golden["linear.f32.out.logits"]!, RoundingBound(.float32, sums: [16, 49]).relative)
  }

  /// Dropout does nothing, in the first call and in later ones, and no gradient is recorded.
  @Test func runsInEvaluationModeWithoutGradient() throws {
    let module = try ScriptModule(file("dropout"))
    let x = RandomStream(seed: 5).normal([8, 6]).asVariable()
    try checkingTensors {
      let expected: [Float] = try x.values()
      for _ in 0..<4 {
        let found: [Float] = try module(x).values()
        #expect(found == expected)
      }
      let slope: [Float] = try gradient(of: module(x).sum() + x.sum(), by: [x])[0].values()
      #expect(slope == Array(repeating: 1, count: 48))
    }
  }

  @Test func failsLikeAnyOperation() throws {
    let module = try ScriptModule(file("linear"))
    let error = #expect(throws: TensorError.self) { try checkingTensors { _ = module(.ones([2, 1, 20, 20])) } }
    let text = try #require(error).description
    #expect(text.hasPrefix("forward of [2, 1, 20, 20]: "))
    #expect(text.contains("mat1 and mat2 shapes cannot be multiplied (2x25 and 49x10)"))
    #expect(!text.contains("Traceback") && !text.contains("\n"), "\(text)")
    let asserted = #expect(throws: TensorError.self) {
      try checkingTensors { _ = try ScriptModule(file("bytes"))(.ones([1, 3, 2, 2])) }
    }
    #expect(asserted?.description.contains("Traceback") == false, "\(asserted?.description ?? "")")
    #expect(asserted?.description.contains("AssertionError") == true, "\(asserted?.description ?? "")")
    #expect(throws: TensorError.self) {
      try checkingTensors { _ = try ScriptModule(file("tuple"))(.ones([1]), output: "7") }
    }
    try? checkingTensors { #expect(module(matmul(.zeros([2, 3]), .zeros([2, 3]))).isPoisoned) }
    // A refusal does not wear the module out.
    #expect(try checkingTensors { module(.ones([2, 1, 28, 28])) }.shape == [2, 10])
  }

  @Test func refusesWhatIsNoModule() throws {
    #expect(throws: TensorError.self) { try ScriptModule(Data()) }
    for name in ["text", "state", "headless"] {
      let error = #expect(throws: TensorError.self) { try ScriptModule(file(name)) }
      let text = try #require(error).description
      #expect(text.count < 120 && !text.contains("\n"), "\(text)")
    }
    let whole = try file("linear")
    for length in stride(from: 0, to: whole.count, by: 97) {
      #expect(throws: TensorError.self) { try ScriptModule(whole.prefix(length)) }
    }
  }

  @Test func aCopyOutlivesTheOriginal() throws {
    var module: ScriptModule? = try ScriptModule(file("linear"))
    let copy = module!
    module = nil
    #expect(try checkingTensors { copy(.ones([3, 1, 28, 28])) }.shape == [3, 10])
  }

  /// Modules are freed: kept, each would take its 2 KB of parameters and far more of code.
  @Test(.enabled(if: residentMemory() != nil, "this system does not tell a process its memory"))
  func modulesAreFreed() throws {
    let data = try file("linear")
    func load(_ count: Int) throws { for _ in 0..<count { _ = try ScriptModule(data) } }
    try load(200)
    let before = try #require(residentMemory())
    try load(1000)
    let growth = try #require(residentMemory()) - before
    print("TorchScript: \(growth / 1024) KiB more after 1 000 modules were loaded")
    #expect(growth < 8 << 20, "\(growth) bytes more")
  }
}
