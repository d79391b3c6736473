import Images

/// Where in a grid of samples each of them is, as ``imageGrid(of:_:columns:)`` puts them together.
struct GridCells {
  /// Samples side by side.
  let columns: Int
  /// Rows of samples.
  let rows: Int
  /// From one sample's left edge to the next one's, in pixels of the grid.
  let stepX: Int
  /// The same downwards.
  let stepY: Int
  private let grid: Image
  private let shape: [Int]
  private let scale: Int

  /// Pixels around each sample.
  static let padding = 2

  /// - Parameter shape: channels, height and width of a sample.
  /// - Returns: nil where the grid is not one of such samples.
  init?(_ grid: Image, shape: [Int]) {
    scale = gridScale(shape)
    (stepX, stepY) = (shape[2] * scale + Self.padding, shape[1] * scale + Self.padding)
    guard grid.channels == shape[0], grid.width > stepX, grid.height > stepY,
      (grid.width - Self.padding).isMultiple(of: stepX), (grid.height - Self.padding).isMultiple(of: stepY)
    else { return nil }
    (columns, rows) = ((grid.width - Self.padding) / stepX, (grid.height - Self.padding) / stepY)
    (self.grid, self.shape) = (grid, shape)
  }

  /// The sample at `index`, counted row by row, in its own size.
  func sample(_ index: Int) throws -> Image {
    let (left, top) = (Self.padding + index % columns * stepX, Self.padding + index / columns * stepY)
    var samples: [UInt8] = []
    samples.reserveCapacity(shape.reduce(1, *))
    for y in 0..<shape[1] {
      for x in 0..<shape[2] {
        let first = ((top + y * scale) * grid.width + left + x * scale) * grid.channels
        samples += grid.samples[first..<first + grid.channels]
      }
    }
    return try Image(width: shape[2], height: shape[1], channels: shape[0], samples: samples)
  }
}
