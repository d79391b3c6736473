import Files
import Foundation

/// Reads the files of a container on all cores, each with a reader of its own.
final class PictureWorkers: @unchecked Sendable {
  private let container: any PictureContainer
  private let lock = NSLock()
  private var idle: [any ContainerReader] = []

  init(_ container: any PictureContainer) { self.container = container }

  /// What `body` makes of each of `items`, in their order.
  ///
  /// - Throws: `FileError` where a reader cannot be made.
  func map<Item: Sendable, Output: Sendable>(
    _ items: [Item], _ body: @Sendable (Item, any ContainerReader) -> Output
  ) throws(FileError) -> [Output] {
    let results = Results<Output>(items.count)
    DispatchQueue.concurrentPerform(iterations: items.count) { index in
      let reader: any ContainerReader
      do throws(FileError) {
        reader = try take()
      } catch {
        results.fail(error)
        return
      }
      results.set(index, body(items[index], reader))
      give(reader)
    }
    return try results.all()
  }

  private func take() throws(FileError) -> any ContainerReader {
    if let reader = lock.withLock({ idle.popLast() }) { return reader }
    return try container.reader()
  }

  private func give(_ reader: any ContainerReader) { lock.withLock { idle.append(reader) } }

  /// Filled from several threads.
  private final class Results<Output: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var outputs: [Output?]
    private var failure: FileError?

    init(_ count: Int) { outputs = Array(repeating: nil, count: count) }

    func set(_ index: Int, _ output: Output) { lock.withLock { outputs[index] = output } }
    func fail(_ error: FileError) { lock.withLock { failure = failure ?? error } }
    func all() throws(FileError) -> [Output] {
      if let failure { throw failure }
      return outputs.map { $0! }
    }
  }
}

/// How far the opening of a data set has come.
public struct PictureProgress: Sendable, Hashable {
  /// What is done to the files.
  public enum Stage: String, Sendable {
    /// Headers are read.
    case looking
    /// Pictures are decoded and fitted.
    case decoding
  }
  /// What is done now.
  public var stage: Stage
  /// Files or pictures of this stage that are done with.
  public var done: Int
  /// Files or pictures of this stage in all.
  public var total: Int

  /// - Parameters:
  ///   - done: files or pictures of the stage that are done with.
  ///   - total: all of them.
  public init(stage: Stage, done: Int, total: Int) {
    self.stage = stage
    self.done = done
    self.total = total
  }
}
