/// Numbers that make no data set, or no batches of one: what is wrong with them.
public struct DataError: Error, CustomStringConvertible, Sendable, Equatable {
  /// A clause without a full stop, such as "the weights of a density add up to 0.9, not 1".
  public let reason: String

  init(_ reason: String) { self.reason = reason }

  /// - Throws: itself, unless `holds`.
  static func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(DataError) {
    if !holds { throw DataError(reason()) }
  }

  public var description: String { reason }
}
