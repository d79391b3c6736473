import Files
import Foundation
import GAN
import NN
import Settings
import Torch

/// How the one-dimensional game is played where it is played well: one set of settings for all techniques and all data.
///
/// The sound preset's were chosen by `Scripts/tutorial-settings`; `Results/tutorial-settings` has its log.
public struct TutorialTuning: Codable, Sendable, Hashable {
  /// Steps of the game; both learning rates fall to ``finalRate`` of themselves, along half a cosine.
  public var steps = 10_000
  /// Points per batch.
  public var batchSize = 200
  /// Widths of D's two hidden layers, and of G's.
  public var discriminatorWidth = 10
  /// From the noise to the point.
  public var generatorWidths = [10, 10]
  /// Of D's hidden layers.
  public var discriminatorActivation = Activation.tanh
  /// Of G's hidden layers.
  public var generatorActivation = Activation.tanh
  /// G's output is multiplied by it.
  public var outputScale = 5.0
  /// Whether G moves its noise, G(z) = z + f(z), or makes points of it, G(z) = f(z).
  public var generatorAddsNoise = false
  /// Whether D is fitted to the density where G's first points are as well, or only over the support of the data.
  public var pretrainingMeetsNoise = false
  /// D's learning rate, of the first step.
  public var discriminatorRate = 0.001
  /// G's learning rate, of the first step.
  public var generatorRate = 0.001
  /// What is left of the learning rates in the end, as a share.
  public var finalRate = 1.0
  /// The share of the steps after which the learning rates begin to fall.
  public var declineFrom = 0.0
  /// Adam's, of both players.
  public var beta1 = 0.5
  /// The share of the mean of squared gradients that each step keeps.
  public var beta2 = 0.999
  /// Of the average of G's weights that is looked at and measured; 1 for G itself.
  public var averagingRate = 1.0
  /// When the players move within a step.
  public var updates = Updates.alternating
  /// Standard deviation of the noise on what D sees, in the first step; it falls in a line to 0 over the game.
  public var inputNoise = 0.0
  /// Whether feature matching joins the objective's loss of G; otherwise it takes its place.
  public var matchingJoins = false
  /// What feature matching is multiplied by.
  public var matchingWeight = 1.0
  /// How minibatch discrimination is read.
  public var minibatchReading = MinibatchDiscrimination.Reading.release
  /// B and C of minibatch discrimination.
  public var kernels = 5
  /// In which one similarity is measured.
  public var dimensions = 3
  /// Whether D is told the mean of a point's similarities with its batch; otherwise their sum.
  public var similarityMean = false

  /// The settings of ``unsettled``.
  public init() {}

  /// The game as it was before its settings were searched for: constant rates, no average, a D that has nothing to say
  /// far from the data. It shows what goes wrong.
  public static let unsettled = TutorialTuning()

  /// What the search chose.
  public static let sound = {
    var tuning = TutorialTuning()
    tuning.steps = 4_000
    tuning.discriminatorWidth = 32
    tuning.generatorWidths = [16, 16]
    tuning.discriminatorActivation = .leakyReLU
    tuning.generatorActivation = .leakyReLU
    tuning.outputScale = 1
    tuning.generatorAddsNoise = true
    tuning.discriminatorRate = 0.01
    tuning.generatorRate = 0.005
    tuning.finalRate = 0.1
    tuning.beta1 = 0
    tuning.beta2 = 0.9
    tuning.averagingRate = 0.002
    tuning.updates = .alternatingShared
    tuning.matchingJoins = true
    tuning.minibatchReading = .paper
    tuning.similarityMean = true
    return tuning
  }()

  /// The same with the values that a JSON file names, such as `{"generatorRate": 0.002}`.
  ///
  /// - Throws: `FileError` naming the file, and the key that is unknown or has no such value.
  public func changed(by file: URL) throws -> TutorialTuning {
    let encoder = JSONEncoder()
    guard var values = try JSONSerialization.jsonObject(with: encoder.encode(self)) as? [String: Any],
      let changes = try? JSONSerialization.jsonObject(with: readFile(at: file)) as? [String: Any]
    else { throw FileError(path: file.path, reason: "is not a JSON object") }
    for (key, value) in changes {
      guard values[key] != nil else { throw FileError(path: file.path, reason: "'\(key)' is unknown") }
      values[key] = value
    }
    let tuning: TutorialTuning
    do {
      tuning = try JSONDecoder().decode(TutorialTuning.self, from: JSONSerialization.data(withJSONObject: values))
    } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw FileError(path: file.path, reason: "'\(key)' has no such value")
    }
    do {
      try tuning.validate()
    } catch {
      throw FileError(path: file.path, reason: "'\(error.key)' \(error.reason)")
    }
    return tuning
  }

  private func validate() throws(SettingsError) {
    let check = SettingsCheck()
    try check.count("steps", steps)
    try check.number("batchSize", Double(batchSize), atLeast: 2, atMost: 100_000)
    try check.size("discriminatorWidth", discriminatorWidth)
    try check.widths("generatorWidths", generatorWidths)
    try check.size("kernels", kernels)
    try check.size("dimensions", dimensions)
    try check.number("discriminatorRate", discriminatorRate, above: 0)
    try check.number("generatorRate", generatorRate, above: 0)
    try check.number("finalRate", finalRate, atLeast: 0, atMost: 1)
    try check.number("declineFrom", declineFrom, atLeast: 0, below: 1)
    try check.number("beta1", beta1, atLeast: 0, below: 1)
    try check.number("beta2", beta2, atLeast: 0, below: 1)
    try check.number("averagingRate", averagingRate, above: 0, atMost: 1)
    try check.number("inputNoise", inputNoise, atLeast: 0)
    try check.number("matchingWeight", matchingWeight, above: 0)
    try check.number("outputScale", outputScale)
  }
}
