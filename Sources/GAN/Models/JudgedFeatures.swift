import NN
import Torch

/// What discriminators of pictures do with f(x) = `features`, [N, A]: the minibatch layer, the dense `output` and, of
/// an example of a known class, the `projection`.
func judged(
  _ features: Tensor, _ minibatch: MinibatchDiscrimination?, _ output: any Layer, _ context: Context,
  projection: ProjectionHead? = nil
) -> Judgement {
  let logits = output(minibatch?(features, context) ?? features, context)
  return Judgement(logits: projection.map { logits + $0(features, context) } ?? logits, features: features)
}
