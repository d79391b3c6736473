/// Measurements as a table: a row each, a column for every number that any of them has.
public enum MeasurementTable {
  /// Comma-separated, with the keys of `measurements.jsonl` at its head. A number has as many digits as it takes to
  /// read the very same one; one that is not finite is `nan`, `inf` or `-inf`; one that is not there is empty. Lines
  /// end with a line feed.
  public static func csv(_ lines: [RunFolder.Measurement]) -> String {
    let quantities = MeasuredQuantity.found(in: lines)
    var text = (["step"] + quantities.map(\.key)).joined(separator: ",") + "\n"
    for line in lines {
      let values = quantities.map { $0.value(line).map(Self.text) ?? "" }
      text += (["\(line.step)"] + values).joined(separator: ",") + "\n"
    }
    return text
  }

  private static func text(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
