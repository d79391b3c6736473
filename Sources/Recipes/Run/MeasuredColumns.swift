/// A run's measurements, number by number, as charts want them; made to hold some hundred thousand lines.
public struct MeasuredColumns: Sendable {
  /// The lines that have a number, and the number; ascending in the steps.
  public struct Column: Sendable {
    /// Steps played.
    public fileprivate(set) var steps: [Int] = []
    /// As many.
    public fileprivate(set) var values: [Float] = []

    fileprivate init(steps: [Int] = [], values: [Float] = []) { (self.steps, self.values) = (steps, values) }
  }

  /// Lines so far.
  public var count: Int { steps.count }
  /// The newest line.
  public private(set) var last: RunFolder.Measurement?
  /// Those before it, at most so many, to tell how fast the run goes.
  public private(set) var recent: [(step: Int, seconds: Double)] = []
  /// Of all lines.
  private var steps: [Int] = []
  private var columns: [String: Stored] = [:]

  /// A column as it is kept: most have a number in every line, and need no steps of their own.
  private struct Stored {
    var steps: [Int]?
    var values: [Float] = []
  }

  /// Without lines.
  public init() {}

  /// Adds the next line.
  public mutating func append(_ line: RunFolder.Measurement) {
    steps.append(line.step)
    last = line
    recent.append((line.step, line.seconds))
    if recent.count > 40 { recent.removeFirst(20) }
    for quantity in MeasuredQuantity.all { append(line.step, quantity.value(line), quantity.key) }
    for (name, value) in line.scores ?? [:] { append(line.step, value, MeasuredQuantity.score(name).key) }
  }

  private mutating func append(_ step: Int, _ value: Double?, _ key: String) {
    guard let value else { return }
    var column = columns.removeValue(forKey: key) ?? Stored()
    if column.steps == nil, column.values.count < count - 1 {
      // A line that is missing here; those before the first of them, which all are there, come first.
      column.steps = Array(steps.prefix(column.values.count))
    }
    column.steps?.append(step)
    column.values.append(Float(value))
    columns[key] = column
  }

  /// What the lines have of the quantity; empty where none has it.
  public subscript(quantity: MeasuredQuantity) -> Column {
    guard let column = columns[quantity.key] else { return Column() }
    // One that is in every line up to some may end before the last.
    return Column(steps: column.steps ?? steps, values: column.values)
  }

  /// The names of the scores that any line has, in alphabetical order.
  public var scores: [String] {
    columns.keys.filter { $0.hasPrefix("scores.") }.map { String($0.dropFirst("scores.".count)) }.sorted()
  }

  /// Steps a second over the newest lines, by the time of training; nil where they do not tell.
  public var stepsPerSecond: Double? {
    guard let first = recent.suffix(20).first, let last = recent.last, last.seconds > first.seconds,
      last.step > first.step
    else { return nil }
    return (Double(last.step) - Double(first.step)) / (last.seconds - first.seconds)
  }
}
