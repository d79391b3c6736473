import Torch

/// What one pass through a network needs besides its input: the mode, the random numbers, and which rows belong
/// together.
///
/// A context serves one pass; layers that draw take the pass's next stream from it, so a pass with an equal context
/// draws equal numbers.
public final class Context {
  /// What the pass is for.
  public enum Mode: Sendable {
    /// With noise.
    case training
    /// Without noise.
    case evaluation
    /// As in training, and layers with data-dependent initialisation set their parameters from the batch.
    case initialization
  }

  /// What the pass is for: whether layers draw noise, and whether they set parameters.
  public let mode: Mode
  /// The batch consists of this many separate batches, one after the other. Layers whose output for one
  /// example depends on the others (batch normalisation, minibatch discrimination) keep them apart.
  public let groups: Int
  private let areEqual: Bool
  /// The first so many rows are the reference batch of virtual batch normalisation (see ``ReferenceBatch``); the
  /// examples follow them.
  public let referenceCount: Int
  /// What the standard deviation of every layer's noise is multiplied by.
  public let noiseScale: Double
  /// The classes of the examples for networks that are told them, [N] of int64, or [1] for all of one class; without
  /// the reference batch's rows.
  public let labels: Tensor?
  /// What batch norm normalises by, in the place of the batch.
  public let standing: StandingStatistics?
  /// The batch of which the rows may be a part: what layers ask that look at more than one example. Of several groups,
  /// that of each.
  public let whole: WholeBatch
  private let random: RandomStream
  private var draws = 0

  /// For one batch, or for several of one size.
  ///
  /// - Parameters:
  ///   - random: the pass's own stream; each layer that draws takes the next one below it.
  ///   - groups: the number of batches of equal size that the rows are.
  ///   - referenceCount: rows at the front that are the reference batch of virtual batch normalisation.
  ///   - noiseScale: what the standard deviation of every layer's noise is multiplied by.
  ///   - labels: the classes of the examples, [N] or [1], of int64.
  ///   - whole: the batch of which the rows are this process's part, each group's alike.
  public convenience init(
    _ mode: Mode, random: RandomStream, groups: Int = 1, referenceCount: Int = 0, noiseScale: Double = 1,
    labels: Tensor? = nil, whole: WholeBatch = .alone
  ) {
    self.init(
      mode, random: random.rows(of: Array(repeating: whole, count: groups)).behind(referenceCount), groups: groups,
      areEqual: true, referenceCount: referenceCount, noiseScale: noiseScale, labels: labels, standing: nil,
      whole: whole)
  }

  /// For batches of the given sizes; layers that keep them apart fail where these differ.
  ///
  /// - Parameter wholes: the batches of which the groups are this process's parts; none where it has all rows.
  public convenience init(
    _ mode: Mode, random: RandomStream, groupSizes: [Int], noiseScale: Double = 1, labels: Tensor? = nil,
    wholes: [WholeBatch] = []
  ) {
    let areEqual =
      groupSizes.allSatisfy { $0 == groupSizes[0] } && wholes.allSatisfy { $0.rows?.count == wholes[0].rows?.count }
    self.init(
      mode, random: random.rows(of: wholes), groups: groupSizes.count, areEqual: areEqual, referenceCount: 0,
      noiseScale: noiseScale, labels: labels, standing: nil, whole: wholes.first ?? .alone)
  }

  /// For one batch that draws what it drew as rows `rows` of a pass of several.
  ///
  /// - Parameter rows: of the pass, as all processes together made it.
  package convenience init(
    _ mode: Mode, random: RandomStream, rows: Range<Int>, noiseScale: Double, labels: Tensor?, whole: WholeBatch
  ) {
    self.init(
      mode, random: random.rows([rows]), groups: 1, areEqual: true, referenceCount: 0, noiseScale: noiseScale,
      labels: labels, standing: nil, whole: whole)
  }

  private init(
    _ mode: Mode, random: RandomStream, groups: Int, areEqual: Bool, referenceCount: Int, noiseScale: Double,
    labels: Tensor?, standing: StandingStatistics?, whole: WholeBatch = .alone
  ) {
    self.standing = standing
    self.whole = whole
    self.mode = mode
    self.random = random
    self.groups = groups
    self.areEqual = areEqual
    self.referenceCount = referenceCount
    self.noiseScale = noiseScale
    self.labels = labels
  }

  /// Evaluation: nothing is drawn.
  public static var evaluation: Context { Context(.evaluation, random: RandomStream(seed: 0)) }

  /// Evaluation of examples of the classes `labels`.
  ///
  /// - Parameter whole: the batch of which the rows are this process's part.
  public static func evaluation(labels: Tensor?, whole: WholeBatch = .alone) -> Context {
    Context(.evaluation, random: RandomStream(seed: 0), labels: labels, whole: whole)
  }

  /// The same pass with `count` rows of a reference batch before the examples, and draws of its own.
  func beside(_ count: Int) -> Context {
    Context(
      mode, random: nextStream().behind(count), groups: groups, areEqual: areEqual, referenceCount: count,
      noiseScale: noiseScale, labels: labels, standing: nil, whole: whole)
  }

  /// Evaluation with standing statistics of batch norm: a pass that they are gathered from, or one that is normalised
  /// by them.
  public static func evaluation(labels: Tensor? = nil, standing: StandingStatistics) -> Context {
    standing.begin()
    return Context(
      .evaluation, random: RandomStream(seed: 0), groups: 1, areEqual: true, referenceCount: 0, noiseScale: 1,
      labels: labels, standing: standing)
  }

  /// The labels for `x`, the input of `layer`, [N, ...].
  ///
  /// A failed operation where there are none, or not as many as rows.
  public func labels(of x: Tensor, for layer: String) -> Tensor {
    guard let labels else { return .failed("\(layer) of \(x.shape): the context has no labels") }
    guard labels.isPoisoned || x.isPoisoned || (labels.rank == 1 && [1, x.size(0)].contains(labels.count)) else {
      return .failed("\(layer) of \(x.shape): labels of shape \(labels.shape) are not one a row, nor one for all")
    }
    return labels
  }

  /// The stream of the pass's next draw.
  public func nextStream() -> RandomStream {
    draws += 1
    return random.at(draws)
  }

  /// `x` [..., groups * N, F] -> [..., groups, N, F].
  ///
  /// A batch that the groups do not divide is a failed operation, and so is one with a reference batch: layers that
  /// look at the whole batch must not see it.
  public func grouped(_ x: Tensor) -> Tensor {
    guard referenceCount == 0 else {
      return .failed("grouped of \(x.shape): the first \(referenceCount) rows are a reference batch")
    }
    if groups == 1 { return x.unsqueezed(-3) }
    let rows = x.size(-2)
    guard x.isPoisoned || (areEqual && rows % groups == 0) else {
      return .failed("grouped of \(x.shape): the batch is not \(groups) batches of equal size")
    }
    return x.reshaped(x.shape.dropLast(2) + [groups, rows / groups, x.size(-1)])
  }

  /// The reverse of ``grouped(_:)``.
  public func ungrouped(_ x: Tensor) -> Tensor {
    if groups == 1 { return x.squeezed(-3) }
    return x.reshaped(x.shape.dropLast(3) + [groups * x.size(-2), x.size(-1)])
  }
}
