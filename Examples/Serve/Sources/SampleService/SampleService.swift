import Foundation
import Images
import Recipes
import Torch

/// A run's generator for many requests at once: those that come while it is at work are answered together, by one pass.
///
/// There are several of it, which work side by side, each on one thread: sharing out the small operations of one pass
/// costs more than it saves.
///
/// A seed gives the same picture, whatever else is asked for beside it.
public actor SampleService {
  /// What a request may ask of the run.
  public nonisolated let classes: Int?
  /// Channels, height and width.
  public nonisolated let shape: [Int]

  /// Those that have nothing to do.
  private var idle: [RunSampler]
  private let mostWaiting: Int
  private var waiting: [Request] = []
  /// Of all that wait.
  private var waitingPictures = 0
  /// Passes that have been made.
  public private(set) var passes = 0

  private struct Request {
    let query: SampleQuery
    let answer: CheckedContinuation<[Image], any Error>
  }

  /// Rows of a pass, at most: what a pass takes of memory has a limit, and others that are idle get some of the work.
  static let rowsOfAPass = 64

  /// Opens a run and draws a picture, so that the first request finds everything in place.
  ///
  /// - Parameters:
  ///   - run: its folder.
  ///   - workers: passes that are made at the same time, 1 or more; see ``useOneThreadAPass()``.
  ///   - standingRows: as `RunSampler` takes it: with batch norm in the generator, the way to many pictures a pass.
  ///   - mostWaiting: pictures that may wait to be drawn; further requests are refused.
  /// - Throws: `FileError` naming what is missing; ``ServiceError`` for a run on points.
  public init(_ run: URL, workers: Int = 1, standingRows: Int? = nil, mostWaiting: Int = 20_000) async throws {
    let samplers = try await withThrowingTaskGroup(of: RunSampler.self) { group in
      for _ in 0..<max(1, workers) { group.addTask { try RunSampler(run, standingRows: standingRows) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    guard let shape = samplers[0].imageShape else {
      throw ServiceError(reason: "\(run.path): is a run on points, which are no pictures")
    }
    self.shape = shape
    classes = try RunFolder(run).recipe().isConditional ? samplers[0].description.classes : nil
    self.mostWaiting = mostWaiting
    idle = samplers
    _ = try await samplers[0].pictures(seeds: [0])
  }

  /// Has libtorch make each pass on one thread, in all of the process: before the service is made.
  public static func useOneThreadAPass() { Libtorch.threads = 1 }

  /// The pictures that `query` asks for.
  ///
  /// - Throws: ``ServiceError`` where too many wait already; `TensorError`.
  public func pictures(_ query: SampleQuery) async throws -> [Image] {
    guard waitingPictures + query.count <= mostWaiting else { throw ServiceError.busy }
    return try await withCheckedThrowingContinuation { answer in
      waiting.append(Request(query: query, answer: answer))
      waitingPictures += query.count
      if let sampler = idle.popLast() { Task { await work(sampler) } }
    }
  }

  /// The same as one PNG: a picture alone, or a grid. Encoded outside of the actor, beside the next pass.
  public nonisolated func png(_ query: SampleQuery) async throws -> Data {
    let pictures = try await pictures(query)
    return try (pictures.count == 1 ? pictures[0] : ImageGrid(pictures).tiled()).png()
  }

  private func work(_ sampler: RunSampler) async {
    while !waiting.isEmpty {
      var rows = 0
      // One at least, whatever it asks for.
      let batch = Array(
        waiting.prefix { next in
          rows += next.query.count
          return rows == next.query.count || rows <= Self.rowsOfAPass
        })
      waiting.removeFirst(batch.count)
      waitingPictures -= batch.reduce(0) { $0 + $1.query.count }
      passes += 1
      do {
        let pictures = try await sampler.pictures(
          seeds: batch.flatMap(\.query.seeds), classes: classes.map { labels(batch, of: $0) })
        var first = 0
        for request in batch {
          request.answer.resume(returning: Array(pictures[first..<first + request.query.count]))
          first += request.query.count
        }
      } catch {
        for request in batch { request.answer.resume(throwing: error) }
      }
    }
    idle.append(sampler)
  }

  /// Of each picture; without a class in the request its number in it, so that it does not depend on the others.
  private func labels(_ batch: [Request], of classes: Int) -> [Int] {
    batch.flatMap { request in (0..<request.query.count).map { request.query.label ?? $0 % classes } }
  }
}

/// Why the service gives no pictures.
public struct ServiceError: Error, CustomStringConvertible, Sendable, Equatable {
  /// More waits than it takes on.
  public static let busy = ServiceError(reason: "too many pictures are waited for; try again in a moment")

  /// A sentence.
  public let reason: String
  public var description: String { reason }
}
