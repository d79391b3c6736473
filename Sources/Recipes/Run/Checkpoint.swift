import Files
import Foundation
import NN
import Torch

/// One moment of a run, in one file: all that the run needs to go on as if it had not been interrupted.
///
/// The file is in the safetensors format. Its tensors have the names of `Trainer.state`, and besides
/// `generator-average.values`, `generator-average.updates` (and the same of `discriminator-average`), and
/// `measurement-sums`; its metadata is ``Origin``. It carries a checksum (see `Safetensors`).
///
/// The file is open, and has been checked: its tensors are read when they are wanted.
public struct Checkpoint {
  /// Steps played.
  public let step: Int
  /// All that the run needs to go on, by the names above.
  public let tensors: TensorSource
  /// Where it comes from; none of it changes how the run goes on.
  public let origin: Origin

  /// Where a checkpoint comes from.
  public struct Origin: Sendable, Equatable {
    /// Of training so far.
    public var seconds: Double
    /// The resolved recipe, as YAML.
    public var recipe: String
    /// Of the program that wrote it.
    public var version: String
    /// The version of libtorch that the program ran with.
    public var libtorch: String
    /// The raw value of a `Device`.
    public var device: String
    /// That tensor operations were spread over.
    public var threads: Int
    /// What the best checkpoint is chosen by, where the run was asked to: the smallest.
    public var measure: Double?
  }

  fileprivate init(_ file: SafetensorsFile, device: Device) throws {
    let text = file.metadata
    guard text["format"] == Self.format else {
      throw StateError(name: "format", reason: "is not '\(Self.format)'")
    }
    func value<T>(_ name: String, _ parse: (String) -> T?) throws -> T {
      guard let value = text[name].flatMap(parse) else { throw StateError(name: name, reason: "is missing") }
      return value
    }
    step = try value("step") { Int($0) }
    origin = Origin(
      seconds: try value("seconds") { Double($0) }, recipe: try value("recipe") { $0 },
      version: try value("version") { $0 }, libtorch: try value("libtorch") { $0 },
      device: try value("device") { $0 }, threads: try value("threads") { Int($0) },
      measure: text["measure"].flatMap { Double($0) })
    tensors = TensorSource(file, device: device)
  }

  /// What a file of these tensors holds.
  fileprivate static func file(_ step: Int, _ tensors: [String: Tensor], _ origin: Origin) -> Safetensors {
    var text = [
      "format": format, "step": "\(step)", "seconds": "\(origin.seconds)", "recipe": origin.recipe,
      "version": origin.version, "libtorch": origin.libtorch, "device": origin.device, "threads": "\(origin.threads)",
    ]
    text["measure"] = origin.measure.map { "\($0)" }
    return Safetensors(tensors: tensors, metadata: text)
  }

  private static let format = "swift-gan checkpoint 1"
}

/// When a run saves checkpoints, and which of them it keeps. None of it changes what the run computes.
public struct CheckpointPolicy: Sendable, Equatable {
  /// The time between two checkpoints.
  public enum Interval: Sendable, Equatable {
    /// Steps played.
    case steps(Int)
    /// Seconds of the clock.
    case seconds(Double)
  }

  /// What the best checkpoint is chosen by: the fewest errors, or the best score of samples.
  public enum Measure: String, Codable, Sendable, CaseIterable {
    /// Wrong classes on the test set.
    case testErrors = "test-errors"
    /// The same of the average of D's weights, where there is one; else of the weights.
    case testErrorsOfAverage = "test-errors-of-average"
    /// Scores of samples, by their names in `PictureMetrics`.
    case fid, kid, fd, precision, recall, density, coverage
    /// The Inception score of samples.
    case inceptionScore = "is"

    /// The name of the score; nil for errors.
    public var score: String? {
      switch self {
      case .testErrors, .testErrorsOfAverage: nil
      default: rawValue
      }
    }
  }

  /// The recipe's where it is missing.
  public var interval: Interval?
  /// The newest so many; the older ones are removed, but for the best. At least 1.
  public var kept: Int
  /// Whether, and by what, the best is kept as `best.safetensors`; one is then saved after every test that beats it.
  public var best: Measure?
  /// Whether the last one stays when the run is over, which nothing needs to use the run.
  public var keepsFinal: Bool

