/// A run's measurements, number by number, as charts want them; made to hold some hundred thousand lines.
public struct MeasuredColumns: Sendable {
  /// The lines that have a number, and the number; ascending in the steps.
  public struct Column: Sendable {
    public fileprivate(set) var steps: [Int] = []
    public fileprivate(set) var values: [Float] = []
  }

  /// Lines so far.
  public private(set) var count = 0
  /// The newest line.
  public private(set) var last: RunFolder.Measurement?
  /// Those before it, at most so many, to tell how fast the run goes.
  public private(set) var recent: [(step: Int, seconds: Double)] = []
  private var columns: [String: Column] = [:]

  public init() {}

  public mutating func append(_ line: RunFolder.Measurement) {
    count += 1
    last = line
    recent.append((line.step, line.seconds))
    if recent.count > 40 { recent.removeFirst(20) }
    for quantity in MeasuredQuantity.all { append(line.step, quantity.value(line), quantity.key) }
    for (name, value) in line.scores ?? [:] { append(line.step, value, MeasuredQuantity.score(name).key) }
  }

  private mutating func append(_ step: Int, _ value: Double?, _ key: String) {
    guard let value else { return }
    columns[key, default: Column()].steps.append(step)
    columns[key]!.values.append(Float(value))
  }

  /// What the lines have of the quantity; empty where none has it.
  public subscript(quantity: MeasuredQuantity) -> Column { columns[quantity.key] ?? Column() }

  /// The names of the scores that any line has, in alphabetical order.
  public var scores: [String] {
    columns.keys.filter { $0.hasPrefix("scores.") }.map { String($0.dropFirst("scores.".count)) }.sorted()
  }

  /// Steps a second over the newest lines, by the time of training; nil where they do not tell.
  public var stepsPerSecond: Double? {
    guard let first = recent.suffix(20).first, let last = recent.last, last.seconds > first.seconds,
      last.step > first.step
    else { return nil }
    return Double(last.step - first.step) / (last.seconds - first.seconds)
  }
}
