/// What a network makes of pictures: a row of numbers for each.
public struct Features: Sendable, Equatable {
  /// [count, dimensions], row after row.
  public private(set) var values: [Float]
  /// Numbers in a row.
  public let dimensions: Int
  /// Rows, one for each picture.
  public var count: Int { values.count / dimensions }

  /// - Parameter dimensions: at least 1, and divides the number of values.
  /// - Throws: ``ScoreError`` where it does not.
  public init(_ values: [Float], dimensions: Int) throws(ScoreError) {
    guard dimensions > 0, values.count.isMultiple(of: dimensions) else {
      throw .unsuitable("\(values.count) numbers are no rows of \(dimensions)")
    }
    self.init(known: values, dimensions: dimensions)
  }

  private init(known values: [Float], dimensions: Int) {
    self.values = values
    self.dimensions = dimensions
  }

  /// The row of a picture.
  public subscript(index: Int) -> ArraySlice<Float> { values[index * dimensions..<(index + 1) * dimensions] }

  /// The rows of `indices`, in their order; a row may be there several times.
  public func selecting(_ indices: some Collection<Int>) -> Features {
    var rows: [Float] = []
    rows.reserveCapacity(indices.count * dimensions)
    for index in indices { rows.append(contentsOf: self[index]) }
    return Features(known: rows, dimensions: dimensions)
  }

  /// The row with the first number that is NaN or infinite; nil where there is none.
  public var firstNotFinite: Int? {
    values.withUnsafeBufferPointer { values in
      var found = false
      for value in values where !value.isFinite { found = true }
      return found ? values.firstIndex { !$0.isFinite }.map { $0 / dimensions } : nil
    }
  }

  /// The numbers of the rows in an order that depends on what they hold alone: by their bits, number after number.
  var canonicalOrder: [Int] {
    values.withUnsafeBufferPointer { values in
      (0..<count).sorted { one, other in
        for column in 0..<dimensions {
          let (a, b) = (values[one * dimensions + column].bitPattern, values[other * dimensions + column].bitPattern)
          if a != b { return a < b }
        }
        return one < other
      }
    }
  }
}
