import Foundation

/// How the processes of a launch find each other.
///
/// A store that the launcher serves outlives them: after a restart it holds every key of the attempt that died. So each
/// attempt has keys of its own, behind a name that process 0 makes up and hands to each of the others by a key that the
/// other has made up: nothing that an earlier attempt left can pass for an answer, and no count of restarts is trusted.
public struct Rendezvous {
  private let launch: Launch
  private let patience: Double
  private let store: KeyStore
  private let deadline: ContinuousClock.Instant
  /// Of processes that cannot be mistaken for those of an earlier attempt.
  private let ownName = UUID().uuidString

  /// Connects to the processes of `launch`; waits until all have come.
  ///
  /// - Parameters:
  ///   - patience: seconds that others are waited for.
  ///   - environment: GLOO_SOCKET_IFNAME names the interface to be reached by.
  /// - Throws: ``ProcessError`` naming who has not come, or what is wrong with address or port.
  public static func join(
    _ launch: Launch, patience: Double, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> ProcessGroup {
    guard ProcessGroup.isAvailable else {
      throw ProcessError(
        "this program was built without Gloo's headers: install libgloo-dev and build it anew, for several processes")
    }
    let master = try HostAddress.resolve(launch.address, patience: min(10, patience / 4))
    let rendezvous = try Rendezvous(launch, patience)
    let attempt = try rendezvous.attempt()
    let address =
      launch.isOneHost ? "127.0.0.1" : try HostAddress.own(toward: master, environment: environment)
    do {
      let keys = try rendezvous.store.behind(attempt)
      return try ProcessGroup(
        rank: launch.rank, count: launch.count, address: address, store: keys,
        lastingStore: launch.isServedByLauncher ? rendezvous.store : nil, patience: patience)
    } catch let error as TensorError {
      throw ProcessError(
        "process \(launch.rank), at \(address), cannot be connected with the other \(launch.count - 1): \(error)")
    }
  }

  private init(_ launch: Launch, _ patience: Double) throws {
    self.launch = launch
    self.patience = patience
    deadline = .now + .seconds(patience)
    let serves = launch.rank == 0 && !launch.isServedByLauncher
    let place = "\(launch.address), port \(launch.port)"
    do {
      store = try KeyStore(host: launch.address, port: launch.port, serves: serves, patience: patience)
        .behind("swift-gan")
    } catch let error as TensorError {
      let text = error.description
      if serves, text.contains("EADDRINUSE") || text.lowercased().contains("address already in use") {
        throw ProcessError("MASTER_PORT \(launch.port) is in use by another program: choose another port")
      }
      throw ProcessError(
        serves
          ? "process 0 cannot serve the keys at \(place): \(text)"
          : "nobody serves the keys at \(place): process \(launch.rank) has waited \(ProcessGroup.text(patience)) for "
            + (launch.isServedByLauncher ? "the launcher" : "process 0") + " (\(text))")
    }
  }

  /// The prefix of the attempt's keys, once all have come.
  private func attempt() throws -> String {
    do {
      return try launch.rank == 0 ? gather() : follow()
    } catch let error as TensorError {
      throw ProcessError(
        "whoever serves the keys at \(launch.address), port \(launch.port), does not answer any more: \(error)")
    }
  }

  /// What process 0 does.
  private func gather() throws -> String {
    var invited: [Int: String] = [:]
    var here: Set<Int> = []
    while true {
      for rank in 1..<launch.count where !here.contains(rank) {
        // What an earlier attempt has left there is replaced once the process of this one comes.
        if let name = try store.value(of: "hello/\(rank)"), invited[rank] != name {
          try store.set("invite/\(name)", "\(ownName) \(launch.count)")
          invited[rank] = name
        }
        guard let answer = try store.value(of: "\(ownName)/here/\(rank)") else { continue }
        guard answer == "\(launch.count)" else {
          throw refusal("process \(rank) counts \(answer) processes, process 0 counts \(launch.count)")
        }
        here.insert(rank)
      }
      if here.count == launch.count - 1 { break }
      guard ContinuousClock.now < deadline else {
        throw refusal(Self.absence((1..<launch.count).filter { !here.contains($0) }, of: launch.count, patience))
      }
      Thread.sleep(forTimeInterval: 0.01)
    }
    try store.set("\(ownName)/all", "+")
    return ownName
  }

  /// Tells the others as well, and stays until they have heard it: they may hear it from the store that this process
  /// serves.
  private func refusal(_ reason: String) -> ProcessError {
    do {
      try store.set("\(ownName)/all", "-" + reason)
      let listeners = try (1..<launch.count).filter { try store.has("\(ownName)/here/\($0)") }
      let limit = ContinuousClock.now + .seconds(2)
      while ContinuousClock.now < limit, try !listeners.allSatisfy({ try store.has("\(ownName)/heard/\($0)") }) {
        Thread.sleep(forTimeInterval: 0.01)
      }
    } catch {
      // Who cannot be told finds out that process 0 is gone.
    }
    return ProcessError(reason)
  }

  /// What the others do.
  private func follow() throws -> String {
    try store.set("hello/\(launch.rank)", ownName)
    let invitation = try wait("invite/\(ownName)") { "process 0 has not come within \(ProcessGroup.text(patience))" }
    let attempt = String(invitation.prefix { $0 != " " })
    try store.set("\(attempt)/here/\(launch.rank)", "\(launch.count)")
    let verdict = try wait("\(attempt)/all") {
      let missing = (1..<launch.count).filter { (try? store.has("\(attempt)/here/\($0)")) != true }
      return Self.absence(missing, of: launch.count, patience)
    }
    guard verdict == "+" else {
      try store.set("\(attempt)/heard/\(launch.rank)", "+")
      throw ProcessError(String(verdict.dropFirst()))
    }
    return attempt
  }

  private func wait(_ key: String, _ reason: () -> String) throws -> String {
    while true {
      if let value = try store.value(of: key) { return value }
      guard ContinuousClock.now < deadline else { throw ProcessError(reason()) }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  private static func absence(_ ranks: [Int], of count: Int, _ patience: Double) -> String {
    let names = ranks.map(String.init).joined(separator: ", ")
    return "\(ranks.count == 1 ? "process" : "processes") \(names) of \(count) "
      + "\(ranks.count == 1 ? "has" : "have") not come within \(ProcessGroup.text(patience))"
  }
}
