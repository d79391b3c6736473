import Files
import Foundation
import Torch

/// A classifier that PyTorch saved as TorchScript, such as the Inception network of 2015-12-05 in the form in which it
/// is passed on.
public final class TorchScriptClassifier: ImageClassifier {
  /// What the module takes pixels to be; images come with values in 0 ... 1, and values outside are brought to its
  /// ends.
  public enum InputRange: String, Sendable, CaseIterable {
    /// float32, as they come.
    case unit = "0..1"
    /// float32, 2 x - 1.
    case symmetric = "-1..1"
    /// uint8, 255 x rounded to the nearest.
    case bytes = "0..255"
  }

  /// What is done to pixels before the module sees them, where it was trained on (x - mean) / deviation and does not do
  /// so itself.
  public struct Normalization: Sendable, Hashable {
    /// One number, or one per channel that the module gets.
    public let mean: [Double]
    /// As many as of the mean, above 0.
    public let deviation: [Double]

    /// - Parameters:
    ///   - mean: one number, or one per channel that the module gets.
    ///   - deviation: as many, above 0.
    public init(mean: [Double], deviation: [Double]) {
      self.mean = mean
      self.deviation = deviation
    }
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
  /// What the module takes pixels to be.
  public let inputRange: InputRange
  /// What the module returns.
  public let output: Output
  /// Done to pixels where ``inputRange`` is ``InputRange/unit``, and only there; nil for nothing.
  public let normalization: Normalization?
  /// Which of several outputs is meant: its place from 0 or its name; see `ScriptModule`.
  public let result: String?
  /// Arguments of the module's `forward` beside the images: variants of what it computes, such as the Inception network
  /// without the bias of its last layer.
  public let keywords: [String: Bool]
  /// Colour channels that the module gets: stated, or found in the first call. Grey images are repeated to 3.
  public private(set) var channels: Int?
  /// Images in the largest batch that the module has taken: one that was traced may take no other number.
  private var batchSize = 0
  private let module: ScriptModule
  private let device: Device

  /// Loads the module in the file at `url`, and hashes the bytes that it was loaded from.
  ///
  /// - Parameters:
  ///   - keywords: see ``keywords``; they are part of ``name``.
  ///   - normalization: with ``InputRange/unit`` only.
  ///   - result: see ``result``.
  ///   - channels: 1 or 3. Where it is missing, the first grey images are tried as they are and then, if the module
  ///     refuses them, with three equal channels.
  /// - Throws: `FileError` naming the file and what is wrong with it.
  public init(
    contentsOf url: URL, inputRange: InputRange = .unit, normalization: Normalization? = nil, channels: Int? = nil,
    output: Output = .logits, result: String? = nil, keywords: [String: Bool] = [:], device: Device = .cpu
  ) throws {
    guard normalization == nil || inputRange == .unit else {
      throw FileError(
        path: url.path, reason: "is given a mean and a deviation, which are of pixels 0..1, not \(inputRange.rawValue)")
    }
    let data = try readFile(at: url)
    do {
      module = try ScriptModule(data, device: device)
    } catch let error as TensorError {
      throw FileError(path: url.path, reason: Self.reason(data, error))
    }
    self.normalization = normalization
    self.result = result
    let stated = keywords.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    name = url.lastPathComponent + (stated.isEmpty ? "" : " (\(stated))")
    self.keywords = keywords
    hash = sha256(data)
    self.inputRange = inputRange
    self.channels = channels
    self.output = output
    self.device = device
  }

  /// What a file is that holds no module.
  private static func reason(_ data: Data, _ error: TensorError) -> String {
    func holds(_ name: String) -> Bool { data.range(of: Data(name.utf8)) != nil }
    let isArchive = data.starts(with: Array("PK".utf8))
    // A pickle of the time before archives, or Python's `torch.save` of today.
    let isPickle = data.starts(with: [0x80, 0x02]) || isArchive && holds("/data.pkl") && !holds("/constants.pkl")
    guard isPickle else { return "is not a TorchScript file: \(error)" }
    return
      "holds weights or objects of Python's, without code that could be run: in Python, load them into the model and "
      + "save that with torch.jit.script(model.eval()).save(\"file.pt\")"
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
      y = try runFilled(images, channels: channels)
    } else {
      (y, channels) = try runFinding(images)
    }
    try check(y, of: images.size(0))
    batchSize = max(batchSize, images.size(0))
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

  /// With the images repeated up to the size of a batch that the module took before, where it does not take fewer.
  private func runFilled(_ images: Tensor, channels: Int) throws -> Tensor {
    let count = images.size(0)
    do {
      return try run(images, channels: channels)
    } catch let error as ClassifierError where 0 < count && count < batchSize {
      let filled = try checkingTensors {
        images.selecting(0, Tensor((0..<batchSize).map { Int64($0 % count) }, device: images.device))
      }
      guard let y = try? run(filled, channels: channels), !y.isPoisoned, y.rank == 2, y.size(0) == batchSize else {
        throw error
      }
      return try checkingTensors { y.sliced(0, 0..<count) }
    }
  }

  private func run(_ images: Tensor, channels: Int) throws -> Tensor {
    if let counts = normalization.map({ Set([$0.mean.count, $0.deviation.count]) }),
      !counts.isSubset(of: [1, channels])
    {
      throw ClassifierError(
        classifier: name,
        reason: "there must be one mean and one deviation, or \(channels) of each, as many as channels")
    }
    do {
      return try checkingTensors {
        withoutGradient {
          var x = images.to(device).to(.float32).clamped(0, 1)
          if x.size(1) != channels { x = x.expanded([-1, channels, -1, -1]).contiguous() }
          switch inputRange {
          case .unit:
            if let normalization {
              func perChannel(_ values: [Double]) -> Tensor {
                Tensor(values.map { Float($0) }, shape: [1, values.count, 1, 1], device: device)
              }
              x = (x - perChannel(normalization.mean)) / perChannel(normalization.deviation)
            }
          case .symmetric: x = 2 * x - 1
          // Conversion cuts the fraction off.
          case .bytes: x = (255 * x + 0.5).to(.uint8)
          }
          return module(x, keywords: keywords, output: result)
        }
      }
    } catch let error as TensorError {
      throw ClassifierError(
        classifier: name,
        reason:
          "\(error) (\(images.size(0)) images at once, pixels given as \(inputRange.rawValue); a module that was "
          + "traced may take only batches of the size it was traced with)")
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
      // A classifier that is sure may have minus infinity for the logits of the others.
      let essential = output == .logits ? y.max(-1) : y
      return (try essential.isFinite.to(.float32).min().item() == 1, try y.min().item(), try sums.values())
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
