import Datasets
import Files
import Foundation
import Testing
import Torch

/// Numbers that make no data set are an error that says what is wrong; nothing ends the process.
@Suite struct DataErrorTests {
  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch let error as DataError {
      return error.description
    } catch { return "another error: \(error)" }
  }

  @Test func densitiesAndMixtures() throws {
    #expect(refusal { _ = try Density([]) }.contains("no components"))
    #expect(refusal { _ = try Density([.init(weight: 0.9, mean: 0, standardDeviation: 1)]) }.contains("0.9"))
    for deviation in [0, -1, Double.nan, .infinity] {
      #expect(refusal { _ = try Density.normal(0, deviation) }.contains("standard deviation"))
      #expect(refusal { _ = try GaussianMixture.ring(8, standardDeviation: deviation) }.contains("standard deviation"))
    }
    #expect(refusal { _ = try GaussianMixture(modes: [], standardDeviation: 1) }.contains("no modes"))
    #expect(refusal { _ = try GaussianMixture(modes: [[1, 2], [3]], standardDeviation: 1) }.contains("coordinates"))
    #expect(refusal { _ = try GaussianMixture.grid(-3) }.contains("no modes"))
    let density = try Density.normal(3, 2)
    #expect(density.quantile(0) == -.infinity && density.quantile(1) == .infinity)
    #expect(density.quantile(-0.1).isNaN && density.quantile(.nan).isNaN && abs(density.quantile(0.5) - 3) < 1e-9)
  }

  @Test func images() throws {
    func images(_ count: Int, labels: [UInt8]? = nil, classes: Int = 2, height: Int = 2) throws -> LabelledImages {
      try LabelledImages(
        images: Array(repeating: 7, count: count * 4), labels: labels ?? Array(repeating: 1, count: count),
        height: height, width: 2, channels: 1, classes: classes)
    }
    #expect(refusal { _ = try images(3, height: 0) }.contains("0 x 2"))
    #expect(refusal { _ = try images(3, labels: [1, 0]) } == "2 labels for 3 images")
    #expect(refusal { _ = try images(2, labels: [1, 2]) }.contains("outside of the 2 classes"))
    #expect(refusal { _ = try images(2, classes: 0) } == "0 classes")
    let three = try images(3)
    for size in [4, 0, -1] {
      #expect(refusal { _ = try ImageBatches(three, batchSize: size) } == "batches of \(size) of 3 images")
    }
    #expect(
      refusal { _ = try ImageBatches(three, batchSize: 1, augmentation: .init(mirrors: false, shift: 2)) }
        .contains("a shift of 2 pixels"))
    let batches = try ImageBatches(three, batchSize: 2)
    #expect(refusal { _ = try batches.batches(rows: 1..<3) } == "rows 1..<3 of a batch of 2")
    #expect(refusal { _ = try batches.labelledBatches(rows: -1..<1) }.contains("rows -1..<1"))
    #expect(try batches.batches(rows: 1..<2)(0, RandomStream(seed: 1)).shape == [1, 4])
  }

  /// A file that cannot be described is refused before anything is asked for.
  @Test func descriptionsOfFilesThatAreNone() async throws {
    let md5 = String(repeating: "0", count: 32)
    for (file, word) in [
      (RemoteFile(name: "a/b", size: 1, md5: md5), "no name of a file"),
      (RemoteFile(name: "a", size: -1, md5: md5), "-1"),
      (RemoteFile(name: "a", size: 1, md5: "xyz"), "md5 'xyz'"),
      (RemoteFile(name: "a", size: 1, sha256: md5), "sha256"),
    ] {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("none-\(UUID())")
      let error = await #expect(throws: FileError.self) {
        try await Download(files: [file], mirrors: [], directory: folder, timeout: -1, retries: -1).run()
      }
      #expect(error?.reason.contains(word) == true, "\(String(describing: error))")
      #expect(!FileManager.default.fileExists(atPath: folder.path))
    }
  }
}
