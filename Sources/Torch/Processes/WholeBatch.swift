/// A step's batch as a whole, of which this process may hold only some rows, the others being with the other processes
/// of a group.
///
/// What looks at more than one example, a batch's mean, its moments, a comparison of examples, asks this, and so says
/// the same however many processes play. For one process that holds all rows each question is the plain operation.
/// Every answer has a gradient: the processes' losses are taken as parts of one loss, which is the sum of all.
///
/// Means over examples that *are* a loss need it not: they are exchanged as gradients, weighted by ``weight``.
public struct WholeBatch {
  private let share: (group: ProcessGroup, count: Int)?

  /// A batch that this process holds by itself.
  public static var alone: WholeBatch { WholeBatch(share: nil) }

  private init(share: (ProcessGroup, Int)?) { self.share = share }

  /// A batch of `count` rows, of which each process holds its ``ProcessGroup/rows(of:rank:)``.
  ///
  /// - Throws: ``ProcessError`` where a process would have none.
  public init(of count: Int, among group: ProcessGroup) throws {
    guard count >= group.count else {
      throw ProcessError("a batch of \(count) cannot be shared by \(group.count) processes: each needs a row at least")
    }
    share = group.count > 1 ? (group, count) : nil
  }

  /// The rows that this process holds, in a batch of `ShareRows.count`; nil where it holds all.
  public var rows: (own: Range<Int>, count: Int)? { share.map { ($0.group.rows(of: $0.count), $0.count) } }

  /// The share of the rows that this process holds: what a mean over them counts for in the mean over all; nil where it
  /// holds all.
  public var weight: Double? { rows.map { Double($0.own.count) / Double($0.count) } }

  /// The shares of all processes, [count, 1, ...] of as many dimensions as `x`.
  private func weights(like x: Tensor, _ share: (group: ProcessGroup, count: Int)) -> Tensor {
    let weights = (0..<share.group.count).map {
      Double(share.group.rows(of: share.count, rank: $0).count) / Double(share.count)
    }
    return Tensor(weights, shape: [weights.count] + Array(repeating: 1, count: x.rank - 1)).to(x.dtype)
  }

  /// The mean over all rows of what has the mean `ofRows` over those of this process, of the same shape.
  public func mean(_ ofRows: Tensor) -> Tensor {
    guard let share else { return ofRows }
    let means = share.group.gathered(ofRows)
    return means.isPoisoned ? means : (means * weights(like: means, share)).sum(0)
  }

  /// The sum over all rows of what has the sum `ofRows` over those of this process.
  public func sum(_ ofRows: Tensor) -> Tensor {
    guard let share else { return ofRows }
    return share.group.gathered(ofRows).sum(0)
  }

  /// log of the mean over all rows of exp(x), where `ofRows` is that of this process.
  public func logMeanExp(_ ofRows: Tensor) -> Tensor {
    guard let share else { return ofRows }
    let means = share.group.gathered(ofRows)
    return means.isPoisoned ? means : (means + log(weights(like: means, share))).logSumExp(0)
  }

  /// Mean and variance (divided by their number) over all rows, of those over the rows of this process.
  public func moments(mean ofRows: Tensor, variance: Tensor) -> (mean: Tensor, variance: Tensor) {
    guard let share else { return (ofRows, variance) }
    // In one exchange, and put together from the parts' own moments: squares of the values would lose digits.
    let both = share.group.gathered(stacked([ofRows, variance], 0))  // [processes, 2, ...]
    guard !both.isPoisoned else { return (both, both) }
    let (means, variances) = (both.sliced(1, 0..<1).squeezed(1), both.sliced(1, 1..<2).squeezed(1))
    let weights = weights(like: means, share)
    let mean = (means * weights).sum(0)
    return (mean, ((variances + square(means - mean)) * weights).sum(0))
  }

  /// All rows of the batch, in their order: `x` with this process's rows along `dimension` (negative, from the end).
  public func gathered(_ x: Tensor, _ dimension: Int) -> Tensor {
    guard let share, !x.isPoisoned else { return x }
    let counts = (0..<share.group.count).map { share.group.rows(of: share.count, rank: $0).count }
    // Gloo wants one shape everywhere: the shorter ones are filled up.
    let missing = counts.max()! - x.size(dimension)
    var padded = x
    if missing > 0 {
      var shape = x.shape
      shape[shape.count + dimension] = missing
      padded = concatenated([x, .zeros(shape, dtype: x.dtype, device: x.device)], dimension)
    }
    let all = share.group.gathered(padded)
    guard !all.isPoisoned else { return all }
    return concatenated(
      counts.enumerated().map { rank, count in
        all.sliced(0, rank..<rank + 1).squeezed(0).sliced(dimension, 0..<count)
      }, dimension)
  }

  /// This process's rows of `x`, which has all rows along `dimension`.
  public func own(_ x: Tensor, _ dimension: Int) -> Tensor {
    rows.map { x.sliced(dimension, $0.own) } ?? x
  }
}
