import Foundation
import Recipes

/// What a request to the live page's server asks for, once it is known that it may.
package enum WatchRequest: Equatable {
  case page, plotly, events
  /// Of a run by its place in the list, samples of a step.
  case picture(run: Int, step: Int)
  case realPicture(run: Int)
  /// The nearest training pictures of the samples in a picture.
  case neighbours(run: Int, step: Int)
  case ask(run: Int, RunRequest)

  /// Why a request is not answered, with the number that HTTP has for it.
  package enum Refusal: Int, Error {
    case malformed = 400, forbidden = 403, unknown = 404, method = 405
  }

  /// What only this server and those who were given its address know.
  package struct Door: Sendable {
    let port: UInt16
    /// Letters and digits.
    let token: String

    package init(port: UInt16, token: String) { (self.port, self.token) = (port, token) }

    /// Names of this machine by which the server can be reached.
    private var hosts: [String] { ["127.0.0.1:\(port)", "localhost:\(port)"] }

    /// Another site's page can have a browser send requests here, under a name of its own that leads to this machine;
    /// they say where they come from.
    func admits(host: String?, origin: String?) -> Bool {
      guard let host, hosts.contains(host.lowercased()) else { return false }
      return origin.map { hosts.map { "http://\($0)" }.contains($0.lowercased()) } ?? true
    }

    /// Takes as long for every token of a length.
    func opens(_ token: String?) -> Bool {
      guard let token, token.utf8.count == self.token.utf8.count else { return false }
      return zip(token.utf8, self.token.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
  }

  /// - Parameters:
  ///   - target: what stands behind the method: a path and, behind a question mark, names and values.
  ///   - header: the value of a header.
  ///   - runs: how many there are.
  /// - Throws: ``Refusal``.
  package init(method: String, target: String, header: (String) -> String?, runs: Int, _ door: Door) throws(Refusal) {
    guard door.admits(host: header("Host"), origin: header("Origin")) else { throw .forbidden }
    guard let asked = RequestTarget(target, limit: 200) else { throw .malformed }
    func run() throws(Refusal) -> Int {
      guard let run = asked.number("run") else { throw .malformed }
      guard run < runs else { throw .unknown }
      return run
    }
    let isAsked = asked.path == "/ask"
    guard method == (isAsked ? "POST" : "GET") else { throw .method }
    switch asked.path {
    case "/": self = .page
    case "/plotly.js": self = .plotly
    case "/events": self = .events
    case "/picture":
      if asked.values["step"] == "real" {
        self = .realPicture(run: try run())
      } else {
        guard let step = asked.number("step") else { throw .malformed }
        self = .picture(run: try run(), step: step)
      }
    case "/nearest":
      // It changes nothing, but takes time: another site's page could have a browser ask for it without end.
      guard door.opens(header("X-Gan-Token")) else { throw .forbidden }
      guard let step = asked.number("step") else { throw .malformed }
      self = .neighbours(run: try run(), step: step)
    case "/ask":
      guard door.opens(header("X-Gan-Token")) else { throw .forbidden }
      guard let request = asked.values["request"].flatMap({ RunRequest(rawValue: String($0)) }) else {
        throw .malformed
      }
      self = .ask(run: try run(), request)
    default: throw .unknown
    }
  }
}
