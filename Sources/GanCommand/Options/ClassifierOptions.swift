import ArgumentParser
import Files
import Foundation
import Metrics
import Recipes
import Scores
import Torch

/// Which classifier a command asks, and how.
struct ClassifierOptions: ParsableArguments {
  @Option(help: classifierHelp, completion: .file())
  var classifier: String?

  @OptionGroup var reading: ClassifierReading
}

let classifierHelp = ArgumentHelp(
  "A classifier: a semi-supervised run's folder, or a file that PyTorch saved as TorchScript.",
  valueName: "run or file.pt")

/// What a TorchScript file does not say of itself.
struct ClassifierReading: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "What it takes pixels to be: \(names(TorchScriptClassifier.InputRange.self)), the last as bytes.")
  var inputRange = TorchScriptClassifier.InputRange.unit

  @Option(help: "What it returns: \(names(TorchScriptClassifier.Output.self)).")
  var output = TorchScriptClassifier.Output.logits

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      What it has subtracted from pixels 0..1 outside of its module, one number or one a channel, such as \
      0.485,0.456,0.406.
      """,
      valueName: "numbers"))
  var mean: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What it has divided them by then, such as 0.229,0.224,0.225.", valueName: "numbers"))
  var deviation: String?

  @Option(
    help: ArgumentHelp(
      "Which of several outputs it is asked for. (default: logits, or the first)", valueName: "place from 0, or name"))
  var result: String?

  @Option(
    parsing: .unconditional,
    help: "Colour channels that it takes; grey images are repeated to 3. (default: 3 where it refuses 1)")
  var channels: Int?

  @Option(
    name: .customLong("argument"), parsing: .singleValue,
    help: ArgumentHelp(
      """
      An argument of its forward beside the images, such as no_output_bias=true for the Inception network as the \
      paper's authors used it.
      """,
      valueName: "name=true|false"))
  var arguments: [String] = []

  /// In words, such as "pixels 0..1, logits".
  var summary: String {
    "pixels \(inputRange.rawValue)" + (mean.map { " less \($0)" } ?? "") + (deviation.map { " by \($0)" } ?? "")
      + ", \(output.rawValue)" + (result.map { " of output \($0)" } ?? "")
      + (channels.map { ", \($0) channels" } ?? "")
  }

  /// The options that were given, as they are typed.
  var typed: String {
    (inputRange == .unit ? "" : " --input-range \(inputRange.rawValue)")
      + (mean.map { " --mean \(shellWord($0))" } ?? "") + (deviation.map { " --deviation \(shellWord($0))" } ?? "")
      + (output == .logits ? "" : " --output \(output.rawValue)") + (channels.map { " --channels \($0)" } ?? "")
      + (result.map { " --result \(shellWord($0))" } ?? "") + arguments.map { " --argument \(shellWord($0))" }.joined()
  }

  private func normalization() throws -> TorchScriptClassifier.Normalization? {
    func numbers(_ option: String, _ text: String) throws -> [Double] {
      let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
        Double($0.trimmingCharacters(in: .whitespaces))
      }
      guard [1, 3].contains(values.count), values.allSatisfy({ $0?.isFinite == true }) else {
        throw ValidationError("\(option) must be one number, or three separated by commas, is '\(text)'.")
      }
      return values.compactMap { $0 }
    }
    guard mean != nil || deviation != nil else { return nil }
    guard inputRange == .unit else {
      throw ValidationError("--mean and --deviation are of pixels 0..1, and --input-range is \(inputRange.rawValue).")
    }
    let deviations = try deviation.map { try numbers("--deviation", $0) } ?? [1]
    guard deviations.allSatisfy({ $0 > 0 }) else {
      throw ValidationError("--deviation must be above 0, is '\(deviation ?? "")'.")
    }
    return .init(mean: try mean.map { try numbers("--mean", $0) } ?? [0], deviation: deviations)
  }

  private func keywords() throws -> [String: Bool] {
    var keywords: [String: Bool] = [:]
    for argument in arguments {
      guard let match = argument.wholeMatch(of: /([A-Za-z_][A-Za-z0-9_]*)=(true|false)/) else {
        throw ValidationError("--argument must be name=true or name=false, is '\(argument)'.")
      }
      guard keywords.updateValue(match.2 == "true", forKey: String(match.1)) == nil else {
        throw ValidationError("--argument gives '\(match.1)' twice.")
      }
    }
    return keywords
  }

  func validate() throws {
    _ = try (keywords(), normalization())
    if let channels, channels != 1 && channels != 3 {
      throw ValidationError("--channels must be 1 or 3, is \(channels).")
    }
  }

  /// A TorchScript file as a network of features.
  ///
  /// - Throws: `FileError` naming the file and what is wrong with it.
  func network(_ url: URL, device: Device) throws -> TorchScriptNetwork {
    try TorchScriptNetwork(
      contentsOf: url, inputRange: inputRange, normalization: normalization(), result: result, keywords: keywords(),
      device: device)
  }

  /// The classifier at `path`.
  ///
  /// - Throws: `FileError` naming the path and what is wrong with it.
  func load(_ path: String, device: Device) throws -> any ImageClassifier {
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
      for (option, isGiven) in [
        ("--argument", !arguments.isEmpty), ("--mean", mean != nil), ("--deviation", deviation != nil),
        ("--result", result != nil),
      ] where isGiven {
        throw ValidationError("\(option) is for TorchScript files; '\(path)' is the folder of a run.")
      }
      return try RunClassifier(RunFolder(url), device: device)
    }
    return try TorchScriptClassifier(
      contentsOf: url, inputRange: inputRange, normalization: normalization(), channels: channels, output: output,
      result: result, keywords: keywords(), device: device)
  }
}

private func names<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> String where Value.RawValue == String {
  Value.allCases.map(\.rawValue).joined(separator: ", ")
}

extension TorchScriptClassifier.InputRange: ExpressibleByArgument {}
extension TorchScriptClassifier.Output: ExpressibleByArgument {}
