import ArgumentParser
import Datasets
import Files
import Foundation
import Metrics
import Recipes
import Scores
import Torch

/// Which scores of pictures are computed, by which network, and as whose.
struct ScoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Which, separated by commas: \(PictureMetrics.all.map { $0.name }.joined(separator: ", ")). (default: fid, kid, \
      precision, recall, density, coverage; of statistics fid; of nothing real is)
      """,
      valueName: "names"))
  var metrics: String?

  @Option(
    help: ArgumentHelp(
      """
      The network: FID's weights (.pth), a TorchScript file, a semi-supervised run's folder, or the name of one that \
      `gan data get` has fetched, such as vgg16. (default: what `gan data get inception` has fetched)
      """,
      valueName: "file or run"), completion: .file())
  var features: String?

  @Option(
    help: """
      Whose numbers they are to be: \(ScoreConvention.allCases.map(\.rawValue).joined(separator: ", ")). (default: \
      torch-fidelity)
      """)
  var like = ScoreConvention.torchFidelity

  @Option(parsing: .unconditional, help: "KID's pairs of subsets.")
  var kidSubsets = 100

  @Option(parsing: .unconditional, help: "Pictures in one of KID's subsets.")
  var kidSubsetSize = 1_000

  @Option(parsing: .unconditional, help: "k of precision and recall. (default: 3; like prdc 5)")
  var precisionNeighbours: Int?

  @Option(parsing: .unconditional, help: "k of density and coverage. (default: 5)")
  var densityNeighbours: Int?

  @Option(
    parsing: .unconditional, help: "Seed of KID's draws and of the order in which the Inception score takes pictures.")
  var scoreSeed: UInt32 = 2_020

  @Flag(help: "Tell the Inception score's classes with the bias of the last layer, as the released code does not.")
  var outputBias = false

  @Flag(inversion: .prefixedNo, help: "Compute the middle 95 % of a bootstrap beside each score.")
  var intervals = true

  @Flag(inversion: .prefixedNo, help: "Keep the features of real pictures, and use those that were kept.")
  var cache = true

  func validate() throws {
    _ = try chosen(ifNone: ["fid"])
    let bounds = [
      ("--kid-subsets", kidSubsets, 1...100_000), ("--kid-subset-size", kidSubsetSize, 2...100_000),
      ("--precision-neighbours", precisionNeighbours ?? 3, 1...32),
      ("--density-neighbours", densityNeighbours ?? 5, 1...32),
    ]
    for (name, value, range) in bounds where !range.contains(value) {
      throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound), is \(value).")
    }
  }

  /// - Throws: `ValidationError` naming a score that is none.
  func chosen(ifNone otherwise: [String]) throws -> [any PictureMetric.Type] {
    let names = metrics.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).lowercased() } }
    var found: [any PictureMetric.Type] = []
    for name in names ?? otherwise {
      guard let metric = PictureMetrics.named(name) else {
        let all = PictureMetrics.all.map { $0.name }.joined(separator: ", ")
        throw ValidationError("--metrics has '\(name)', which is none of \(all).")
      }
      if !found.contains(where: { $0 == metric }) { found.append(metric) }
    }
    guard !found.isEmpty else { throw ValidationError("--metrics names no score.") }
    return found
  }

  func settings(splits: Int) -> ScoreSettings {
    var settings = like.settings
    settings.kernelSubsets = kidSubsets
    settings.kernelSubsetSize = kidSubsetSize
    settings.seed = scoreSeed
    if let precisionNeighbours { settings.neighbours.precisionRecall = precisionNeighbours }
    if let densityNeighbours { settings.neighbours.densityCoverage = densityNeighbours }
    settings.splits = splits
    settings.outputBias = outputBias
    settings.intervals = intervals
    return settings
  }

  /// The network, loaded.
  ///
  /// - Throws: `FileError`, `ValidationError`.
  func network(_ reading: ClassifierReading, device: Device) throws -> any PictureNetwork {
    try pictureNetwork(features, like: like, reading, device: device)
  }
}

/// The network of features at `path`; the one that was fetched, where that is nil.
///
/// - Throws: `FileError`: nothing there, or something else.
func pictureNetwork(_ path: String?, like: ScoreConvention, _ reading: ClassifierReading, device: Device) throws
  -> any PictureNetwork
{
  guard let path else {
    let published = FeatureNetworks.inception
    let fetched = published.directory.appendingPathComponent(published.files[0].name)
    guard FileManager.default.fileExists(atPath: fetched.path) else {
      throw FileError(
        path: fetched.path,
        reason: "there is no such file: `gan data get inception` fetches FID's network, or --features names a file")
    }
    return try InceptionNetwork(contentsOf: fetched, resizing: like.resizing, scaling: like.scaling, device: device)
  }
  var url = URL(fileURLWithPath: path)
  var isFolder: ObjCBool = false
  if !FileManager.default.fileExists(atPath: url.path),
    let published = FeatureNetworks.all.first(where: { $0.name == path })
  {
    url = published.directory.appendingPathComponent(published.files[0].name)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw FileError(path: url.path, reason: "there is no such file: `gan data get \(published.name)` fetches it")
    }
  }
  guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
    throw FileError(path: path, reason: "there is no such file or folder")
  }
  if isFolder.boolValue { return try RunNetwork(RunClassifier(RunFolder(url), device: device)) }
  if try TorchScriptNetwork.isScript(url) { return try reading.network(url, device: device) }
  return try InceptionNetwork(contentsOf: url, resizing: like.resizing, scaling: like.scaling, device: device)
}

extension ScoreConvention: ExpressibleByArgument {}
