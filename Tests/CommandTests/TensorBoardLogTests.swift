import Foundation
import Images
import Recipes
import TensorBoard
import Testing

/// A run as TensorBoard's own reader, and tbparse, find it: each measurement once, whatever the run has been through.
@Suite struct TensorBoardLogTests {
  /// Pictures and measurements at steps of their own.
  private static let recipe = """
    name: tiny
    noise: {dimensions: 4}
    generator: {hidden: [8]}
    discriminator: {hidden: [8, 6], initializationExamples: 16}
    duration: {count: 40, unit: steps}
    batchSize: 8
    output: {measurementInterval: 4, sampleInterval: 6, checkpointInterval: 10}
    """

  private func withRecipe(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(Self.recipe.utf8).write(to: folder.appendingPathComponent("tiny.yaml"))
      try body(folder)
    }
  }

  private func train(_ arguments: String, _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(["train"] + arguments.split(separator: " ").map(String.init), in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  /// What the readers find in `folder/run`.
  private struct Found: Decodable {
    struct Scalar: Decodable {
      let step: Int
      /// As Python writes it: JSON has no infinity.
      let value: String
    }
    let scalars: [String: [Scalar]]
    let pictures: [String: [Int]]
    let histograms: [String: [Int]]
    let texts: [String: [String]]
    /// Of tbparse: steps of every tag.
    let steps: [String: [Int]]
    let hyperparameters: [String: String]
    let sizes: [[Int]]
  }

  private func read(_ run: String, _ folder: URL) throws -> Found {
    let output = try Python.output(
      """
      import json, struct
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      from tbparse import SummaryReader
      sizes = dict(scalars=0, images=0, histograms=0, tensors=0)
      log = EventAccumulator("\(run)", size_guidance=sizes)
      log.Reload()
      tags = log.Tags()
      reader = SummaryReader("\(run)")
      frame = reader.scalars
      texts = {tag: [e.tensor_proto.string_val[0].decode() for e in log.Tensors(tag)]
               for tag in tags["tensors"] if not tag.startswith("_hparams_")}
      print(json.dumps(dict(
          scalars={tag: [dict(step=e.step, value=repr(float(e.value))) for e in log.Scalars(tag)] \
      for tag in tags["scalars"]},
          pictures={tag: [e.step for e in log.Images(tag)] for tag in tags["images"]},
          histograms={tag: [e.step for e in log.Histograms(tag)] for tag in tags["histograms"]},
          texts=texts, steps={tag: sorted(map(int, rows.step)) for tag, rows in frame.groupby("tag")},
          hyperparameters={row.tag: str(row.value) for row in reader.hparams.itertuples()},
          sizes=[[e.width, e.height, *struct.unpack(">II", e.encoded_image_string[16:24])] \
      for e in log.Images("samples")])))
      """, in: folder)
    return try JSONDecoder().decode(Found.self, from: Data(output.utf8))
  }

  /// All that is measured, drawn and noted, each exactly once.
  private func expectWhole(_ run: String, _ folder: URL) throws {
    let found = try read(run, folder)
    let lines = try RunFolder(folder.appendingPathComponent(run)).measurements()
    #expect(!lines.isEmpty)
    for quantity in MeasuredQuantity.found(in: lines) {
      let own = lines.compactMap { line in quantity.value(line).map { (line.step, $0) } }
      let read = try #require(found.scalars[quantity.tag], "\(quantity.tag)")
      #expect(read.map(\.step) == own.map(\.0), "\(quantity.tag)")
      #expect(read.map { Double($0.value).map { "\($0)" } } == own.map { "\(Double(Float($0.1)))" }, "\(quantity.tag)")
      #expect(found.steps[quantity.tag] == own.map(\.0), "\(quantity.tag)")
    }
    #expect(found.scalars.count == MeasuredQuantity.found(in: lines).count)
    let pictures = RunFolder(folder.appendingPathComponent(run)).pictures.map(\.step)
    #expect(found.pictures["samples"] == pictures && found.pictures["real"] == [0])
    #expect(found.sizes.allSatisfy { $0[0] == $0[2] && $0[1] == $0[3] && $0[0] > 0 })
    for tag in ["outputs of D/real", "outputs of D/generated"] { #expect(found.histograms[tag] == lines.map(\.step)) }
    #expect(found.texts["recipe"]?.count == 1)
    #expect(found.hyperparameters["batchSize"].flatMap(Double.init) == 8)
    let files = try EventFile.files(in: folder.appendingPathComponent(run)).map { try Data(contentsOf: $0) }
    #expect(files.count { !$0.isEmpty } == 1)
  }

  @Test(.enabled(if: Python.readsEvents, Python.noEventReaders)) func everyPointIsThereOnce() throws {
    try withRecipe { folder in
      _ = try train("tiny.yaml --data . --threads 1 --log tensorboard --out straight", folder)
      try expectWhole("straight", folder)
      let recipe = try read("straight", folder).texts["recipe"]?.first
      #expect(recipe?.contains("batchSize: 8") == true)

      // Stopped between a measurement, a picture and a checkpoint; twice; it remembers what it was told.
      _ = try train("tiny.yaml --data . --threads 1 --log tensorboard --out stopped --stop-after 13", folder)
      try expectWhole("stopped", folder)
      _ = try train("--resume stopped --stop-after 25", folder)
      try expectWhole("stopped", folder)
      _ = try train("--resume stopped", folder)
      try expectWhole("stopped", folder)
      // And made longer.
      _ = try train("--resume stopped --steps 60", folder)
      try expectWhole("stopped", folder)
      #expect(try read("stopped", folder).scalars["loss/generator"]?.last?.step == 60)
    }
  }

  /// Pictures that hold every level hold every one in the event file, where 63 of 256 are lost if floats are cut off
  /// in place of rounded; and what G makes is there as it lies in the run's folder. Of two pictures only, fewer than
  /// the recipe's batch.
  @Test(.enabled(if: Python.readsEvents, Python.noEventReaders)) func levelsOfPicturesComeHome() throws {
    try withEmptyFolder { folder in
      let photos = folder.appendingPathComponent("photos")
      try FileManager.default.createDirectory(at: photos, withIntermediateDirectories: true)
      for (name, levels) in [("up", Array(0...255)), ("down", (0...255).reversed())] {
        let picture = try Image(width: 16, height: 16, samples: levels.map { UInt8($0) })
        try picture.write(to: photos.appendingPathComponent("\(name).png"))
      }
      let narrow = ["data.size=16", "noise.dimensions=4", "generator.width=4", "discriminator.width=4"]
      let process = try train(
        "pictures --data photos --threads 1 --log tensorboard --out run --steps 2 "
          + narrow.map { "--set \($0)" }.joined(separator: " "), folder)
      #expect(process.errors.contains("batchSize: 2, since there are no more pictures"), "\(process.errors)")
      let output = try Python.output(
        """
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        log = EventAccumulator("run", size_guidance=dict(images=0))
        log.Reload()
        for tag in ("real", "samples"):
            print(log.Images(tag)[-1].encoded_image_string.hex())
        """, in: folder)
      let files = output.split(separator: "\n").map { line in
        Data(stride(from: 0, to: line.count, by: 2).map { UInt8(line.dropFirst($0).prefix(2), radix: 16)! })
      }
      #expect(try Set(Image(png: files[0]).samples) == Set(0...255))
      let last = try #require(RunFolder(folder.appendingPathComponent("run")).pictures.last)
      #expect(try Image(png: files[1]) == Image(png: Data(contentsOf: last.url)))
    }
  }

  /// Killed at any moment: the file is read up to where it was written, and the run that goes on has all points.
  @Test(.enabled(if: Python.readsEvents, Python.noEventReaders)) func survivesKills() throws {
    try withRecipe { folder in
      for delay in [5, 25, 60] {
        let run = "killed-\(delay)"
        let process = try GanProcess.start(
          [
            "train", "tiny.yaml", "--data", ".", "--threads", "1", "--log", "tensorboard", "--out", run, "--steps",
            "100000", "--set", "output.sampleInterval=20",
          ], in: folder)
        let file = folder.appendingPathComponent("\(run)/measurements.jsonl").path
        while process.isRunning, (try? Data(contentsOf: URL(fileURLWithPath: file)))?.isEmpty ?? true { usleep(1_000) }
        usleep(useconds_t(delay) * 1_000)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let steps = try read(run, folder).scalars["loss/generator"]?.map(\.step) ?? []
        #expect(steps == Array(steps.indices.map { 4 * ($0 + 1) }))
        // Torn in the middle of a record.
        let events = try #require(EventFile.files(in: folder.appendingPathComponent(run)).last)
        let bytes = try Data(contentsOf: events)
        try bytes.dropLast(7).write(to: events)
        #expect(try read(run, folder).scalars["loss/generator"]?.isEmpty == false)
        let last = try RunFolder(folder.appendingPathComponent(run)).measurements().last?.step ?? 0
        _ = try train("--resume \(run) --stop-after \(last + 30)", folder)
        try expectWhole(run, folder)
      }
    }
  }

  /// Taken back from numbers that are not finite, in one process: what was to be is gone.
  @Test(.enabled(if: Python.readsEvents, Python.noEventReaders)) func aRunThatWasTakenBackHasOnePast() throws {
    try withRecipe { folder in
      let small = """
        base: two-dimensional
        name: small
        generator: {hidden: [8], normalization: batch}
        discriminator: {hidden: [8], training: {rule: momentum, learningRate: 1.0e+38}}
        duration: {count: 30, unit: steps}
        batchSize: 8
        output: {measurementInterval: 1, sampleInterval: 4, checkpointInterval: 6}
        """
      try Data(small.utf8).write(to: folder.appendingPathComponent("small.yaml"))
      let process = try train(
        "small.yaml --threads 1 --log tensorboard --out back --on-nan rollback --rollbacks 300", folder)
      #expect(process.errors.contains("taken back to step"), "\(process.errors)")
      try expectWhole("back", folder)
      #expect(try read("back", folder).texts["doctor"]?.contains { $0.contains("rolled back") } == true)
    }
  }

  /// A log that cannot be written is said, and the run ends with the bytes that it would have had.
  @Test func aLogWithoutRoomSpoilsNoRun() throws {
    try withRecipe { folder in
      _ = try train("tiny.yaml --data . --threads 1 --out straight", folder)
      // In kilobytes: the networks and each picture have room, all pictures in one file have not.
      let result = try shell(
        "ulimit -f 60; gan train tiny.yaml --data . --threads 1 --log tensorboard --out cramped "
          + "--set output.sampleInterval=1", in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("no log for tensorboard for now"), "\(result.errors)")
      for name in ["generator", "discriminator"] {
        #expect(
          try Data(contentsOf: folder.appendingPathComponent("cramped/\(name).safetensors"))
            == Data(contentsOf: folder.appendingPathComponent("straight/\(name).safetensors")))
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("cramped").path)
      #expect(!left.contains { $0.hasSuffix(".gan-part") }, "\(left)")
      // Where there is room again, it is made of what there is.
      let made = try GanProcess(["log", "cramped", "--format", "tensorboard"], in: folder)
      #expect(made.status == 0, "\(made.errors)")
      if Python.readsEvents { try expectWhole("cramped", folder) }
    }
  }

  @Test func aRunThatNoLongerKeepsALogHasNone() throws {
    try withRecipe { folder in
      _ = try train("tiny.yaml --data . --threads 1 --log tensorboard --out run --stop-after 8", folder)
      let run = folder.appendingPathComponent("run")
      #expect(try RunFolder(run).description().options?.logs == ["tensorboard"])
      #expect(EventFile.files(in: run).count == 1)
      _ = try train("--resume run --log none", folder)
      #expect(EventFile.files(in: run).isEmpty)
      #expect(try train("tiny.yaml --data . --log graphs", folder, status: 64).errors.contains("tensorboard"))
    }
  }
}