  /// - Parameters:
  ///   - interval: the recipe's where it is missing.
  ///   - kept: the newest so many, at least 1.
  ///   - best: what the best is kept by; none is kept if nil.
  ///   - keepsFinal: whether the last one stays when the run is over.
  public init(interval: Interval? = nil, kept: Int = 2, best: Measure? = nil, keepsFinal: Bool = true) {
    self.interval = interval
    self.kept = kept
    self.best = best
    self.keepsFinal = keepsFinal
  }
}

/// The checkpoints of a run: `step-000600.safetensors` and so on, and `best.safetensors`.
///
/// A file in it is a valid checkpoint or is ignored: it appears by being renamed, whole and synced, and is read only if
/// its checksum holds.
public struct CheckpointFolder: Sendable {
  /// Made when the first checkpoint is saved.
  public let url: URL

  /// - Parameter url: need not exist yet.
  public init(_ url: URL) { self.url = url }

  /// Where the best one is, if there is one.
  public var best: URL { url.appendingPathComponent("best.safetensors") }

  /// By step, the newest first; whether they are valid is not looked at.
  public var files: [(step: Int, url: URL)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.compactMap { name in
      guard let match = name.wholeMatch(of: /step-([0-9]{6,18})\.safetensors/), let step = Int(match.1) else {
        return nil
      }
      return (step, url.appendingPathComponent(name))
    }.sorted { $0.step > $1.step }
  }

  /// Where the checkpoint of `step` is, if there is one.
  func file(of step: Int) -> URL { url.appendingPathComponent("step-\(paddedStep(step)).safetensors") }

  /// Saves the checkpoint of `step`.
  ///
  /// - Parameters:
  ///   - tensors: all that the run needs to go on, by the names of ``Checkpoint``.
  ///   - kept: how many stay, with this one.
  func write(
    step: Int, _ tensors: [String: Tensor], _ origin: Checkpoint.Origin, kept: Int, isBest: Bool
  ) throws {
    // A run folder that was removed is not begun anew: it would have no recipe, and nobody its lock.
    try makeFolder(at: url, makesParents: false)
    let file = file(of: step)
    let contents = Checkpoint.file(step, tensors, origin)
    try contents.write(to: file)
    if isBest { try contents.write(to: best) }
    syncFolder(at: url)
    // Only once the newest is safe.
    for old in files.drop(while: { $0.step > step }).dropFirst(max(1, kept)) {
      try? FileManager.default.removeItem(at: old.url)
    }
  }

  /// The newest that is valid, and the files that were passed over on the way to it, with what is wrong with them.
  public func newest(device: Device) -> (checkpoint: Checkpoint?, passedOver: [FileError]) {
    var passedOver: [FileError] = []
    for (step, file) in files {
      do {
        let checkpoint = try Self.read(file, device: device)
        guard checkpoint.step == step else {
          throw FileError(path: file.path, reason: "is the checkpoint of step \(checkpoint.step)")
        }
        return (checkpoint, passedOver)
      } catch let error as FileError {
        passedOver.append(error)
      } catch {
        passedOver.append(FileError(path: file.path, reason: "\(error)"))
      }
    }
    return (nil, passedOver)
  }

  /// Opens a checkpoint and checks it.
  ///
  /// - Parameter device: where tensors that are made of it belong.
  /// - Throws: `FileError`.
  public static func read(_ file: URL, device: Device) throws -> Checkpoint {
    do {
      return try Checkpoint(SafetensorsFile(file), device: device)
    } catch let error as StateError {
      throw FileError(path: file.path, reason: "is not a checkpoint: its '\(error.name)' \(error.reason)")
    }
  }

  /// Removes what came after `step`: another future of the run.
  func discard(after step: Int) {
    for file in files where file.step > step { try? FileManager.default.removeItem(at: file.url) }
  }

  func removeAll() {
    for file in files { try? FileManager.default.removeItem(at: file.url) }
    // Stays where it holds anything else, such as the best.
    rmdir(url.path)
  }
}

/// Six digits at least, so that names sort by step.
func paddedStep(_ step: Int) -> String {
  let digits = String(step)
  return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
}
