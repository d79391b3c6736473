import GanCommand
import Recipes
import Testing

/// What the server of `gan explore` answers, and to whom.
@Suite struct ExploreRequestTests {
  private static let token = "abcdefghijklmnopqrstuvwx"
  private static let own = ["Host": "127.0.0.1:8421", "X-Gan-Token": token]

  private func read(
    _ target: String, _ method: String = "GET", _ headers: [String: String] = own, classes: Int? = nil,
    directions: Int = 3
  ) throws(ExploreRequest.Refused) -> ExploreRequest {
    try ExploreRequest(
      method: method, target: target, header: { headers[$0] },
      ExploreRequest.Choices(classes: classes, directions: directions),
      WatchRequest.Door(port: 8421, token: Self.token))
  }

  @Test func whatIsAskedForIsFound() throws {
    #expect(try read("/") == .page)
    #expect(try read("/picture?seed=7") == .picture(LatentPlace(seed: 7)))
    #expect(
      try read("/picture?seed=9007199254740991&to=0&share=25&moves=-400,0,35")
        == .picture(LatentPlace(seed: 9_007_199_254_740_991, other: 0, share: 0.25, moves: [-4, 0, 0.35])))
    #expect(try read("/picture?seed=1&class=9", classes: 10) == .picture(LatentPlace(seed: 1, label: 9)))
  }

  @Test func othersAreRefused() {
    for headers in [
      [:], ["Host": "evil.example:8421", "X-Gan-Token": Self.token],
      Self.own.merging(["Origin": "http://evil.example"]) { $1 },
    ] {
      for target in ["/", "/picture?seed=1"] {
        #expect(throws: ExploreRequest.Refused.self, "\(headers)") { try read(target, "GET", headers) }
      }
    }
    for token in ["", "abc", Self.token.uppercased()] {
      let headers = ["Host": "127.0.0.1:8421", "X-Gan-Token": token]
      #expect(
        refusal { () throws(ExploreRequest.Refused) in try read("/picture?seed=1", "GET", headers) }?.kind == .forbidden
      )
    }
    #expect(refusal { () throws(ExploreRequest.Refused) in try read("/", "POST") }?.kind == .method)
    for target in ["/events", "/plotly.js", "/../run.json", "", "/picture/"] {
      #expect(refusal { () throws(ExploreRequest.Refused) in try read(target) }?.kind == .unknown, "\(target)")
    }
  }

  private func refusal(_ body: () throws(ExploreRequest.Refused) -> ExploreRequest) -> ExploreRequest.Refused? {
    do {
      _ = try body()
      return nil
    } catch {
      return error
    }
  }

  /// 400 and a sentence that says what is wrong.
  @Test func mistakesAreNamed() {
    for (query, word) in [
      ("", "'seed'"), ("seed=", "'seed'"), ("seed=-1", "'seed'"), ("seed=1e3", "'seed'"), ("seed=٣", "'seed'"),
      ("seed=9007199254740992", "'seed'"), ("seed=99999999999999999999999", "'seed'"), ("seed=1&seed=2", "once"),
      ("seed=1&to=x", "'to'"), ("seed=1&share=50", "'share'"), ("seed=1&to=2&share=101", "'share'"),
      ("seed=1&class=0", "told classes"), ("seed=1&moves=1,2,3,4", "3 directions"), ("seed=1&moves=401", "'moves'"),
      ("seed=1&moves=1,,2", "'moves'"), ("seed=1&moves=--1", "'moves'"), ("seed=1&moves=nan", "'moves'"),
      ("seed=1&path=../run.json", "'path'"), ("seed=1&&x", "once"),
    ] {
      let found = refusal { () throws(ExploreRequest.Refused) in try read("/picture?\(query)") }
      #expect(found?.kind == .malformed, "\(query)")
      #expect(found?.sentence.contains(word) == true, "\(query): \(found?.sentence ?? "")")
      #expect(found?.sentence.hasSuffix(".") == true)
    }
    for query in ["seed=1", "seed=1&class=10", "seed=1&class=-1"] {
      #expect(
        refusal { () throws(ExploreRequest.Refused) in try read("/picture?\(query)", classes: 10) }?.sentence.contains(
          "0 to 9")
          == true, "\(query)")
    }
    let long = "seed=1&moves=" + [String](repeating: "1", count: 600).joined(separator: ",")
    #expect(refusal { () throws(ExploreRequest.Refused) in try read("/picture?\(long)") }?.kind == .malformed)
  }
}
