import Torch

extension Tensor {
  /// Images [N, C, H, W], each mirrored and moved as `moves` says, with a gradient: what `Tensor.images` makes of their
  /// bytes with the same moves and ``ShiftPadding/reflect``.
  ///
  /// A failed operation where there is not one move for each image, or a shift is not smaller than the images.
  func moved(_ moves: [ImageMove]) -> Tensor {
    if isPoisoned { return self }
    guard rank == 4, size(0) == moves.count else {
      return .failed("\(moves.count) moves of images \(shape): there must be one for each of [N, C, H, W]")
    }
    let (height, width) = (size(2), size(3))
    guard moves.allSatisfy({ abs($0.down) < height && abs($0.right) < width }) else {
      return .failed("moves of images \(shape): a shift must be smaller than the images")
    }
    /// Of each image, [N, 1, 1].
    func each(_ value: (ImageMove) -> Int) -> Tensor {
      Tensor(moves.map { Float(value($0)) }, shape: [moves.count, 1, 1], device: device)
    }
    func side(_ count: Int, _ shape: [Int]) -> Tensor {
      .range(count, dtype: .float32, device: device).reshaped(shape)
    }
    /// Where on a side of `count` pixels those around it are reflected.
    func inside(_ place: Tensor, _ count: Int) -> Tensor {
      Double(count - 1) - Torch.abs(Double(count - 1) - Torch.abs(place))
    }
    // Where each pixel comes from: the move was the last of the two.
    let fromRow = inside(side(height, [1, height, 1]) - each(\.down), height)
    let unmirrored = inside(side(width, [1, 1, width]) - each(\.right), width)
    let fromColumn = unmirrored + each { $0.isMirrored ? 1 : 0 } * (Double(width - 1) - unmirrored * 2)
    let place = (fromRow * Double(width) + fromColumn).to(.int64).reshaped([-1, 1, height * width])
    let flat = reshaped([size(0), size(1), height * width])
    return flat.gathered(2, place.expanded(flat.shape)).reshaped(shape)
  }
}
