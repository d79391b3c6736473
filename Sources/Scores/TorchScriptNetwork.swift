import Datasets
import Files
import Foundation
import Images
import Metrics
import Torch

/// A network that PyTorch saved as TorchScript, for its features: what it returns for each picture, [N, D], or [N, D,
/// 1, 1].
///
/// The published Inception of 2015-12-05 and VGG16 (`inception-2015-12-05.pt`, `vgg16.pt`, which stylegan2-ada and its
/// kin use) are known by their bytes: they take bytes, resize them themselves, and are asked for features.
public final class TorchScriptNetwork: PictureNetwork, @unchecked Sendable {
  /// A published file, known by its hash.
  public struct Published: Sendable {
    /// As it was published.
    public let name: String
    /// SHA-256 of the file: 64 lower-case hexadecimal digits.
    public let hash: String
    /// Whether it is the Inception network of FID.
    public let isInception: Bool
  }

  /// Those that are known by their bytes.
  public static let published = [
    Published(
      name: "inception-2015-12-05.pt", hash: "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
      isInception: true),
    Published(
      name: "vgg16.pt", hash: "b437eb095feaeb0b83eb3fa11200ebca4548ee39a07fb944a417ddc516cc07c3", isInception: false),
  ]

  /// Whether a file is a zip archive with code in it, as TorchScript's are, or something else than weights.
  ///
  /// - Throws: `FileError` where it cannot be read.
  public static func isScript(_ url: URL) throws -> Bool {
    guard let archive = try? PictureArchive(url) else { return false }
    return archive.files.contains { $0.name.hasSuffix("/constants.pkl") || $0.name == "constants.pkl" }
  }

  public let name: String
  public let hash: String
  /// None: the module resizes by itself, or does not.
  public var resizing: PictureResizing { .none }
  public let reading: String
  public let isInception: Bool
  private let module: ScriptModule
  private let inputRange: TorchScriptClassifier.InputRange
  private let normalization: TorchScriptClassifier.Normalization?
  private let keywords: [String: Bool]
  private let result: String?
  private let device: Device

  /// - Parameters:
  ///   - inputRange: what the module takes pixels to be; bytes for a published file.
  ///   - normalization: with `InputRange.unit` only.
  ///   - result: which of several outputs are the features; see `ScriptModule`.
  ///   - keywords: further arguments of its `forward`; `return_features` for a published file.
  /// - Throws: `FileError` naming the file and what is wrong with it.
  public init(
    contentsOf url: URL, inputRange: TorchScriptClassifier.InputRange = .unit,
    normalization: TorchScriptClassifier.Normalization? = nil, result: String? = nil, keywords: [String: Bool] = [:],
    device: Device = .cpu
  ) throws {
    let data = try readFile(at: url)
    hash = sha256(data)
    do {
      module = try ScriptModule(data, device: device)
    } catch let error as TensorError {
      throw FileError(path: url.path, reason: "is not a TorchScript file: \(error)")
    }
    let known = Self.published.first { [hash] in $0.hash == hash }
    isInception = known?.isInception ?? false
    self.inputRange = known == nil ? inputRange : .bytes
    self.keywords = known == nil ? keywords : ["return_features": true]
    self.normalization = normalization
    self.result = result
    self.device = device
    name = url.lastPathComponent
    let stated = self.keywords.sorted { $0.key < $1.key }.map { ", \($0.key)=\($0.value)" }.joined()
    let scaled = normalization.map { " less \($0.mean) by \($0.deviation)" } ?? ""
    reading = "pixels \(self.inputRange.rawValue)\(scaled)\(result.map { ", output \($0)" } ?? "")\(stated)"
  }

  public func callAsFunction(_ pictures: [Image]) throws -> NetworkOutputs {
    let first = pictures[0]
    if let other = pictures.first(where: { $0.width != first.width || $0.height != first.height }) {
      throw NetworkError(
        network: name,
        reason:
          "takes pictures as they are, and they are of several sizes, such as \(first.width) x \(first.height) and "
          + "\(other.width) x \(other.height): resize them first, such as with gan data pack --size")
    }
    let (count, height, width) = (pictures.count, first.height, first.width)
    do {
      return try checkingTensors {
        try withoutGradient {
          var bytes: [UInt8] = []
          bytes.reserveCapacity(count * height * width * 3)
          for picture in pictures {
            if picture.channels == 3 {
              bytes += picture.samples
            } else {
              for sample in picture.samples { bytes.append(contentsOf: repeatElement(sample, count: 3)) }
            }
          }
          var x = Tensor(bytes, shape: [count, height, width, 3], device: device).permuted([0, 3, 1, 2]).contiguous()
          switch inputRange {
          case .bytes: break
          case .unit:
            x = x.to(.float32) / 255
            if let normalization {
              func perChannel(_ values: [Double]) -> Tensor {
                Tensor(values.map { Float($0) }, shape: [1, values.count, 1, 1], device: device)
              }
              x = (x - perChannel(normalization.mean)) / perChannel(normalization.deviation)
            }
          case .symmetric: x = x.to(.float32) / 255 * 2 - 1
          }
          let y = module(x, keywords: keywords, output: result)
          guard y.rank >= 2, y.size(0) == count, y.shape.dropFirst(2).allSatisfy({ $0 == 1 }), y.size(1) >= 1 else {
            throw NetworkError(
              network: name,
              reason: "returns a tensor of shape \(y.shape) for \(count) pictures, not [\(count), D] features")
          }
          return NetworkOutputs(features: try y.reshaped([count, -1]).to(.float32).values(), dimensions: y.size(1))
        }
      }
    } catch let error as TensorError {
      throw NetworkError(
        network: name, reason: "\(error) (\(count) pictures at once, pixels given as \(inputRange.rawValue))")
    }
  }
}
