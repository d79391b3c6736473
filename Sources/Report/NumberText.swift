import Foundation

/// A number or a measurement, cut where columns align: `12` `.40` ` ± ` `3` `.10`.
struct NumberText {
  var whole = ""
  /// With its decimal point; empty for whole numbers.
  var fraction = ""
  var deviation: (whole: String, fraction: String)?
  /// An exponent, with the bracket that it may need.
  var suffix = ""
  /// Whether there are digits, to be aligned with those of other numbers.
  var isPlain: Bool { suffix.isEmpty && whole.last?.isNumber == true }

  private init() {}

  /// - Parameter digits: significant ones, if the number is not whole.
  init(_ value: Double, digits: Int = 4) {
    guard value.isFinite else {
      whole = value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞"
      return
    }
    if value == value.rounded(), abs(value) < 1e9 {
      whole = Self.fixed(value, decimals: 0)
    } else {
      let (scaled, exponent) = Self.scaled(value, by: abs(value))
      (whole, fraction) = Self.parts(scaled, decimals: max(0, digits - 1 - Self.place(of: scaled, digits: digits)))
      suffix = Self.exponentText(exponent)
    }
  }

  init(mean: Double, deviation: Double?) {
    guard mean.isFinite, let deviation = deviation.map(abs), deviation.isFinite else {
      self.init(mean)
      return
    }
    guard deviation > 0 else {
      self.init(mean)
      self.deviation = ("0", "")
      return
    }
    self.init()
    let (scaledMean, exponent) = Self.scaled(mean, by: max(abs(mean), deviation))
    let scaledDeviation = deviation * pow(10, Double(-exponent))
    let decimals = min(
      max(0, Self.decimals(ofDeviation: scaledDeviation)),
      max(0, 5 - Self.place(of: max(abs(scaledMean), scaledDeviation), digits: 6)))
    (whole, fraction) = Self.parts(scaledMean, decimals: decimals)
    self.deviation = Self.parts(scaledDeviation, decimals: decimals)
    suffix = Self.exponentText(exponent)
    if !suffix.isEmpty {
      whole = "(" + whole
      suffix = ")" + suffix
    }
  }

  /// Without alignment.
  var text: String { whole + fraction + (deviation.map { " ± " + $0.whole + $0.fraction } ?? "") + suffix }

  /// How many decimals show one or two significant digits of a deviation: leading digits of 100 to 354 two, 355
  /// to 949 one, and above that the two of the 1000 that it is rounded to.
  private static func decimals(ofDeviation deviation: Double) -> Int {
    let place = place(of: deviation, digits: 3)
    let leading = (deviation * pow(10, Double(2 - place))).rounded()
    return leading < 355 ? 1 - place : -place
  }

  /// The power of ten of the leading digit, once `value` is rounded to so many digits.
  private static func place(of value: Double, digits: Int) -> Int {
    guard value != 0 else { return 0 }
    let place = Int(log10(abs(value)).rounded(.down))
    let rounded = (abs(value) * pow(10, Double(digits - 1 - place))).rounded()
    return rounded >= pow(10, Double(digits)) ? place + 1 : place
  }

  /// `value` divided by a power of ten if numbers as large as `size` take too many digits otherwise.
  private static func scaled(_ value: Double, by size: Double) -> (Double, exponent: Int) {
    guard size != 0, size < 1e-3 || size >= 1e7 else { return (value, 0) }
    let exponent = max(-300, Int(log10(size).rounded(.down)))
    return (value * pow(10, Double(-exponent)), exponent)
  }

  private static func exponentText(_ exponent: Int) -> String {
    exponent == 0 ? "" : "e" + String(exponent).replacingOccurrences(of: "-", with: "−")
  }

  private static func parts(_ value: Double, decimals: Int) -> (whole: String, fraction: String) {
    let text = fixed(value, decimals: decimals)
    guard let point = text.firstIndex(of: ".") else { return (text, "") }
    return (String(text[..<point]), String(text[point...]))
  }

  /// With a minus sign, not a hyphen, and no minus before a zero.
  private static func fixed(_ value: Double, decimals: Int) -> String {
    let text = String(format: "%.\(decimals)f", value)
    guard text.hasPrefix("-") else { return text }
    let digits = text.dropFirst()
    return digits.allSatisfy { $0 == "0" || $0 == "." } ? String(digits) : "−" + digits
  }
}

/// A column of cells as texts of which numbers are aligned at the decimal point and at ±.
///
/// - Parameters:
///   - digit: what is as wide as a digit.
///   - point: what is as wide as a decimal point.
func alignedTexts(_ cells: [Table.Cell], digit: String, point: String) -> [String] {
  let numbers = cells.map { cell -> NumberText? in
    switch cell {
    case .number(let value): NumberText(value)
    case .measurement(let mean, let deviation): NumberText(mean: mean, deviation: deviation)
    case .text, .share, .missing: nil
    }
  }
  let aligned = numbers.compactMap { $0 }.filter(\.isPlain)
  func widest(_ part: (NumberText) -> String?) -> Int { aligned.compactMap { part($0)?.count }.max() ?? 0 }
  let fraction = widest(\.fraction)
  let deviationWhole = widest(\.deviation?.whole)
  let deviationFraction = widest(\.deviation?.fraction)
  let hasDeviation = aligned.contains { $0.deviation != nil }
  func filled(_ text: String, to width: Int) -> String {
    guard text.count < width else { return text }
    return text.isEmpty
      ? point + String(repeating: digit, count: width - 1) : text + String(repeating: digit, count: width - text.count)
  }
  return zip(cells, numbers).map { cell, number in
    guard let number else {
      switch cell {
      case .text(let text): return text
      case .share(let count, let total): return "\(count) of \(total)"
      case .number, .measurement, .missing: return "–"
      }
    }
    guard number.isPlain else { return number.text }
    let mean = number.whole + filled(number.fraction, to: fraction)
    guard hasDeviation else { return mean }
    guard let deviation = number.deviation else {
      return mean + String(repeating: digit, count: 3 + deviationWhole) + filled("", to: deviationFraction)
    }
    let padding = String(repeating: digit, count: deviationWhole - deviation.whole.count)
    return mean + " ± " + padding + deviation.whole + filled(deviation.fraction, to: deviationFraction)
  }
}
