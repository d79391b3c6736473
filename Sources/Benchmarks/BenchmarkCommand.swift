import ArgumentParser
import Foundation
import Recipes
import Torch

/// What `Benchmarks/run.py` times on our side. It speaks the same protocol as the peers: "ready" once warm, then for
/// each line with a number the seconds that so many repetitions took.
@main
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gan-bench", abstract: "One contestant of `make bench`; started by Benchmarks/run.py.")

  enum Work: String, CaseIterable, ExpressibleByArgument {
    case smallGame = "small-game"
    case smallGame32 = "small-game-32"
    case tutorial, tutorial32 = "tutorial-32"
    case mnist
    case mnistBFloat16 = "mnist-bfloat16"
    case minibatch100 = "minibatch-100"
    case minibatch1024 = "minibatch-1024"
    case dcgan, dcgan64 = "dcgan-64"
    case cifar10, svhn
    case cifar10BFloat16 = "cifar10-bfloat16"
    case mnistTwoProcesses = "mnist-two-processes"
    case dcgan64TwoProcesses = "dcgan-64-two-processes"
    case resize
    case pictures
    case inception, frechet, neighbours

    /// Those that are one contestant together.
    var processes: Int { self == .mnistTwoProcesses || self == .dcgan64TwoProcesses ? 2 : 1 }

    func contestant(_ group: ProcessGroup?) throws -> Contestant {
      let many = (1...32).map { UInt64($0) }
      return switch self {
      case .smallGame: try SmallGame().contestant()
      case .smallGame32: try SmallGame(seeds: many).contestant()
      case .tutorial: try SmallGame(width: 10, isTutorial: true).contestant()
      case .tutorial32: try SmallGame(width: 10, seeds: many, isTutorial: true).contestant()
      case .mnist: try SemiSupervisedMNIST.contestant(products: .float32)
      case .mnistBFloat16: try SemiSupervisedMNIST.contestant(products: .bfloat16)
      case .minibatch100: MinibatchLayer.contestant(examples: 100)
      case .minibatch1024: MinibatchLayer.contestant(examples: 1024)
      case .dcgan: try DCGAN.contestant()
      case .dcgan64, .dcgan64TwoProcesses: try DCGAN.contestant64(processes: group)
      case .mnistTwoProcesses: try SemiSupervisedMNIST.contestant(products: .float32, processes: group)
      case .cifar10: try SemiSupervisedPictures.contestant("cifar10-semisupervised")
      case .cifar10BFloat16:
        try SemiSupervisedPictures.contestant("cifar10-semisupervised", products: .bfloat16)
      case .svhn: try SemiSupervisedPictures.contestant("svhn-semisupervised")
      case .resize: Resizing.contestant()
      case .pictures: try PictureEpoch.contestant()
      case .inception: try PictureScoring.features()
      case .frechet: try PictureScoring.frechet()
      case .neighbours: try PictureScoring.neighbours()
      }
    }
  }

  @Argument(help: "What to do.") var work: Work
  @Option(help: "Threads of libtorch.") var threads = 1
  @Option(help: "Play 20 steps, write to this file what they started from and drew, print their losses, and stop.")
  var check: String?

  @Option(help: "For neighbours: so many points on either side, once; print seconds and megabytes beside the points.")
  var points: Int?

  @Flag(help: "For small-game: print what feature matching becomes where parts of a batch match their own means.")
  var parts = false

  @Flag(help: "Instead: print a table of convolutions, by shape and by algorithm.")
  var convolutions = false

  @Option(help: "Instead: print a table of what so many steps take of memory, from the first.")
  var memory: Int?

  func validate() throws {
    if let memory, memory < 1 || work.processes > 1 {
      throw ValidationError("--memory is of one process, and at least 1")
    }
    if parts, work != .smallGame { throw ValidationError("--parts is of small-game") }
    if let points, points < 10 || work != .neighbours {
      throw ValidationError("--points is of neighbours, and at least 10")
    }
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1, is \(threads)") }
  }

  func run() throws {
    Libtorch.keepFreedMemory()
    Libtorch.threads = threads
    if convolutions { return print(try Convolutions.table().joined(separator: "\n")) }
    if let points {
      let (seconds, bytes) = try PictureScoring.neighboursOnce(points)
      return print(String(format: "%.1f %.0f", seconds, Double(bytes) / 1e6))
    }
    if parts {
      for line in try MatchingInParts.lines() { print(line) }
      return
    }
    let companions = work.processes > 1 ? try Companions(work.processes) : nil
    let contestant = try work.contestant(companions?.group)
    if let check {
      guard let record = contestant.record, companions == nil else {
        throw ValidationError("--check: there is nothing to compare '\(work.rawValue)' with")
      }
      let (losses, tensors) = try record(20)
      try Safetensors(tensors: tensors.mapValues { $0.contiguous() }).write(to: URL(fileURLWithPath: check))
      print(losses)
      return
    }
    if let memory { return print(try StepMemory.table(of: contestant, steps: memory).joined(separator: "\n")) }
    try contestant.run(3)
    if let companions { return try play(contestant, companions) }
    print("ready"); fflush(nil)
    while let line = readLine(), let times = Int(line) {
      let clock = ContinuousClock()
      let seconds = try clock.measure { try contestant.run(times) } / .seconds(1)
      print(seconds); fflush(nil)
    }
  }

  /// The same in several processes: the first is asked, and asks the others.
  private func play(_ contestant: Contestant, _ companions: Companions) throws {
    if companions.group.isFirst { print("ready"); fflush(nil) }
    while case let times = try companions.told(companions.group.isFirst ? readLine().flatMap { Int($0) } : nil),
      times > 0
    {
      let clock = ContinuousClock()
      let seconds = try clock.measure { try contestant.run(times) } / .seconds(1)
      if companions.group.isFirst { print(seconds); fflush(nil) }
    }
    companions.end()
  }
}
