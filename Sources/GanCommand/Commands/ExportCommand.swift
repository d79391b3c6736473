import ArgumentParser
import Files
import Foundation
import Recipes

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a trained network as TorchScript, for PyTorch.",
    discussion: """
      The generator maps noise z [N, Z] to examples: points [N, F], or images [N, C, H, W] with values as the run was trained on, \
      0 to 1 for MNIST. It is in the form in which `gan sample` draws, with averaged weights where the run has them. The \
      classifier of a semi-supervised run maps images to the logits of their classes, and may be given to `gan score`.

        gan export runs/mnist-1 --out generator.pt
        gan export runs/few-labels --network classifier --out digits.pt
        gan score runs/mnist-1 --classifier digits.pt

      In Python, which needs nothing of this program for it:

        generator = torch.jit.load("generator.pt")
        images = generator(torch.rand(100, 100))

      The parameters have the names that they have in the run's safetensors files; Docs/Files.md lists them.
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(help: "The file to write, a new one.", completion: .file(extensions: ["pt"]))
  var out: String

  @Option(help: "Which of the networks; a classifier is what semi-supervised runs train.")
  var network = ExportedNetwork.generator

  @Flag(help: "Write the weights of the last step, not their average.")
  var raw = false

  func run() throws {
    let file = URL(fileURLWithPath: out)
    // Somebody's network may be in it, and before anything is computed there is nothing to lose.
    guard !FileManager.default.fileExists(atPath: file.path) else {
      throw FileError(path: out, reason: "exists: name another file, or remove it")
    }
    let export = try RunFolder(URL(fileURLWithPath: runFolder)).export(network, averaged: !raw)
    try replaceFile(at: file, with: export.file)
    func shape(_ one: [Int]) -> String { "[" + (["N"] + one.map(String.init)).joined(separator: ", ") + "]" }
    try Output.print("\(file.relativePath): \(shape(export.origin.input)) -> \(shape(export.origin.output))")
  }
}

extension ExportedNetwork: ExpressibleByArgument {}
