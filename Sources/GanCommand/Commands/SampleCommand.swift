import ArgumentParser
import Datasets
import Files
import Foundation
import Images
import Recipes
import Report
import Torch

struct Sample: ParsableCommand, SharedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws from a trained generator.",
    discussion: """
      Images become one file with a grid of them, or single files in a folder or a zip. Points become text, one a \
      line, coordinates separated by a space.

        gan sample runs/mnist-1 --count 64 --out grid.png
        gan sample runs/pictures-1 --count 50000 --out samples/         # 000000.png, 000001.png, ...
        gan sample runs/pictures-1 --count 50000 --out samples.zip      # the same, stored in one zip
        gan sample runs/pictures-1 --seeds 0,4-9 --out chosen.png       # a picture for each seed, always the same
        gan sample runs/pictures-1 --seeds 4,7,9 --interpolate 12 --out walk.webp   # from one to the next, moving
        gan sample runs/pictures-1 --count 16 --nearest 4 --out copies.png  # beside the nearest training pictures
        torchrun --no-python --standalone --nproc-per-node=2 gan sample runs/pictures-1 --count 50000 --out samples.zip

      Processes that torchrun or srun starts share the single pictures of a folder or a zip, which are the same for \
      any number of them; a grid is made by the first.
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(parsing: .unconditional, help: "How many samples. (default: 64, or 8 for each class)")
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "The file to write: a picture for a grid; a folder, with a / behind its name, or a .zip for single pictures.",
      valueName: "file or folder"), completion: .file())
  var out: String

  @Option(parsing: .unconditional, help: "Seed of the noise of all samples.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      """
      One picture for each of these seeds, whatever others are drawn with it: numbers and ranges, separated by commas.
      """,
      valueName: "0,4-9"))
  var seeds: String?

  @Option(
    parsing: .unconditional,
    help: "Pictures from each seed to the next, both included: a row of a grid each, or one moving WebP.")
  var interpolate: Int?

  @Option(
    name: .customLong("class"),
    help: "Pictures of these classes alone, numbers or names, separated by commas; for runs that are told classes.")
  var classes: String?

  @Option(parsing: .unconditional, help: "Beside each sample so many of its nearest training pictures.")
  var nearest: Int?

  @Option(help: "Of single pictures: png, jpeg or webp. (default: png)")
  var format: PictureFormat?

  @OptionGroup var weights: WeightOptions

  @OptionGroup var data: DataOption
  @OptionGroup var machine: MachineOptions

  func validate() throws {
    for (name, value, range) in [
      ("--count", count, 1...1_000_000), ("--interpolate", interpolate, 2...10_000), ("--nearest", nearest, 1...100),
    ] {
      if let value, !range.contains(value) {
        throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound), is \(value).")
      }
    }
    if seeds != nil, count != nil || seed != nil {
      throw ValidationError("--seeds says which samples: leave out \(count != nil ? "--count" : "--seed").")
    }
    if interpolate != nil {
      guard let seeds, try Self.numbers(seeds, "--seeds").count > 1 else {
        throw ValidationError("--interpolate goes from one of --seeds to the next: name two at least.")
      }
    }
    if nearest != nil, destination != .grid || interpolate != nil {
      throw ValidationError("--nearest makes one picture with a row for each sample: name a .png, .jpg or .webp.")
    }
    if let seeds { _ = try Self.numbers(seeds, "--seeds") }
    if let format, format != .png, destination == .zip {
      throw ValidationError("--format: a zip holds PNG files, as those who read such zips expect.")
    }
    if format != nil, destination == .grid {
      throw ValidationError("--format is of single pictures; a grid is what the name of the file says.")
    }
  }

  private enum Destination { case grid, folder, zip }

  private var destination: Destination {
    if out.lowercased().hasSuffix(".zip") { return .zip }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: out, isDirectory: &isFolder)
    return out.hasSuffix("/") || isFolder.boolValue ? .folder : .grid
  }

  /// Such as 0,4-9; at most 100 000 of them.
  static func numbers(_ text: String, _ option: String) throws -> [UInt64] {
    func fail() -> ValidationError {
      ValidationError("\(option): '\(text)' is not like 0,4-9: whole numbers and ranges, separated by commas.")
    }
    var numbers: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.trimmingCharacters(in: .whitespaces).split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), let first = UInt64(ends[0]), let last = UInt64(ends[ends.count - 1]),
        first <= last
      else { throw fail() }
      guard last - first < 100_000, numbers.count + Int(last - first) < 100_000 else {
        throw ValidationError("\(option): more than 100 000 are named.")
      }
      numbers += first...last
    }
    return numbers
  }

  func run() throws { try Processes.together(sample) }

  private func sample(_ processes: ProcessGroup?) throws {
    let folder = RunFolder(URL(fileURLWithPath: runFolder))
    try folder.requireFolder()
    // A grid is small.
    if destination == .grid, let processes, !processes.isFirst { return }
    let device = try machine.apply(for: folder.recipe(), processes: processes)
    let run = try folder.load(device: device, weights: weights.weights)
    let game = run.game
    guard case .image = game.example else {
      return processes?.isFirst ?? true ? try writePoints(game) : ()
    }
    let classes = try chosenClasses(game, run.description)
    let file = URL(fileURLWithPath: out)
    if let seeds {
      let numbers = try Self.numbers(seeds, "--seeds")
      if let interpolate {
        guard processes?.isFirst ?? true else { return }
        return try writeWalk(game, numbers.map { try game.latent(seed: $0) }, interpolate, classes, to: file)
      }
      return try write(game, run, to: file, columns: nil, count: numbers.count, processes) { range in
        let z = try checkingTensors { concatenated(try range.map { try game.latent(seed: numbers[$0]) }, 0) }
        return try game.samples(of: z, classes: classes.map { all in range.map { all[$0 % all.count] } })
      }
    }
    if let classes, game.recipe.isConditional {
      // A row for each class.
      let each = max(1, (count ?? 8 * classes.count) / classes.count)
      let random = RandomStream(seed: seed ?? 1).stream("samples")
      return try write(game, run, to: file, columns: each, count: classes.count * each, processes) { range in
        let z = try checkingTensors {
          concatenated(range.map { game.recipe.makeNoise()(1, random.at($0 % each), device: device) }, 0)
        }
        return try game.samples(of: z, classes: range.map { classes[$0 / each] })
      }
    }
    // In batches, the same samples for a grid and for files.
    let random = RandomStream(seed: seed ?? 1).stream("samples")
    try write(game, run, to: file, columns: nil, count: count ?? 64, processes) { range in
      try game.samples(batch: range.lowerBound / game.recipe.generatedBatchSize, random).sliced(0, 0..<range.count)
    }
  }

  /// The classes asked for; all, in a game of classes, where none are; nil in another.
  private func chosenClasses(_ game: RecipeGame, _ description: RunFolder.Description) throws -> [Int]? {
    guard let classes = game.classes, game.recipe.isConditional else {
      if self.classes != nil {
        throw ValidationError(
          """
          --class: the generator of '\(game.recipe.name)' is told no classes; recipes with classConditional.enabled do \
          that.
          """)
      }
      return nil
    }
    guard let named = self.classes else { return Array(0..<classes) }
    let names = description.classNames
    return try named.split(separator: ",", omittingEmptySubsequences: false).map { word in
      let word = word.trimmingCharacters(in: .whitespaces)
      if let index = names?.firstIndex(of: word) { return index }
      guard let index = Int(word), (0..<classes).contains(index) else {
        throw ValidationError(
          "--class: '\(word)' is no class; there are \(names?.joined(separator: ", ") ?? "0 to \(classes - 1)").")
      }
      return index
    }
  }

  // MARK: Writing

  private func writePoints(_ game: RecipeGame) throws {
    for (name, given) in [
      ("--seeds", seeds != nil), ("--class", classes != nil), ("--nearest", nearest != nil),
      ("--format", format != nil),
    ] where given { throw ValidationError("\(name) is for images; '\(game.recipe.name)' makes points.") }
    let samples = try game.samples(count ?? 64, RandomStream(seed: seed ?? 1).stream("samples"))
    // A point a line, its coordinates beside each other.
    let (values, width) = (try samples.values(Float.self), game.example.count)
    let lines = stride(from: 0, to: values.count, by: width).map { first in
      values[first..<first + width].map { "\($0)" }.joined(separator: " ") + "\n"
    }.joined()
    let file = URL(fileURLWithPath: out)
    try writeOutput(Data(lines.utf8), to: file)
    try Output.printPlace(file)
  }

  /// Samples 0 ..< `count`, of which `draw` makes a batch's range at a time. Files are written as they come, so that
  /// 50 000 need no more memory than 500.
  private func write(
    _ game: RecipeGame, _ run: RunFolder.SavedRun, to file: URL, columns: Int?, count: Int,
    _ processes: ProcessGroup?, _ draw: (Range<Int>) throws -> Tensor
  ) throws {
    let size = game.recipe.generatedBatchSize
    let batches = stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
    if destination != .grid {
      let writer = try processes.alone("making the place of the pictures") {
        try SampleWriter(to: file, isZip: destination == .zip, format: format ?? .png)
      }
      var bar = ProgressBar("sample", total: count, unit: "pictures")
      if let processes {
        try share(batches, among: processes, writer) {
          try game.pictures(of: draw($0))
        } shown: {
          bar.update($0)
        }
      } else if let writer {
        for batch in batches {
          try writer.add(game.pictures(of: draw(batch)))
          bar.update(writer.count)
        }
      }
      _ = try processes.alone("writing the last of them") { try writer?.finish() }
      guard writer != nil else { return }
      bar.finish(count)
    } else {
      let parts = try batches.map(draw)
      let samples = try checkingTensors { concatenated(parts, 0) }
      if let nearest {
        try writeNearest(nearest, game, samples, run, to: file)
      } else {
        try imageGrid(of: samples, game, columns: columns).write(to: file, as: PictureFormat(of: file))
      }
    }
    try Output.printPlace(file)
  }

  /// Batch after batch by another process, which encodes its pictures; the first writes all.
  private func share(
    _ batches: [Range<Int>], among processes: ProcessGroup, _ writer: SampleWriter?,
    _ pictures: (Range<Int>) throws -> [Image], shown: (Int) -> Void
  ) throws {
    for first in stride(from: 0, to: batches.count, by: processes.count) {
      let own = first + processes.rank
      let files =
        own < batches.count
        ? try SampleWriter.encoded(pictures(batches[own]), isZip: destination == .zip, format: format ?? .png) : []
      processes.activity = "samples \(batches[first].lowerBound) and on"
      let all = try processes.joined(files)
      _ = try Optional(processes).alone("writing samples") { try writer?.add(files: all) }
      if let writer { shown(writer.count) }
    }
  }

  /// From each of `corners` to the next.
  private func writeWalk(
    _ game: RecipeGame, _ corners: [Tensor], _ count: Int, _ classes: [Int]?, to file: URL
  ) throws {
    let rows = try zip(corners, corners.dropFirst()).map { first, last in
      let z = try game.interpolated(from: first, to: last, count: count)
      let samples = try game.samples(of: z, classes: classes.map { [Int](repeating: $0[0], count: count) })
      return try game.pictures(of: samples)
    }
    let images = rows.flatMap { $0 }
    if destination != .grid {
      let writer = try SampleWriter(to: file, isZip: destination == .zip, format: format ?? .png)
      try writer.add(images)
      try writer.finish()
    } else if try PictureFormat(of: file) == .webp {
      // Each corner but the last is the end of one way and the start of the next: once is enough.
      let frames = rows.dropLast().flatMap { $0.dropLast() } + (rows.last ?? [])
      let scale = gridScale(game.example.dimensions)
      let data = try Image.animatedWebP(
        frames.map { ImageGrid([$0], padding: 0, scale: scale).tiled() }, milliseconds: 80)
      try writeOutput(data, to: file)
    } else {
      try ImageGrid(
        images, columns: count, padding: 2, scale: gridScale(game.example.dimensions), background: 64
      ).tiled().write(to: file, as: PictureFormat(of: file))
    }
    try Output.printPlace(file)
  }

  /// A row for each sample: the sample, and the training pictures that lie nearest to it, the nearest first.
  private func writeNearest(
    _ nearest: Int, _ game: RecipeGame, _ samples: Tensor, _ run: RunFolder.SavedRun, to file: URL
  ) throws {
    guard let images = try data.images(of: game.recipe, .train, run: run.description) else { return }
    let found = try NearestImages(images).find(nearest, of: game.asImages(samples))
    let shape = game.example.dimensions
    let own = try game.pictures(of: samples)
    let rows = zip(own, found).flatMap { sample, neighbours in [sample] + neighbours.map(\.picture) }
    try ImageGrid(
      rows, columns: nearest + 1, padding: 2, scale: gridScale(shape), background: 64
    ).tiled().write(to: file, as: PictureFormat(of: file))
    let closest = found.enumerated().min { $0.element[0].distance < $1.element[0].distance }!
    try Output.print(
      String(
        format: "the nearest pair: sample %d, training picture %d, root mean square difference %.1f of 255",
        closest.offset, closest.element[0].index, closest.element[0].distance * 255))
  }
}
