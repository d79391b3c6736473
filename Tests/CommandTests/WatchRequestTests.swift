import GanCommand
import Recipes
import Testing

/// What the live page's server answers, and to whom.
@Suite struct WatchRequestTests {
  private static let token = "abcdefghijklmnopqrstuvwx"

  private func read(
    _ method: String, _ target: String, _ headers: [String: String] = ["Host": "127.0.0.1:8421"], runs: Int = 2
  ) throws(WatchRequest.Refusal) -> WatchRequest {
    try WatchRequest(
      method: method, target: target, header: { headers[$0] }, runs: runs,
      WatchRequest.Door(port: 8421, token: Self.token))
  }

  @Test func whatIsAskedForIsFound() throws {
    #expect(try read("GET", "/") == .page)
    #expect(try read("GET", "/?x=1") == .page)
    #expect(try read("GET", "/plotly.js") == .plotly)
    #expect(try read("GET", "/events") == .events)
    #expect(try read("GET", "/picture?run=1&step=600&v=a") == .picture(run: 1, step: 600))
    #expect(try read("GET", "/picture?run=0&step=real") == .realPicture(run: 0))
  }

  /// A site that has a browser send requests here under its own name, or from its own page.
  @Test func otherSitesAreRefused() {
    for headers in [
      [:], ["Host": "evil.example:8421"], ["Host": "127.0.0.1:80"], ["Host": "127.0.0.1"],
      ["Host": "127.0.0.1:8421.evil"],
      ["Host": "127.0.0.1:8421", "Origin": "http://evil.example"], ["Host": "localhost:8421", "Origin": "null"],
      ["Host": "127.0.0.1:8421", "Origin": "https://127.0.0.1:8421"],
      ["Host": "127.0.0.1:8421", "Origin": "http://127.0.0.1:9000"],
    ] {
      for target in ["/", "/events", "/picture?run=0&step=0"] {
        #expect(throws: WatchRequest.Refusal.forbidden, "\(headers)") { try read("GET", target, headers) }
      }
    }
    #expect(throws: Never.self) { try read("GET", "/", ["Host": "LOCALHOST:8421", "Origin": "http://localhost:8421"]) }
  }

  /// Nothing that changes a run without the token, and by no link.
  @Test func askingTakesTheToken() throws {
    let host = ["Host": "127.0.0.1:8421"]
    for (request, value) in [("checkpoint", RunRequest.checkpoint), ("stop", .stop)] {
      let target = "/ask?run=1&request=\(request)"
      #expect(try read("POST", target, host.merging(["X-Gan-Token": Self.token]) { $1 }) == .ask(run: 1, value))
      for token in [nil, "", "abc", String(Self.token.dropLast()), Self.token.uppercased(), Self.token + "x"] {
        let headers = token.map { host.merging(["X-Gan-Token": $0]) { $1 } } ?? host
        #expect(throws: WatchRequest.Refusal.forbidden) { try read("POST", target, headers) }
      }
      #expect(throws: WatchRequest.Refusal.method) {
        try read("GET", target, host.merging(["X-Gan-Token": Self.token]) { $1 })
      }
    }
  }

  /// What takes time is for those who have the address, too.
  @Test func lookingUpTakesTheToken() throws {
    let target = "/nearest?run=1&step=600&v=a"
    let headers = ["Host": "127.0.0.1:8421", "X-Gan-Token": Self.token]
    #expect(try read("GET", target, headers) == .neighbours(run: 1, step: 600))
    #expect(throws: WatchRequest.Refusal.forbidden) { try read("GET", target) }
    #expect(throws: WatchRequest.Refusal.method) { try read("POST", target, headers) }
    #expect(throws: WatchRequest.Refusal.unknown) { try read("GET", "/nearest?run=2&step=1", headers) }
    #expect(throws: WatchRequest.Refusal.malformed) { try read("GET", "/nearest?run=0&step=real", headers) }
  }

  /// There is no path in a request that could lead anywhere.
  @Test func whatIsNoneIsRefused() {
    for (target, refusal) in [
      ("/picture", .malformed), ("/picture?run=0", .malformed), ("/picture?run=2&step=0", .unknown),
      ("/picture?run=-1&step=0", .malformed), ("/picture?run=0&step=1e3", .malformed),
      ("/picture?run=0&step=../../etc/passwd", .malformed), ("/picture?run=0&step=9999999999999999999", .malformed),
      ("/picture?run=0&run=1&step=0", .malformed), ("/picture?run&step=0", .malformed),
      ("/picture?run=٣&step=0", .malformed),
      ("/../recipe.yaml", .unknown), ("/samples/real.png", .unknown), ("//", .unknown), ("", .unknown),
      ("/%2e%2e/x", .unknown), ("/" + String(repeating: "a", count: 300), .malformed),
    ] as [(String, WatchRequest.Refusal)] {
      #expect(throws: refusal, "\(target)") { try read("GET", target) }
    }
    for method in ["POST", "PUT", "DELETE", "HEAD", "", "get"] {
      #expect(throws: WatchRequest.Refusal.method) { try read(method, "/") }
    }
  }
}
