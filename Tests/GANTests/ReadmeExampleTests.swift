import Datasets
import Foundation
import GAN
import NN
import Testing
import Torch

/// The example of Docs/Library.md compiles and plays as it stands there.
@Suite struct ReadmeExampleTests {
  struct G: Generator {
    let hidden = Linear(1, 32), output = Linear(32, 1)
    func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor { output(tanh(hidden(z))) }
  }
  struct D: Discriminator {
    let hidden = Linear(1, 32), output = Linear(32, 1)
    func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
      let h = tanh(hidden(x))
      return Judgement(logits: output(h), features: h)
    }
  }

  @Test func plays() throws {
    let random = RandomStream(seed: 1)
    let trainer = Trainer(
      generator: try Network(G(), random: random.stream("G")),
      discriminator: try Network(D(), random: random.stream("D")),
      terms: [FeatureMatching()], data: try Density.normal(0, 1).batches(200), noise: .uniform(-3, 3, dimensions: 1),
      generatorTraining: Training(Adam(beta1: 0.5), learningRate: LearningRate(1e-3)),
      discriminatorTraining: Training(Adam(beta1: 0.5), learningRate: LearningRate(1e-3)), steps: 5_000, random: random)
    for step in 0..<3 { #expect(try trainer.next()?.step == step) }
  }

  /// Without this the example here and the one there would drift apart.
  @Test func isTheOneInTheReadme() throws {
    let file = URL(fileURLWithPath: #filePath)
    let package = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let readme = try String(contentsOf: package.appendingPathComponent("Docs/Library.md"), encoding: .utf8)
    let block = try #require(
      readme.components(separatedBy: "```swift\n").first { $0.hasPrefix("struct G") }?.components(separatedBy: "```")
        .first)
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let here = Set(lines(try String(contentsOf: file, encoding: .utf8)))
    for line in lines(block) where !line.hasPrefix("while let") { #expect(here.contains(line), "\(line)") }
  }
}
