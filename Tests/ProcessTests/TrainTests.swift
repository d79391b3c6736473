import Files
import Foundation
import Testing
import Torch

/// `gan train` in several processes: one folder, one game, whatever happens to one of them.
@Suite(.serialized) struct TrainTests {
  static let gan = Helpers.executable.deletingLastPathComponent().appendingPathComponent("gan")

  /// A game with labels, feature matching and an average, small enough to be played in a second.
  private let recipe = """
    base: mnist-semisupervised-fast
    name: few
    noise: {dimensions: 4}
    generator: {hidden: [16, 16]}
    discriminator: {hidden: [32, 32], initializationExamples: 40}
    labels: {count: 20, batchSize: 14}
    batchSize: 15
    duration: {count: 60, unit: steps}
    output: {measurementInterval: 10, sampleInterval: 20, evaluationInterval: 20, checkpointInterval: 10}
    """

  private func withGame<Result>(_ body: (URL) throws -> Result) throws -> Result {
    try withEmptyFolder { folder in
      func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
      for (split, count) in [("train", 100), ("t10k", 40)] {
        var (images, labels) = (Data([0, 0, 8, 3]), Data([0, 0, 8, 1]))
        images += word(count) + word(8) + word(8)
        labels += word(count)
        for index in 0..<count {
          images += (0..<64).map { pixel in
            pixel / 8 == index % 10 || pixel % 8 == index % 10 ? 220 : UInt8((index * 31 + pixel * 17) % 40)
          }
          labels.append(UInt8(index % 10))
        }
        try images.write(to: folder.appendingPathComponent("\(split)-images-idx3-ubyte"))
        try labels.write(to: folder.appendingPathComponent("\(split)-labels-idx1-ubyte"))
      }
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("few.yaml"))
      return try body(folder)
    }
  }

  private func gan(_ count: Int, in folder: URL, _ arguments: [String], patience: Double = 30) throws -> [Helpers.Ended]
  {
    try Helpers(count, in: folder, patience: patience, executable: Self.gan) { _ in arguments }.ended()
  }

  private func play(_ count: Int, in folder: URL, _ arguments: String...) throws {
    for process in try gan(count, in: folder, arguments) { try #require(process.status == 0, "\(process.errors)") }
  }

  private func parameters(_ run: String, in folder: URL) throws -> [String: Tensor] {
    var all: [String: Tensor] = [:]
    for name in ["generator", "discriminator", "discriminator-average"] {
      let file = folder.appendingPathComponent("\(run)/\(name).safetensors")
      for (key, tensor) in try Safetensors(contentsOf: file).tensors { all["\(name) \(key)"] = tensor }
    }
    return all
  }

  private func bytes(_ run: String, in folder: URL) throws -> [Data] {
    try ["generator", "discriminator", "discriminator-average"].map {
      try Data(contentsOf: folder.appendingPathComponent("\(run)/\($0).safetensors"))
    }
  }

  private func expectNear(_ run: String, _ other: String, in folder: URL) throws {
    let (a, b) = try (parameters(run, in: folder), parameters(other, in: folder))
    #expect(a.keys == b.keys)
    for (name, tensor) in a {
      let (values, others) = try (tensor.values(Double.self), try #require(b[name]).values(Double.self))
      let size = max(values.map(abs).max() ?? 0, 1e-3)
      let difference = zip(values, others).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= 1e-3 * size, "\(name): \(difference) of \(size)")
    }
  }

  /// Measurements are the first process's, of whole batches.
  private func lines(_ run: String, in folder: URL) throws -> [[String: Any]] {
    try String(contentsOf: folder.appendingPathComponent("\(run)/measurements.jsonl"), encoding: .utf8)
      .split(separator: "\n").map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }

  @Test func twoAndFourProcessesTrainWhatOneTrains() throws {
    try withGame { folder in
      try play(1, in: folder, "train", "few.yaml", "--data", ".", "--out", "one")
      try play(2, in: folder, "train", "few.yaml", "--data", ".", "--out", "two")
      try play(4, in: folder, "train", "few.yaml", "--data", ".", "--out", "four")
      try play(2, in: folder, "train", "few.yaml", "--data", ".", "--out", "again")
      try expectNear("two", "one", in: folder)
      try expectNear("four", "one", in: folder)
      #expect(try bytes("two", in: folder) == bytes("again", in: folder))
      let (one, two) = try (lines("one", in: folder), lines("two", in: folder))
      #expect(one.count == two.count && !one.isEmpty)
      for (a, b) in zip(one, two) {
        #expect(a["step"] as? Int == b["step"] as? Int)
        let (loss, other) = (a["discriminatorLoss"] as! Double, b["discriminatorLoss"] as! Double)
        #expect(abs(loss - other) < 1e-4 * abs(loss), "step \(a["step"]!): \(loss), \(other)")
        #expect(a["testErrors"] as? Int == b["testErrors"] as? Int)
      }
    }
  }

  @Test func aRunGoesOnWithAnyNumberOfProcesses() throws {
    try withGame { folder in
      try play(1, in: folder, "train", "few.yaml", "--data", ".", "--out", "one")
      try play(2, in: folder, "train", "few.yaml", "--data", ".", "--out", "mixed", "--stop-after", "23")
      try play(1, in: folder, "train", "--resume", "mixed", "--stop-after", "41")
      try play(4, in: folder, "train", "--resume", "mixed")
      try expectNear("mixed", "one", in: folder)
    }
  }

  /// Stopped among the steps on labels alone, and between two measurements of which G rested in a part.
  @Test func stepsOnLabelsAloneGoOnExactly() throws {
    try withGame { folder in
      let train = ["train", "few.yaml", "--data", ".", "--set", "labels.firstSteps=25", "--out"]
      for arguments in [
        train + ["whole"], train + ["cut", "--stop-after", "23"], ["train", "--resume", "cut", "--stop-after", "28"],
        ["train", "--resume", "cut"],
      ] {
        for process in try gan(1, in: folder, arguments) { #expect(process.status == 0, "\(process.errors)") }
      }
      #expect(try bytes("whole", in: folder) == bytes("cut", in: folder))
      let (whole, cut) = try (lines("whole", in: folder), lines("cut", in: folder))
      #expect(whole.count == 6)
      for (a, b) in zip(whole, cut) {
        for key in ["step", "discriminatorLoss", "generatorLoss", "labelledLoss", "unlabelledLoss"] {
          #expect(a[key] as? Double == b[key] as? Double, "\(key) after \(a["step"]!)")
        }
      }
      #expect(whole.map { $0["generatorLoss"] == nil } == [true, true, false, false, false, false])
      #expect(whole.map { $0["unlabelledLoss"] == nil } == [true, true, false, false, false, false])
    }
  }

  /// A run that begins in another one is the same game too, and the launcher's second try finds it begun. Its steps on
  /// labels alone, and fewer generated examples than real ones, are shared like the others.
  @Test func aRunOfSeveralBeginsWhereAnotherStood() throws {
    try withGame { folder in
      try play(
        1, in: folder, "train", "few.yaml", "--data", ".", "--set", "batchSize=16", "--out", "parent",
        "--keep-checkpoints", "9")
      let branch = [
        "train", "--branch", "parent", "--checkpoint", "20", "--set", "labels.firstSteps=25", "--set",
        "generator.batchSize=8",
      ]
      for (count, name) in [(1, "one"), (2, "two"), (4, "four")] {
        for process in try gan(count, in: folder, branch + ["--out", name]) {
          #expect(process.status == 0, "\(process.errors)")
        }
      }
      try expectNear("two", "one", in: folder)
      try expectNear("four", "one", in: folder)
      let lines = try lines("two", in: folder)
      #expect(lines.map { $0["step"] as? Int } == [10, 20, 30, 40, 50, 60])
      for process in try gan(2, in: folder, branch + ["--out", "two", "--steps", "70"]) {
        #expect(process.status == 0, "\(process.errors)")
      }
      #expect(try self.lines("two", in: folder).count == 7)
      let uneven = try gan(3, in: folder, branch + ["--out", "three"])
      #expect(uneven[0].errors.contains("'batchSize': must be a multiple of 3"), "\(uneven[0].errors)")
    }
  }

  /// What a launcher does after one has died; the same command line is enough.
  @Test func theSameCommandGoesOnAndEndsWithTheSameBytes() throws {
    try withGame { folder in
      let command = ["train", "few.yaml", "--data", ".", "--steps", "400", "--out"]
      _ = try gan(2, in: folder, command + ["straight"])
      for victim in [1, 0] {
        let helpers = try Helpers(2, in: folder, patience: 4, executable: Self.gan) { _ in command + ["killed"] }
        let checkpoints = folder.appendingPathComponent("killed/checkpoints").path
        let before = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline, helpers.processes.allSatisfy(\.isRunning) {
          let now = Set((try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? [])
          if now.subtracting(before).contains(where: { $0.hasSuffix("0.safetensors") && !$0.contains("000000") }) {
            break
          }
          usleep(2000)
        }
        kill(helpers.processes[victim].processIdentifier, SIGKILL)
        let ended = try helpers.ended()
        #expect(ended[victim].status == -SIGKILL && ended[1 - victim].status == 1, "\(ended.map(\.errors))")
        if victim == 1 {
          #expect(
            ended[0].errors.contains("process 1 of 2 is gone, or hung for 4 s; waited for by process 0 at"),
            "\(ended[0].errors)")
        }
      }
      #expect(try gan(2, in: folder, command + ["killed"]).map(\.status) == [0, 0])
      #expect(try bytes("straight", in: folder) == bytes("killed", in: folder))
      // Once more: all is played, and that is no error.
      let over = try gan(2, in: folder, command + ["killed"])
      #expect(over.map(\.status) == [0, 0])
      #expect(over[0].output.contains("killed\n"))
    }
  }

  @Test func aSignalToOneStopsAllAfterTheSameStep() throws {
    try withGame { folder in
      let helpers = try Helpers(2, in: folder, executable: Self.gan) { _ in
        ["train", "few.yaml", "--data", ".", "--out", "stopped", "--steps", "100000"]
      }
      let first = folder.appendingPathComponent("stopped/checkpoints/step-000010.safetensors").path
      while !FileManager.default.fileExists(atPath: first), helpers.processes[0].isRunning { usleep(2000) }
      helpers.processes[1].terminate()
      let ended = try helpers.ended()
      #expect(ended.map(\.status) == [0, 128 + SIGTERM], "\(ended.map(\.errors))")
      let said = try #require(ended[0].errors.firstMatch(of: /stopped after step (\d+)/))
      let step = try #require(Int(said.1))
      let name = "step-" + String(repeating: "0", count: 6 - "\(step)".count) + "\(step).safetensors"
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("stopped/checkpoints/\(name)").path))
    }
  }

  @Test func processesThatDifferAreRefused() throws {
    try withGame { folder in
      let other = folder.appendingPathComponent("other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix("ubyte") {
        var data = try Data(contentsOf: folder.appendingPathComponent(name))
        if name.hasPrefix("train-images") { data[100] ^= 1 }
        try data.write(to: other.appendingPathComponent(name))
      }
      func expectRefusal(_ reason: String, _ change: [String]) throws {
        let command = ["train", "few.yaml", "--data", ".", "--out", "run-\(change.last!)"]
        let ended = try Helpers(2, in: folder, executable: Self.gan) { $0 == 1 ? command + change : command }.ended()
        for (rank, process) in ended.enumerated() {
          #expect(process.status == 1)
          #expect(process.errors.contains(reason), "\(rank): \(process.errors)")
        }
        #expect(ended[1].errors.contains("process 1: error: "))
      }
      try expectRefusal(
        "process 1 has another recipe than process 0: 'batchSize: 14', not 'batchSize: 15'", ["--batch-size", "14"])
      try expectRefusal("process 1 has another training data than process 0", ["--data", "other"])
    }
  }

  /// A picture's features do not depend on who computes them, nor on what else is computed.
  @Test func scoresAndErrorsOfSeveralProcessesAreThoseOfOne() throws {
    try withGame { folder in
      try play(1, in: folder, "train", "few.yaml", "--data", ".", "--out", "run")
      for command in [
        ["evaluate", "run", "--data", ".", "--json"],
        [
          "score", "run", "--against", "mnist:.", "--features", "run", "--metrics", "fd,precision", "--samples", "50",
          "--no-cache", "--json",
        ],
      ] {
        let one = try gan(1, in: folder, command)
        #expect(one[0].status == 0 && !one[0].output.isEmpty, "\(one[0].errors)")
        for count in [2, 3] {
          let several = try gan(count, in: folder, command)
          #expect(several.map(\.status) == Array(repeating: 0, count: count), "\(several.map(\.errors))")
          #expect(several[0].output == one[0].output)
          #expect(several.dropFirst().map(\.output).joined() == "")
        }
      }
    }
  }

  /// Single pictures of a folder and of a zip are the same files for any number of processes, in batches that these do
  /// not divide; a grid is made by the first; a place that cannot be written ends all of them.
  @Test func samplesOfSeveralProcessesAreThoseOfOne() throws {
    try withGame { folder in
      try play(1, in: folder, "train", "few.yaml", "--data", ".", "--out", "run")
      func files(_ name: String) throws -> [String: Data] {
        let place = folder.appendingPathComponent(name)
        return try Dictionary(
          uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: place.path).map {
            ($0, try Data(contentsOf: place.appendingPathComponent($0)))
          })
      }
      for count in [1, 2, 3] {
        for out in ["samples-\(count)/", "samples-\(count).zip", "grid-\(count).png"] {
          let ended = try gan(count, in: folder, ["sample", "run", "--count", "73", "--out", out])
          #expect(ended.map(\.status) == Array(repeating: 0, count: count), "\(ended.map(\.errors))")
          #expect(ended.dropFirst().map(\.output).joined() == "")
        }
        #expect(try files("samples-\(count)") == files("samples-1"))
        for kind in ["samples-%.zip", "grid-%.png"] {
          func data(_ number: Int) throws -> Data {
            try Data(contentsOf: folder.appendingPathComponent(kind.replacing("%", with: "\(number)")))
          }
          #expect(try data(count) == data(1), "\(kind)")
        }
      }
      #expect(try files("samples-1").count == 73)
      let refused = try gan(2, in: folder, ["sample", "run", "--count", "73", "--out", "samples-1/"])
      #expect(refused.allSatisfy { $0.status != 0 } && refused[0].errors.contains("is there already"))
    }
  }

  @Test func scoresAreTakenTogetherWhileARunTrains() throws {
    try withGame { folder in
      try play(1, in: folder, "train", "few.yaml", "--data", ".", "--out", "judge")
      for count in [1, 2] {
        try play(
          count, in: folder, "train", "few.yaml", "--data", ".", "--out", "scored-\(count)", "--score", "fd@40",
          "--every", "20", "--score-features", "judge", "--keep-best", "fd")
      }
      let (one, two) = try (lines("scored-1", in: folder), lines("scored-2", in: folder))
      let scores = [one, two].map { $0.compactMap { ($0["scores"] as? [String: Double])?["fd"] } }
      #expect(scores[0].count == 3 && scores[1].count == 3)
      for (a, b) in zip(scores[0], scores[1]) { #expect(abs(a - b) <= 1e-3 * abs(a), "\(a), \(b)") }
      let best = folder.appendingPathComponent("scored-2/checkpoints/best.safetensors").path
      #expect(FileManager.default.fileExists(atPath: best))
    }
  }

  @Test func whatOneProcessCannotShareIsRefusedByName() throws {
    try withGame { folder in
      let small = try gan(
        4, in: folder, ["train", "few.yaml", "--data", ".", "--set", "labels.batchSize=3", "--set", "labels.count=10"])
      #expect(
        small[0].errors.contains("'labels.batchSize': must be at least 4, one for each process, is 3"),
        "\(small[0].errors)")
      let sampled = try gan(2, in: folder, ["demo"])
      #expect(sampled[0].errors.contains("'gan demo' is for one process, and 2 were started"), "\(sampled[0].errors)")
      let missing = try Helpers(
        2, in: folder, executable: Self.gan, environment: { _ in ["MASTER_PORT": ""] }
      ) { _ in ["train", "few.yaml", "--data", "."] }.ended()
      #expect(missing[0].errors.contains("WORLD_SIZE is 2, and MASTER_PORT is not set"), "\(missing[0].errors)")
    }
  }

  /// The runs of a table are shared by jobs as the games of a comparison are: three jobs, of which one is killed at a
  /// run and started again, make what one job makes.
  @Test func aTableIsTrainedByThreeJobsOfWhichOneIsKilled() throws {
    try withGame { folder in
      let table = [
        "reproduce", "mnist", "--recipe", "few.yaml", "--data", ".", "--labels", "10,20", "--seeds", "2", "--jobs", "2",
        "--set", "duration.count=200",
      ]
      func start(_ arguments: String...) throws -> Helpers {
        try Helpers(1, in: folder, executable: Self.gan) { _ in table + arguments }
      }
      let alone = try start("--out", "alone").ended()[0]
      try #require(alone.status == 0, "\(alone.errors)")
      let jobs = try (1...3).map { try start("--out", "table", "--share", "\($0)/3") }
      let claims = folder.appendingPathComponent("table/claims").path
      let deadline = ContinuousClock.now + .seconds(60)
      while ContinuousClock.now < deadline,
        ((try? FileManager.default.contentsOfDirectory(atPath: claims)) ?? []).count < 3
      { usleep(2000) }
      kill(jobs[1].processes[0].processIdentifier, SIGKILL)
      let ended = try jobs.map { try $0.ended()[0] }
      #expect(ended[0].status == 0 && ended[2].status == 0, "\(ended.map(\.errors))")
      // Started again, the killed one finds what nobody has taken up, if the others were gone by then.
      let again = try start("--out", "table", "--share", "2/3").ended()[0]
      #expect(again.status == 0 && again.output.contains("report.html"), "\(again.errors)")
      for run in ["labels-10/draw-1", "labels-10/draw-2", "labels-20/draw-1", "labels-20/draw-2"] {
        for name in ["generator", "discriminator", "discriminator-average"] {
          let file = "\(run)/\(name).safetensors"
          #expect(
            try Data(contentsOf: folder.appendingPathComponent("table/\(file)"))
              == Data(contentsOf: folder.appendingPathComponent("alone/\(file)")), "\(file)")
        }
      }
    }
  }
}
