import Foundation
import Testing
import Torch

/// Docs/Files.md says what the files hold, and how Python loads them: both as it is.
@Suite struct FilesDocumentTests {
  private static let document: String = {
    let file = GanProcess.package.appendingPathComponent("Docs/Files.md")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }()

  /// The text from a line that begins so to the next that begins like it, or to the end.
  private func section(_ heading: String, upTo end: String) throws -> String {
    let rest = try #require(Self.document.components(separatedBy: "\n\(heading)\n").dropFirst().first)
    return rest.components(separatedBy: "\n\(end)")[0]
  }

  /// The names that stand at the beginnings of a table's rows, layers without their number.
  private func names(_ text: String) -> Set<String> {
    Set(text.matches(of: /\n\| `([^`]+)`/).map { withoutNumber(String($0.1)) })
  }

  private func withoutNumber(_ name: String) -> String { name.replacing(/\.[0-9]+\./, with: ".0.") }

  private static let images = ["mnist-semisupervised", "--data", ".", "--set", "labels.count=20", "--batch-size", "8"]
  private static let kinds: [[String]] = [
    images + ["--set", "historicalAveraging.generator=0.1", "--set", "historicalAveraging.discriminator=0.1"],
    images + ["--set", "generator.normalization=virtual-batch", "--set", "generator.averagingRate=0.1"],
    ["one-dimensional", "--set", "minibatchDiscrimination.enabled=true", "--set", "generator.training.rule=momentum"],
    [
      "one-dimensional", "--set", "minibatchDiscrimination.enabled=true", "--set",
      "minibatchDiscrimination.reading=paper",
    ],
  ]

  /// Trains one run of every kind that has tensors of its own, as `run-0` and so on.
  private func withRuns(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      for part in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
        try FileManager.default.copyItem(
          at: folder.appendingPathComponent("train-\(part)"), to: folder.appendingPathComponent("t10k-\(part)"))
      }
      for (index, arguments) in Self.kinds.enumerated() {
        let images = arguments.contains("--data")
        let sizes = images ? ["--set", "labels.batchSize=8", "--set", "discriminator.initializationExamples=16"] : []
        let train = try GanProcess(
          ["train"] + arguments + sizes + ["--steps", "6", "--out", "run-\(index)"], in: folder)
        try #require(train.status == 0, "\(arguments): \(train.errors)")
      }
      try body(folder)
    }
  }

  @Test(.enabled(if: Python.isThere, Python.missing)) func listsWhatPythonFinds() throws {
    try withRuns { folder in
      let output = try Python.output(
        """
        import glob, json
        from safetensors import safe_open
        found = []
        for path in sorted(glob.glob("run-*/**/*.safetensors", recursive=True)):
            with safe_open(path, framework="np") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}
                found.append([path, file.metadata(), {n: [str(t.dtype), list(t.shape)] for n, t in tensors.items()}])
        print(json.dumps(found))
        """, in: folder)
      let files = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[Any]])
      #expect(files.count >= 4 * 4)
      let listed = [
        "generator": names(try section("Generator:", upTo: "Discriminator:")),
        "discriminator": names(try section("Discriminator:", upTo: "An image")),
        "checkpoint": names(try section("## Checkpoints", upTo: "## Exported networks")),
      ]
      #expect(listed.values.allSatisfy { $0.count >= 8 })
      var found: [String: Set<String>] = [:]
      for file in files {
        let path = try #require(file[0] as? String), metadata = try #require(file[1] as? [String: String])
        let tensors = try #require(file[2] as? [String: [Any]])
        // What Python finds is what this program finds.
        let own = try Safetensors(contentsOf: folder.appendingPathComponent(path))
        #expect(own.metadata == metadata.filter { $0.key != "sha256" } && Set(own.tensors.keys) == Set(tensors.keys))
        for (name, kind) in tensors {
          #expect(own.tensors[name]?.shape == kind[1] as? [Int])
          #expect(own.tensors[name].map { "\($0.dtype)" } == kind[0] as? String, "\(name)")
        }
        let player = path.contains("/generator") ? "generator" : "discriminator"
        if path.contains("/checkpoints/") {
          #expect(metadata["format"] == "swift-gan checkpoint 1")
          for name in tensors.keys {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            if parts[0] == "generator" || parts[0] == "discriminator" {
              found[parts[0], default: []].insert(withoutNumber(parts[1]))
              found["checkpoint", default: []].insert("generator.hidden.0.weight")
            } else {
              // The table has G's; D's are said to be like them.
              found["checkpoint", default: []].insert(name.replacing("discriminator-", with: "generator-"))
            }
          }
        } else {
          #expect(metadata["step"] == "6" && metadata["version"] != nil && metadata["recipe"] != nil)
          found[player, default: []].formUnion(tensors.keys.map(withoutNumber))
        }
      }
      for (part, names) in listed {
        let found = found[part] ?? []
        #expect(
          names == found, "\(part): not listed \(found.subtracting(names)), not found \(names.subtracting(found))")
      }
    }
  }

  /// The lines of the document, as they stand there.
  @Test(.enabled(if: Python.isThere, Python.missing), .enabled(if: Python.runsModels, Python.noModelRuntime))
  func itsPythonRuns() throws {
    let blocks = Self.document.components(separatedBy: "```python\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    #expect(blocks.count == 6)
    try withRuns { folder in
      let run = folder.appendingPathComponent("run-1")
      for arguments in [["generator.pt"], ["generator.onnx"], ["generator", "--format", "safetensors"]] {
        let export = try GanProcess(
          ["export", "run-1", "--out", "run-1/" + arguments[0]] + arguments[1...], in: folder)
        #expect(export.status == 0, "\(export.errors)")
      }
      let output = try Python.output(
        blocks.joined(separator: "\nshapes = images.shape if 'images' in globals() else None\n") + """

          assert moments.shape == (sum(p.numel() for p in generator.parameters()),), moments.shape
          assert shapes == images.shape and config["network"] == "generator", shapes
          assert weight.shape == (500, 64) and (load_file("weight.safetensors")["weight"] == weight).all()
          assert images.shape == (8, 1, 8, 8) and 0 <= images.min() and images.max() <= 1, images.shape
          print("all of it")
          """, in: run)
      #expect(output.contains("output.direction (64, 500)") && output.hasSuffix("all of it\n"), "\(output)")
    }
  }

  /// The document's table of a run folder and the one in the sources name the same files.
  @Test func namesTheFilesOfARun() throws {
    let source = try String(
      contentsOf: GanProcess.package.appendingPathComponent("Sources/Recipes/Run/RunFolder.swift"), encoding: .utf8)
    /// In the first column of the rows.
    func files(_ text: String) -> [String] {
      text.matches(of: /\| (`[^|]+`) \|/).flatMap { $0.1.split(separator: "`").filter { $0 != ", " }.map(String.init) }
    }
    let listed = files(try section("## A run folder", upTo: "A line of "))
    #expect(listed.count == 20 && listed == files(source.components(separatedBy: "\npublic struct RunFolder")[0]))
  }
}
