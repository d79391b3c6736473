import Files
import Foundation
import Metrics
import Torch

/// Features of sets of pictures that were computed before: a safetensors file each, by what the pictures are, the
/// network, and how it sees them.
public struct FeatureCache: Sendable {
  /// Holds a file for each set and network; made when the first is written.
  public let folder: URL

  /// - Parameter folder: need not exist yet.
  public init(_ folder: URL) { self.folder = folder }

  /// The one in the program's cache folder.
  public static var standard: FeatureCache {
    FeatureCache(Cache.directory.appendingPathComponent("features", isDirectory: true))
  }

  /// - Returns: nil for a set that cannot be told from others.
  func url(_ set: any PictureSet, _ network: any PictureNetwork) -> URL? {
    set.key.map { key in
      // What is computed otherwise by a later version of this code counts the number up.
      let text = "1\0\(key)\0\(network.hash)\0\(network.resizing.rawValue)\0\(network.reading)"
      return folder.appendingPathComponent("\(sha256(Data(text.utf8)).prefix(32)).safetensors")
    }
  }

  /// The features of a set; nil where there are none, or none that are sound.
  public func features(_ set: any PictureSet, _ network: any PictureNetwork) -> PictureFeatures? {
    guard let url = url(set, network), let file = try? Safetensors(contentsOf: url),
      let features = file.tensors["features"], features.rank == 2, features.size(0) > 0,
      (try? features.isAllFinite()) == true,
      let indices = try? file.tensors["indices"]?.values(Int64.self), indices.count == features.size(0),
      let values = try? features.values(Float.self),
      let rows = try? Features(values, dimensions: features.size(1))
    else { return nil }
    func optional(_ name: String) -> Features? {
      guard let tensor = file.tensors[name], tensor.rank == 2, tensor.size(0) == indices.count,
        let values = try? tensor.values(Float.self)
      else { return nil }
      return try? Features(values, dimensions: tensor.size(1))
    }
    return PictureFeatures(
      features: rows, logits: optional("logits"),
      logitsWithoutBias: optional("logitsWithoutBias"), indices: indices.map(Int.init))
  }

  /// Keeps the features of a set.
  ///
  /// - Throws: `FileError` with the system's reason, such as a full disk.
  public func keep(_ features: PictureFeatures, of set: any PictureSet, by network: any PictureNetwork) throws {
    guard let url = url(set, network) else { return }
    try makeFolder(at: folder)
    let tensors = try checkingTensors {
      func matrix(_ features: Features) -> Tensor {
        Tensor(features.values, shape: [features.count, features.dimensions])
      }
      var tensors = [
        "features": matrix(features.features), "indices": Tensor(features.indices.map(Int64.init)),
      ]
      tensors["logits"] = features.logits.map(matrix)
      tensors["logitsWithoutBias"] = features.logitsWithoutBias.map(matrix)
      return tensors
    }
    try Safetensors(
      tensors: tensors, metadata: ["pictures": set.title, "network": network.name, "networkHash": network.hash]
    ).write(to: url)
  }
}
