import Files
import Foundation
import Images
import WandB

/// A run as `wandb sync` takes it: measurements, pictures, the recipe as its configuration.
public enum OfflineRunLog {
  /// As options name it.
  public static let name = "wandb-offline"

  /// Where it goes if nothing else is said: in the run's own folder, under the name that `wandb sync` looks for.
  ///
  /// - Throws: `FileError`.
  public static func usualPlace(of folder: RunFolder) throws -> URL {
    let run = try offlineRun(folder)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "yyyyMMdd_HHmmss"
    let time = formatter.string(from: Date(timeIntervalSince1970: run.start))
    return folder.url.appendingPathComponent("wandb/offline-run-\(time)-\(run.id)")
  }

  /// Makes the folder `url`, whole or not at all.
  ///
  /// - Throws: `FileError`, also where something is there already.
  public static func write(_ folder: RunFolder, to url: URL) throws {
    try offlineRun(folder).write(to: url, producer: "swift-gan \(swiftGanVersion)")
  }

  private static func offlineRun(_ folder: RunFolder) throws -> OfflineRun {
    let recipe = try folder.recipe()
    let lines = try folder.measurements()
    let quantities = MeasuredQuantity.found(in: lines)
    var rows = lines.map { line in
      OfflineRun.Row(
        step: line.step, seconds: line.seconds,
        values: quantities.compactMap { quantity in quantity.value(line).map { (quantity.tag, .number($0)) } })
    }
    var files: [(path: String, source: URL)] = [("recipe.yaml", folder.url.appendingPathComponent("recipe.yaml"))]
    func add(_ picture: URL, step: Int, tag: String) {
      guard let (value, path) = value(of: picture, step: step, tag: tag) else { return }
      files.append((path, picture))
      let index = rows.firstIndex { $0.step >= step } ?? rows.endIndex
      if index == rows.endIndex || rows[index].step != step {
        let seconds = index > 0 ? rows[index - 1].seconds : 0
        rows.insert(OfflineRun.Row(step: step, seconds: seconds, values: []), at: index)
      }
      rows[index].values.append((tag, value))
    }
    if let real = folder.realPicture { add(real, step: 0, tag: "real") }
    for picture in folder.pictures { add(picture.url, step: picture.step, tag: "samples") }
    let begun = try readFile(at: folder.url.appendingPathComponent("run.json"), limit: 1 << 20)
    let name = folder.url.standardizedFileURL.lastPathComponent
    var run = OfflineRun(
      id: id(Data(name.utf8), begun, Data(try RecipeFile.text(recipe).utf8)), name: name, project: "swift-gan",
      start: start(folder, seconds: lines.last?.seconds ?? 0), config: try config(recipe), rows: rows)
    run.files = files
    run.exitCode = try folder.faults().last?.outcome == .stopped ? 1 : folder.isComplete() ? 0 : nil
    return run
  }

  /// The same for the same run, so that a server that has it already says so.
  private static func id(_ parts: Data...) -> String {
    let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    var value = UInt64(sha256(parts.reduce(Data(), +)).prefix(16), radix: 16) ?? 0
    return String(
      (0..<8).map { _ in
        defer { value /= 36 }
        return letters[Int(value % 36)]
      })
  }

  /// When the run would have begun, had it not been interrupted.
  private static func start(_ folder: RunFolder, seconds: Double) -> Double {
    let file =
      FileSignature(of: folder.measurementsFile) ?? FileSignature(of: folder.url.appendingPathComponent("run.json"))
    return (file.map { Double($0.time) / 1e9 } ?? 0) - seconds
  }

  /// The recipe's keys, one within the other.
  private static func config(_ recipe: Recipe) throws -> [(key: String, value: OfflineRun.Value)] {
    var order: [String] = []
    var tops: [String: OfflineRun.Value] = [:]
    func put(_ path: ArraySlice<String>, _ leaf: OfflineRun.Value, in value: OfflineRun.Value?) -> OfflineRun.Value {
      guard let first = path.first else { return leaf }
      var group: [String: OfflineRun.Value] = [:]
      if case .group(let own) = value { group = own }
      group[first] = put(path.dropFirst(), leaf, in: group[first])
      return .group(group)
    }
    for (key, text) in try RecipeFile.settings(of: recipe) {
      let path = key.split(separator: ".").map(String.init)
      let leaf: OfflineRun.Value = Bool(text).map { .flag($0) } ?? Double(text).map { .number($0) } ?? .text(text)
      if tops[path[0]] == nil { order.append(path[0]) }
      tops[path[0]] = put(path.dropFirst(), leaf, in: tops[path[0]])
    }
    return order.map { ($0, tops[$0]!) }
  }

  /// What a row says of a picture, and its path in the folder's `files`; nil where the file is no picture any more.
  private static func value(of file: URL, step: Int, tag: String) -> (OfflineRun.Value, path: String)? {
    guard let png = try? readFile(at: file, limit: 1 << 28), let facts = try? PictureFacts(of: png) else { return nil }
    let hash = sha256(png)
    let path = "media/images/\(tag)_\(step)_\(hash.prefix(20)).png"
    return (
      .group([
        "_type": .text("image-file"), "path": .text(path), "format": .text("png"), "sha256": .text(hash),
        "size": .number(Double(png.count)), "width": .number(Double(facts.width)),
        "height": .number(Double(facts.height)),
      ]), path
    )
  }
}
