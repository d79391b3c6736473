import Foundation
import Recipes

/// The live page of a run, handed out by the process that trains it. Whatever becomes of the server, the run goes on.
enum RunPage {
  /// Serves the page from now on, beside what the process does, and says where.
  static func serve(_ folder: RunFolder, port: UInt16, say: @escaping @Sendable (String) -> Void) {
    do {
      let server = try LocalServer(WatchSite([folder]), port: port)
      say("the run's page: \(server.address)")
      Task.detached(priority: .background) {
        do {
          try await server.run()
        } catch {
          say("no page any more: \(error); the run goes on")
        }
      }
    } catch {
      say("no page: \(error); the run goes on")
    }
  }
}
