import Recipes

/// What a request to the server of `gan explore`'s page asks for, once it is known that it may.
package enum ExploreRequest: Equatable {
  case page
  case picture(LatentPlace)

  /// Why a request is not answered, in a sentence where its sender can do something about it.
  package struct Refused: Error, Equatable {
    package let kind: WatchRequest.Refusal
    package let sentence: String
  }

  /// What can be asked for of a run.
  package struct Choices: Sendable, Equatable {
    /// K, where the generator is told classes.
    let classes: Int?
    /// Directions that were found.
    let directions: Int

    package init(classes: Int?, directions: Int) { (self.classes, self.directions) = (classes, directions) }
  }

  /// The largest seed: what a browser counts exactly, 2^53 - 1.
  package static let seedLimit = 9_007_199_254_740_991
  /// The farthest move, in hundredths of a standard deviation.
  package static let moveLimit = 400

  /// `/picture` has `seed`; `to`, another seed, and `share`, 0 to 100 of a hundred on the way to it; `class`; and
  /// `moves`, hundredths of a standard deviation along each direction, separated by commas.
  ///
  /// Pictures take the token, though they change nothing: another site's page could have a browser ask for them, and
  /// the machine compute, without end.
  ///
  /// - Parameters:
  ///   - target: what stands behind the method.
  ///   - header: the value of a header.
  /// - Throws: ``Refused``.
  package init(
    method: String, target: String, header: (String) -> String?, _ choices: Choices, _ door: WatchRequest.Door
  ) throws(Refused) {
    guard door.admits(host: header("Host"), origin: header("Origin")) else {
      throw Refused(kind: .forbidden, sentence: "")
    }
    func bad(_ sentence: String) -> Refused { Refused(kind: .malformed, sentence: sentence) }
    guard let asked = RequestTarget(target, limit: 1_000) else {
      throw bad("Names and values are what a request can have, each name once.")
    }
    guard method == "GET" else { throw Refused(kind: .method, sentence: "") }
    switch asked.path {
    case "/": self = .page
    case "/picture":
      guard door.opens(header("X-Gan-Token")) else {
        throw Refused(kind: .forbidden, sentence: "Open the page by the whole address that `gan explore` has printed.")
      }
      if let name = asked.values.keys.filter({ !["seed", "to", "share", "class", "moves"].contains($0) }).min() {
        throw bad("There is no '\(name)': seed, to, share, class and moves are known.")
      }
      func seed(_ name: Substring) throws(Refused) -> UInt64 {
        guard let seed = asked.number(name), seed <= Self.seedLimit else {
          throw bad("'\(name)' must be a whole number from 0 to \(Self.seedLimit).")
        }
        return UInt64(seed)
      }
      var place = LatentPlace(seed: try seed("seed"))
      if asked.values["to"] != nil { place.other = try seed("to") }
      if asked.values["share"] != nil {
        guard place.other != nil, let share = asked.number("share"), share <= 100 else {
          throw bad("'share' must be a whole number from 0 to 100, and needs 'to'.")
        }
        place.share = Double(share) / 100
      }
      if let classes = choices.classes {
        guard let label = asked.number("class"), label < classes else {
          throw bad("'class' must be a whole number from 0 to \(classes - 1).")
        }
        place.label = label
      } else if asked.values["class"] != nil {
        throw bad("'class' is for generators that are told classes; this one is not.")
      }
      if let text = asked.values["moves"] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= choices.directions else {
          throw bad("'moves' has \(parts.count) numbers; there are \(choices.directions) directions.")
        }
        for part in parts {
          let digits = part.hasPrefix("-") ? part.dropFirst() : part
          guard let size = RequestTarget.digits(digits), size <= Self.moveLimit else {
            throw bad(
              "'moves' must be whole numbers from -\(Self.moveLimit) to \(Self.moveLimit), separated by commas.")
          }
          place.moves.append(Double(part.hasPrefix("-") ? -size : size) / 100)
        }
      }
      self = .picture(place)
    default: throw Refused(kind: .unknown, sentence: "")
    }
  }
}
