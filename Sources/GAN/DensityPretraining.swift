import NN
import Torch

/// Fits D to the density of the data before the game, as the one-dimensional tutorials do: D(x) is regressed on
/// p_data(x) for x uniform over a range, and the weights that result start the game.
///
/// The loss is mean (D(x) - p(x))^2, with D(x) the objective's unclamped probability. D's output is bounded by 1 (in
/// size): a density that rises above is fitted as far as that goes.
public struct DensityPretraining {
  /// [..., N, 1] -> [..., N, 1]
  public let density: (Tensor) -> Tensor
  /// What x is drawn from, uniformly.
  public let range: ClosedRange<Double>
  /// Values of x in a step.
  public let batchSize: Int
  /// Steps of the pretraining, beside those of the game.
  public let steps: Int

  /// - Parameters:
  ///   - density: p, [..., N, 1] -> [..., N, 1].
  ///   - range: what x is drawn from, uniformly.
  ///   - batchSize: values of x in a step.
  public init(density: @escaping (Tensor) -> Tensor, range: ClosedRange<Double>, batchSize: Int, steps: Int) {
    self.density = density
    self.range = range
    self.batchSize = batchSize
    self.steps = steps
  }

  /// Trains `discriminator` and returns the loss of every step, for each seed of `random`.
  ///
  /// - Parameter progress: called after every step with the number of steps taken; ends the training by throwing.
  /// - Throws: `TensorError` naming the first operation that failed; what `progress` throws.
  public func callAsFunction<D: Discriminator>(
    _ discriminator: Network<D>, objective: any Objective, training: Training, random: RandomStream,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> [[Double]] {
    let random = random.stream("pretraining")
    let (inputs, layers) = (random.stream("inputs"), random.stream("layers"))
    return try (0..<steps).map { step in
      let losses = try checkingTensors {
        let uniform = Noise.uniform(range.lowerBound, range.upperBound, dimensions: 1)
        let flat = discriminator.flat
        let x = uniform(batchSize, inputs.at(step), dtype: flat.dtype, device: flat.device)
        let judgement = discriminator.model(x, Context(.training, random: layers.at(step)))
        let loss = square(objective.unclampedProbability(judgement.logits) - density(x)).batchMean()
        try training.optimizer.step(
          flat, gradient: discriminator.gradient(of: loss), learningRate: training.learningRate(step))
        return try loss.values(Double.self)
      }
      try progress(step + 1)
      return losses
    }
  }
}
