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
    case resize
    case pictures
    case inception, frechet, neighbours

    func contestant() throws -> Contestant {
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
      case .dcgan64: try DCGAN.contestant64()
      case .cifar10: try SemiSupervisedPictures.contestant("cifar10-semisupervised")
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

  func validate() throws {
    if let points, points < 10 || work != .neighbours {
      throw ValidationError("--points is of neighbours, and at least 10")
    }
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1, is \(threads)") }
  }

  func run() throws {

    Libtorch.keepFreedMemory()
    Libtorch.threads = threads
    if let points {
      let (seconds, bytes) = try PictureScoring.neighboursOnce(points)
      return print(String(format: "%.1f %.0f", seconds, Double(bytes) / 1e6))
    }
    let contestant = try work.contestant()
    if let check {
      let (losses, tensors) = try contestant.record!(20)
      try Safetensors(tensors: tensors.mapValues { $0.contiguous() }).write(to: URL(fileURLWithPath: check))
      print(losses)
      return
    }
    try contestant.run(3)
    print("ready"); fflush(nil)
    while let line = readLine(), let times = Int(line) {
      let clock = ContinuousClock()
      let seconds = try clock.measure { try contestant.run(times) } / .seconds(1)
      print(seconds); fflush(nil)
    }
  }
}
