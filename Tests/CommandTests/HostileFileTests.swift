import Files
import Foundation
import Recipes
import Testing

/// Files that are none: pipes, devices, folders, links in circles and links out of a run folder. Everything ends, at
/// once, with an error that names the file, and nothing is written through a link.
@Suite struct HostileFileTests {
  /// Ends `gan` where it waits.
  private func refused(
    _ arguments: [String], in folder: URL, saying words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try GanProcess(
      ["20", GanProcess.executable.path] + arguments, in: folder, executable: URL(fileURLWithPath: "/usr/bin/timeout"))
    #expect(result.status != 0 && result.status < 124, "exit code \(result.status)", sourceLocation: sourceLocation)
    for word in words {
      #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)", sourceLocation: sourceLocation)
    }
  }

  private func run(in folder: URL, name: String = "run") throws -> URL {
    let result = try GanProcess(["train", "one-dimensional", "--steps", "4", "--out", name], in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return folder.appendingPathComponent(name)
  }

  /// `body` with each kind of file that is none, in the place of `file`.
  private func forEachKind(_ file: URL, _ body: (String) throws -> Void) throws {
    let path = file.path
    func remove() { try? FileManager.default.removeItem(at: file) }
    remove()
    #expect(mkfifo(path, 0o600) == 0)
    try body("not a regular file")
    remove()
    #expect(symlink("/dev/zero", path) == 0)
    try body("not a regular file")
    remove()
    #expect(symlink(file.lastPathComponent, path) == 0)
    try body("Too many levels of symbolic links")
    remove()
    #expect(symlink("nowhere", path) == 0)
    try body("no such file")
    remove()
    #expect(mkdir(path, 0o700) == 0)
    try body("is a folder, not a file")
    remove()
  }

  @Test func inputs() throws {
    try withEmptyFolder { folder in
      let url = try run(in: folder)
      try forEachKind(folder.appendingPathComponent("r.yaml")) {
        try refused(["train", "r.yaml", "--dry-run"], in: folder, saying: ["r.yaml", $0])
      }
      for name in ["recipe.yaml", "run.json", "generator-average.safetensors"] {
        let file = url.appendingPathComponent(name)
        let content = try Data(contentsOf: file)
        try forEachKind(file) {
          try refused(["sample", "run", "--out", "x.txt"], in: folder, saying: [name, $0])
        }
        try content.write(to: file)
      }
      try writeTinyImages(folder)
      let score = ["score", "--data", ".", "--split", "train", "--splits", "4", "--classifier", "x.pt"]
      try forEachKind(folder.appendingPathComponent("x.pt")) {
        // A folder would be that of a run.
        try refused(score, in: folder, saying: ["x.pt", $0.hasPrefix("is a folder") ? "recipe.yaml" : $0])
      }
      try forEachKind(folder.appendingPathComponent("train-labels-idx1-ubyte")) {
        // What is not there may have another name, and a folder may hold the file.
        try refused(
          ["train", "mnist-semisupervised-fast", "--data", "."], in: folder,
          saying: ["train-labels-idx1-ubyte"]
            + (["no", "Too", "is a folder"].contains(where: $0.hasPrefix) ? [] : [$0]))
      }
      let measurements = url.appendingPathComponent("measurements.jsonl")
      try forEachKind(measurements) {
        try refused(["train", "--resume", "run"], in: folder, saying: ["measurements.jsonl", $0])
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.txt").path))
    }
  }

  /// What belongs to somebody else is not written over, and his files are not removed.
  @Test func linksOutOfARunFolder() throws {
    try withEmptyFolder { folder in
      let precious = folder.appendingPathComponent("precious")
      try Data("precious".utf8).write(to: precious)
      let other = try run(in: folder, name: "other")
      let checkpoints = try FileManager.default.contentsOfDirectory(
        atPath: other.appendingPathComponent("checkpoints").path
      ).sorted()
      let out = folder.appendingPathComponent("new")
      // `--out` takes an empty folder only, so that links come with a run that is resumed.
      let train = ["train", "--resume", "new"]
      _ = try GanProcess(
        ["train", "one-dimensional", "--steps", "8", "--stop-after", "2", "--out", "new"], in: folder)
      func replaced(_ name: String, by target: String, _ body: () throws -> Void) throws {
        let (file, aside) = (out.appendingPathComponent(name), folder.appendingPathComponent("aside"))
        let isThere = rename(file.path, aside.path) == 0
        #expect(symlink(target, file.path) == 0)
        try body()
        #expect(unlink(file.path) == 0)
        if isThere { #expect(rename(aside.path, file.path) == 0) }
      }
      try replaced(".lock", by: "../precious") { try refused(train, in: folder, saying: [".lock"]) }
      try replaced("checkpoints", by: "../other/checkpoints") {
        try refused(train, in: folder, saying: ["checkpoints"])
      }
      try replaced("samples", by: "..") { try refused(train, in: folder, saying: ["samples", "is a link"]) }
      try replaced("checkpoints", by: "checkpoints") { try refused(train, in: folder, saying: ["checkpoint"]) }
      // A link to a file is read as the file, and replaced, not written through.
      try Data(contentsOf: out.appendingPathComponent("recipe.yaml")).write(to: folder.appendingPathComponent("r.yaml"))
      _ = unlink(out.appendingPathComponent("recipe.yaml").path)
      #expect(symlink("../r.yaml", out.appendingPathComponent("recipe.yaml").path) == 0)
      _ = unlink(out.appendingPathComponent("generator.safetensors").path)
      #expect(symlink("../precious", out.appendingPathComponent("generator.safetensors").path) == 0)
      let result = try GanProcess(train, in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try String(contentsOf: precious, encoding: .utf8) == "precious")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: other.appendingPathComponent("checkpoints").path).sorted()
          == checkpoints)
      // The run folder itself may be reached by a link.
      #expect(symlink("new", folder.appendingPathComponent("link").path) == 0)
      #expect(try GanProcess(["sample", "link", "--out", "x.txt"], in: folder).status == 0)
    }
  }

  @Test(arguments: ["a b", "a\nb", "größer 数", "-x", "it's \"100%\" #1?", "…/nested/../deep"])
  func outputFoldersOfAnyName(_ name: String) throws {
    try withEmptyFolder { folder in
      let path = name.hasPrefix("-") ? "./" + name : name
      let result = try GanProcess(["train", "one-dimensional", "--steps", "2", "--out", path], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      let file = name.contains("/") ? folder.appendingPathComponent("…/deep") : folder.appendingPathComponent(name)
      #expect(FileManager.default.fileExists(atPath: file.appendingPathComponent("run.json").path))
      #expect(try GanProcess(["sample", path, "--out", "out \(file.lastPathComponent).txt"], in: folder).status == 0)
      #expect(
        FileManager.default.fileExists(
          atPath: folder.appendingPathComponent("out \(file.lastPathComponent).txt").path))
    }
  }

  /// An empty name would be the current folder, and bytes that are not UTF-8 would become another name.
  @Test func argumentsThatAreNoNames() throws {
    try withEmptyFolder { folder in
      try refused(
        ["train", "one-dimensional", "--steps", "2", "--out", ""], in: folder, saying: ["Argument 6", "empty"])
      let script = "exec \"$0\" train one-dimensional --steps 2 --out \"$(printf 'a\\377b')\""
      let result = try GanProcess(
        ["-c", script, GanProcess.executable.path], in: folder, executable: URL(fileURLWithPath: "/bin/sh"))
      #expect(result.status == 64 && result.errors.contains("Argument 6 is not UTF-8"), "\(result.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  /// The name of a recipe in a file is in no way a path.
  @Test func namesOfRecipes() throws {
    try withEmptyFolder { folder in
      let yaml = "base: one-dimensional\nduration: {count: 2}\nname: "
      try Data((yaml + "../../escaped").utf8).write(to: folder.appendingPathComponent("r.yaml"))
      try refused(["train", "r.yaml"], in: folder, saying: ["r.yaml", "'name'", "line 3"])
      try refused(["train", "one-dimensional", "--set", "name=a/b"], in: folder, saying: ["'name'"])
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
      try Data((yaml + "größer 数").utf8).write(to: folder.appendingPathComponent("r.yaml"))
      let result = try GanProcess(["train", "r.yaml"], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs/größer 数-1/run.json").path))
    }
  }

  /// Lines as other systems end them are measurements too, and what is no text is no empty file.
  @Test func measurements() throws {
    try withEmptyFolder { folder in
      let url = try run(in: folder)
      let file = url.appendingPathComponent("measurements.jsonl")
      let text = try String(contentsOf: file, encoding: .utf8)
      let count = try RunFolder(url).measurements().count
      #expect(count > 0)
      try Data(text.replacingOccurrences(of: "\n", with: "\r\n").utf8).write(to: file)
      #expect(try RunFolder(url).measurements().count == count)
      try (Data(text.utf8) + [0xFF, 0x0A]).write(to: file)
      #expect(throws: FileError.self) { try RunFolder(url).measurements() }
      try Data((text + "\n{\"step\": 3}\n").utf8).write(to: file)
      let error = try #require(throws: FileError.self) { try RunFolder(url).measurements() }
      #expect(error.place == .line(count + 2) && error.reason.contains("has no"), "\(error)")
    }
  }
}
