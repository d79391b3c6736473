import ArgumentParser

/// Seeds one after the other, from 1: `5` for the first five, `6-15` for those from 6 to 15.
struct SeedRange: ExpressibleByArgument, CustomStringConvertible {
  let seeds: ClosedRange<Int>

  init(seeds: ClosedRange<Int>) { self.seeds = seeds }

  init?(argument: String) {
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    switch (ends.first ?? nil, ends.last ?? nil) {
    case (let count?, _) where ends.count == 1 && count > 0: seeds = 1...count
    case (let first?, let last?) where ends.count == 2 && first > 0 && first <= last: seeds = first...last
    default: return nil
    }
  }

  var defaultValueDescription: String { description }
  var description: String {
    seeds.lowerBound == 1 ? "\(seeds.upperBound)" : "\(seeds.lowerBound)-\(seeds.upperBound)"
  }
}
