import ArgumentParser
import Files
import Foundation
import Recipes

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a trained network for other programs: TorchScript, ONNX or safetensors.",
    discussion: """
      The generator maps noise z [N, Z] to examples: points [N, F], or images [N, C, H, W] with values as the run was \
      trained on, 0 to 1 for MNIST. It has averaged weights where the run has them. That of a game of classes takes \
      their numbers [N] as a second argument. A generator with batch norm gets standing statistics: those of \
      \(NetworkExport.standingRows) rows of noise, in the place of those of the batch that it is given, so that each \
      row makes its own picture, alone or among others; with --batch-statistics it normalises by its batch, as in \
      training and in `gan sample`, and wants batches of the recipe's size. The classifier of a semi-supervised run \
      maps images to the logits of their classes, and may be given to `gan score`.

        gan export runs/mnist-1 --out generator.onnx
        gan export runs/mnist-1 --out generator.pt
        gan export runs/mnist-1 --format safetensors --out generator
        gan export runs/few-labels --network classifier --out digits.pt
        gan score runs/mnist-1 --classifier digits.pt

      ONNX is what onnxruntime and its like run, on servers, phones and in browsers; TorchScript runs in PyTorch and \
      comes back into `gan score`; safetensors are the parameters and statistics alone, with a config.json, in a new \
      folder. In Python, which needs nothing of this program for it:

        session = onnxruntime.InferenceSession("generator.onnx")
        images, = session.run(None, {"z": numpy.random.rand(100, 100).astype("float32")})

        generator = torch.jit.load("generator.pt")
        images = generator(torch.rand(100, 100))

      The parameters have the names that they have in the run's safetensors files; Docs/Files.md lists them.
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(
    help: "The file to write, a new one; of safetensors the folder.", completion: .file(extensions: ["onnx", "pt"]))
  var out: String

  @Option(help: "What to write. (default: onnx for a file named .onnx, torchscript for .pt, .pth, .ts or no suffix)")
  var format: ExportFormat?

  @Option(help: "Which of the networks; a classifier is what semi-supervised runs train.")
  var network = ExportedNetwork.generator

  @OptionGroup var weights: WeightOptions

  @Flag(help: "Leave a generator's batch norm to the batches that it is given.")
  var batchStatistics = false

  func run() throws {
    let file = URL(fileURLWithPath: out)
    // Somebody's network may be in it, and before anything is computed there is nothing to lose.
    try refuseExisting(file)
    let named = ExportFormat(named: file)
    if format == nil, named == nil, !file.pathExtension.isEmpty {
      throw ValidationError(
        "--out \(out): .\(file.pathExtension) says no format: .onnx is ONNX, .pt, .pth and .ts are TorchScript; "
          + "--format says what goes under another name")
    }
    let format = format ?? named ?? .torchscript
    if let named, named != format {
      throw ValidationError("--out \(out) is the name of a file of \(named), and --format says \(format)")
    }
    let export = try RunFolder(URL(fileURLWithPath: runFolder)).export(
      network, as: format, weights: weights.weights, standingStatistics: !batchStatistics)
    switch export.contents {
    case .file(let data): try writeOutput(data, to: file)
    case .folder(let files): try writeNewFolder(files, at: file)
    }
    if export.origin.statistics == .batch {
      Output.say(
        "its batch norm normalises by the batch that it is given: give it batches of \(export.origin.batchSize) rows")
    }
    func shape(_ one: [Int]) -> String { "[" + (["N"] + one.map(String.init)).joined(separator: ", ") + "]" }
    if standardStream(at: file) == STDOUT_FILENO { return }
    try Output.print("\(file.relativePath): \(shape(export.origin.input)) -> \(shape(export.origin.output))")
  }
}

extension ExportedNetwork: ExpressibleByArgument {}
extension ExportFormat: ExpressibleByArgument {}
