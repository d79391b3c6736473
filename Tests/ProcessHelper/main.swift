// Started by tests, several times at once: what it is told by its first argument, with what a launcher would set around
// it.
import Foundation
import GAN
import NN
import Settings
import Torch

let arguments = CommandLine.arguments

do {
  Libtorch.threads = 1
  let launch = try Launch.read()
  let group = try launch.map { try Rendezvous.join($0, patience: try Launch.patience()) }
  switch arguments[1] {
  case "games": try playGames(group, dtype: DType(rawValue: arguments[2])!, steps: Int(arguments[3])!, to: arguments[4])
  case "collectives": try exchange(group!)
  case "time": try time(group!)
  case "wait": try wait(group!, arguments[2], Int(arguments[3])!)
  case "join": print(try group!.store.has("anything") ? "stale" : "fresh")
  case "agree": try group!.require(Agreement([.init("recipe", arguments[2]), .init("data", arguments[3])]))
  default: throw ProcessError("unknown: \(arguments[1])")
  }
  try group?.meet()
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  ProcessErrorFile.write("\(error)")
  // Threads of a lost connection may still wait.
  _exit(1)
}

/// Plays every game, and writes its gradients of the first step and its parameters in the end, of the first process.
/// All processes must have come to the same bits.
func playGames(_ group: ProcessGroup?, dtype: DType, steps: Int, to path: String) throws {
  var tensors: [String: Tensor] = [:]
  let chosen = ProcessInfo.processInfo.environment["ONLY"]
  for game in SharedGame.all where chosen == nil || game.name == chosen {
    do {
      let trainer = try game.trainer(steps: steps, dtype: dtype, rate: 1e-4, group)
      while let report = try trainer.next() {
        try trainer.discriminatorAverage?.update()
        if report.step == 0, let gradients = trainer.lastGradients {
          tensors["\(game.name): gradient of D"] = gradients.discriminator.copied()
          tensors["\(game.name): gradient of G"] = gradients.generator?.copied()
          tensors["\(game.name): losses"] = Tensor(
            report.discriminatorLoss + report.generatorLoss + (report.labelledLoss ?? []))
        }
      }
      tensors["\(game.name): parameters of D"] = trainer.discriminator.flat.copied()
      tensors["\(game.name): parameters of G"] = trainer.generator.flat.copied()
    } catch {
      throw ProcessError("\(game.name): \(error)")
    }
  }
  if let group {
    let bytes = try tensors.sorted { $0.key < $1.key }.map { try $0.value.values(Double.self).map { "\($0)" }.joined() }
    if let other = try group.firstDifference(of: bytes.joined()) {
      throw ProcessError("process \(other) has other parameters than process 0")
    }
    if !group.isFirst { return }
  }
  // What there is of each kind, for a test that none has been forgotten.
  func kinds(_ all: [any Choice]) -> String { Set(all.map { type(of: $0).kind }).sorted().joined(separator: " ") }
  let all = SharedGame.all
  try Safetensors(
    tensors: tensors,
    metadata: [
      "generators": kinds(all.map(\.generator)), "discriminators": kinds(all.map(\.discriminator)),
      "objectives": kinds(all.map(\.objective)),
      "techniques": Set(all.flatMap(\.techniques).map { type(of: $0).key }).sorted().joined(separator: " "),
    ]
  ).write(to: URL(fileURLWithPath: path))
}

