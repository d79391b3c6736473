import Files
import Foundation
import Report
import Testing

/// Runs `body` with a folder of its own, which is removed afterwards.
func withFolder<T>(_ body: (URL) throws -> T) throws -> T {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("report-tests-\(UUID().uuidString)")
  try makeFolder(at: folder)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// The page's chart data, as its script parses them.
func chartData(of page: Page) throws -> [String: Any] {
  let html = page.html(plotly: "Plotly")
  let start = try #require(html.range(of: "id=\"chart-data\">"))
  let end = try #require(html.range(of: "</script>", range: start.upperBound..<html.endIndex))
  let data = Data(html[start.upperBound..<end.lowerBound].utf8)
  return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
}

func page(_ blocks: Block..., title: String = "Title", lead: String = "Lead.") -> Page {
  Page(title: title, lead: lead, blocks: blocks)
}
