import Foundation
import GAN
import GoldenSupport
import NN
import Testing
import Torch

/// Objectives and techniques, in every reading, against formulas written out in PyTorch.
@Suite struct GoldenObjectiveTests {
  private func judgement(logits: Tensor) -> Judgement { Judgement(logits: logits, features: logits) }
  private func judgement(features: Tensor) -> Judgement { Judgement(logits: features, features: features) }

  @Test(arguments: [
    ("logistic-discriminator", 1.0), ("logistic-discriminator-smoothed", 0.9), ("logistic-discriminator-seeds", 1.0),
  ]) func logisticDiscriminator(_ name: String, _ target: Double) throws {
    try Golden("objectives").check(name) {
      Logistic(realTarget: target).discriminatorLoss(
        real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
  }

  @Test(arguments: Logistic.GeneratorLoss.allCases) func logisticGenerator(_ loss: Logistic.GeneratorLoss) throws {
    try Golden("objectives").check("logistic-generator-\(loss.rawValue)") {
      Logistic(generatorLoss: loss).generatorLoss(generated: judgement(logits: $0["generated"]!))
    }
  }

  @Test func tutorialsOwnObjective() throws {
    try Golden("objectives").check("tutorial-discriminator") {
      ClampedProbability().discriminatorLoss(
        real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
    try Golden("objectives").check("tutorial-generator") {
      ClampedProbability().generatorLoss(generated: judgement(logits: $0["generated"]!))
    }
  }

  @Test(arguments: [
    ("0-1", LeastSquares()), ("pearson", LeastSquares(generatedLabel: -1, realLabel: 1, generatorLabel: 0)),
  ])
  func leastSquares(_ name: String, _ objective: LeastSquares) throws {
    try Golden("objectives").check("least-squares-discriminator-\(name)") {
      objective.discriminatorLoss(
        real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
    try Golden("objectives").check("least-squares-generator-\(name)") {
      objective.generatorLoss(generated: judgement(logits: $0["generated"]!))
    }
    // For fixed G the best D has a p_data share of the way from a to b.
    let (a, b) = (objective.generatedLabel, objective.realLabel)
    let outputs = Tensor([a, (a + b) / 2, b, a - 1, b + 1], shape: [5, 1])
    #expect(try objective.probability(outputs).values(Double.self) == [0, 0.5, 1, 0, 1])
    #expect(try objective.unclampedProbability(outputs).values(Double.self).last! > 1)
  }

  @Test(arguments: ["", "-seeds"]) func hinge(_ seeds: String) throws {
    try Golden("objectives").check("hinge-discriminator\(seeds)") {
      Hinge().discriminatorLoss(real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
    try Golden("objectives").check("hinge-generator") {
      Hinge().generatorLoss(generated: judgement(logits: $0["generated"]!))
    }
    #expect(try Hinge().probability(Tensor([-3.0, -1, 0, 1, 2])).values(Double.self) == [0, 0, 0.5, 1, 1])
  }

  @Test(arguments: ["", "-seeds"]) func wasserstein(_ seeds: String) throws {
    try Golden("objectives").check("wasserstein-discriminator\(seeds)") {
      Wasserstein().discriminatorLoss(
        real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
    try Golden("objectives").check("wasserstein-generator") {
      Wasserstein().generatorLoss(generated: judgement(logits: $0["generated"]!))
    }
    // What is added to all of D's outputs changes nothing.
    let (real, generated) = (Tensor([3.0, 5], shape: [2, 1]), Tensor([1.0, 3], shape: [2, 1]))
    let found = Wasserstein().probabilities(real: real + 9, generated: generated + 9)
    let expected = ([1.0, 3].map { 1 / (1 + exp(-$0)) }, [-3.0, -1].map { 1 / (1 + exp(-$0)) })
    try expectClose(found.real, Tensor(expected.0, shape: [2, 1]), 1e-12)
    try expectClose(found.generated, Tensor(expected.1, shape: [2, 1]), 1e-12)
  }

  @Test(arguments: ["", "-seeds"]) func relativistic(_ seeds: String) throws {
    try Golden("objectives").check("relativistic-discriminator\(seeds)") {
      Relativistic().discriminatorLoss(
        real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
    try Golden("objectives").check("relativistic-generator") {
      Relativistic().generatorLoss(
        real: judgement(logits: $0["real"]!), generated: judgement(logits: $0["generated"]!))
    }
  }

  /// Only differences count, in the probabilities too; unequal batches have no pairs.
  @Test func theRelativisticGameComparesPairs() throws {
    let (real, generated) = (Tensor([1.0, 3], shape: [2, 1]), Tensor([0.0, 4], shape: [2, 1]))
    func both(_ shift: Double) throws -> [Double] {
      let found = Relativistic().probabilities(real: real + shift, generated: generated + shift)
      let loss = Relativistic().discriminatorLoss(
        real: judgement(logits: real + shift), generated: judgement(logits: generated + shift))
      return try (found.real.values(Double.self) + found.generated.values(Double.self) + [loss.item()])
    }
    let expected = [-1.0, 1, -2, 2].map { 1 / (1 + Foundation.exp(-$0)) }
    for (found, value) in zip(try both(0), expected) { #expect(Swift.abs(found - value) < 1e-12) }
    for (found, value) in zip(try both(5), try both(0)) { #expect(Swift.abs(found - value) < 1e-12) }
    // Of other objectives a probability is an example's own.
    let alone = Logistic().probabilities(real: real, generated: generated)
    #expect(try alone.real.values(Double.self) == Logistic().probability(real).values(Double.self))
    let error = #expect(throws: TensorError.self) {
      try checkingTensors {
        try Relativistic().discriminatorLoss(
          real: judgement(logits: real), generated: judgement(logits: .zeros([3, 1], dtype: .float64))
        ).item()
      }
    }
    #expect(error?.description.contains("pairs") == true)
  }

  /// D's loss on known densities has its minimum at alpha p / (p + q): the reason for smoothing one side only.
  @Test func theOptimalDiscriminatorIsAlphaTimesTheShare() throws {
    let (p, q, alpha) = (0.7, 0.2, 0.9)
    let best = alpha * p / (p + q)
    let logit = Tensor([Foundation.log(best / (1 - best))], shape: [1, 1]).asVariable()
    let objective = Logistic(realTarget: alpha)
    func loss(_ real: Double, _ generated: Double) -> Tensor {
      (softplus(logit) - alpha * logit).sum() * real + softplus(logit).sum() * generated
    }
    // What is left of three shares, none above 1.
    let tolerance = RoundingBound(.float64, sums: [3], functions: 3).relative
    #expect(try Swift.abs(gradient(of: loss(p, q), by: [logit])[0].item()) < tolerance)
    // The same through the objective itself, with examples in these proportions.
    let real = logit.expanded([1, 7]), generated = logit.expanded([1, 2])
    let total =
      objective.discriminatorLoss(
        real: judgement(logits: real.transposed()), generated: judgement(logits: generated.transposed()))
    // Means weigh 7 and 2 examples alike: at p = q the optimum is alpha / 2.
    let even = Tensor([Foundation.log(0.45 / 0.55)], shape: [1, 1]).asVariable()
    let atEven = objective.discriminatorLoss(real: judgement(logits: even), generated: judgement(logits: even))
    #expect(try Swift.abs(gradient(of: atEven, by: [even])[0].item()) < tolerance)
    #expect(try total.item() > atEven.item())
  }

  @Test(arguments: FeatureMatching.Reading.allCases) func featureMatching(_ reading: FeatureMatching.Reading) throws {
    try Golden("objectives").check("feature-matching-\(reading.rawValue)") {
      FeatureMatching(reading)(
        real: judgement(features: $0["real"]!), generated: judgement(features: $0["generated"]!))
    }
  }

  @Test(arguments: FeatureMatching.Reading.allCases)
  func featureMatchingsGradientAgreesWithDifferences(_ reading: FeatureMatching.Reading) throws {
    let real = RandomStream(seed: 5).normal([3, 2], dtype: .float64)
    try expectGradientMatchesDifferences(at: [0.3, -1.2, 2, 0.7, 0.1, -0.4], shape: [3, 2]) {
      FeatureMatching(reading)(real: judgement(features: real), generated: judgement(features: $0))
    }
  }

  @Test func objectivesGradientsAgreeWithDifferences() throws {
    let other = judgement(logits: Tensor([0.2, 0.5, -0.1], shape: [3, 1]))
    let point = [0.3, 0.9, 0.4]
    let objectives: [any Objective] = [
      Logistic(), Logistic(realTarget: 0.9, generatorLoss: .saturating), ClampedProbability(), LeastSquares(), Hinge(),
      Relativistic(), Wasserstein(),
    ]
    for objective in objectives {
      try expectGradientMatchesDifferences(at: point, shape: [3, 1]) {
        objective.discriminatorLoss(real: judgement(logits: $0), generated: other)
      }
      try expectGradientMatchesDifferences(at: point, shape: [3, 1]) {
        objective.discriminatorLoss(real: other, generated: judgement(logits: $0))
      }
      try expectGradientMatchesDifferences(at: point, shape: [3, 1]) {
        objective.generatorLoss(real: other, generated: judgement(logits: $0))
      }
    }
  }

  @Test func featureMatchingOfSeveralSeeds() throws {
    try Golden("objectives").check("feature-matching-paper-seeds") {
      FeatureMatching()(real: judgement(features: $0["real"]!), generated: judgement(features: $0["generated"]!))
    }
  }

  /// The root of the tutorial's reading has no derivative at 0: it must not become NaN there.
  @Test func featureMatchingOfEqualFeaturesHasZeroGradient() throws {
    for reading in FeatureMatching.Reading.allCases {
      let features = RandomStream(seed: 1).normal([6, 4]).asVariable()
      let loss = FeatureMatching(reading)(
        real: judgement(features: features.detached()), generated: judgement(features: features))
      #expect(try loss.item() == 0)
      #expect(try gradient(of: loss, by: [features])[0].values().allSatisfy { $0 == 0 }, "\(reading)")
    }
  }

  @Test func weightScalesTheTerm() throws {
    let (a, b) = (RandomStream(seed: 1).normal([6, 4]), RandomStream(seed: 2).normal([6, 4]))
    let (once, twice) = (FeatureMatching(), FeatureMatching(weight: 2))
    try expectClose(
      twice(real: judgement(features: a), generated: judgement(features: b)),
      once(real: judgement(features: a), generated: judgement(features: b)) * 2,
      RoundingBound(.float32, sums: [6, 4]).ofTwo)
  }

  @Test func pretrainingLoss() throws {
    try Golden("objectives").check("pretraining-mse") {
      square(Logistic().unclampedProbability($0["logits"]!) - $0["density"]!).mean()
    }
  }
}
