import ArgumentParser
import Datasets
import Files
import Foundation
import GanCommand
import Images
import Recipes
import Report
import Torch

/// A parser that gets bytes from outside, and what must hold whatever they are: there is a value, which is what the
/// bytes say as far as that can be told without the parser, or an error that names the file and the place in it.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// An IDX file.
  case idx
  /// An IDX file, gzip-compressed.
  case gzip
  /// A PNG file.
  case png
  /// A JPEG file.
  case jpeg
  /// A WebP file.
  case webp
  /// A safetensors file.
  case safetensors
  /// A recipe's file.
  case recipe
  /// What follows `--set`.
  case setting
  /// The arguments of `gan`, one a line; they are read, not obeyed.
  case arguments
  /// A request to a page's server: method, target, Host, Origin and the token, one a line.
  case request
  /// A run folder's JSON: run.json, labels.json and measurements.jsonl, with a line `---` after each.
  case run
  /// A file of CIFAR-10's binary version, packed or not.
  case cifar
  /// A file of CIFAR-10's Python version.
  case pickle
  /// CIFAR-10's archive.
  case tar
  /// A file of MedMNIST.
  case npz
  /// The arrays of such a file: images and labels, with a line `---` between them.
  case npy
  /// A MATLAB file of SVHN.
  case mat
  /// A zip archive of pictures, with dataset.json or without.
  case pictures
  /// A file of weights that torch.save wrote (`.pth`).
  case weights
  /// A file of statistics of features (`.npz` with mu and sigma).
  case statistics
  /// What `gan score --json` writes.
  case scores

  /// What must not happen, and did.
  public struct Violation: Error, CustomStringConvertible {
    public let description: String
  }

  /// Reads `bytes`.
  ///
  /// - Throws: ``Violation``: an error of another kind, one that does not name the file or no place in it, a value that
  ///   contradicts the bytes.
  public func check(_ bytes: Data, in folder: FuzzFolder) throws {
    switch self {
    case .idx, .gzip: try checkIDX(bytes, in: folder)
    case .png: try checkPNG(bytes, in: folder)
    case .jpeg, .webp: try checkPicture(bytes, in: folder)
    case .safetensors: try checkSafetensors(bytes, in: folder)
    case .recipe: try checkRecipe(bytes, in: folder)
    case .setting: try checkSetting(bytes)
    case .arguments: try checkArguments(bytes)
    case .request: try checkRequest(bytes)
    case .run: try checkRun(bytes, in: folder)
    case .cifar, .pickle, .tar, .npz, .npy, .mat, .pictures: try checkDataSet(bytes, in: folder)
    case .weights, .statistics, .scores: try checkScores(bytes, in: folder)
    }
  }

  /// The memory that reading so many bytes may take at the worst moment: buffers of fixed size and what the format can
  /// make of them.
  public func allowance(_ count: Int) -> Int {
    let megabyte = 1 << 20
    switch self {
    case .idx: return 2 * megabyte + 4 * count
    // A byte of gzip data is 1032 of content at most; an array that grows is there twice while it does.
    case .gzip: return 2 * megabyte + 4 * 1032 * count
    // The same, in pixels of one bit that become three bytes, twice where they are turned, and 9 MB that libpng lets a
    // chunk take.
    case .png: return 10 * megabyte + 2 * 3 * 8 * 1032 * count
    // Pixels up to the limit below: an image, one turned upright, and a grey one; libjpeg's coefficients of 16 bits or
    // libwebp's two canvases; rows of 65 500 pixels.
    case .jpeg, .webp: return 32 * megabyte + (3 + 3 + 1 + 4 * 4) * Self.pixelLimit
    case .safetensors, .run, .request: return 2 * megabyte + 1000 * count
    // YAML's nodes, the whole recipe beside them, and messages that quote the text.
    case .cifar, .pickle, .tar, .npz, .npy, .mat, .pictures: return dataSetAllowance(count)
    case .weights, .statistics, .scores: return scoreAllowance(count)
    case .recipe, .setting, .arguments: return 8 * megabyte + 2000 * count
    }
  }

  // MARK: One parser each

  private func checkIDX(_ bytes: Data, in folder: FuzzFolder) throws {
    let file = try folder.file("input.idx", bytes)
    guard let idx = try value(of: file, { try IDXFile(contentsOf: file) }) else { return }
    try require(!idx.shape.isEmpty && idx.shape.allSatisfy { $0 > 0 }, "the shape \(idx.shape)")
    try require(idx.bytes.count == idx.shape.reduce(1, *), "\(idx.bytes.count) elements of shape \(idx.shape)")
    guard !bytes.starts(with: [0x1f, 0x8b]) else { return }
    try require(Data(idx.bytes) == bytes.suffix(idx.bytes.count), "other elements than the file's")
  }

  /// The bytes as they are, and with the checksums that their chunks should have: behind a wrong one nothing is read.
  private func checkPNG(_ bytes: Data, in folder: FuzzFolder) throws {
    try checkOnePNG(bytes, in: folder)
    var sound = bytes
    var offset = 8
    while offset + 12 <= sound.count {
      let length = sound[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = offset + 8 + length
      guard end + 4 <= sound.count else { break }
      sound.replaceSubrange(end..<end + 4, with: PNGChecksum.of(sound[offset + 4..<end]))
      offset = end + 4
    }
    if sound != bytes { try checkOnePNG(sound, in: folder) }
  }

  private func checkOnePNG(_ bytes: Data, in folder: FuzzFolder) throws {
    guard let image = try checkPicture(bytes, in: folder, limit: Image.pixelLimit) else { return }
    let header = bytes.dropFirst(16).prefix(8).map(Int.init)
    let size = [header[0...3], header[4...7]].map { $0.reduce(0) { $0 << 8 | $1 } }
    try require(
      [image.width, image.height].sorted() == size.sorted(),
      "\(image.width) x \(image.height), where the header says \(size)")
    guard image.samples.count < 1 << 16 else { return }
    try require(try Image(png: image.png()) == image, "an image that is another one once written and read")
  }

  /// Where bytes have no bound on what they hold, as in WebP, more pixels than these only take time.
  private static let pixelLimit = 1 << 18

  /// The image has the size and channels that the facts promise, and in grey is the same one.
  @discardableResult
  private func checkPicture(_ bytes: Data, in folder: FuzzFolder, limit: Int = pixelLimit) throws -> Image? {
    let file = try folder.file("input.\(rawValue)", bytes)
    var options = DecodingOptions(background: .black, pixelLimit: limit)
    let image = try value(of: file) { try Image(contentsOf: file, options: options) }
    let facts = try? PictureFacts(of: bytes)
    guard let image else { return nil }
    guard let facts else { throw Violation(description: "an image without facts") }
    let size = facts.uprightSize
    try require(
      (image.width, image.height, image.channels) == (size.width, size.height, facts.channels),
      "\(image.width) x \(image.height) x \(image.channels), where the header says \(facts)")
    try require(image.width * image.height <= limit, "more pixels than the limit")
    options.channels = .grey
    try require(try Image(contentsOf: file, options: options) == image.grey(), "another image in grey")
    return image
  }

  private func checkSafetensors(_ bytes: Data, in folder: FuzzFolder) throws {
    let file = try folder.file("input.safetensors", bytes)
    guard let read = try value(of: file, { try Safetensors(contentsOf: file) }) else { return }
    let body = try read.tensors.values.reduce(0) { try $0 + $1.rawBytes().count }
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    try require(8 + length + body == bytes.count, "tensors of \(body) bytes in a file of \(bytes.count)")
    let copy = try folder.file("copy.safetensors", read.encoded())
    let again = try Safetensors(contentsOf: copy)
    try require(again.metadata == read.metadata, "metadata that are others once written and read")
    try require(Set(again.tensors.keys) == Set(read.tensors.keys), "names that are others once written and read")
    for (name, tensor) in read.tensors {
      let other = again.tensors[name]!
      try require(
        other.shape == tensor.shape && other.dtype == tensor.dtype && other.rawBytes() == tensor.rawBytes(),
        "'\(name)' is another tensor once written and read")
    }
  }

  private func checkRecipe(_ bytes: Data, in folder: FuzzFolder) throws {
    let file = try folder.file("input.yaml", bytes)
    guard let recipe = try value(of: file, { try RecipeFile.read(file) }) else { return }
    try checkValid(recipe)
    let isValid = (try? recipe.validate()) != nil
    try require(isValid == (RecipeFile.fault(in: file) == nil), "a fault that only one of two finds")
  }

  private func checkSetting(_ bytes: Data) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    do {
      try checkValid(try Recipe.named("mnist")!.setting(text))
    } catch let error as RecipeError {
      try require(!error.reason.isEmpty, "an error without a reason")
    }
  }

  /// What is accepted is the same once written and read, and a run of it stays in its folder.
  private func checkValid(_ recipe: Recipe) throws {
    do {
      try recipe.validate()
    } catch let error as RecipeError {
      return try require(!error.key.isEmpty, "an error without a key: \(error)")
    }
    let text = try RecipeFile.text(recipe)
    let again = try RecipeFile.parse(text)
    try require(again == recipe, "a recipe that is another one once written and read:\n\(text)")
    let folder = URL(fileURLWithPath: "/runs").appendingPathComponent("\(recipe.name)-1")
    try require(
      folder.standardized.deletingLastPathComponent().path == "/runs" && !recipe.name.contains("\n"),
      "the name '\(recipe.name)', which leads out of the folder")
  }

  private func checkArguments(_ bytes: Data) throws {
    guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else { return }
    let arguments = text.utf8.split(separator: UInt8(ascii: "\n")).map { String($0)! }
    do {
      _ = try Gan.parseAsRoot(arguments)
    } catch {
      let code = Gan.exitCode(for: error)
      try require(code == .success || code == .validationFailure, "the exit code \(code.rawValue): \(error)")
      try require(!Gan.fullMessage(for: error).isEmpty, "an error without a message")
    }
  }

  /// Whatever is answered comes from this machine, changes a run only with the token, and is of a run and a step.
  private func checkRequest(_ bytes: Data) throws {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    func line(_ index: Int) -> String? { index < lines.count && !lines[index].isEmpty ? lines[index] : nil }
    let headers = ["Host": line(2), "Origin": line(3), "X-Gan-Token": line(4)]
    let (token, runs) = ("0123456789abcdefABCDEFgh", 3)
    let method = line(0) ?? ""
    let door = WatchRequest.Door(port: 8421, token: token)
    let watched = try? WatchRequest(
      method: method, target: line(1) ?? "", header: { headers[$0] ?? nil }, runs: runs, door)
    let (classes, directions) = (10, 4)
    var explored: ExploreRequest?
    do throws(ExploreRequest.Refused) {
      explored = try ExploreRequest(
        method: method, target: line(1) ?? "", header: { headers[$0] ?? nil },
        ExploreRequest.Choices(classes: classes, directions: directions), door)
    } catch {
      try require(error.kind != .malformed || error.sentence.hasSuffix("."), "400 without a sentence")
    }
    guard watched != nil || explored != nil else { return }
    let hosts = ["127.0.0.1:8421", "localhost:8421"]
    try require(hosts.contains(line(2)?.lowercased() ?? ""), "another host was answered")
    let isOwn = line(3).map { hosts.map { "http://\($0)" }.contains($0.lowercased()) } ?? true
    try require(isOwn, "another site was answered")
    if case .picture(let place) = explored {
      try require(method == "GET" && line(4) == token, "a picture was drawn without the token")
      try require(
        (0...1).contains(place.share) && (place.other != nil || place.share == 0)
          && place.seed <= ExploreRequest.seedLimit && (0..<classes).contains(place.label ?? -1)
          && place.moves.count <= directions && place.moves.allSatisfy { abs($0) <= 4 }, "a picture of \(place)")
    }
    guard let request = watched else { return }
    switch request {
    case .page, .plotly, .events: try require(method == "GET", "a method that changes something")
    case .picture(let run, let step):
      try require(method == "GET" && (0..<runs).contains(run) && step >= 0, "a picture of run \(run), step \(step)")
    case .realPicture(let run): try require(method == "GET" && (0..<runs).contains(run), "a picture of run \(run)")
    case .neighbours(let run, let step):
      try require(
        method == "GET" && line(4) == token && (0..<runs).contains(run) && step >= 0, "neighbours without the token")
    case .ask(let run, _):
      try require(method == "POST" && line(4) == token && (0..<runs).contains(run), "asked without the token")
    }
  }

  private func checkRun(_ bytes: Data, in folder: FuzzFolder) throws {
    let names = ["run.json", "labels.json", "measurements.jsonl"]
    var rest = bytes
    for name in names {
      let end = rest.range(of: Data("---\n".utf8))
      _ = try folder.file(name, rest.prefix(upTo: end?.lowerBound ?? rest.endIndex))
      rest = rest.suffix(from: end?.upperBound ?? rest.endIndex)
    }
    let run = RunFolder(folder.url)
    let files = names.map { folder.url.appendingPathComponent($0) }
    let description = try value(of: files[0]) { try run.description() }
    try require(description.map { $0.width > 0 && $0.steps > 0 } ?? true, "a run of nothing")
    _ = try value(of: files[1]) { try run.labelDraw() }
    _ = try value(of: files[2]) { try run.measurements() }
    _ = try value(of: files[2]) { try run.isComplete() }
  }

  // MARK: What holds for all

  /// What `body` makes of `file`, or nil where it refuses it as it should.
  ///
  /// - Parameter needsPlace: whether an error has to say where in the file it is, or may be about the whole of it.
  /// - Throws: ``Violation`` where it does not.
  public func value<Value>(of file: URL, needsPlace: Bool = true, _ body: () throws -> Value) throws -> Value? {
    do {
      return try body()
    } catch let error as FileError {
      try require(error.path == file.path, "an error that names another file: \(error)")
      try require(!error.reason.isEmpty, "an error without a reason")
      try require(!needsPlace || error.place != nil, "an error that names no place: \(error)")
      return nil
    } catch {
      throw Violation(description: "an error that is no FileError: \(error)")
    }
  }

  func require(_ holds: @autoclosure () throws -> Bool, _ violation: @autoclosure () -> String) throws {
    guard try holds() else { throw Violation(description: violation()) }
  }
}
