import Foundation

/// Numbers as JSON, with as many digits as a chart can show.
enum CompactNumber {
  /// A JSON array. Whole numbers stay whole, numbers that are not finite become null.
  ///
  /// The others are rounded: on a linear axis to at most 1/2000 of what the array spans, less than a pixel, so that
  /// values that are tiny beside the rest become 0; on a logarithmic axis to four significant digits each.
  static func json(_ values: [Double], isLogarithmic: Bool) -> String {
    var result = "["
    let place = isLogarithmic ? nil : place(of: values)
    for (index, value) in values.enumerated() {
      if index > 0 { result += "," }
      result += json(value, place: place ?? self.place(of: value, digits: 4))
    }
    return result + "]"
  }

  /// One number to ten significant digits.
  static func json(_ value: Double) -> String { json(value, place: place(of: value, digits: 10)) }

  private static func json(_ value: Double, place: Int) -> String {
    guard value.isFinite else { return "null" }
    if value == value.rounded() && abs(value) < 1e15 { return String(Int64(value)) }
    let rounded = round(value, place: place)
    if rounded == rounded.rounded() && abs(rounded) < 1e15 { return String(Int64(rounded)) }
    return rounded.description
  }

  /// The power of ten that is the last one to keep.
  private static func place(of values: [Double]) -> Int {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    guard low < high else { return place(of: high, digits: 4) }
    let spread = high - low
    guard spread.isFinite else { return place(of: high, digits: 4) }
    // At most seven digits of the largest number: what lies beyond is noise of float32.
    let visible = Int(log10(max(spread / 20_000, .leastNormalMagnitude)).rounded(.up))
    return max(visible, place(of: max(abs(low), abs(high)), digits: 7))
  }

  private static func place(of value: Double, digits: Int) -> Int {
    guard value.isFinite, value != 0 else { return 0 }
    return Int(log10(abs(value)).rounded(.down)) - digits + 1
  }

  private static func round(_ value: Double, place: Int) -> Double {
    // Dividing by a positive power of ten yields the double nearest to the decimal number; its inverse is inexact.
    let scale = pow(10, Double(abs(place)))
    let rounded = place < 0 ? (value * scale).rounded() / scale : (value / scale).rounded() * scale
    return rounded.isFinite ? rounded : value
  }
}
