import Images

/// Points of a game on a line or in a plane as a picture, which stands where other games have pictures of their own.
///
/// All pictures of a run show the same part of the space, that where its data are and something around it.
struct PointPicture {
  /// Pixels of a side.
  static let size = 448
  /// Points that a picture is drawn of.
  static let count = 2_000

  /// What it shows of each dimension.
  private let frame: [ClosedRange<Double>]
  /// The shares of the data in the bins of a line; empty in a plane.
  private let data: [Double]

  /// - Parameter real: points of the data, a row of one or two numbers each.
  /// - Returns: nil for points of more dimensions, or none.
  init?(of real: [[Double]]) {
    guard let dimensions = real.first?.count, (1...2).contains(dimensions) else { return nil }
    frame = (0..<dimensions).map { dimension in
      let values = real.map { $0[dimension] }.filter(\.isFinite)
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      let air = max(0.2 * (high - low), 1e-6)
      return low - air...high + air
    }
    data = dimensions == 1 ? Self.shares(real, in: frame[0]) : []
  }

  /// The colours of the roles on pages, as they are on white.
  private static let blue: [Double] = [42, 111, 187]
  private static let orange: [Double] = [217, 108, 6]

  func real(_ points: [[Double]]) -> Image { drawn(points, Self.blue) }

  func generated(_ points: [[Double]]) -> Image { drawn(points, Self.orange) }

  private func drawn(_ points: [[Double]], _ colour: [Double]) -> Image {
    var canvas = Canvas()
    if frame.count == 1 {
      drawHistogram(Self.shares(points, in: frame[0]), colour, on: &canvas)
    } else {
      for point in points where point.allSatisfy(\.isFinite) {
        canvas.dot(place(point[0], frame[0]), Double(Self.size) - place(point[1], frame[1]), colour)
      }
    }
    return Image(
      width: Self.size, height: Self.size, channels: 3,
      made: canvas.values.map { UInt8(min(255, max(0, $0.rounded()))) })
  }

  private func place(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    (value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(Self.size)
  }

  // MARK: On a line

  private static let bins = 112

  private static func shares(_ points: [[Double]], in range: ClosedRange<Double>) -> [Double] {
    var shares = [Double](repeating: 0, count: bins)
    for point in points where range.contains(point[0]) {
      let place = (point[0] - range.lowerBound) / (range.upperBound - range.lowerBound)
      shares[min(bins - 1, Int(place * Double(bins)))] += 1 / Double(points.count)
    }
    return shares
  }

  /// Filled, with the data's outline over it. The data fill two thirds of the height; what rises beyond the picture is
  /// cut off.
  private func drawHistogram(_ shares: [Double], _ colour: [Double], on canvas: inout Canvas) {
    let scale = Double(Self.size) * 2 / 3 / max(1e-9, data.max() ?? 1)
    let width = Self.size / Self.bins
    func height(_ share: Double) -> Int { min(Self.size, Int((share * scale).rounded())) }
    for bin in 0..<Self.bins {
      let top = height(shares[bin])
      for x in bin * width..<(bin + 1) * width {
        for y in Self.size - top..<Self.size { canvas.blend(x, y, colour, 0.55) }
      }
    }
    for bin in 0..<Self.bins {
      let (own, next) = (height(data[bin]), height(data[min(Self.bins - 1, bin + 1)]))
      for x in bin * width..<(bin + 1) * width {
        for line in 0..<2 { canvas.blend(x, Self.size - own - line, Self.blue, 1) }
      }
      for y in min(own, next)...max(own, next) { canvas.blend((bin + 1) * width - 1, Self.size - y, Self.blue, 1) }
    }
  }

  /// White paper.
  private struct Canvas {
    var values = [Double](repeating: 255, count: 3 * PointPicture.size * PointPicture.size)

    mutating func blend(_ x: Int, _ y: Int, _ colour: [Double], _ opacity: Double) {
      guard (0..<PointPicture.size).contains(x), (0..<PointPicture.size).contains(y) else { return }
      let first = 3 * (y * PointPicture.size + x)
      for channel in 0..<3 { values[first + channel] += (colour[channel] - values[first + channel]) * opacity }
    }

    /// A disc with a soft rim; none of one that is not in the picture.
    mutating func dot(_ x: Double, _ y: Double, _ colour: [Double]) {
      let (radius, size) = (2.6, Double(PointPicture.size))
      guard (-radius...size + radius).contains(x), (-radius...size + radius).contains(y) else { return }
      for row in Int((y - radius).rounded(.down))...Int((y + radius).rounded(.up)) {
        for column in Int((x - radius).rounded(.down))...Int((x + radius).rounded(.up)) {
          let (dx, dy) = (Double(column) + 0.5 - x, Double(row) + 0.5 - y)
          let opacity = min(1, max(0, radius - (dx * dx + dy * dy).squareRoot()))
          blend(column, row, colour, 0.6 * opacity)
        }
      }
    }
  }
}
