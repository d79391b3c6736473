import Foundation
import Images
import Metrics
import Torch

/// What a network makes of all pictures of a set.
public struct PictureFeatures: Sendable {
  /// A row for each picture.
  public var features: Features
  /// Of classes, with the bias of the last layer and without it; nil where the network tells none apart.
  public var logits: Features?
  /// The same rows as ``logits``, the bias left out.
  public var logitsWithoutBias: Features?
  /// Which pictures of the set the rows are of.
  public var indices: [Int]

  /// One pass over the pictures, in batches of one size and each by one thread, so that neither what else is in the set
  /// nor the number of threads changes what becomes of a picture.
  ///
  /// - Parameters:
  ///   - batch: pictures that the network sees at once.
  ///   - processes: those that share the work, each of which calls this with the same set, and gets the features of
  ///     all.
  ///   - progress: called on this thread with how many are done.
  /// - Throws: `FileError`, ``NetworkError``, `ScoreError` where features are not finite, `TensorError`,
  ///   `ProcessError`; what `progress` throws.
  public init(
    of set: any PictureSet, by network: any PictureNetwork, batch: Int = 16, among processes: ProcessGroup? = nil,
    progress: (Int) throws -> Void = { _ in }
  ) throws {
    let collected = Collected()
    var indices: [Int] = []
    // So many at a time that each thread has a batch, and pictures do not fill the memory.
    let part = batch * max(2, Libtorch.threads)
    var waiting: [(index: Int, picture: Image)] = []
    func run(_ pictures: [(index: Int, picture: Image)]) throws {
      let batches = stride(from: 0, to: pictures.count, by: batch).map { start in
        pictures[start..<min(pictures.count, start + batch)].map(\.picture)
      }
      let results = Results(batches.count)
      try forEachSerially(batches.count) { number in
        // A last batch that is smaller is filled up, so that every batch has one size.
        let own = batches[number]
        let filled = own + Array(repeating: own[own.count - 1], count: batch - own.count)
        var outputs = try network(filled)
        outputs.keep(own.count, of: batch)
        results.set(number, outputs)
      }
      for outputs in results.all { try collected.add(outputs, of: network) }
      indices += pictures.map(\.index)
    }
    // Neighbours in the set, so that the parts' rows one after the other are in its order.
    let own = processes?.rows(of: set.count) ?? 0..<set.count
    for start in stride(from: own.lowerBound, to: own.upperBound, by: part) {
      try progress((start - own.lowerBound) * (processes?.count ?? 1))
      waiting += try set.pictures(start..<min(own.upperBound, start + part))
      let whole = waiting.count / batch * batch
      try run(Array(waiting.prefix(whole)))
      waiting.removeFirst(whole)
    }
    if !waiting.isEmpty { try run(waiting) }
    if let processes {
      processes.activity = "the features of pictures"
      try collected.exchange(among: processes)
      indices = try processes.joined(indices.map(Int64.init)).map { Int($0) }
    }
    try progress(set.count)
    guard collected.dimensions > 0 else { throw ScoreError.tooFewPictures(0, needed: 1) }
    features = try Features(collected.features, dimensions: collected.dimensions)
    logits = collected.logits.isEmpty ? nil : try Features(collected.logits, dimensions: collected.classes)
    logitsWithoutBias =
      collected.unbiased.isEmpty ? nil : try Features(collected.unbiased, dimensions: collected.classes)
    self.indices = indices
    if let row = features.firstNotFinite { throw ScoreError.featuresNotFinite(picture: indices[row]) }
  }

  /// Features that were computed before. The arrays have a row for each of `indices`, in their order.
  public init(features: Features, logits: Features?, logitsWithoutBias: Features?, indices: [Int]) {
    self.features = features
    self.logits = logits
    self.logitsWithoutBias = logitsWithoutBias
    self.indices = indices
  }

  private final class Collected {
    var (features, logits, unbiased): ([Float], [Float], [Float]) = ([], [], [])
    var (dimensions, classes) = (0, 0)

    func add(_ outputs: NetworkOutputs, of network: any PictureNetwork) throws {
      guard dimensions == 0 || outputs.dimensions == dimensions else {
        throw NetworkError(
          network: network.name,
          reason: "returns \(outputs.dimensions) features for some pictures and \(dimensions) for others")
      }
      dimensions = outputs.dimensions
      let count = outputs.features.count / max(1, dimensions)
      features += outputs.features
      if let own = outputs.logits {
        logits += own
        classes = own.count / max(1, count)
      }
      if let own = outputs.logitsWithoutBias { unbiased += own }
    }

    /// All processes' in the place of this one's, in the order of their ranks. One of them may have seen no picture.
    func exchange(among processes: ProcessGroup) throws {
      dimensions = Int(try processes.joined([Int64(dimensions)]).max()!)
      classes = Int(try processes.joined([Int64(classes)]).max()!)
      features = try processes.joined(features)
      logits = try processes.joined(logits)
      unbiased = try processes.joined(unbiased)
    }
  }

  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var outputs: [NetworkOutputs?]
    init(_ count: Int) { outputs = Array(repeating: nil, count: count) }
    func set(_ index: Int, _ value: NetworkOutputs) { lock.withLock { outputs[index] = value } }
    var all: [NetworkOutputs] { outputs.map { $0! } }
  }
}

extension NetworkOutputs {
  /// Drops the rows behind the first `count` of `total`.
  fileprivate mutating func keep(_ count: Int, of total: Int) {
    features.removeLast(features.count / total * (total - count))
    if let own = logits { logits = own.dropLast(own.count / total * (total - count)) }
    if let own = logitsWithoutBias { logitsWithoutBias = own.dropLast(own.count / total * (total - count)) }
  }
}
