import Foundation
import Images
import Testing

/// `gan data check`, `gan data pack`, and training on a folder of pictures, as users run them.
@Suite struct PictureCommandTests {
  private func picture(_ seed: Int, _ side: Int = 24, width: Int? = nil) -> Image {
    let width = width ?? side
    return Image(
      width: width, height: side, channels: 3,
      made: (0..<width * side * 3).map {
        UInt8(truncatingIfNeeded: seed &* 91 &+ $0 / 3 % width * 5 &+ $0 / 3 / width * 3 &+ $0 % 3 * 60)
      })
  }

  /// Ten pictures of two classes, one of them there twice, one cut, and a text.
  private func makeFolder(in folder: URL) throws {
    for name in ["set/cat", "set/dog"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    func write(_ name: String, _ data: Data) throws { try data.write(to: folder.appendingPathComponent("set/\(name)")) }
    for index in 0..<8 {
      try write("\(index % 2 == 0 ? "cat" : "dog")/\(index).png", picture(index, width: 24 + index).png())
    }
    try write("dog/again.png", picture(1, width: 25).png())
    try write("cat/photo.JPG", picture(20).jpeg())
    try write("cat/cut.png", picture(9).png().dropLast(40))
    try write("dog/list.txt", Data("words".utf8))
    try write("dog/.DS_Store", Data([0]))
  }

  private func environment(_ folder: URL) -> [String: String] {
    ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path]
  }

