import CTorch
import Foundation

/// Something between processes that did not come about: who is missing, and what was waited for.
public struct ProcessError: Error, CustomStringConvertible, Sendable, Equatable {
  /// One line.
  public let description: String

  /// - Parameter description: one line.
  public init(_ description: String) { self.description = description }
}

/// Processes that play one game together, each with its part of every batch: PyTorch's process group over Gloo.
///
/// All of them are to make the same calls, with tensors of the same shapes, in the same order; each call waits for the
/// others'. After one has failed, all that follow fail.
///
/// A group is not `Sendable`: it belongs to the thread that plays.
public final class ProcessGroup {
  /// Which of the processes this one is, from 0.
  public let rank: Int
  /// Processes in the group.
  public let count: Int
  /// The keys of this attempt.
  public let store: KeyStore
  /// Keys that outlive this attempt, where the launcher serves them: after a restart they are there again.
  public let lastingStore: KeyStore?
  /// Seconds that others are waited for.
  public let patience: Double
  /// What this process does, in the words of whoever reads that it was waited for: "step 12, the gradient of the
  /// discriminator".
  public var activity = "to begin"
  private let handle: CGroup
  private var turns = 0

  /// Connects to the others; see ``Rendezvous`` for how they find each other.
  ///
  /// - Parameters:
  ///   - address: of this host, where the others reach it.
  ///   - store: with keys that no earlier group has used.
  ///   - lastingStore: with keys that the groups of earlier attempts have used.
  ///   - patience: seconds that others are waited for, now and in each exchange.
  /// - Throws: `TensorError`.
  public init(
    rank: Int, count: Int, address: String, store: KeyStore, lastingStore: KeyStore? = nil, patience: Double
  ) throws {
    var failure: CTensor?
    let handle = ct_group_open(try store.handleBehind("gloo"), Int32(rank), Int32(count), address, patience, &failure)
    try check(failure)
    guard let handle else { throw TensorError(description: "the process group's opening has failed") }
    self.handle = handle
    self.rank = rank
    self.count = count
    self.store = store
    self.lastingStore = lastingStore
    self.patience = patience
  }

  /// Whether several processes can play: Gloo's headers were there when this program was built.
  public static var isAvailable: Bool { ct_processes_available() }

  /// Whether this is the process that writes.
  public var isFirst: Bool { rank == 0 }

  /// Whether the connection is lost.
  public var hasFailed: Bool { ct_group_has_failed(handle) }

  /// The rows of a batch of `count` that process `rank` plays with, this one unless stated otherwise: as many for each,
  /// but for one more or less.
  public func rows(of count: Int, rank: Int? = nil) -> Range<Int> {
    let rank = rank ?? self.rank
    return count * rank / self.count..<count * (rank + 1) / self.count
  }

  // MARK: Exchange

  /// The sum of all processes' `x`, in its place. float32, float64 or int64, contiguous, on the CPU.
  ///
  /// - Throws: `TensorError` where `x` cannot be exchanged; ``ProcessError`` where another process is missing.
  public func sum(inPlace x: Tensor) throws { try explaining { try check(ct_group_sum_in_place(handle, x.handle)) } }

  /// The same, begun: `x` is to be left alone until ``PendingSum/finish()``.
  ///
  /// - Throws: `TensorError` where `x` cannot be exchanged; ``ProcessError``.
  public func beginSum(inPlace x: Tensor) throws -> PendingSum {
    try explaining {
      var failure: CTensor?
      let work = ct_group_begin_sum(handle, x.handle, &failure)
      try check(failure)
      guard let work else { throw TensorError(description: "the sum's beginning has failed") }
      return PendingSum(group: self, handle: handle, work: work)
    }
  }

  /// The first process's `x` over that of the others, in place.
  ///
  /// - Throws: `TensorError` where `x` cannot be exchanged; ``ProcessError``.
  public func broadcast(_ x: Tensor) throws { try explaining { try check(ct_group_broadcast(handle, x.handle, 0)) } }

  /// All processes' `x`, which have one shape, in the order of their ranks: [count] + that shape, with a gradient. What
  /// all processes' losses owe an `x` is summed; their losses are parts of one loss, which is the sum of all.
  public func gathered(_ x: Tensor) -> Tensor { Tensor(ct_group_gather(handle, x.handle)) }

  /// Waits for all processes to come here.
  ///
  /// - Throws: ``ProcessError``.
  public func meet() throws { try sum(inPlace: Tensor([0] as [Float])) }

  /// Whether any process says yes.
  ///
  /// - Throws: ``ProcessError``.
  public func any(_ ownAnswer: Bool) throws -> Bool {
    let votes = Tensor([ownAnswer ? 1 : 0] as [Int64])
    try sum(inPlace: votes)
    return try votes.item() > 0
  }

  // MARK: One at a time

