/// Measurements in rows and columns, for the page and for the terminal alike.
///
/// ```swift
/// let table = Table(
///   title: "After 10 000 steps",
///   columns: [
///     .init("Technique"),
///     .init("Wasserstein-1", best: .lowest, help: "Distance between generated and real points."),
///     .init("Collapsed", best: .lowest),
///   ],
///   rows: [
///     ["Plain", .measurement(mean: 0.312, deviation: 0.118), .share(3, of: 8)],
///     ["Minibatch discrimination", .measurement(mean: 0.08, deviation: 0.021), .share(0, of: 8)],
///   ])
/// print(table.text())
/// ```
public struct Table: Sendable {
  /// Above the table.
  public var title: String
  /// From the left. The first usually names the rows.
  public var columns: [Column]
  /// A row that is shorter than the columns is filled up with ``Cell/missing``; surplus cells are not shown.
  public var rows: [[Cell]]
  /// Small print under the table.
  public var note: String?

  /// - Parameters:
  ///   - rows: each with a cell for each column; what is missing is filled up.
  ///   - note: small print under the table.
  public init(title: String, columns: [Column], rows: [[Cell]], note: String? = nil) {
    self.title = title
    self.columns = columns
    self.rows = rows
    self.note = note
  }

  /// What the cells below each other have in common.
  public struct Column: Sendable {
    /// Which edge of the column its cells stand at.
    public enum Alignment: Sendable {
      /// The left, for text.
      case leading
      /// The right, for numbers.
      case trailing
    }

    /// Which value of a column is marked as its best.
    public enum Best: Sendable {
      /// The smallest mean of the column, or the largest.
      case lowest, highest
      /// The mean that is closest to a target.
      case nearest(Double)
    }

    /// The heading of the column, without its unit.
    public var title: String
    /// Shown beside the title: "%", "nats".
    public var unit: String?
    /// ``Alignment-swift.enum/leading`` if all of the column is text, ``Alignment-swift.enum/trailing`` otherwise; set
    /// here to have it another way.
    public var alignment: Alignment?
    /// Which means to mark. Equal ones are all marked, unless that is all there are; spread is not taken into account.
    public var best: Best?
    /// What the column measures, as small print under the table.
    public var help: String?

    /// - Parameters:
    ///   - unit: shown beside the title.
    ///   - alignment: chosen by the cells if nil.
    ///   - best: which means are marked; none if nil.
    ///   - help: small print under the table.
    public init(
      _ title: String, unit: String? = nil, alignment: Alignment? = nil, best: Best? = nil, help: String? = nil
    ) {
      self.title = title
      self.unit = unit
      self.alignment = alignment
      self.best = best
      self.help = help
    }

    var heading: String { unit.map { "\(title) (\($0))" } ?? title }
  }

  /// What stands at one place of a ``Table``.
  public enum Cell: Sendable, ExpressibleByStringLiteral {
    /// Shown as it is.
    case text(String)
    /// A number with four significant digits; whole numbers are written in full.
    case number(Double)
    /// A mean and its standard deviation, as "0.312 ± 0.020".
    ///
    /// The deviation has one or two significant digits (two below 355, as the
    /// [Particle Data Group](https://pdg.lbl.gov/2024/reviews/rpp2024-rev-rpp-intro.pdf), section 5.3, rounds errors),
    /// the mean as many decimals as the deviation; nothing is rounded beyond the decimal point, and no mean has more
    /// than six digits. A deviation that is nil or not finite (a single run has none) leaves the mean alone.
    case measurement(mean: Double, deviation: Double?)
    /// "3 of 8".
    case share(Int, of: Int)
    /// Shown as a dash.
    case missing

    public init(stringLiteral text: String) { self = .text(text) }

    /// What the best of a column is chosen by.
    var value: Double? {
      switch self {
      case .text, .missing: nil
      case .number(let value), .measurement(let value, _): value.isFinite ? value : nil
      case .share(let count, let total): total == 0 ? nil : Double(count) / Double(total)
      }
    }

    var isText: Bool { if case .text = self { true } else { false } }
  }

  func cell(_ row: Int, _ column: Int) -> Cell { column < rows[row].count ? rows[row][column] : .missing }

  func alignment(ofColumn index: Int) -> Column.Alignment {
    let cells = rows.indices.map { cell($0, index) }
    return columns[index].alignment ?? (cells.allSatisfy(\.isText) ? .leading : .trailing)
  }

  /// The rows of a column whose values are its best.
  func bestRows(ofColumn index: Int) -> Set<Int> {
    guard let best = columns[index].best else { return [] }
    let scores = rows.indices.map { row in
      cell(row, index).value.map { value in
        switch best {
        case .lowest: value
        case .highest: -value
        case .nearest(let target): abs(value - target)
        }
      }
    }
    guard let lowest = scores.compactMap({ $0 }).min() else { return [] }
    let found = scores.indices.filter { scores[$0] == lowest }
    return found.count == scores.count(where: { $0 != nil }) ? [] : Set(found)
  }
}