/// What every exchange makes of numbers that are known.
func exchange(_ group: ProcessGroup) throws {
  let (rank, count) = (group.rank, group.count)
  func expect(_ condition: Bool, _ what: String) throws {
    if !condition { throw ProcessError("process \(rank): \(what)") }
  }
  let ranks = (0..<count).map(Double.init)
  for dtype in [DType.float32, .float64, .int64] {
    let x = Tensor([1, Double(rank), -2.0 * Double(rank)]).to(dtype)
    try group.sum(inPlace: x)
    try expect(
      x.values(Double.self) == [Double(count), ranks.reduce(0, +), -2 * ranks.reduce(0, +)], "sum of \(dtype)")
    let y = Tensor([Double(rank) + 1]).to(dtype)
    try group.broadcast(y)
    try expect(y.item() == 1, "broadcast of \(dtype)")
    let all = group.gathered(Tensor([Double(rank), 7], shape: [1, 2]).to(dtype))
    try expect(all.shape == [count, 1, 2], "shape of gathered \(dtype)")
    try expect(all.values(Double.self) == ranks.flatMap { [$0, 7] }, "gathered \(dtype)")
  }
  // Rows that lie one after the other, columns first: Gloo would send them as they lie.
  let matrix = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
  let columnsFirst = matrix.transposed().contiguous().transposed()
  let scattered = rank == 0 ? matrix : columnsFirst
  try expect(
    group.gathered(scattered).values(Float.self)
      == Array(repeating: [1, 2, 3, 4, 5, 6] as [Float], count: count).flatMap { $0 },
    "gathered from another layout")
  do {
    try group.sum(inPlace: columnsFirst)
    throw ProcessError("columns first were exchanged as they lie")
  } catch let error as TensorError {
    try expect("\(error)".contains("do not lie row by row"), "\(error)")
  }
  for refused in [DType.bfloat16, .bool, .uint8] {
    do {
      try group.sum(inPlace: Tensor([1.0]).to(refused))
      throw ProcessError("\(refused) was exchanged")
    } catch let error as TensorError {
      try expect("\(error)".contains("do not exchange elements of kind"), "\(error)")
    }
  }
  try expect(!group.hasFailed, "what is refused fails the connection")
  let texts = try group.exchanged(String(repeating: "ä", count: rank * 3))
  try expect(texts == (0..<count).map { String(repeating: "ä", count: $0 * 3) }, "texts \(texts)")
  try expect(try group.any(rank == count - 1) && !group.any(false), "votes")
  // The gradient of a loss of which each process has a part: sum over ranks r of (r + 1) (x_0 + ... )^2.
  let x = Tensor([Double(rank) + 1]).asVariable()
  let total = group.gathered(x).sum(0)
  let loss = square(total) * (Double(rank) + 1)
  let (slope, weights) = (gradient(of: loss, by: [x], createsGraph: true)[0], ranks.map { $0 + 1 }.reduce(0, +))
  let sum = weights
  try expect(slope.item() == 2 * sum * weights, "gradient \(slope)")
  // d/dx_r of sum over ranks of half its slope squared: slopes are 2 W S, so each is 2 W by every x; W = the sum of
  // weights.
  let second = gradient(of: square(slope) * 0.5, by: [x])[0]
  try expect(second.item() == Double(count) * 2 * sum * weights * 2 * weights, "second derivative \(second)")
  // As long as the first shows signs of life, it is waited for, longer than patience lasts.
  let started = ContinuousClock.now
  let answer = try group.first("sleeping") {
    Thread.sleep(forTimeInterval: group.patience * 1.5)
    return "done"
  }
  try expect(answer == "done" && ContinuousClock.now - started > .seconds(group.patience * 1.2), "waited for the first")
  do {
    _ = try group.first("failing") { throw ProcessError("as meant") }
    throw ProcessError("nobody heard of the failure")
  } catch let error as ProcessError {
    try expect(error.description.contains("as meant"), "\(error)")
  }
  print("process \(rank) of \(count): all as expected")
}

/// Process `rank` does not come, in the way that `kind` says; the others say what they wait for.
func wait(_ group: ProcessGroup, _ kind: String, _ rank: Int) throws {
  group.activity = "step 5, the generator's gradient"
  // One that goes while another still connects is told otherwise. Files, since an exchange could be cut as well.
  try Data().write(to: URL(fileURLWithPath: "connected-\(group.rank)"))
  if group.rank == rank {
    let deadline = Date() + 30
    while !(0..<group.count).allSatisfy({ FileManager.default.fileExists(atPath: "connected-\($0)") }) {
      guard Date() < deadline else { throw ProcessError("the others did not connect") }
      Thread.sleep(forTimeInterval: 0.01)
    }
    if kind == "killed" { kill(getpid(), SIGKILL) }
    if kind == "hung" { kill(getpid(), SIGSTOP) }
  }
  try group.meet()
}

/// How long exchanges of some sizes take.
func time(_ group: ProcessGroup) throws {
  for count in [1, 1_000, 100_000, 700_000, 1_500_000] {
    let x = Tensor.zeros([count])
    let repeats = 200
    for _ in 0..<10 { try group.sum(inPlace: x) }
    let start = ContinuousClock.now
    for _ in 0..<repeats { try group.sum(inPlace: x) }
    let micros = (ContinuousClock.now - start) / .microseconds(1) / Double(repeats)
    if group.isFirst { print("sum of \(count) floats: \(Int(micros)) us") }
  }
}
