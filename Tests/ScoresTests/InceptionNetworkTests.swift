import Datasets
import Files
import Foundation
import Images
import Metrics
import Scores
import Testing
import Torch

/// FID's Inception network and what pictures go through before it, against torch-fidelity and clean-fid
/// (Golden/generate.py). One test after the other: each wants all cores.
@Suite(.serialized) struct InceptionNetworkTests {
  private let pictures = [
    Formulas.picture(0, 37, 53), Formulas.picture(1, 37, 53), Formulas.picture(2, 320, 41),
  ]

  @Test func featuresAndLogitsAreThoseOfTorchFidelity() throws {
    let (golden, network) = (try ScoreGolden(), try Formulas.inception.get())
    let outputs = try network(pictures)
    for index in pictures.indices {
      for (name, values, size) in [
        ("features", outputs.features, 2_048), ("logits", try #require(outputs.logits), 1_008),
        ("unbiased", try #require(outputs.logitsWithoutBias), 1_008),
      ] {
        let expected = try golden.values("inception.\(index).\(name)")
        let found = values[index * size..<(index + 1) * size].map(Double.init)
        let error = zip(found, expected).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
        let norm = expected.map { $0 * $0 }.reduce(0, +).squareRoot()
        // Golden values are of float64. Some fifty layers one after the other, each of sums of hundreds of numbers in
        // float32, whose errors are of both signs: 50^(1/2) x 2000^(1/2) x 6e-8 = 2e-5 if every one grew in the same
        // way; torch-fidelity's own float32 differs from its float64 by 1e-6.
        #expect(error / norm < 1e-5, "\(name) of picture \(index): \(error / norm)")
      }
    }
  }

  @Test func neitherBatchNorThreadsChangeAPicturesFeatures() throws {
    let network = try Formulas.inception.get()
    let before = Libtorch.threads
    defer { Libtorch.threads = before }
    let set = Listed((0..<7).map { Formulas.picture($0, 37 + $0, 53) })
    Libtorch.threads = 1
    let one = try PictureFeatures(of: set, by: network, batch: 4)
    Libtorch.threads = 2
    let two = try PictureFeatures(of: set, by: network, batch: 4)
    #expect(one.features == two.features && one.logits == two.logits)
    // Among others, and in another place of a batch.
    let turned = try PictureFeatures(of: Listed(set.list.reversed()), by: network, batch: 4)
    #expect(turned.features.selecting((0..<7).reversed()) == one.features)
    let other = try PictureFeatures(of: set, by: network, batch: 3)
    for (a, b) in zip(other.features.values, one.features.values) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b))) }
  }

  @Test func picturesAreResizedAsEachToolDoes() throws {
    let golden = try ScoreGolden()
    let sizes = [(37, 53), (320, 41), (299, 299), (31, 900), (1, 1), (640, 480)]
    for (index, (width, height)) in sizes.enumerated() {
      let picture = Formulas.picture(10 + index, width, height)
      for resizing in [PictureResizing.tensorFlow1, .pyTorch, .clean] {
        let found = try resizing(picture)
        #expect(found.count == 299 * 299 * 3)
        let expected = try golden.values("resizing.\(index).\(resizing.rawValue)")
        let sampled = stride(from: 0, to: found.count, by: 41).map { Double(found[$0]) }
        let worst = zip(sampled, expected).map { abs($0 - $1) }.max()!
        // The first is the same arithmetic. PyTorch may take places of pixels in another order of operations: 900
        // pixels times 2^-24, times a slope of up to 255 a pixel. Pillow's sums are rounded to float32 twice.
        let bound = [PictureResizing.tensorFlow1: 0, .pyTorch: 900 * 0x1p-23 * 255, .clean: 4 * 255 * 0x1p-24][
          resizing]!
        #expect(worst <= bound, "\(width) x \(height), \(resizing.rawValue): \(worst)")
      }
    }
  }

  @Test func greyPicturesAreThoseOfThreeEqualChannels() throws {
    let grey = try Image(width: 20, height: 30, channels: 1, samples: (0..<600).map { UInt8($0 % 251) })
    let colour = try Image(width: 20, height: 30, channels: 3, samples: grey.samples.flatMap { [$0, $0, $0] })
    for resizing in [PictureResizing.tensorFlow1, .pyTorch, .clean] { #expect(try resizing(grey) == resizing(colour)) }
  }

  @Test func weightsOfAnotherNetworkAreRefusedByName() throws {
    let shapes = InceptionNetwork.shapes
    let url = URL(fileURLWithPath: "some.pth")
    func refusal(_ change: (inout [String: Tensor]) -> Void) -> String {
      var weights = shapes.mapValues { Tensor.zeros($0) }
      change(&weights)
      do {
        _ = try checkingTensors { try InceptionNetwork(weights, of: url, hash: "") }
        return "nothing"
      } catch { return "\(error)" }
    }
    #expect(refusal { $0["fc.bias"] = nil }.contains("lacks the tensor 'fc.bias'"))
    #expect(refusal { $0["fc.weight"] = .zeros([1_000, 2_048]) }.contains("'fc.weight' of shape [1000, 2048]"))
    #expect(refusal { $0["AuxLogits.fc.weight"] = .zeros([1]) }.contains("'AuxLogits.fc.weight', which"))
    #expect(refusal { $0["fc.bias"] = .full(.nan, [1_008]) }.contains("'fc.bias' with numbers that are not finite"))
  }
}

/// Pictures of a test.
final class Listed: PictureSet {
  let list: [Image]
  let key: String?
  init(_ list: [Image], key: String? = nil) { (self.list, self.key) = (list, key) }
  var title: String { "pictures of a test" }
  var count: Int { list.count }
  var notes: [String] { [] }
  func name(_ index: Int) -> String { "picture \(index)" }
  func pictures(_ range: Range<Int>) -> [(index: Int, picture: Image)] { range.map { ($0, list[$0]) } }
}
