import Settings
import Torch

/// DiffAugment (Zhao et al. 2020, *Differentiable Augmentation for Data-Efficient GAN Training*), each image by draws
/// of its own, in this order:
///
/// - colour: brightness, x + b with b ~ U[-0.5, 0.5); saturation, (x - m) s + m with s ~ U[0, 2) and the mean m over
///   the channels of each pixel; contrast, (x - m) c + m with c ~ U[0.5, 1.5) and the mean m over the whole image;
/// - translation by up to 1/8 of the height and of the width, whole pixels, what comes in from outside 0;
/// - cutout: a rectangle of half the height and half the width is 0, its centre anywhere in the image, the parts
///   outside lost.
///
/// A part of a side is rounded to whole pixels, one half up. The numbers are for images in -1 ... 1, whose middle grey
/// is 0; those in 0 ... 1 are changed twice as much, and filled up with black.
///
/// An image takes eight uniform numbers, one after the other, of the batch's stream: its change is the same however
/// many others there are.
public struct DiffAugment: Augmentation {
  /// A kind of change that an image undergoes.
  public enum Policy: String, Codable, Sendable, CaseIterable {
    /// Brightness, saturation and contrast; movement by whole pixels; a rectangle of 0.
    case color, translation, cutout
  }

  /// Which changes are made, always in the order colour, translation, cutout.
  public let policies: Set<Policy>
  /// [C, H, W] of images that come as rows of numbers; not needed where they come as [N, C, H, W].
  public let imageShape: [Int]?
  public let changesLabelled: Bool

  /// - Parameters:
  ///   - imageShape: [C, H, W] of images that are rows, [..., N, C H W].
  ///   - changesLabelled: whether labelled images are changed as well, as where a classifier is trained by itself.
  public init(
    _ policies: Set<Policy> = Set(Policy.allCases), imageShape: [Int]? = nil, changesLabelled: Bool = false
  ) {
    self.policies = policies
    self.imageShape = imageShape
    self.changesLabelled = changesLabelled
  }

  public func callAsFunction(_ x: Tensor, _ random: RandomStream) -> Tensor {
    guard let imageShape, x.rank != 4 else { return changed(x, draws(x.size(0), random, like: x)) }
    let count = x.size(-2)
    guard x.isPoisoned || (x.rank >= 2 && x.size(-1) == imageShape.reduce(1, *)) else {
      return .failed("DiffAugment of \(x.shape): takes rows of the \(imageShape.reduce(1, *)) numbers of \(imageShape)")
    }
    let seeds = random.leadingShape
    // Images that all seeds share are changed for each by its own draws.
    let rows = x.rank == 2 ? x.expanded(seeds + x.shape) : x
    let images = changed(rows.reshaped([-1] + imageShape), draws(count, random, like: x))
    return images.reshaped(rows.shape)
  }

  private static let numbers = 8

  private func draws(_ count: Int, _ random: RandomStream, like x: Tensor) -> Tensor {
    random.uniform([count, Self.numbers], dtype: x.dtype == .float64 ? .float64 : .float32, device: x.device)
      .reshaped([-1, Self.numbers])
  }

