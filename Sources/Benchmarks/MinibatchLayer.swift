import Torch

/// The pairwise part of minibatch discrimination, forward and backward: [N, 100, 5].
enum MinibatchLayer {
  static func contestant(examples: Int) -> Contestant {
    let random = RandomStream(seed: 1)
    let points = random.stream("points").normal([examples, 100, 5])
    let cotangent = random.stream("cotangent").normal([examples, 100])
    func pass() -> (output: Tensor, gradient: Tensor) {
      let m = points.asVariable()
      let o = pairwiseL1Similarity(m)
      return (o, gradient(of: o, by: [m], cotangent: cotangent)[0])
    }
    return Contestant(
      run: { times in try checkingTensors { for _ in 0..<times { _ = pass() } } },
      record: { steps in
        let (output, gradient) = pass()
        let sums = try [square(output).sum().item(), square(gradient).sum().item()]
        return (
          Array(repeating: sums, count: steps), ["points": points, "cotangent": cotangent]
        )
      })
  }
}
