import Images
import Metrics

/// What becomes of a picture's size before a network of 299 x 299 pixels sees it. Half of all disagreement between
/// tools is here.
public enum PictureResizing: String, Sendable, Codable, CaseIterable {
  /// The bilinear of TensorFlow 1 that stands in the graph of 2015: a pixel's place is its number times the scale,
  /// without the half pixel, and nothing is averaged where the picture becomes smaller. torch-fidelity, stylegan3, and
  /// clean-fid's `legacy_tensorflow`.
  case tensorFlow1 = "tensorflow-1-bilinear"
  /// PyTorch's `interpolate(mode="bilinear")`: places of pixels' middles, nothing is averaged. pytorch-fid, and
  /// clean-fid's `legacy_pytorch`.
  case pyTorch = "pytorch-bilinear"
  /// Pillow's bicubic of each channel in float32, averaged where the picture becomes smaller, clamped to 0...255 and
  /// not rounded. clean-fid's `clean`.
  case clean = "pillow-bicubic-float32"
  /// None: pictures go to the network as they are, and must be of one size.
  case none = "none"

  /// The picture with `side` x `side` pixels, as values in 0...255: [side, side, 3], channels innermost. Grey is
  /// repeated.
  ///
  /// - Throws: `ScoreError` of ``none``.
  public func callAsFunction(_ picture: Image, side: Int = 299) throws -> [Float] {
    switch self {
    case .tensorFlow1: bilinear(picture, side, places: Self.cornerPlaces)
    case .pyTorch: bilinear(picture, side, places: Self.middlePlaces)
    case .clean: FloatBicubic(picture).resized(to: side)
    case .none: throw ScoreError.unsuitable("pictures are not resized by 'none'")
    }
  }

  /// Which two pixels a new one lies between, and how far it is from the first.
  private struct Places {
    var first: [Int] = []
    var second: [Int] = []
    var share: [Float] = []
  }

  /// In float32, as TensorFlow computes them.
  private static func cornerPlaces(_ old: Int, _ new: Int) -> Places {
    let scale = Float(Double(old) / Double(new))
    var places = Places()
    for index in 0..<new {
      let place = Float(index) * scale
      let first = Int(place)
      places.first.append(min(first, old - 1))
      places.second.append(min(first + 1, old - 1))
      places.share.append(place - Float(first))
    }
    return places
  }

  private static func middlePlaces(_ old: Int, _ new: Int) -> Places {
    guard old != new else {
      return Places(first: Array(0..<old), second: Array(0..<old), share: Array(repeating: 0, count: old))
    }
    let scale = Float(old) / Float(new)
    var places = Places()
    for index in 0..<new {
      let place = max(0, scale * (Float(index) + 0.5) - 0.5)
      let first = min(Int(place), old - 1)
      places.first.append(first)
      places.second.append(min(first + 1, old - 1))
      places.share.append(min(1, max(0, place - Float(first))))
    }
    return places
  }

  private func bilinear(_ picture: Image, _ side: Int, places: (Int, Int) -> Places) -> [Float] {
    let (across, down) = (places(picture.width, side), places(picture.height, side))
    let (width, channels) = (picture.width, picture.channels)
    return picture.samples.withUnsafeBufferPointer { samples in
      [Float](unsafeUninitializedCapacity: side * side * 3) { result, count in
        for y in 0..<side {
          let (upper, lower) = (down.first[y] * width, down.second[y] * width)
          let dy = down.share[y]
          for x in 0..<side {
            let (left, right) = (across.first[x], across.second[x])
            let dx = across.share[x]
            for channel in 0..<3 {
              let offset = channels == 3 ? channel : 0
              func sample(_ row: Int, _ column: Int) -> Float { Float(samples[(row + column) * channels + offset]) }
              let (a, b) = (sample(upper, left), sample(upper, right))
              let (c, d) = (sample(lower, left), sample(lower, right))
              let top = a + (b - a) * dx
              let bottom = c + (d - c) * dx
              result[(y * side + x) * 3 + channel] = top + (bottom - top) * dy
            }
          }
        }
        count = side * side * 3
      }
    }
  }
}

