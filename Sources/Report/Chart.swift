/// A drawing of numbers over numbers.
public struct Chart: Sendable {
  /// Above the drawing.
  public var title: String
  /// What to look at, in a sentence or two under the drawing.
  public var caption: String?
  /// The scale along the bottom.
  public var x: Axis
  /// The scale on the left.
  public var y: Axis
  /// The scale on the right, for traces that are ``Trace/onSecondAxis()``; without it they use `y`.
  public var y2: Axis?
  /// Drawn in this order, later ones over earlier ones.
  public var traces: [Trace]

  /// - Parameters:
  ///   - caption: what to look at, in a sentence or two.
  ///   - y2: the scale on the right, where a trace uses it.
  ///   - traces: later ones are drawn over earlier ones.
  public init(title: String, caption: String? = nil, x: Axis, y: Axis, y2: Axis? = nil, traces: [Trace]) {
    self.title = title
    self.caption = caption
    self.x = x
    self.y = y
    self.y2 = y2
    self.traces = traces
  }
}

/// A scale of a ``Chart``.
public struct Axis: Sendable, ExpressibleByStringLiteral {
  /// Beside the scale, with the unit where there is one.
  public var title: String
  /// What the axis spans, in the values' own unit also where it is logarithmic; chosen from the data if nil.
  public var range: ClosedRange<Double>?
  /// Values that are not above 0 are then not drawn.
  public var isLogarithmic: Bool

  /// - Parameter range: in the values' own unit also where the axis is logarithmic; chosen from the data if nil.
  public init(_ title: String, range: ClosedRange<Double>? = nil, isLogarithmic: Bool = false) {
    self.title = title
    self.range = range
    self.isLogarithmic = isLogarithmic
  }

  public init(stringLiteral title: String) { self.init(title) }
}

/// What a trace stands for. A role has the same colour in every chart of a page, in light and in dark, and roles remain
/// apart for readers who do not see all colours.
public enum Role: Sendable, Hashable {
  /// The real thing: data, and its density.
  case data
  /// What the generator makes.
  case generated
  /// The discriminator: its decision, its objective.
  case discriminator
  /// The generator: its objective. The colour of what it makes.
  case generator
  /// A loss or another measure that belongs to no player.
  case loss
  /// What others are compared with: a target, a published value.
  case reference
  /// One of several equals, such as techniques in one chart. There are six colours; numbers beyond 0 ... 5 wrap around.
  case series(Int)

  /// The custom property of the style sheet that holds the colour, without its dashes.
  var name: String {
    switch self {
    case .data: "data"
    case .generated, .generator: "generated"
    case .discriminator: "discriminator"
    case .loss: "loss"
    case .reference: "reference"
    case .series(let number): "series-\((number % 6 + 6) % 6)"
    }
  }
}

/// Numbers drawn as one shape of a ``Chart``.
///
/// Values that are not finite leave a gap. Where the arrays of a trace differ in length, the surplus is not drawn.
///
/// ```swift
/// .line("D(x)", .discriminator, x: positions, y: decision).dashed().onSecondAxis()
/// ```
public struct Trace: Sendable {
  enum Kind: String { case line, area, histogram, bars, points, band }
  enum Stroke: String { case solid, dashed, dotted }

  /// As the chart's key shows it. Traces of one name share an entry; an empty name has none.
  public let name: String
  /// What it stands for, and so its colour.
  public let role: Role
  let kind: Kind
  /// A histogram's edges, one more than `y`.
  let x: [Double]
  let y: [Double]
  /// The lower edge of a band, else empty.
  var lower: [Double] = []
  private(set) var stroke = Stroke.solid
  private(set) var isFaint = false
  private(set) var isOnSecondAxis = false

  /// From point to point, in the order of the arrays.
  public static func line(_ name: String, _ role: Role, x: [Double], y: [Double]) -> Trace {
    Trace(name: name, role: role, kind: .line, x: x, y: y)
  }

  /// A line and the area between it and 0.
  public static func area(_ name: String, _ role: Role, x: [Double], y: [Double]) -> Trace {
    Trace(name: name, role: role, kind: .area, x: x, y: y)
  }

  /// - Parameters:
  ///   - edges: of the bins, ascending: one more than there are heights.
  ///   - heights: of the bins, such as shares or densities.
  public static func histogram(_ name: String, _ role: Role, edges: [Double], heights: [Double]) -> Trace {
    Trace(name: name, role: role, kind: .histogram, x: edges, y: heights)
  }

  /// Bars centred at `x`.
  public static func bars(_ name: String, _ role: Role, x: [Double], heights: [Double]) -> Trace {
    Trace(name: name, role: role, kind: .bars, x: x, y: heights)
  }

  /// A mark at each point, without a line.
  public static func points(_ name: String, _ role: Role, x: [Double], y: [Double]) -> Trace {
    Trace(name: name, role: role, kind: .points, x: x, y: y)
  }

  /// The area between two lines, such as a mean's standard deviation. It carries no stroke of its own.
  public static func band(_ name: String, _ role: Role, x: [Double], lower: [Double], upper: [Double]) -> Trace {
    Trace(name: name, role: role, kind: .band, x: x, y: upper, lower: lower)
  }

  /// What it spans in height, without gaps.
  public var finiteValues: [Double] { (y + lower).filter(\.isFinite) }

  /// The same with a broken line.
  public func dashed() -> Trace { with { $0.stroke = .dashed } }

  /// The same with a line of dots.
  public func dotted() -> Trace { with { $0.stroke = .dotted } }

  /// One of many, such as a single seed behind the mean of all: thin, pale, and not in the key.
  public func faint() -> Trace { with { $0.isFaint = true } }

  /// Measured by the scale on the right, ``Chart/y2``.
  public func onSecondAxis() -> Trace { with { $0.isOnSecondAxis = true } }

  private func with(_ change: (inout Trace) -> Void) -> Trace {
    var trace = self
    change(&trace)
    return trace
  }
}
