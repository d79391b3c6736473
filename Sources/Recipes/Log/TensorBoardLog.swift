import Files
import Foundation
import Images
import TensorBoard

/// A run as TensorBoard shows it: numbers, pictures, histograms of D's outputs, the recipe as text and as
/// hyperparameters, and what the doctor notes while the run goes on.
public final class TensorBoardLog: RunLog {
  public static let name = "tensorboard"

  private let folder: RunFolder
  private let file: EventFile
  /// Seconds since 1970 at which the run would have begun, had it not been interrupted: its clock stands still between
  /// two processes.
  private let start: Double
  private var seconds: Double
  private var watch: SignWatch

  public init(of folder: RunFolder) throws {
    let (recipe, steps) = (try folder.recipe(), try folder.description().steps)
    let lines = try folder.measurements()
    let faults = try folder.faults()
    var watch = SignWatch(recipe, steps: steps)
    let start = Date().timeIntervalSince1970 - (lines.last?.seconds ?? 0)
    let isOver = try folder.isComplete()
    self.folder = folder
    file = try EventFile(in: folder.url) { write in
      try Self.beginning(recipe, folder, time: start).forEach(write)
      // By their steps: a reader takes one that goes back for the beginning of another past.
      let last = lines.last?.step ?? 0
      // A picture of a later step is one that is still to be drawn anew, but for those of steps that end without a
      // measurement.
      var pictures = folder.pictures.filter {
        Double($0.step) < Double(last) + Double(recipe.output.measurementInterval)
      }[...]
      var notes = faults.map { (step: min($0.step, last), text: Self.note($0)) }.sorted { $0.step < $1.step }[...]
      func catchUp(to step: Int, time: Double) throws {
        while let picture = pictures.first, picture.step <= step {
          if let event = Self.event(picture.url, picture.step, time) { try write(event) }
          pictures.removeFirst()
        }
        while let note = notes.first, note.step <= step {
          try write(Event(time: time, step: note.step, "doctor", .text(note.text)))
          notes.removeFirst()
        }
      }
      for line in lines {
        try catchUp(to: line.step &- 1, time: start + line.seconds)
        for event in Self.events(line, warnings: watch.warnings(after: line), time: start + line.seconds) {
          try write(event)
        }
        try catchUp(to: line.step, time: start + line.seconds)
      }
      try catchUp(to: .max, time: start + (lines.last?.seconds ?? 0))
      if isOver { try write(Self.end(time: start + (lines.last?.seconds ?? 0), step: last)) }
    }
    (self.start, self.watch, seconds) = (start, watch, lines.last?.seconds ?? 0)
  }

  public static func remove(from folder: RunFolder) {
    for file in EventFile.files(in: folder.url) { try? FileManager.default.removeItem(at: file) }
  }

  public func add(_ measurement: RunFolder.Measurement) throws {
    seconds = measurement.seconds
    let warnings = watch.warnings(after: measurement)
    for event in Self.events(measurement, warnings: warnings, time: start + seconds) { try file.append(event) }
  }

  public func addPicture(step: Int) throws {
    let url = try folder.samplesFile(step: step)
    if let event = Self.event(url, step, start + seconds) { try file.append(event) }
  }

  public func finish() throws {
    let last = try folder.measurements().last
    try file.append(Self.end(time: start + (last?.seconds ?? seconds), step: last?.step ?? 0))
  }

  // MARK: Events

  private static func beginning(_ recipe: Recipe, _ folder: RunFolder, time: Double) throws -> [Event] {
    let text = try RecipeFile.text(recipe)
    let settings = try RecipeFile.settings(of: recipe).map { ($0.key, hyperparameter($0.value)) }
    var events = [
      Event(
        time: time, step: 0, Event.hyperparametersTag, .hyperparameters(Dictionary(uniqueKeysWithValues: settings))),
      Event(time: time, step: 0, "recipe", .text("```yaml\n\(text)```\n")),
    ]
    if let real = folder.realPicture, let event = event(real, 0, time, tag: "real") { events.append(event) }
    return events
  }

  private static func hyperparameter(_ text: String) -> Event.Hyperparameter {
    if let flag = Bool(text) { return .flag(flag) }
    return Double(text).map { .number($0) } ?? .text(text)
  }

  private static func events(_ line: RunFolder.Measurement, warnings: [String], time: Double) -> [Event] {
    var events = MeasuredQuantity.found(in: [line]).compactMap { quantity in
      quantity.value(line).map { Event(time: time, step: line.step, quantity.tag, .scalar($0)) }
    }
    for (tag, counts) in [
      ("outputs of D/real", line.outputsOfReal), ("outputs of D/generated", line.outputsOfGenerated),
    ] {
      guard let counts, !counts.isEmpty else { continue }
      let edges = (0...counts.count).map { Double($0) / Double(counts.count) }
      if let histogram = Event.Histogram(edges: edges, counts: counts) {
        events.append(Event(time: time, step: line.step, tag, .histogram(histogram)))
      }
    }
    for warning in warnings { events.append(Event(time: time, step: line.step, "doctor", .text(warning))) }
    return events
  }

  /// Nil where the file is no picture any more.
  private static func event(_ file: URL, _ step: Int, _ time: Double, tag: String = "samples") -> Event? {
    guard let png = try? readFile(at: file, limit: 1 << 28), let facts = try? PictureFacts(of: png) else { return nil }
    return Event(time: time, step: step, tag, .picture(png: png, width: facts.width, height: facts.height))
  }

  private static func note(_ fault: RunFolder.Fault) -> String {
    "step \(fault.step): \(fault.reason); \(fault.outcome.rawValue)"
  }

  private static func end(time: Double, step: Int) -> Event {
    Event(time: time, step: step, Event.endTag, .end(.success))
  }
}
