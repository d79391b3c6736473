import Datasets
import Foundation
import Recipes
import Testing

/// Tables of few labels on other data than MNIST's, and settings chosen by what is held out of training.
@Suite struct ReproduceTableTests {
  /// Ten classes of plain colours, in CIFAR-10's binary form.
  private func writeColours(_ folder: URL) throws {
    for (file, name) in ((1...5).map { "data_batch_\($0)" } + ["test_batch"]).enumerated() {
      var records: [UInt8] = []
      for index in 0..<20 {
        let label = index % 10
        records.append(UInt8(label))
        for channel in 1...3 {
          records += [UInt8](repeating: UInt8(25 * (label * channel % 10)), count: 1023)
          records.append(UInt8(index + 20 * file))
        }
      }
      try Data(records).write(to: folder.appendingPathComponent("\(name).bin"))
    }
  }

  private let recipe = """
    base: cifar10-semisupervised
    name: narrow
    noise: {dimensions: 4}
    generator: {widths: [8, 4, 4]}
    discriminator: {width: 4, initializationExamples: 20}
    labels: {count: 10, batchSize: 10}
    batchSize: 10
    duration: {count: 1, unit: epochs}
    output: {measurementInterval: 4, sampleInterval: 8, evaluationInterval: 8, checkpointInterval: 8}
    """

  private func withColours(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeColours(folder)
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("narrow.yaml"))
      try body(folder)
    }
  }

  private func run(_ arguments: String, _ folder: URL, status: Int32 = 0) throws -> GanProcess {
    let process = try GanProcess(arguments.split(separator: " ").map(String.init), in: folder)
    #expect(process.status == status, "\(arguments): \(process.errors)")
    return process
  }

  /// Colour pictures with names of classes, errors in percent; what the runs say of the test set is what the table
  /// says.
  @Test func picturesAreATableInPercent() throws {
    try withColours { folder in
      let table = "reproduce cifar10 --recipe narrow.yaml --data . --labels 10 --seeds 2 --jobs 1 --out table"
      let output = try run(table + " --results logs", folder).output
      #expect(output.contains("Test errors of 20, %, narrow, 1 epochs"), "\(output)")
      let errors = try (1...2).map { draw in
        let json = try run("evaluate table/labels-10/draw-\(draw) --data . --json", folder).output
        let result = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return try #require(result?["errors"] as? Int)
      }
      let page = try String(contentsOf: folder.appendingPathComponent("table/report.html"), encoding: .utf8)
      #expect(page.contains(String(format: "%.2f %% ± ", 5 * Double(errors[0] + errors[1]) / 2)), "\(errors)")
      #expect(page.contains("CIFAR-10 with few labels") && page.contains("20 test pictures"))
      // An epoch of a narrow network with one label a class: it misses some, and they are named.
      let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
      #expect(page.contains("gets wrong") && names.contains { page.contains("\($0)→") }, "\(errors)")
      let logs = try String(contentsOf: folder.appendingPathComponent("logs/README.md"), encoding: .utf8)
      #expect(logs.contains("gan reproduce cifar10 --recipe narrow.yaml"))
    }
  }

  /// A recipe of other data is played on the table's.
  @Test func theDataAreTheTables() throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try writeTinyImages(folder, as: "t10k")
      let settings = [
        "noise.dimensions=4", "generator.hidden=[8]", "discriminator.hidden=[8,8]",
        "discriminator.initializationExamples=16", "batchSize=16", "labels.batchSize=10",
      ]
      let command = "reproduce fashion-mnist --data . --labels 10 --seeds 1 --epochs 1 --out table "
      let output = try run(command + settings.map { "--set \($0)" }.joined(separator: " "), folder).output
      #expect(output.contains("mnist-semisupervised-fast"), "\(output)")
      let recipe = try RunFolder(folder.appendingPathComponent("table/labels-10/draw-1")).recipe()
      #expect(recipe.data.kind == "fashion-mnist")
      let page = try String(contentsOf: folder.appendingPathComponent("table/report.html"), encoding: .utf8)
      #expect(!page.contains("The paper"), "a table that nobody published has no paper's figures")
    }
  }

  /// What is held out is never trained on, is tested on in the place of the test set, and is the same for every draw.
  @Test func settingsAreChosenByWhatIsHeldOut() throws {
    try withColours { folder in
      let held = "reproduce cifar10 --recipe narrow.yaml --data . --labels 10 --seeds 2 --jobs 1 --validation 40"
      let output = try run(held + " --out held --results logs", folder).output
      #expect(output.contains("Validation errors of 40, %"), "\(output)")
      let page = try String(contentsOf: folder.appendingPathComponent("held/report.html"), encoding: .utf8)
      #expect(page.contains("validation errors over 2 draws") && page.contains("not to be compared with published"))
      let runs = (1...2).map { RunFolder(folder.appendingPathComponent("held/labels-10/draw-\($0)")) }
      let all = try CIFAR10.load(directory: folder, split: .train)
      let parts = try all.holdingOut(40)
      for run in runs {
        let description = try run.description()
        #expect(description.examples == parts.training.fingerprint && description.tests == parts.heldOut.fingerprint)
      }
      // Such a run is evaluated on the test set all the same, and its doctor finds its images.
      let evaluated = try run("evaluate held/labels-10/draw-1 --data .", folder)
      #expect(evaluated.output.contains("of 20") && !evaluated.errors.contains("not the images"), "\(evaluated.errors)")
      let doctor = try GanProcess(["doctor", "held/labels-10/draw-1", "--data", "."], in: folder)
      #expect(!doctor.errors.contains("error:"), "\(doctor.errors)")
      // By `gan train` as well, stopped and taken up.
      let train = "train narrow.yaml --data . --set labels.validation=40 --threads 1 --out run"
      _ = try run(train + " --stop-after 3", folder)
      _ = try run("train --resume run", folder)
      #expect(try RunFolder(folder.appendingPathComponent("run")).description().tests == parts.heldOut.fingerprint)

      let tooMany = try run("train narrow.yaml --data . --set labels.validation=45 --out none", folder, status: 1)
      #expect(tooMany.errors.contains("labels.validation") && tooMany.errors.contains("45"), "\(tooMany.errors)")
      // What cannot be trained leaves no folder behind.
      let odd = try run(held.replacing("40", with: "45") + " --out odd", folder, status: 1)
      #expect(odd.errors.contains("labels.validation"), "\(odd.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("odd").path))
      #expect(try run(held + "x", folder, status: 64).errors.contains("--validation"))
    }
  }

  /// As the paper prints them: tables 1 to 3.
  @Test func figuresAreThePapers() {
    for (table, labels, mean, deviation) in [
      (MNISTTable.self, 100, 93, 6.5), (CIFAR10Table.self, 4000, 18.63, 2.32), (SVHNTable.self, 1000, 8.11, 1.3),
    ] as [(any FewLabelsTable.Type, Int, Double, Double)] {
      #expect(table.oneNetwork[labels]?.mean == mean && table.oneNetwork[labels]?.deviation == deviation)
      #expect(table.labelCounts == [labels])
    }
    for table in FewLabelsTables.all {
      #expect(Recipe.named(table.recipe)?.tellsClasses == true, "\(table.name)")
      #expect((table.publishedEpochs == nil) == table.oneNetwork.isEmpty)
    }
  }
}
