import Foundation
import GAN
import NN
import Torch

/// Our side of a comparison: a piece of work that can be done again and again, and what it takes to do the same
/// elsewhere.
struct Contestant {
  /// Does it so many times.
  let run: (_ times: Int) throws -> Void
  /// The two numbers that each of the first steps yields, and every tensor from which they follow; nil where the work
  /// is not a game. To be called first.
  let record: ((_ steps: Int) throws -> (losses: [[Double]], tensors: [String: Tensor]))?
}

/// The random streams of a game, by the names that ``Trainer`` gives them.
struct GameStreams {
  let game: RandomStream
  func data(_ player: String) -> RandomStream { game.stream(player).stream("data") }
  func labelled() -> RandomStream { game.stream("discriminator").stream("labelled data") }
  func noise(_ player: String, _ step: Int) -> RandomStream { game.stream(player).stream("noise").at(step) }
  func layers(_ player: String, _ step: Int) -> RandomStream {
    game.stream(player).stream("layers of the discriminator").at(step)
  }
}

extension Contestant {
  /// - Parameter draws: what the steps 0 ..< n draw, by name, each stacked along a first dimension over steps.
  init<G, D>(
    playing trainer: Trainer<G, D>, after: @escaping () throws -> Void = {},
    draws: @escaping (_ steps: Int) throws -> [String: Tensor]
  ) {
    let run = { (times: Int) in
      for _ in 0..<times {
        _ = try trainer.next()
        try after()
      }
    }
    let record = { (steps: Int) -> (losses: [[Double]], tensors: [String: Tensor]) in
      var tensors = try draws(steps)
      for (name, tensor) in trainer.generator.state { tensors["generator.\(name)"] = tensor }
      for (name, tensor) in trainer.discriminator.state { tensors["discriminator.\(name)"] = tensor }
      // Rounding errors grow from step to step in games of Adam; with small steps the same formulas can be compared.
      trainer.learningRateFactor = 0.01
      var losses: [[Double]] = []
      for _ in 0..<steps {
        guard let report = try trainer.next() else { break }
        try after()
        losses.append(report.discriminatorLoss + report.generatorLoss)
      }
      return (losses, tensors)
    }
    self.init(run: run, record: record)
  }
}

/// Stacks what `draw` yields for each step.
func stackedDraws(_ steps: Int, _ draw: (Int) -> Tensor) -> Tensor { stacked((0..<steps).map(draw), 0) }
