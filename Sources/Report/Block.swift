/// A part of a ``Page``.
public indirect enum Block: Sendable {
  /// A heading with what belongs under it. Sections at the top are listed in the page's contents; each has an
  /// anchor made of its title (`#feature-matching`).
  case section(String, [Block])
  /// Running text; words between backquotes are code.
  case paragraph(String)
  /// The sentence that says what the numbers around it show, set so that it is read first.
  case finding(String)
  /// Small print: a rule, a definition, a caveat.
  case note(String)
  /// Terms and what each of them is, such as settings and their values.
  case definitions([(term: String, text: String)])
  /// Numbers to be compared, with the best ones marked.
  case table(Table)
  /// A drawing of numbers over numbers.
  case chart(Chart)
  /// A chart whose traces change with a slider.
  case animation(Animation)
  /// A picture with its caption.
  case figure(Figure)
  /// An empty place with this id, which the script of a page that changes fills: see ``Page/Live``.
  case slot(String)
  /// Blocks side by side where the window is wide enough, below each other where it is not.
  case row([Block])

  /// Whether Plotly.js is needed to show this block.
  var hasCharts: Bool {
    switch self {
    case .chart, .animation: true
    case .section(_, let blocks), .row(let blocks): blocks.contains(where: \.hasCharts)
    case .paragraph, .finding, .note, .definitions, .table, .figure, .slot: false
    }
  }
}
