import Images
import Torch

/// A picture of 512 x 512 in colour made 64 x 64 by the Lanczos filter, as data sets are prepared.
enum Resizing {
  static func contestant() -> Contestant {
    let samples = (0..<512 * 512 * 3).map { i in UInt8(truncatingIfNeeded: (i &* i &* 2_654_435_761) >> 13) }
    let picture = Image(width: 512, height: 512, channels: 3, made: samples)
    return Contestant(
      run: { times in for _ in 0..<times { _ = try picture.resized(to: (64, 64), filter: .lanczos) } },
      record: { steps in
        let small = try picture.resized(to: (64, 64), filter: .lanczos).samples
        // Sums that any other byte at any place would change.
        let sum = small.reduce(0.0) { $0 + Double($1) }
        let moment = small.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) }
        let pixels = Tensor(picture.samples.map { Float($0) }, shape: [512, 512, 3])
        return (Array(repeating: [sum, moment], count: steps), ["picture": pixels])
      })
  }
}
