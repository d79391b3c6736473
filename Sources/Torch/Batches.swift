/// Where a game's examples come from: the batch of a step, as a pure function of the step and of a stream of
/// random numbers, so that a resumed run goes on with the batches that it would have seen.
///
/// The stream is the same in every step: the purpose of the batch, not its moment. A source that draws afresh uses
/// `random.at(step)`; one that goes through a set in random order derives the order of an epoch from it.
public typealias Batches = (_ step: Int, _ random: RandomStream) -> Tensor

/// As ``Batches``, with the class of each example: `labels` [N], int64, in 0 ..< K.
public typealias LabelledBatches = (_ step: Int, _ random: RandomStream) -> (examples: Tensor, labels: Tensor)
