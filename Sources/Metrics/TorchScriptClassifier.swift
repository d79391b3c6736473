import Files
import Foundation
import Torch

/// A classifier that PyTorch saved as TorchScript, such as the Inception network of 2015-12-05 in the form in which it is
/// passed on.
public final class TorchScriptClassifier: ImageClassifier {
  /// What the module takes pixels to be; images come with values in 0 ... 1, and values outside are brought to its ends.
  public enum InputRange: String, Sendable, CaseIterable {
    /// float32, as they come.
    case unit = "0..1"
    /// float32, 2 x - 1.
    case symmetric = "-1..1"
    /// uint8, 255 x rounded to the nearest.
    case bytes = "0..255"
  }

  /// What the module returns.
  public enum Output: String, Sendable, CaseIterable {
    /// Numbers before the softmax.
    case logits
    /// p(y|x).
    case probabilities
  }

  public let name: String
  public let hash: String
  public private(set) var classes: Int?
  public let inputRange: InputRange
  public let output: Output
  /// Arguments of the module's `forward` beside the images: variants of what it computes, such as the Inception network
  /// without the bias of its last layer.
  public let keywords: [String: Bool]
  /// Colour channels that the module gets: stated, or found in the first call. Grey images are repeated to 3.
  public private(set) var channels: Int?
  private let module: ScriptModule
  private let device: Device

  /// Loads the module in the file at `url`, and hashes the bytes that it was loaded from.
  ///
  /// - Parameters:
  ///   - keywords: see ``keywords``; they are part of ``name``.
  ///   - channels: 1 or 3. Where it is missing, the first grey images are tried as they are and then, if the module
  ///     refuses them, with three equal channels.
  /// - Throws: `FileError` naming the file and what is wrong with it.
  public init(
    contentsOf url: URL, inputRange: InputRange = .unit, channels: Int? = nil, output: Output = .logits,
    keywords: [String: Bool] = [:], device: Device = .cpu
  ) throws {
    let data = try readFile(at: url)
    do {
      module = try ScriptModule(data, device: device)
    } catch let error as TensorError {
      throw FileError(path: url.path, reason: "is not a TorchScript file: \(error)")
    }
    let stated = keywords.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    name = url.lastPathComponent + (stated.isEmpty ? "" : " (\(stated))")
    self.keywords = keywords
    hash = sha256(data)
    self.inputRange = inputRange
    self.channels = channels
    self.output = output
    self.device = device
  }

  public func callAsFunction(_ images: Tensor) throws -> ClassOutputs {
    let given = images.size(1)
    guard images.rank == 4, [1, 3].contains(given) else {
      throw ClassifierError(classifier: name, reason: "images have the shape \(images.shape), not [N, 1 or 3, H, W]")
    }
    if let channels, given != channels, given != 1 {
      throw ClassifierError(
        classifier: name, reason: "it takes \(channels) channel\(channels == 1 ? "" : "s"), images have \(given)")
    }
    let y: Tensor
    if let channels {
      y = try run(images, channels: channels)
    } else {
      (y, channels) = try runFinding(images)
    }
    try check(y, of: images.size(0))
    classes = y.size(1)
    return output == .logits ? .logits(y) : .probabilities(y)
  }

  /// The first call, where nobody has stated the channels.
  private func runFinding(_ images: Tensor) throws -> (Tensor, channels: Int) {
    do {
      return (try run(images, channels: images.size(1)), images.size(1))
    } catch let error as ClassifierError where images.size(1) == 1 {
      // What it says of the images as they are is what can be mended, if neither goes.
      guard let y = try? run(images, channels: 3) else { throw error }
      return (y, 3)
    }
  }

  private func run(_ images: Tensor, channels: Int) throws -> Tensor {
    do {
      return try checkingTensors {
        withoutGradient {
          var x = images.to(device).to(.float32).clamped(0, 1)
          if x.size(1) != channels { x = x.expanded([-1, channels, -1, -1]).contiguous() }
          switch inputRange {
          case .unit: break
          case .symmetric: x = 2 * x - 1
          // Conversion cuts the fraction off.
          case .bytes: x = (255 * x + 0.5).to(.uint8)
          }
          return module(x, keywords: keywords)
        }
      }
    } catch let error as TensorError {
      throw ClassifierError(classifier: name, reason: "\(error) (pixels given as \(inputRange.rawValue))")
    }
  }

  private func check(_ y: Tensor, of count: Int) throws {
    func fail(_ reason: String) -> ClassifierError { ClassifierError(classifier: name, reason: reason) }
    guard y.rank == 2, y.size(0) == count, y.size(1) >= 2 else {
      throw fail(
        "it returns a tensor of shape \(y.shape) for \(count) images, not [\(count), K] for K classes, at least 2")
    }
    guard [.float32, .float64, .bfloat16].contains(y.dtype) else {
      throw fail("it returns elements of kind \(y.dtype)")
    }
    if let classes, y.size(1) != classes { throw fail("it returns \(y.size(1)) classes after \(classes) before") }
    guard count > 0 else { return }
    let (isFinite, lowest, sums) = try checkingTensors {
      let sums = y.to(.float32).sum(-1)
      return (try y.isFinite.to(.float32).min().item() == 1, try y.min().item(), try sums.values())
    }
    guard isFinite else { throw fail("it returns numbers that are not finite") }
    let areProbabilities = lowest >= 0 && sums.allSatisfy { abs($0 - 1) <= 1e-3 }
    switch output {
    case .probabilities:
      guard !areProbabilities else { return }
      throw fail(
        "it returns no probabilities: they must not be negative and must be 1 for an image in sum, here "
          + "\(sums.first { abs($0 - 1) > 1e-3 }.map { "\($0)" } ?? "the smallest is \(lowest)")")
    // The softmax of probabilities is almost flat: a score near 1 that looks like a bad generator.
    case .logits:
      guard areProbabilities, classes == nil else { return }
      throw fail("it returns probabilities (not negative and 1 in sum), not logits: state the output as probabilities")
    }
  }
}
