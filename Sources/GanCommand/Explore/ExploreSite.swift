import FlyingFox
import Foundation
import Images
import Recipes

/// The page on which a run's generator is explored.
final class ExploreSite: LocalSite {
  private let sampler: RunSampler
  private let page: String
  private let choices: ExploreRequest.Choices

  init(_ sampler: RunSampler, _ page: ExplorePage) throws {
    self.sampler = sampler
    self.page = try page.html()
    choices = ExploreRequest.Choices(
      classes: page.classes?.count, directions: page.directions?.directions.vectors.count ?? 0)
  }

  func answer(method: String, target: String, header: (String) -> String?, _ door: WatchRequest.Door) async throws
    -> LocalAnswer
  {
    switch try ExploreRequest(method: method, target: target, header: header, choices, door) {
    case .page: return LocalAnswer("text/html; charset=utf-8", Data(page.utf8))
    case .picture(let place): return LocalAnswer("image/png", try await sampler.picture(of: place).png())
    }
  }
}