/// Pillow's bicubic of float32 images (mode F): weights and sums in float64, a float32 between the two passes.
private struct FloatBicubic {
  private let width: Int
  private let height: Int
  /// [height, width, 3]
  private let values: [Float]

  init(_ picture: Image) {
    (width, height) = (picture.width, picture.height)
    values =
      picture.channels == 3
      ? picture.samples.map(Float.init) : picture.samples.flatMap { repeatElement(Float($0), count: 3) }
  }

  private struct Weights {
    var first: [Int] = []
    var values: [[Double]] = []

    /// As `precompute_coeffs` of Pillow makes them.
    init(_ old: Int, _ new: Int) {
      let scale = Double(old) / Double(new)
      let widening = max(1, scale)
      let support = 2 * widening
      for index in 0..<new {
        let centre = (Double(index) + 0.5) * scale
        let first = max(0, Int(centre - support + 0.5))
        let end = min(old, Int(centre + support + 0.5))
        var weights = (0..<max(0, end - first)).map { Self.cubic((Double($0 + first) - centre + 0.5) * (1 / widening)) }
        let sum = weights.reduce(0, +)
        if sum != 0 { weights = weights.map { $0 / sum } }
        self.first.append(first)
        values.append(weights)
      }
    }

    /// Keys' with a = -1/2.
    private static func cubic(_ place: Double) -> Double {
      let (x, a) = (abs(place), -0.5)
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }

  func resized(to side: Int) -> [Float] {
    // Pillow 13's order of the passes, which changes how values are rounded between.
    let (lostHeight, lostWidth) = (height - side, width - side)
    var (values, width, height) = (self.values, self.width, self.height)
    if lostHeight > 0 && lostHeight > 2 * lostWidth {
      (values, height) = (Self.down(values, width, height, to: side), side)
      (values, width) = (Self.across(values, width, height, to: side), side)
    } else {
      (values, width) = (Self.across(values, width, height, to: side), side)
      (values, height) = (Self.down(values, width, height, to: side), side)
    }
    return values.map { min(255, max(0, $0)) }
  }

  private static func across(_ values: [Float], _ width: Int, _ height: Int, to side: Int) -> [Float] {
    guard width != side else { return values }
    let weights = Weights(width, side)
    return values.withUnsafeBufferPointer { values in
      [Float](unsafeUninitializedCapacity: side * height * 3) { result, count in
        for x in 0..<side {
          weights.values[x].withUnsafeBufferPointer { own in
            let first = weights.first[x]
            for y in 0..<height {
              var (red, green, blue) = (0.0, 0.0, 0.0)
              for tap in 0..<own.count {
                let place = (y * width + first + tap) * 3
                red += Double(values[place]) * own[tap]
                green += Double(values[place + 1]) * own[tap]
                blue += Double(values[place + 2]) * own[tap]
              }
              let target = (y * side + x) * 3
              (result[target], result[target + 1], result[target + 2]) = (Float(red), Float(green), Float(blue))
            }
          }
        }
        count = side * height * 3
      }
    }
  }

  private static func down(_ values: [Float], _ width: Int, _ height: Int, to side: Int) -> [Float] {
    guard height != side else { return values }
    let weights = Weights(height, side)
    let row = width * 3
    return values.withUnsafeBufferPointer { values in
      [Float](unsafeUninitializedCapacity: side * row) { result, count in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: row) { sums in
          for y in 0..<side {
            sums.initialize(repeating: 0)
            for (tap, weight) in weights.values[y].enumerated() {
              let start = (weights.first[y] + tap) * row
              for column in 0..<row { sums[column] += Double(values[start + column]) * weight }
            }
            for column in 0..<row { result[y * row + column] = Float(sums[column]) }
          }
        }
        count = side * row
      }
    }
  }
}
