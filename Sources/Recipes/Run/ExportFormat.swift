import Files
import Foundation
import NN
import ONNX
import Torch

/// What an exported network is written as.
public enum ExportFormat: String, Sendable, CaseIterable {
  /// A file that PyTorch runs (`torch.jit.load`), with the pass and the parameters.
  case torchscript
  /// A file that onnxruntime and its like run, with the pass and the parameters.
  case onnx
  /// A folder with the parameters, for code that has the network's formula.
  case safetensors

  /// The format of a file of that name, by its suffix; nil where it says none.
  public init?(named url: URL) {
    switch url.pathExtension.lowercased() {
    case "onnx": self = .onnx
    case "pt", "pth", "ts": self = .torchscript
    default: return nil
    }
  }

  func contents(of network: WrittenNetwork) throws -> NetworkExport.Contents {
    switch self {
    case .torchscript: .file(try network.record().encoded(extraFiles: network.texts()))
    case .onnx: .file(try network.onnx())
    case .safetensors: .folder(try network.weightFolder())
    }
  }
}

/// A network that is about to be written, with all that a format may ask for.
struct WrittenNetwork {
  let game: RecipeGame
  let network: ExportedNetwork
  let origin: NetworkExport.Origin
  /// All parameters, by name.
  let state: [String: Tensor]
  /// Those of its layers of batch norm, by their names; none where it normalises by its batch.
  let statistics: [String: StandingStatistics.Layer]
  /// Its pass, checked against the network.
  let record: () throws -> ScriptModule

  /// What a file holds beside the network, by name.
  func texts() throws -> [String: String] {
    ["swift-gan.json": try Self.json(origin), "recipe.yaml": try RecipeFile.text(game.recipe)]
  }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// In a sentence, for people.
  var description: String {
    let step = origin.step.map { " after \($0) steps" } ?? ""
    let weights = origin.averaged ? ", averaged weights" : ""
    let statistics =
      switch origin.statistics {
      case nil: ""
      case .standing: "; batch norm by fixed statistics of \(NetworkExport.standingRows) rows of noise"
      case .batch: "; batch norm by the batch that it is given, of \(origin.batchSize) rows in training"
      }
    return "The \(origin.network) of '\(origin.recipe)'\(step)\(weights)\(statistics)."
  }
}

extension WrittenNetwork {
  /// The bytes of an ONNX file.
  fileprivate func onnx() throws -> Data {
    let isGenerator = network == .generator
    let model = try ONNXModel(
      record(), name: origin.network, arguments: [isGenerator ? "z" : "x", "labels"],
      result: isGenerator ? "samples" : "logits", parameters: state)
    return try model.encoded(
      description: description, producer: ("swift-gan", swiftGanVersion), metadata: texts())
  }

  /// The files of a folder of weights.
  fileprivate func weightFolder() throws -> [String: Data] {
    var tensors = state
    for (name, layer) in statistics {
      (tensors["\(name).mean"], tensors["\(name).variance"]) = (layer.mean.detached(), layer.variance.detached())
    }
    for (name, value) in tensors.sorted(by: { $0.key < $1.key }) where try !value.isAllFinite() {
      throw StateError(name: name, reason: "is not finite")
    }
    let weights = Safetensors(tensors: tensors, metadata: ["format": "pt", "network": origin.network])
    let texts = try texts()
    return [
      "model.safetensors": try weights.encoded(), "config.json": Data(try Self.json(WeightsConfiguration(self)).utf8),
      "recipe.yaml": Data((texts["recipe.yaml"] ?? "").utf8),
    ]
  }
}

/// What a folder's `config.json` says: the network's ``NetworkExport/Origin``, its kind with its settings, its
/// parameters, and its batch norm's statistics.
private struct WeightsConfiguration: Encodable {
  struct Parameter: Encodable {
    let shape: [Int]
    let dtype: String
    /// Whether an optimiser changes it.
    let trained: Bool
  }

  struct BatchNorm: Encodable {
    let features: Int
    let epsilon: Double
  }

  struct Range: Encodable { let low, high: Double }

  let origin: NetworkExport.Origin
  /// The kind under `network`, and its settings, as a recipe has them.
  let settings: any Encodable
  /// What an element of an output can be; nil for any number.
  let outputRange: Range?
  let parameters: [String: Parameter]
  /// The layers of batch norm that have a mean and a variance; nil where none has.
  let batchNorm: [String: BatchNorm]?

  private enum CodingKeys: CodingKey { case settings, outputRange, parameters, batchNorm }

  init(_ written: WrittenNetwork) {
    let (game, recipe) = (written.game, written.game.recipe)
    let isGenerator = written.network == .generator
    origin = written.origin
    settings = isGenerator ? recipe.generator.network : recipe.discriminator.network
    let range = isGenerator ? recipe.generator.network.settings.outputRange : nil
    outputRange = range.map { Range(low: $0.lowerBound, high: $0.upperBound) }
    let summary = isGenerator ? game.generator.summary : game.discriminator.summary
    parameters = Dictionary(
      uniqueKeysWithValues: summary.map { line in
        let dtype = written.state[line.name]?.dtype ?? .float32
        return (line.name, Parameter(shape: line.shape, dtype: dtype.rawValue, trained: !line.isFixed))
      })
    batchNorm =
      written.statistics.isEmpty
      ? nil : written.statistics.mapValues { BatchNorm(features: $0.mean.count, epsilon: $0.epsilon) }
  }

  func encode(to encoder: any Encoder) throws {
    try origin.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(settings, forKey: .settings)
    try container.encodeIfPresent(outputRange, forKey: .outputRange)
    try container.encode(parameters, forKey: .parameters)
    try container.encodeIfPresent(batchNorm, forKey: .batchNorm)
  }
}