  @Test func checkCountsAndNamesEveryBadFile() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      let found = try GanProcess(["data", "check", "set", "--json"], in: folder)
      #expect(found.status == 0)
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any])
      #expect(object["pictures"] as? Int == 10 && object["classNames"] as? [String] == ["cat", "dog"])
      #expect(object["classCounts"] as? [Int] == [5, 5] && object["systemFiles"] as? Int == 1)
      #expect(object["formats"] as? [String: Int] == ["PNG": 9, "JPEG": 1])
      #expect(object["leftOutCounts"] as? [String: Int] == ["damaged": 1, "not-a-picture": 1])
      #expect(object["sameBytes"] as? [[String]] == [["dog/1.png", "dog/again.png"]])
      let text = try GanProcess(["data", "check", "set", "--strict"], in: folder)
      #expect(
        text.status == 3 && text.output.contains("cat/cut.png: ") && text.output.contains("dog/list.txt: is text"))
      let page = try String(contentsOf: folder.appendingPathComponent("data-check.html"), encoding: .utf8)
      #expect(page.contains("cat/cut.png") && page.contains("data:image/png;base64,") && page.contains("dog/again.png"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("set/cat/cut.png"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("set/dog/list.txt"))
      #expect(try GanProcess(["data", "check", "set", "--strict", "--out", "p.html"], in: folder).status == 0)
    }
  }

  @Test func wrongArgumentsAreRefused() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      for (arguments, word) in [
        (["check", "gone"], "gone: there is no such"), (["pack", "set", "a.tar"], ".zip"),
        (["pack", "set", "a.zip"], "--size"), (["pack", "set", "a.zip", "--size", "0"], "--size"),
        (["pack", "set", "a.zip", "--size", "8", "--background", "red"], "background"),
        (["pack", "set", "a.zip", "--size", "8", "--strict"], "strict"), (["check", "set/dog/list.txt"], "is text"),
      ] {
        let found = try GanProcess(["data"] + arguments, in: folder)
        #expect(found.status != 0 && found.errors.contains(word), "\(arguments): \(found.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("a.zip").path))
      }
    }
  }

  /// The logic of `ImageFolderDataset` in stylegan3's training/dataset.py, written anew from what it does: it lists the
  /// archive, keeps names that end as pictures do, decodes each with Pillow, and looks labels up by name in
  /// dataset.json.
  @Test(.enabled(if: Python.isThere, Python.missing), arguments: [true, false])
  func stylegansReaderTakesWhatPackWrites(_ labelled: Bool) throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      let packed = try GanProcess(
        [
          "data", "pack", "set", "out.zip", "--size", "16", "--crop", "center", "--filter", "lanczos",
          labelled ? "--labels" : "--no-labels",
        ], in: folder)
      #expect(packed.status == 0 && packed.errors.contains("cat/cut.png"), "\(packed.errors)")
      let program = #"""
        import io, json, os, zipfile
        try:
            import PIL.Image, numpy as np
        except ImportError:
            print("no Pillow"); raise SystemExit
        PIL.Image.init()
        archive = zipfile.ZipFile("out.zip")
        assert archive.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
        every = set(archive.namelist())
        names = sorted(n for n in every if os.path.splitext(n)[1].lower() in PIL.Image.EXTENSION)
        def load(name):
            with archive.open(name) as f: image = np.array(PIL.Image.open(f))
            if image.ndim == 2: image = image[:, :, np.newaxis]
            return image.transpose(2, 0, 1)
        shapes = {load(n).shape for n in names}
        with archive.open("dataset.json") as f: labels = json.load(f)["labels"]
        if labels is not None:
            labels = dict(labels)
            labels = np.array([labels[n.replace("\\", "/")] for n in names])
            labels = labels.astype({1: np.int64, 2: np.float32}[labels.ndim]).tolist()
        # What is in it: stylegan's own tool crops the central square and resizes with Pillow's Lanczos.
        source = sorted(os.path.join(d, f) for d, _, fs in os.walk("set") for f in fs)
        source = [s for s in source if s.endswith((".png", ".JPG")) and "cut" not in s]
        worst = 0
        for name, path in zip(names, source):
            image = np.array(PIL.Image.open(path))
            side = min(image.shape[:2])
            image = image[(image.shape[0] - side) // 2:, (image.shape[1] - side) // 2:][:side, :side]
            image = np.array(PIL.Image.fromarray(image).resize((16, 16), PIL.Image.LANCZOS)).transpose(2, 0, 1)
            if path.endswith(".png"): worst = max(worst, int(np.abs(image.astype(int) - load(name)).max()))
        print(json.dumps([names[:2], len(names), len(source), sorted(shapes), labels, worst]))
        """#
      let answer = try Python.output(program, in: folder).trimmingCharacters(in: .whitespacesAndNewlines)
      if answer == "no Pillow" { return }
      let labels = labelled ? "[0, 0, 0, 0, 0, 1, 1, 1, 1, 1]" : "null"
      #expect(
        answer == #"[["00000/img00000000.png", "00000/img00000001.png"], 10, 10, [[3, 16, 16]], \#(labels), 0]"#)
    }
  }

  private let recipe = """
    base: mnist
    name: pictures
    data: {source: pictures, size: 8, pixels: unit, strict: false}
    noise: {dimensions: 4}
    generator: {hidden: [16]}
    discriminator: {hidden: [16, 8], initializationExamples: 8}
    duration: {count: 4, unit: steps}
    batchSize: 4
    output: {measurementInterval: 2, sampleInterval: 1000, checkpointInterval: 2}
    """

  /// A folder is trained on, and the run is resumed without being told where that is.
  @Test func aRunOnPicturesIsTrainedAndResumed() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
      let first = try GanProcess(
        ["train", "r.yaml", "--data", "set", "--out", "run", "--stop-after", "2", "--threads", "1"], in: folder,
        environment: environment(folder))
      #expect(first.status == 0 && first.errors.contains("cat/cut.png"), "\(first.errors)")
      let rest = try GanProcess(
        ["train", "--resume", "run", "--threads", "1"], in: folder, environment: environment(folder))
      #expect(rest.status == 0, "\(rest.errors)")
      // Another picture: another set.
      try picture(99).png().write(to: folder.appendingPathComponent("set/cat/new.png"))
      let changed = try GanProcess(
        ["train", "--resume", "run", "--threads", "1"], in: folder, environment: environment(folder))
      #expect(changed.status != 0, "\(changed.output)")
    }
  }

  /// A file that has to be left out ends training before it begins, where that is asked for.
  @Test func strictTrainingRefusesWhatCheckNames() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
      func train(_ words: [String]) throws -> GanProcess {
        try GanProcess(
          ["train"] + words + ["--out", "run", "--threads", "1"], in: folder, environment: environment(folder))
      }
      let strict = try train(["r.yaml", "--data", "set", "--strict"])
      #expect(strict.status == 1 && strict.errors.contains("dog/list.txt: is text"), "\(strict.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("run").path))
      let digits = try train(["mnist", "--data", "set", "--strict"])
      #expect(digits.status == 1 && digits.errors.contains("'data.strict': is unknown"), "\(digits.errors)")
    }
  }

  /// Ten pictures: fewer than what a D whose layers take their first values from data would see first.
  @Test func aHandfulOfPicturesIsEnough() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      func train(_ words: [String]) throws -> GanProcess {
        try GanProcess(
          [
            "train", "pictures", "--data", "set", "--steps", "2", "--batch-size", "4", "--threads", "1", "--set",
            "generator.width=2", "--set", "discriminator.width=2", "--out", "run",
          ] + words, in: folder, environment: environment(folder))
      }
      let taken = try train(["--set", "minibatchDiscrimination.enabled=true"])
      #expect(taken.status == 1 && taken.errors.contains("initializationExamples"), "\(taken.errors)")
      let run = try train([])
      #expect(run.status == 0 && run.errors.contains("cat/cut.png"), "\(run.errors)")
    }
  }

  /// Before the first step of a long run: what was chosen and why, how long it will take and how much memory; real
  /// pictures and what G makes before it has learnt anything.
  @Test func aLongRunSaysBeforehandWhatItTakes() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      let run = try GanProcess(
        [
          "train", "pictures", "--data", "set", "--steps", "5000000", "--stop-after", "1", "--batch-size", "4",
          "--threads", "1", "--set", "generator.width=2", "--set", "discriminator.width=2", "--out", "run",
        ], in: folder, environment: environment(folder))
      #expect(run.status == 0, "\(run.errors)")
      let said = try #require(
        run.errors.firstMatch(of: #/about .+ as the machine is now \([0-9]+ ms a step\), in [0-9.]+ GB of memory/#),
        "\(run.errors)")
      let chosen = try #require(
        run.errors.range(of: "chose augmentation.policies: [color, translation, cutout], since"))
      let stopped = try #require(run.errors.range(of: "stopped after step 1"))
      #expect(chosen.lowerBound < said.range.lowerBound && said.range.upperBound < stopped.lowerBound)
      for name in ["real.png", "step-000000.png"] {
        let grid = folder.appendingPathComponent("run/samples/\(name)")
        #expect(try Image(contentsOf: grid).channels == 3, "\(name)")
      }
    }
  }

  /// The disk is full while the set is packed: `ulimit` stands for that.
  @Test func aFullDiskLeavesTheSetInMemory() throws {
    try withEmptyFolder { folder in
      try makeFolder(in: folder)
      try Data(recipe.replacingOccurrences(of: "size: 8", with: "size: 64").utf8)
        .write(to: folder.appendingPathComponent("r.yaml"))
      let found = try GanProcess(
        [
          "bash", "-c", "ulimit -f 40; exec \"$0\" train r.yaml --data set --dry-run --threads 1",
          GanProcess.executable.path,
        ], in: folder, environment: environment(folder), executable: URL(fileURLWithPath: "/usr/bin/env"))
      #expect(found.status == 0 && found.errors.contains("held in memory"), "\(found.errors)")
      let packed = folder.appendingPathComponent("cache/swift-gan/packed")
      #expect(try FileManager.default.contentsOfDirectory(atPath: packed.path).isEmpty)
    }
  }
}