  /// `draws` [N, 8] in 0 ..< 1: brightness, saturation, contrast, translation down and to the right, the row and the
  /// column of the cutout, and one that is not used.
  package func changed(_ x: Tensor, _ draws: Tensor) -> Tensor {
    guard x.isPoisoned || x.rank == 4 else {
      return .failed("DiffAugment of \(x.shape): takes images [N, C, H, W], or rows and their image shape")
    }
    let (height, width) = (x.size(2), x.size(3))
    /// Of each image, [N, 1, 1, 1].
    func draw(_ index: Int) -> Tensor { draws.sliced(1, index..<index + 1).unsqueezed(-1).unsqueezed(-1) }
    /// A whole number in 0 ... `last`, as a float.
    func whole(_ index: Int, upTo last: Int) -> Tensor {
      (draw(index) * Double(last + 1)).clamped(0, Double(last)).to(.int64).to(draws.dtype)
    }
    let row = Tensor.range(height, dtype: draws.dtype, device: x.device).reshaped([1, 1, height, 1])
    let column = Tensor.range(width, dtype: draws.dtype, device: x.device).reshaped([1, 1, 1, width])
    var y = x
    if policies.contains(.color) {
      y = y + (draw(0) - 0.5).to(x.dtype)
      let pixelMean = y.mean(1, keep: true)
      y = (y - pixelMean) * (draw(1) * 2).to(x.dtype) + pixelMean
      let imageMean = y.mean(1, 2, 3, keep: true)
      y = (y - imageMean) * (draw(2) + 0.5).to(x.dtype) + imageMean
    }
    if policies.contains(.translation) {
      let (down, right) = (Self.part(height, 0.125), Self.part(width, 0.125))
      // Where each pixel comes from.
      let fromRow = row - (whole(3, upTo: 2 * down) - Double(down))
      let fromColumn = column - (whole(4, upTo: 2 * right) - Double(right))
      let place =
        fromRow.clamped(0, Double(height - 1)) * Double(width) + fromColumn.clamped(0, Double(width - 1))
      let flat = place.to(.int64).reshaped([-1, 1, height * width]).expanded([x.size(0), x.size(1), height * width])
      let isInside = Self.within(fromRow, 0, height) * Self.within(fromColumn, 0, width)
      y = y.reshaped([x.size(0), x.size(1), height * width]).gathered(2, flat).reshaped(x.shape) * isInside.to(x.dtype)
    }
    if policies.contains(.cutout) {
      let (tall, broad) = (Self.part(height, 0.5), Self.part(width, 0.5))
      let top = whole(5, upTo: height - tall % 2) - Double(tall / 2)
      let left = whole(6, upTo: width - broad % 2) - Double(broad / 2)
      y = y * (1 - Self.within(row - top, 0, tall) * Self.within(column - left, 0, broad)).to(x.dtype)
    }
    return y
  }

  /// `share` of `side` in pixels, one half rounded up.
  private static func part(_ side: Int, _ share: Double) -> Int { Int(Double(side) * share + 0.5) }

  /// 1 where low <= x < high, else 0.
  private static func within(_ x: Tensor, _ low: Int, _ high: Int) -> Tensor {
    (x .>= Double(low)).to(x.dtype) * (1 - (x .>= Double(high)).to(x.dtype))
  }
}

extension DiffAugment {
  /// What a recipe says of it, under `augmentation`.
  public struct Settings: TechniqueSettings {
    public static let key = "augmentation"
    public static let keys: [SettingsKey] = [
      SettingsKey(
        "policies", "what DiffAugment does to all that D sees: color, translation, cutout. Empty: nothing",
        listOf: Policy.self),
      SettingsKey("labelled", "whether it does so to the labelled examples as well"),
    ]

    /// None for no augmentation.
    public var policies: [Policy]
    /// Whether labelled examples are changed as well.
    public var labelled: Bool

    public init() { self.init(policies: []) }

    /// - Parameters:
    ///   - policies: none for no augmentation.
    ///   - labelled: whether labelled examples are changed as well.
    public init(policies: [Policy], labelled: Bool = false) {
      self.policies = policies
      self.labelled = labelled
    }

    public var isOn: Bool { !policies.isEmpty }

    public func validate(_ check: SettingsCheck, in game: GameFacts) throws {
      if isOn, !game.hasImages { try check.fail("policies", "must be empty: the data are no images") }
      if Set(policies).count < policies.count { try check.fail("policies", "must name each policy once") }
      if labelled, !game.tellsClasses {
        try check.fail(
          "labelled", "must be false where there are no labelled examples: objective.kind is not semi-supervised")
      }
    }

    public func augmentation(of example: ExampleShape) -> (any Augmentation)? {
      DiffAugment(Set(policies), imageShape: example.dimensions, changesLabelled: labelled)
    }
  }
}