  /// Lets the first process do something by itself that takes as long as it takes, and hands its result to the others.
  /// These wait as long as it shows signs of life.
  ///
  /// - Parameters:
  ///   - what: what it does, for messages: "opening the data".
  ///   - body: run by the first process only.
  /// - Throws: what `body` throws; ``ProcessError`` in the others then, and where the first gives no sign of life.
  public func first(_ what: String, _ body: () throws -> String) throws -> String {
    turns += 1
    let (done, beat) = ("turn/\(turns)/done", "turn/\(turns)/beat")
    guard isFirst else { return try waitForFirst(what, done, beat) }
    let heart = try Heart(store.again(), beat, interval: max(0.05, min(2, patience / 10)))
    defer { heart.stop() }
    do {
      let result = try body()
      try store.set(done, "+" + result)
      return result
    } catch {
      try? store.set(done, "-\(error)")
      throw error
    }
  }

  private func waitForFirst(_ what: String, _ done: String, _ beat: String) throws -> String {
    var (lastBeat, seen, pause) = ("", ContinuousClock.now, 0.001)
    do {
      while true {
        if let result = try store.value(of: done) {
          guard result.first == "+" else {
            throw ProcessError("process 0 has failed at \(what): \(result.dropFirst())")
          }
          return String(result.dropFirst())
        }
        let now = try store.value(of: beat) ?? ""
        if now != lastBeat { (lastBeat, seen) = (now, .now) }
        guard ContinuousClock.now - seen < .seconds(patience) else {
          throw ProcessError(
            "process 0 has given no sign of life for \(Self.text(patience)); process \(rank) waited for it at \(what)")
        }
        Thread.sleep(forTimeInterval: pause)
        pause = min(0.05, pause * 2)
      }
    } catch let error as TensorError {
      throw ProcessError("whoever serves the keys does not answer any more, while process 0 was at \(what): \(error)")
    }
  }

  // MARK: Who is missing

  /// Runs `body`; where it throws because the connection is lost, finds out who is missing.
  ///
  /// - Throws: ``ProcessError`` then, else what `body` throws.
  public func explaining<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as TensorError where hasFailed {
      throw ProcessError(diagnosis(error))
    }
  }

  /// Every process that waits in vain says so under a key of its own; who does not is missing.
  private func diagnosis(_ error: TensorError) -> String {
    var waiting: [Int: String] = [:]
    do {
      try store.set("waits/\(rank)", activity)
      let deadline = ContinuousClock.now + .seconds(min(8, patience / 4))
      repeat {
        for other in 0..<count where waiting[other] == nil {
          waiting[other] = try store.value(of: "waits/\(other)")
        }
        if waiting.count < count { Thread.sleep(forTimeInterval: 0.05) }
      } while waiting.count < count && ContinuousClock.now < deadline
    } catch {
      return
        "process \(rank) waited at \(activity), and whoever serves the keys, by default process 0, is gone: \(error)"
    }
    return Self.diagnosis(count: count, waiting: waiting, patience: patience, error: "\(error)")
  }

  static func diagnosis(count: Int, waiting: [Int: String], patience: Double, error: String) -> String {
    let missing = (0..<count).filter { waiting[$0] == nil }
    let places = Dictionary(grouping: waiting.keys.sorted()) { waiting[$0]! }.sorted { $0.value[0] < $1.value[0] }
      .map { "\(names($0.value)) at \($0.key)" }.joined(separator: ", ")
    if missing.isEmpty {
      return "all \(count) processes wait for each other, \(places): \(error)"
    }
    return
      "\(names(missing)) of \(count) \(missing.count == 1 ? "is" : "are") gone, or hung for \(text(patience)); waited "
      + "for by \(places)"
  }

  private static func names(_ ranks: [Int]) -> String {
    (ranks.count == 1 ? "process " : "processes ") + ranks.map(String.init).joined(separator: ", ")
  }

  static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }
}

/// A sum over processes that has begun.
public struct PendingSum {
  fileprivate let group: ProcessGroup
  fileprivate let handle: CGroup
  fileprivate let work: CWork

  /// Waits for it.
  ///
  /// - Throws: ``ProcessError``.
  public func finish() throws { try group.explaining { try check(ct_group_finish(handle, work)) } }
}

/// Signs of life under a key, from a thread of its own.
private final class Heart: @unchecked Sendable {
  // The store is this thread's alone, the flag is behind the lock.
  private let store: KeyStore
  private let lock = NSLock()
  private var isOver = false

  init(_ store: KeyStore, _ key: String, interval: Double) {
    self.store = store
    let thread = Thread { [self] in
      while !lock.withLock({ isOver }) {
        _ = try? self.store.add(key, 1)
        Thread.sleep(forTimeInterval: interval)
      }
    }
    thread.start()
  }

  func stop() { lock.withLock { isOver = true } }
}

extension KeyStore {
  fileprivate func handleBehind(_ prefix: String) throws -> CStore { try behind(prefix).handle }
}
