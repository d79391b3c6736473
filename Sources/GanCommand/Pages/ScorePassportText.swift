import Files
import Foundation
import Metrics
import Report
import Scores

/// A passport in words, for the terminal and for pages.
extension ScoreDocument {
  /// The passport in words.
  var facts: [(term: String, text: String)] {
    let settings = passport.settings
    var facts = [
      (
        "network",
        """
        \(passport.network.name), sha256 \(passport.network.sha256.prefix(12)), \(passport.network.dimensions) features
        """
      ),
      ("pixels", "\(passport.network.reading), resizing \(passport.network.resizing)"),
      ("generated", passport.generated.words),
    ]
    if let real = passport.real { facts.append(("real", real.words)) }
    let names = Set(scores.map(\.metric))
    if !names.isDisjoint(with: ["fid", "fd"]) {
      facts.append(("covariance", "divided by \(settings.divisor.rawValue)"))
    }
    if names.contains("kid") {
      facts.append(
        ("subsets", "\(settings.kernelSubsets) of \(settings.kernelSubsetSize) pictures, seed \(settings.seed)"))
    }
    if !names.isDisjoint(with: ["precision", "recall", "density", "coverage"]) {
      let neighbours = settings.neighbours
      facts.append(
        (
          "neighbours",
          """
          k = \(neighbours.precisionRecall) for precision and recall, \(neighbours.densityCoverage) for density and \
          coverage
          """
            + (neighbours.isStrict ? ", all strict" : "")
        ))
    }
    if names.contains("is") {
      facts.append(
        (
          "splits",
          "\(settings.splits), order by seed \(settings.seed), \(settings.outputBias ? "with" : "without") output bias"
        ))
    }
    facts.append(("version", "swift-gan \(passport.version)"))
    return facts
  }

  /// Terms and what they are, one a line, under each other.
  static func text(of facts: [(term: String, text: String)]) -> String {
    let widest = facts.map(\.term.count).max() ?? 0
    return facts.map { $0.term.padding(toLength: widest, withPad: " ", startingAt: 0) + "  " + $0.text }.joined(
      separator: "\n")
  }
}

extension ScorePassport.Side {
  /// What it is and how many pictures, such as "test images of CIFAR-10, 10 000 pictures, checksum 0123456789ab".
  var words: String {
    "\(title), \(count.map { "\(grouped($0)) pictures" } ?? "an unknown number of pictures")"
      + (checksum.map { ", checksum \($0.prefix(12))" } ?? "")
  }
}

extension PictureMetrics {
  /// As it is printed; the name itself of a score that this version does not know.
  static func title(of name: String) -> String { named(name)?.title ?? name }
}
