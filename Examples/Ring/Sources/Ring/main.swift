// A game in two dimensions: eight Gaussians on a ring, won with feature matching beside the usual objective.
import Foundation
import GAN
import NN
import Torch

struct Points: Generator {
  let hidden1 = Linear(2, 64), hidden2 = Linear(64, 64), output = Linear(64, 2)
  func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    output(relu(hidden2(relu(hidden1(z)))))
  }
}

struct Judge: Discriminator {
  let hidden1 = Linear(2, 64), hidden2 = Linear(64, 64)
  let minibatch = MinibatchDiscrimination(64, kernels: 8, dimensions: 4, reading: .release)
  let output = Linear(72, 1)
  func callAsFunction(_ x: Tensor, _ context: Context) -> Judgement {
    let h = relu(hidden2(relu(hidden1(x))))
    return Judgement(logits: output(minibatch(h, context)), features: h)
  }
}

/// `count` points around the eight corners of a regular octagon with radius 2.
func ring(_ count: Int, _ random: RandomStream) -> Tensor {
  let corner = (random.stream("corner").uniform([count, 1]) * 8).to(.int64).to(.float32) * (Double.pi / 4)
  return concatenated([cos(corner), sin(corner)], -1) * 2 + random.stream("jitter").normal([count, 2]) * 0.1
}

let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 4_000
let random = RandomStream(seed: 1)
let generator = try Network(Points(), random: random.stream("G"))
let discriminator = try Network(Judge(), random: random.stream("D"))
try discriminator.initialize(on: ring(128, random.stream("initialization")))
let trainer = Trainer(
  generator: generator, discriminator: discriminator,
  objective: Logistic(realTarget: 0.9), terms: [FeatureMatching(weight: 0.1, replacesObjective: false)],
  data: { step, random in ring(128, random.at(step)) }, noise: .normal(dimensions: 2),
  generatorTraining: Training(Adam(beta1: 0.5), learningRate: LearningRate(1e-3)),
  discriminatorTraining: Training(Adam(beta1: 0.5), learningRate: LearningRate(1e-3)), steps: steps, random: random)

while let report = try trainer.next() {
  guard (report.step + 1) % max(1, steps / 5) == 0 else { continue }
  let points = try generator.model(Noise.normal(dimensions: 2)(2_000, random.stream("look")), .evaluation).values()
  let corners = stride(from: 0, to: points.count, by: 2).compactMap { i -> Int? in
    let (x, y) = (Double(points[i]), Double(points[i + 1]))
    let corner = Int((atan2(y, x) / (.pi / 4)).rounded() + 8) % 8
    let angle = Double(corner) * .pi / 4
    return hypot(x - 2 * cos(angle), y - 2 * sin(angle)) < 0.3 ? corner : nil
  }
  print("step \(report.step + 1): \(Set(corners).count) of 8 corners, \(corners.count / 20) % of points at one")
}
