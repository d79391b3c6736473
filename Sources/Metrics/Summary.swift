/// Mean and spread of a measurement over repetitions, such as seeds.
public struct Summary: Sendable, Hashable, Codable {
  /// The sum of the values by their number.
  public let mean: Double
  /// With n - 1 in the denominator; 0 for a single value.
  public let standardDeviation: Double
  /// Values, at least 1.
  public let count: Int

  /// - Precondition: there is a value.
  public init(_ values: [Double]) {
    precondition(!values.isEmpty, "a summary needs a value")
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
  }
}
