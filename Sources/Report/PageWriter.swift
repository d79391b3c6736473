import Foundation
import Images

/// Turns blocks into HTML and gathers on the way what the rest of the page needs: the charts' data and the contents.
struct PageWriter {
  private(set) var charts = ChartData()
  private var sections: [(anchor: String, title: String)] = []
  private var anchors: Set<String> = []
  private var tableCount = 0

  /// - Parameter level: of the headings of sections among the blocks.
  mutating func html(_ blocks: [Block], level: Int) -> String {
    blocks.map { html($0, level: level) }.joined()
  }

  private mutating func html(_ block: Block, level: Int) -> String {
    switch block {
    case .section(let title, let blocks):
      let anchor = uniqueAnchor(title)
      if level == 2 { sections.append((anchor, title)) }
      let heading = "<h\(level)><a href=\"#\(escape(anchor))\">\(escape(title))</a></h\(level)>"
      return "<section id=\"\(escape(anchor))\">\n\(heading)\n\(html(blocks, level: min(level + 1, 6)))</section>\n"
    case .paragraph(let text): return "<p>\(runningText(text))</p>\n"
    case .finding(let text): return "<p class=\"finding\">\(runningText(text))</p>\n"
    case .note(let text): return "<p class=\"note\">\(runningText(text))</p>\n"
    case .definitions(let entries):
      let items = entries.map { "<div><dt>\(runningText($0.term))</dt><dd>\(runningText($0.text))</dd></div>\n" }
      return "<dl>\n\(items.joined())</dl>\n"
    case .table(let table):
      tableCount += 1
      return table.html(id: "table-\(tableCount)")
    case .chart(let chart):
      return html(chart, index: charts.add(chart), controls: nil)
    case .animation(let animation):
      let index = charts.add(animation)
      return html(animation.chart, index: index, controls: animation)
    case .figure(let figure): return html(figure)
    case .slot(let id): return "<div id=\"\(escape(id))\"></div>\n"
    case .row(let blocks):
      return "<div class=\"row\">\n\(blocks.map { "<div>\n\(html($0, level: level))</div>\n" }.joined())</div>\n"
    }
  }

  /// The page's list of contents, once all blocks have been written; empty if there is nothing to choose from.
  var contents: String {
    guard sections.count > 1 else { return "" }
    let items = sections.map { "<li><a href=\"#\(escape($0.anchor))\">\(escape($0.title))</a></li>\n" }
    return "<nav aria-label=\"Contents\">\n<ol>\n\(items.joined())</ol>\n</nav>\n"
  }

  private mutating func uniqueAnchor(_ title: String) -> String {
    let words = title.lowercased().split { !$0.isLetter && !$0.isNumber }
    let base = words.isEmpty ? "section" : words.joined(separator: "-")
    var anchor = base
    var number = 2
    while !anchors.insert(anchor).inserted {
      anchor = "\(base)-\(number)"
      number += 1
    }
    return anchor
  }

  private func html(_ figure: Figure) -> String {
    let size = (try? PictureFacts(of: figure.png)).map { " width=\"\($0.width)\" height=\"\($0.height)\"" } ?? ""
    let caption = figure.caption.map { "<figcaption>\(runningText($0))</figcaption>\n" } ?? ""
    return """
      <figure class="picture">
      <img src="data:image/png;base64,\(figure.png.base64EncodedString())"\(size) alt="\(escape(figure.alternative))">
      \(caption)</figure>

      """
  }

  private func html(_ chart: Chart, index: Int, controls animation: Animation?) -> String {
    let id = "chart-\(index + 1)"
    let traces = chart.traces + (animation?.variants.flatMap { $0.frames.flatMap(\.traces) } ?? [])
    let hasSecondAxis = chart.y2 != nil
    let variants = animation.map { html(variantsOf: $0, id: id) } ?? ""
    let player = animation.map { html(playerOf: $0) } ?? ""
    let xTitle = chart.x.title.isEmpty ? "" : "<p class=\"x-title\" aria-hidden=\"true\">\(escape(chart.x.title))</p>\n"
    let yTitles = [chart.y.title, chart.y2?.title ?? ""].map { "<span>\(escape($0))</span>" }
    let caption = chart.caption.map { "<figcaption>\(runningText($0))</figcaption>\n" } ?? ""
    return """
      <figure class="chart" id="\(id)" aria-labelledby="\(id)-title">
      <p class="title" id="\(id)-title">\(escape(chart.title))</p>
      \(variants)\(key(of: traces, hasSecondAxis: hasSecondAxis))<div class="y-titles" aria-hidden="true">\
      \(yTitles.joined())</div>
      <div class="plot" data-chart="\(index)"><noscript>This chart is drawn by a script.</noscript></div>
      \(xTitle)\(player)\(caption)</figure>

      """
  }

  /// What each colour stands for, in the order in which the traces come; a trace without a name or a faint one has no
  /// entry, and traces of one name share theirs.
  private func key(of traces: [Trace], hasSecondAxis: Bool) -> String {
    var order: [String] = []
    var shown: [String: Trace] = [:]
    for trace in traces where !trace.name.isEmpty && !trace.isFaint {
      if shown[trace.name] == nil { order.append(trace.name) }
      // A line says more about itself than the band around it.
      if shown[trace.name].map({ $0.kind == .band }) ?? true { shown[trace.name] = trace }
    }
    let items = order.compactMap { shown[$0] }.map { trace in
      let axis = hasSecondAxis && trace.isOnSecondAxis ? " <small>right axis</small>" : ""
      return """
        <li><button type="button" aria-pressed="true" data-name="\(escape(trace.name))">\
        <i class="\(trace.kind.rawValue) \(trace.stroke.rawValue)" style="--role: var(--\(trace.role.name))"></i>\
        <span>\(escape(trace.name))\(axis)</span></button></li>

        """
    }
    return items.isEmpty ? "" : "<ul class=\"key\">\n\(items.joined())</ul>\n"
  }

  private func html(variantsOf animation: Animation, id: String) -> String {
    guard animation.variants.count > 1 else { return "" }
    let choices = animation.variants.enumerated().map { index, variant in
      """
      <label><input type="radio" name="\(id)-variant" value="\(index)"\(index == 0 ? " checked" : "")>\
      <span>\(escape(variant.label))</span></label>

      """
    }
    let legend = "<legend>\(escape(animation.variantTitle))</legend>"
    return "<fieldset class=\"variants\">\n\(legend)\n<div>\(choices.joined())</div></fieldset>\n"
  }

  private func html(playerOf animation: Animation) -> String {
    let last = max(0, (animation.variants.first?.frames.count ?? 0) - 1)
    guard animation.variants.contains(where: { $0.frames.count > 1 }) else { return "" }
    let label = animation.variants.first?.frames.last?.label ?? ""
    return """
      <div class="player">
      <button type="button" class="play" aria-label="Play"></button>
      <input type="range" min="0" max="\(last)" value="\(last)" aria-label="Moment of the run" \
      aria-valuetext="\(escape(label))" autocomplete="off">
      <output>\(escape(label))</output>
      </div>

      """
  }
}
