import CLiveFiles
import Foundation
import Recipes
import Report

/// The page on which a run's generator is explored: what stands on it, and what its script is told.
struct ExplorePage {
  /// The run, as its folder was named.
  let name: String
  /// Its recipe's summary.
  let summary: String
  /// Steps that G had played.
  let step: Int?
  /// Channels, height and width of a picture.
  let shape: [Int]
  /// Names of the classes that G is told; nil where it is told none.
  let classes: [String]?
  /// Of G's first layer; nil where there are none to be found.
  let directions: FirstLayerDirections?
  /// `gan sample` of the same weights, without what is drawn.
  let command: String

  /// As explore.js reads it.
  private struct State: Encodable {
    let shape: [Int]
    let classes: [String]?
    /// Of each direction, its eigenvalue's share of the sum of all.
    let shares: [Double]
    let layer: String?
    let command: String
    let seedLimit: Int
    let moveLimit: Int
  }

  private var blocks: [Block] {
    let none =
      "No sliders: this generator takes its noise in by no single linear layer whose matrix would give directions, or "
      + "its noise has more than \(RecipeGame.directionLimit) numbers."
    guard let directions else {
      return [.slot("explore-picture"), .note(none), .section("Samples", [.slot("explore-samples")])]
    }
    return [
      .row([.slot("explore-picture"), .slot("explore-directions")]),
      .section("Samples", [.slot("explore-samples")]),
      .note(
        "Directions are orthogonal ones of the noise in which the first layer, `\(directions.layer)`, changes most: "
          + "the eigenvectors of AᵀA of its matrix A with the largest eigenvalues (Shen and Zhou 2021). A percentage "
          + "is an eigenvalue's share of their sum. A slider moves by standard deviations of the noise; beyond two of "
          + "them G has hardly been trained. From one sample to another the way is an arc where the noise is normal, "
          + "else a line."
      ),
    ]
  }

  /// The page as the server hands it out.
  func html() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    let state = State(
      shape: shape, classes: classes,
      shares: directions.map { found in
        found.directions.eigenvalues.map { found.directions.total > 0 ? $0 / found.directions.total : 0 }
      } ?? [], layer: directions?.layer, command: command, seedLimit: ExploreRequest.seedLimit,
      moveLimit: ExploreRequest.moveLimit)
    let weights = step.map { ", after step \($0)" } ?? ""
    var page = Page(
      title: name, lead: summary, blocks: blocks,
      footer: "`gan explore`; the weights are those that the run had saved when it was started\(weights).")
    page.live = Page.Live(
      script: String(cString: local_js()) + String(cString: explore_js()),
      style: String(cString: explore_css()),
      data: String(decoding: try encoder.encode(state), as: UTF8.self), reachesServer: true)
    return page.html(plotly: "")
  }
}
