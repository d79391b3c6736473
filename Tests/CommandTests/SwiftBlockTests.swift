import Foundation
import Testing

/// The blocks of Swift in README, CONTRIBUTING, Docs and the library's articles, line for line as they stand there.
@Suite(.serialized) struct SwiftBlockTests {
  /// All blocks in one program, whose manifest is a block as well. Those of an article are one piece of code, with no
  /// other imports than its own, and are played for two steps.
  @Test func everyBlockOfSwiftCompiles() throws {
    try withEmptyFolder { folder in
      let blocks = try SwiftBlock.all()
      let manifests = blocks.filter { $0.isManifest && !$0.text.contains("url:") }
      let code = blocks.filter { !$0.isManifest }
      try #require(manifests.count == 1 && code.count >= 4, "\(blocks.map(\.place))")
      // The manifest wants the checkout beside the program. It gets the place that the examples name, under which all
      // of the package is compiled already, or need not be again.
      let app = folder.appendingPathComponent("app")
      try #require(manifests[0].text.contains("path: \"../swift-gan\""))
      try manifests[0].write(as: app) {
        $0.replacing("path: \"../swift-gan\"", with: "path: \"\(GanProcess.package.path)\"")
      }
      let functions = code.enumerated().map { index, block in
        """
        func block\(index)() async throws {
        #sourceLocation(file: "\(block.page)", line: \(block.line))
        \(block.text)
        #sourceLocation()
        }

        """
      }
      let modules = ["Datasets", "Files", "Foundation", "GAN", "Images", "Metrics", "NN", "Recipes", "Torch"]
      let head = modules.map { "import \($0)\n" }.joined()
      // The block that is to fail says why; the others want runs or minutes.
      let failing = try #require(code.firstIndex { $0.text.contains("// throws") })
      let sources = app.appendingPathComponent("Sources/App")
      try Data((head + functions.joined()).utf8).write(to: sources.appendingPathComponent("Blocks.swift"))
      let articles = try Article.all()
      try #require(articles.count >= 4, "\(articles.map(\.page))")
      for (index, article) in articles.enumerated() {
        try Data(article.program("article\(index)").utf8).write(
          to: sources.appendingPathComponent("Article\(index).swift"))
      }
      let main = """
        do { try await block\(failing)() } catch { print(error) }
        \(articles.indices.map { "try await article\($0)()" }.joined(separator: "\n"))

        """
      try Data(main.utf8).write(to: sources.appendingPathComponent("main.swift"))
      let program = try buildOutside(app, "App", in: folder)
      let run = try GanProcess([], in: folder, executable: program)
      let promised = try #require(code[failing].text.firstMatch(of: #/// throws: (.*) \.\.\./#)).1
      #expect(run.status == 0 && run.output.contains(promised), "\(run.output)\(run.errors)")
      // What three of the articles end with.
      #expect(run.output.contains(" of 8 modes, ") && run.output.contains("\ndistance "), "\(run.output)")
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("discs.png").path))
    }
  }
}

/// A page of `Sources/MODULE/MODULE.docc` whose blocks, one after the other, are a program.
struct Article {
  let page: String
  let blocks: [SwiftBlock]

  static func all() throws -> [Article] {
    let sources = GanProcess.package.appendingPathComponent("Sources")
    return try FileManager.default.contentsOfDirectory(atPath: sources.path).sorted().flatMap { module in
      let folder = "\(module)/\(module).docc"
      let pages =
        (try? FileManager.default.contentsOfDirectory(atPath: sources.appendingPathComponent(folder).path)) ?? []
      return try pages.filter { $0.hasSuffix(".md") && $0 != "\(module).md" }.sorted().map {
        Article(page: "Sources/\(folder)/\($0)", blocks: try SwiftBlock.all(in: "Sources/\(folder)/\($0)"))
      }
    }
  }

  /// Declarations as they are, statements in a function of that name.
  func program(_ name: String) -> String {
    func text(_ block: SwiftBlock) -> String {
      let short = block.text.replacing(#/steps: [0-9_]+/#, with: "steps: 2")
      return "#sourceLocation(file: \"\(block.page)\", line: \(block.line))\n\(short)\n#sourceLocation()\n"
    }
    let declarations = blocks.filter(\.declares).map(text).joined()
    let statements = blocks.filter { !$0.declares }.map(text).joined()
    return "\(declarations)func \(name)() async throws {\n\(statements)}\n"
  }
}

/// A block of Swift in a page.
struct SwiftBlock {
  /// Relative to the package.
  let page: String
  /// Of the block's first line, from 1.
  let line: Int
  let text: String

  var place: String { "\(page):\(line)" }
  /// Whether it is a part of a Package.swift.
  var isManifest: Bool { text.hasPrefix("dependencies:") }
  /// Whether it stands outside of functions.
  var declares: Bool { text.prefixMatch(of: #/(import|struct|enum|extension|func|final class) /#) != nil }

  static func all() throws -> [SwiftBlock] {
    let docs = GanProcess.package.appendingPathComponent("Docs")
    let names = try FileManager.default.contentsOfDirectory(atPath: docs.path).filter { $0.hasSuffix(".md") }.sorted()
    return try (["README.md", "CONTRIBUTING.md"] + names.map { "Docs/\($0)" }).flatMap { try all(in: $0) }
  }

  /// - Parameter page: relative to the package.
  static func all(in page: String) throws -> [SwiftBlock] {
    let text = try String(contentsOf: GanProcess.package.appendingPathComponent(page), encoding: .utf8)
    var (blocks, open) = ([SwiftBlock](), (line: 0, lines: [Substring]?.none))
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if let lines = open.lines {
        if line == "```" {
          blocks.append(SwiftBlock(page: page, line: open.line, text: lines.joined(separator: "\n")))
          open.lines = nil
        } else {
          open.lines = lines + [line]
        }
      } else if line == "```swift" {
        open = (index + 2, [])
      }
    }
    return blocks
  }

  /// Makes a package with this for its dependencies and targets, `App` among them.
  func write(as package: URL, changing: (String) -> String = { $0 }) throws {
    try FileManager.default.createDirectory(
      at: package.appendingPathComponent("Sources/App"), withIntermediateDirectories: true)
    let manifest = """
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "App",
        platforms: [.macOS(.v15)],
      \(changing(text))
      )

      """
    try Data(manifest.utf8).write(to: package.appendingPathComponent("Package.swift"))
  }
}
