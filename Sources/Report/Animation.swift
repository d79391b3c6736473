/// A chart over a run: a slider moves through its frames, and a row of choices picks a variant, such as the seed.
///
/// The axes stay as they are over all frames of all variants, so that what moves is the data. The page opens on the
/// last frame of the first variant, the outcome of the run.
public struct Animation: Sendable {
  /// One moment of the run.
  public struct Frame: Sendable {
    /// "step 1200".
    public var label: String
    /// Drawn over those of the ``Animation/chart``.
    public var traces: [Trace]

    /// - Parameters:
    ///   - label: such as "step 1200".
    ///   - traces: drawn over those of the animation's chart.
    public init(_ label: String, _ traces: [Trace]) {
      self.label = label
      self.traces = traces
    }
  }

  /// One of several runs to choose from.
  public struct Variant: Sendable {
    /// Short, since all labels stand in one row: "1".
    public var label: String
    /// In the order of the run.
    public var frames: [Frame]

    /// - Parameter label: short, since all labels stand in one row.
    public init(_ label: String, frames: [Frame]) {
      self.label = label
      self.frames = frames
    }
  }

  /// Title, caption and axes, and the traces that are the same in every frame.
  public var chart: Chart
  /// What the variants differ in: "Seed".
  public var variantTitle: String
  /// The first is shown at first. With a single one there is nothing to choose.
  public var variants: [Variant]
  /// Animations of a page with the same link show the same variant and the same moment, whichever of them is moved.
  public var link: String?

  /// - Parameters:
  ///   - chart: what is the same in every frame.
  ///   - variantTitle: what the variants differ in, such as "Seed".
  ///   - link: animations of a page with the same one move together.
  public init(_ chart: Chart, variantTitle: String = "", variants: [Variant], link: String? = nil) {
    self.chart = chart
    self.variantTitle = variantTitle
    self.variants = variants
    self.link = link
  }

  /// A single run.
  public init(_ chart: Chart, frames: [Frame], link: String? = nil) {
    self.init(chart, variants: [Variant("", frames: frames)], link: link)
  }
}
