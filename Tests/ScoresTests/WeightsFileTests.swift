import Datasets
import Files
import Foundation
import Metrics
import Scores
import Testing
import Torch

/// Files that others write: weights of PyTorch, statistics of NumPy.
@Suite struct WeightsFileTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weights-\(UUID())")
    try makeFolder(at: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func refusal(_ url: URL) -> String {
    do {
      _ = try PyTorchWeights(contentsOf: url)
      return "nothing"
    } catch { return "\(error)" }
  }

  @Test(arguments: ["archive.pth", "pickles.pth"]) func weightsAreReadInBothFormsOfTorchSave(_ name: String) throws {
    let weights = try PyTorchWeights(contentsOf: Formulas.file(name))
    #expect(
      Set(weights.tensors.keys) == ["first.weight", "turned", "half", "rounded", "exact", "part", "scalar"],
      "counters are left out")
    func check(_ name: String, _ shape: [Int], _ values: [Float]) throws {
      let tensor = try #require(weights.tensors[name])
      #expect(tensor.shape == shape)
      #expect(try tensor.values(Float.self) == values)
    }
    try check("first.weight", [2, 3], [0, 0.25, 0.5, 0.75, 1, 1.25])
    try check("turned", [3, 2], [0, 3, 1, 4, 2, 5])
    try check("half", [4], [1.5, -2, 0x1p-24, 65_504])
    try check("rounded", [2], [1.5, -2])
    try check("exact", [2], [0.1, -3])
    try check("part", [4], [3, 4, 5, 6])
    try check("scalar", [], [2.5])
    #expect(weights.hash == sha256(try Data(contentsOf: Formulas.file(name))))
  }

  @Test(arguments: ["archive", "pickles"]) func whatHoldsMoreThanTensorsIsRefusedUnread(_ form: String) throws {
    // os.system has another name where it was written.
    let evil = refusal(Formulas.file("\(form)-evil.pth"))
    #expect(evil.contains("posix.system") && evil.contains("nothing of it was run"), "\(evil)")
    #expect(refusal(Formulas.file("\(form)-more.pth")).contains("holds a number as 'epoch', beside tensors"))
    #expect(refusal(Formulas.file("module.pth")).contains("asks for torch.nn.modules.linear.Linear"))
  }

  @Test(arguments: ["archive.pth", "pickles.pth"]) func aCutFileIsAnErrorWhereverItIsCut(_ name: String) throws {
    let whole = try Data(contentsOf: Formulas.file(name))
    try withFolder { folder in
      let url = folder.appendingPathComponent("cut.pth")
      for length in stride(from: 0, to: whole.count, by: 37) {
        try whole.prefix(length).write(to: url)
        #expect(refusal(url).contains("cut.pth: "), "\(length) bytes")
      }
    }
  }

  @Test func changedBytesAreReadOrRefusedAndNothingElse() throws {
    for name in ["archive.pth", "pickles.pth"] {
      let whole = try Data(contentsOf: Formulas.file(name))
      try withFolder { folder in
        let url = folder.appendingPathComponent("changed.pth")
        for index in stride(from: 0, to: min(whole.count, 1_200), by: 3) {
          var changed = whole
          changed[index] ^= UInt8(truncatingIfNeeded: 1 << (index % 8))
          try changed.write(to: url)
          _ = refusal(url)
        }
      }
    }
  }

  @Test func otherFilesAreCalledWhatTheyAre() throws {
    #expect(refusal(Formulas.file("statistics.npz")).contains("without data.pkl"))
    #expect(refusal(Formulas.file("generate.py")).contains("no file of weights"))
    #expect(refusal(Formulas.file("missing.pth")).contains("missing.pth"))
  }

  @Test func statisticsAreExchangedWithNumPy() throws {
    let golden = try FeatureStatistics(contentsOf: Formulas.file("statistics.npz"), dimensions: 64)
    let own = try FeatureStatistics(of: Formulas.features(1, 300, 64))
    #expect(golden.count == nil)
    for (a, b) in zip(golden.covariance, own.covariance) { #expect(abs(a - b) < 1e-13) }
    try withFolder { folder in
      let url = folder.appendingPathComponent("own.npz")
      try own.write(to: url)
      #expect(try FeatureStatistics(contentsOf: url) == own)
    }
  }

  @Test func statisticsThatDoNotFitAreRefused() throws {
    func refusal(_ url: URL, _ dimensions: Int? = nil) -> String {
      do {
        _ = try FeatureStatistics(contentsOf: url, dimensions: dimensions)
        return "nothing"
      } catch { return "\(error)" }
    }
    #expect(
      refusal(Formulas.file("statistics.npz"), 2_048).contains("of 64 dimensions; the network makes features of 2 048"))
    try withFolder { folder in
      func refused(_ arrays: NumberArchive.Array...) -> String {
        let url = folder.appendingPathComponent("statistics.npz")
        do {
          try NumberArchive.write(arrays, to: url)
        } catch { return "not written" }
        return refusal(url)
      }
      let mean = NumberArchive.Array(name: "mu", shape: [2], values: [0, 1])
      func sigma(_ values: [Double], _ shape: [Int] = [2, 2]) -> NumberArchive.Array {
        .init(name: "sigma", shape: shape, values: values)
      }
      #expect(refused(mean).contains("has no array 'sigma', but 'mu'"))
      #expect(refused(mean, sigma([1, 2, 3], [3])).contains("not [D] and [D, D]"))
      #expect(refused(mean, sigma([1, 0, .nan, 1])).contains("not finite"))
      #expect(refused(mean, sigma([1, 0.5, 0.4, 1])).contains("not symmetric"))
      #expect(refused(mean, sigma([-1, 0, 0, 1])).contains("negative variance"))
    }
  }
}
