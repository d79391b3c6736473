/// Mean and spread of a measurement over repetitions, such as seeds.
public struct Summary: Sendable, Hashable, Codable {
  /// The sum of the values by their number.
  public let mean: Double
  /// With n - 1 in the denominator; 0 for a single value.
  public let standardDeviation: Double
  /// Values, at least 1.
  public let count: Int

  /// Of no values both are NaN.
  public init(_ values: [Double]) {
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : values.isEmpty ? .nan : 0
  }
}
