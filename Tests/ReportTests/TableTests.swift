import Foundation
import Report
import Testing

@Suite struct TableTests {
  /// One cell as the terminal shows it.
  private func text(_ cell: Table.Cell) -> String {
    let lines = Table(title: "", columns: [.init("", alignment: .leading)], rows: [[cell]]).text().split(
      separator: "\n")
    return String(lines[lines.count - 2])
  }

  @Test(arguments: [
    (0.3124, 0.118, "0.31 ± 0.12"), (0.3124, 0.0355, "0.31 ± 0.04"), (0.3124, 0.0354, "0.312 ± 0.035"),
    (0.3124, 0.095, "0.31 ± 0.10"), (0.3124, 0.0949, "0.31 ± 0.09"), (0.3124, 0.0999, "0.31 ± 0.10"),
    (0.3124, 0.00996, "0.312 ± 0.010"), (1677, 452, "1677 ± 452"), (93.2, 6.53, "93 ± 7"), (90, 1.26, "90.0 ± 1.3"),
    (-0.5, 0.25, "−0.50 ± 0.25"), (-0.001, 0.3, "0.00 ± 0.30"), (0.5, 0, "0.5000 ± 0"), (8, 0, "8 ± 0"),
    (1234.5678, 1e-9, "1234.57 ± 0.00"), (2.5e-5, 1.2e-6, "(2.50 ± 0.12)e−5"), (3e12, 2e11, "(3.00 ± 0.20)e12"),
    (0.0003, 0.02, "0.000 ± 0.020"), (0, 0.0005, "(0 ± 5)e−4"),
  ])
  func measurements(mean: Double, deviation: Double, expected: String) {
    #expect(text(.measurement(mean: mean, deviation: deviation)) == expected)
  }

  @Test(arguments: [
    (Table.Cell.number(0.123456), "0.1235"), (.number(12), "12"), (.number(0.5), "0.5000"), (.number(-3), "−3"),
    (.number(99.9996), "100.0"), (.number(12_345.6), "12346"), (.number(0.00012345), "1.234e−4"), (.number(0), "0"),
    (.number(.nan), "NaN"), (.number(-.infinity), "−∞"), (.measurement(mean: 1.5, deviation: nil), "1.500"),
    (.measurement(mean: 1.5, deviation: .nan), "1.500"), (.measurement(mean: .nan, deviation: 1), "NaN"),
    (.share(3, of: 8), "3 of 8"), (.missing, "–"), ("text", "text"), (.number(2.5e-300), "2.500e−300"),
  ])
  func cells(cell: Table.Cell, expected: String) {
    #expect(text(cell) == expected)
  }

  private let table = Table(
    title: "After 10 000 steps",
    columns: [
      .init("Technique"), .init("Wasserstein-1", best: .lowest, help: "Distance, see `docs`."),
      .init("Spread", best: .nearest(1)), .init("Collapsed", best: .lowest), .init("Speed", unit: "steps/s"),
    ],
    rows: [
      ["Plain", .measurement(mean: 0.612, deviation: 0.31), .measurement(mean: 0.4, deviation: nil), .share(3, of: 8)],
      ["Feature matching", .measurement(mean: 0.083, deviation: 0.021), .number(1.1), .share(0, of: 8), .number(4000)],
      ["Both", .measurement(mean: .nan, deviation: 0), .missing, .share(0, of: 8), .number(12.5), "surplus"],
    ], note: "Eight seeds.")

  @Test func terminal() {
    #expect(
      table.text(includesHelp: true) == """
        After 10 000 steps

        ─────────────────────────────────────────────────────────────────────────
        Technique         Wasserstein-1    Spread    Collapsed    Speed (steps/s)
        ─────────────────────────────────────────────────────────────────────────
        Plain             0.61  ± 0.31     0.4000       3 of 8                  –
        Feature matching  0.083 ± 0.021 *  1.100  *     0 of 8 *          4000
        Both                        NaN         –       0 of 8 *            12.50
        ─────────────────────────────────────────────────────────────────────────
        * best of its column
        Wasserstein-1: Distance, see docs.
        Eight seeds.

        """)
  }

  @Test(arguments: [100, 80, 60, 45, 20, 1])
  func fitsTheTerminal(width: Int) {
    let wide = Table(
      title: "A title that is longer than a narrow terminal is wide", columns: table.columns + table.columns,
      rows: table.rows.map { Array($0.prefix(5)) + $0 })
    for table in [table, wide] {
      for line in table.text(width: width, includesHelp: true).split(separator: "\n") {
        #expect(line.count <= max(20, width))
      }
    }
  }

  @Test func longTextsAreBroken() {
    let table = Table(
      title: "", columns: [.init("Name of it"), .init("B")],
      rows: [["one two three", .number(1)], [.text("averyveryverylongword"), .number(2)]])
    #expect(
      table.text(width: 20) == """
        ────────────────────
        Name of it: one
          two three
        B: 1
        ────────────────────
        Name of it:
          averyveryverylongw
          ord
        B: 2
        ────────────────────

        """)
    #expect(table.text(width: 24).contains("one two three          1"))
    #expect(
      Table(title: "", columns: [.init("A b"), .init("C")], rows: [["one two three four five", "x"]])
        .text(width: 21).contains("one two three four  x\nfive"))
  }

  @Test func widthOfCharacters() {
    let rows: [[Table.Cell]] = [
      ["Größe", "|"], ["生成", "|"], ["e\u{301}", "|"], ["👩‍🔬", "|"], ["한글", "|"], ["µ±–", "|"],
    ]
    let lines = Table(title: "", columns: [.init("A"), .init("B")], rows: rows).text().split(separator: "\n")
    #expect(
      lines == [
        "────────", "A      B", "────────", "Größe  |", "生成   |", "e\u{301}      |", "👩‍🔬     |", "한글   |", "µ±–    |",
        "────────",
      ])
  }

  @Test func html() {
    let html = page(.table(table)).html(plotly: "")
    #expect(html.contains("<div class=\"scroll\" role=\"region\" aria-labelledby=\"table-1-title\" tabindex=\"0\">"))
    #expect(html.contains("<th scope=\"row\">Feature matching</th>"))
    #expect(html.contains("<td class=\"number best\"><strong>0.083 ± 0.021</strong></td>"))
    #expect(html.contains("<td class=\"number\">0.61\u{2007} ± 0.31\u{2007}</td>"))
    #expect(html.contains("<td class=\"number\">–</td>"))
    #expect(html.contains("<span>Wasserstein-1</span>"))
    #expect(html.contains("Speed <small>steps/s</small>"))
    #expect(html.contains("<dd>Distance, see <code>docs</code>.</dd>"))
    #expect(!html.contains("surplus"))
    #expect(html.components(separatedBy: "<strong>").count == 5)
  }

  @Test func nothingIsBestAmongEquals() {
    let table = Table(
      title: "", columns: [.init("A", best: .highest), .init("B", best: .lowest)],
      rows: [[.number(1), "x"], [.number(1), .number(.nan)]])
    #expect(!table.text().contains("*"))
  }

  @Test func emptyTables() {
    #expect(Table(title: "", columns: [], rows: []).text() == "")
    #expect(Table(title: "", columns: [.init("A")], rows: []).text() == "─\nA\n─\n─\n")
    #expect(page(.table(Table(title: "", columns: [], rows: [[]]))).html(plotly: "").contains("<table>"))
  }
}
