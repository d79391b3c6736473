import Files
import Foundation
import Settings
import Torch

/// Where a recipe's real examples come from: one type per kind of data, in that kind's file, and one line in
/// ``DataFamily``.
public protocol DataSource: Choice {
  /// For headings, such as "CIFAR-10".
  var title: String { get }
  /// - Throws: `SettingsError`.
  func validate(_ check: SettingsCheck) throws
}

extension DataSource {
  public func validate(_ check: SettingsCheck) throws {}
}

/// Points that are drawn without end.
public protocol PointSource: DataSource {
  /// Coordinates of a point.
  var dimensions: Int { get }
  /// The density, for points on a line.
  var density: Density? { get }
  /// The mixture, whose modes can be counted.
  var mixture: GaussianMixture? { get }
}

extension PointSource {
  /// What the coordinates lie in, but for rare points.
  public var support: ClosedRange<Double> {
    if let density { return density.support }
    let (places, reach) = (mixture!.modes.flatMap { $0 }, 3 * mixture!.standardDeviation)
    return places.min()! - reach...places.max()! + reach
  }
}

extension PointSource {
  public var density: Density? { nil }
  public var mixture: GaussianMixture? { nil }

  /// `count` independent points for each seed of `random`: [..., count, dimensions].
  public func sample(_ count: Int, _ random: RandomStream, device: Device) -> Tensor {
    density?.sample(count, random, device: device) ?? mixture!.sample(count, random, device: device)
  }

  /// Fresh points in every step: [..., size, dimensions].
  ///
  /// - Parameter sorted: in ascending order, where they lie on a line.
  public func batches(_ size: Int, sorted: Bool, device: Device) -> Batches {
    density?.batches(size, sorted: sorted, device: device) ?? mixture!.batches(size, device: device)
  }
}

/// Images that are read from files.
public protocol ImageSource: DataSource {
  /// Where the files are looked for if nobody says; nil where somebody must.
  static var defaultDirectory: URL? { get }
  /// What `gan data get` fetches of it; empty where users get the files themselves.
  static var downloads: [PublishedDataSet] { get }
  /// What the bytes of a pixel become.
  var pixels: PixelRange { get }
  /// What the published files hold, which is known without opening them; nil where it depends on the files.
  var published: PublishedImages? { get }
  /// Reads one split.
  ///
  /// - Parameter requiresLabels: false where labels are of no interest: they may be left out, and what holds them may
  ///   be missing.
  /// - Throws: `FileError` naming the file and what is wrong with it.
  func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages
}

extension ImageSource {
  public static var downloads: [PublishedDataSet] { [] }

  /// Reads one split with its labels.
  ///
  /// - Throws: `FileError` naming the file and what is wrong with it.
  public func open(at place: URL, _ split: Split) throws -> LabelledImages {
    try open(at: place, split, requiresLabels: true)
  }
}

/// The images of a data set as published.
public struct PublishedImages: Sendable, Hashable {
  /// Of the part that is learned from.
  public let count: Int
  /// 1 for grey, 3 for colour.
  public let channels: Int
  /// In pixels.
  public let height: Int
  /// In pixels.
  public let width: Int
  /// Labels are in 0 ..< this.
  public let classes: Int

  /// - Parameters:
  ///   - count: images of the part that is learned from.
  ///   - channels: 1 for grey, 3 for colour.
  ///   - height: in pixels.
  ///   - width: in pixels.
  ///   - classes: labels are in 0 ..< this.
  public init(count: Int, channels: Int, height: Int, width: Int, classes: Int) {
    self.count = count
    self.channels = channels
    self.height = height
    self.width = width
    self.classes = classes
  }
}

/// What the bytes 0 ... 255 of a pixel become.
public enum PixelRange: String, Codable, Sendable, CaseIterable {
  /// v / 255, in 0 ... 1.
  case unit
  /// v / 127.5 - 1, in -1 ... 1.
  case symmetric
  /// (v - 127.5) / 128, in -0.996 ... 0.996: the code released with *Improved Techniques for Training GANs* on CIFAR-10
  /// and SVHN.
  case release

  /// What 0 and 255 become.
  public var bounds: ClosedRange<Double> {
    switch self {
    case .unit: 0...1
    case .symmetric: -1...1
    case .release: -127.5 / 128...127.5 / 128
    }
  }
}

extension SettingsKey {
  /// That of every source of images.
  static let pixels = SettingsKey(
    "pixels", "what pixel values G and D see: unit is 0 ... 1, symmetric is -1 ... 1", of: PixelRange.self)
}

/// The data that a recipe can name, under `data.source`.
public enum DataFamily: ChoiceFamily {
  public typealias Member = any DataSource
  public static let tag = "source"
  public static let kinds: [any Choice.Type] = [
    MNIST.Source.self,
    FashionMNIST.Source.self,
    KMNIST.Source.self,
    KMNIST49.Source.self,
    EMNIST.Source.self,
    QMNIST.Source.self,
    CIFAR10.Source.self,
    CIFAR100.Source.self,
    SVHN.Source.self,
    STL10.Source.self,
    MedMNIST.Source.self,
    PictureSource.self,
    NormalSource.self,
    TwoHumpedSource.self,
    FarNormalSource.self,
    RingSource.self,
    GridSource.self,
  ]
}

extension Chosen where Family == DataFamily {
  /// The source where it is one of points.
  public var points: (any PointSource)? { settings as? any PointSource }
  /// The source where it is one of images.
  public var images: (any ImageSource)? { settings as? any ImageSource }
}
