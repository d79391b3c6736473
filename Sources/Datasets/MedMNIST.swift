import Files
import Foundation
import Settings

/// The two-dimensional sets of MedMNIST of Yang and others: medical images of 28 x 28 pixels (or 64, 128, 224) in grey
/// or colour, each set one `.npz` file (<https://medmnist.com>).
public enum MedMNIST {
  /// A part of a set, and the beginning of its arrays' names.
  public enum Part: String, Sendable, CaseIterable, Codable {
    /// What is learned from.
    case train
    /// Held back to choose settings by. ``Source`` does not use it.
    case validation = "val"
    /// Held back to test by.
    case test
  }

  /// The names of a set's classes, by label; `nil` for a set that is not known.
  ///
  /// - Parameter set: the file's name without extension, with or without a size: `pathmnist`, `pathmnist_64`.
  public static func classNames(of set: String) -> [String]? {
    names[String(set.lowercased().split(separator: "_").first ?? "")]
  }

  /// Reads one part of the file at `url`: the arrays `train_images`, bytes [N, H, W] or [N, H, W, 3], and
  /// `train_labels`, whole numbers [N, 1] or [N], and the like.
  ///
  /// - Parameter requiresLabels: false where labels are of no interest: they are left out, and need not be one for each
  ///   image (ChestMNIST's are fourteen).
  /// - Returns: [count, 1 or 3, H, W] with labels from 0. A file under a name that is not one of MedMNIST's has as many
  ///   classes as the largest label of its parts says.
  /// - Throws: `FileError`: not a sound `.npz` file; an array that is missing or of another shape or type; volumes;
  ///   counts that differ; several labels for each image; a label outside the classes.
  public static func load(_ url: URL, part: Part, requiresLabels: Bool = true) throws(FileError) -> LabelledImages {
    let file = try NPZFile(url)
    func fail(_ reason: String, in array: String) -> FileError {
      FileError(path: url.path, reason: reason, at: .memberByte(0, of: array + ".npy"))
    }
    func array(_ name: String) throws(FileError) -> NPYArray {
      if let array = try file.array(name) { return array }
      let others = file.names.prefix(12).joined(separator: ", ")
      throw fail("is not there; the file holds \(others.isEmpty ? "no arrays" : others)", in: name)
    }
    let imageName = "\(part.rawValue)_images"
    let labelName = "\(part.rawValue)_labels"
    let images = try array(imageName)
    guard ["|u1", "<u1", "=u1", ">u1"].contains(images.type) else {
      throw fail("has numbers of type '\(images.type)', where images have bytes", in: imageName)
    }
    let shape = images.shape
    guard shape.count == 3 || shape.count == 4 && [1, 3].contains(shape[3]) else {
      throw fail(
        "has the shape \(shape), where images are [count, height, width] or [count, height, width, 3]"
          + (shape.count == 4 ? "; volumes are not read" : ""), in: imageName)
    }
    let channels = shape.count == 4 ? shape[3] : 1
    var labels: [UInt8]?
    var classNames: [String] = []
    if requiresLabels {
      let known = Self.classNames(of: url.deletingPathExtension().lastPathComponent)
      let numbers = try array(labelName)
      guard numbers.shape.count == 1 || numbers.shape.count == 2 && numbers.shape[1] == 1 else {
        throw fail(
          "has the shape \(numbers.shape): several labels for each image, of which a class cannot be made",
          in: labelName)
      }
      guard numbers.shape[0] == shape[0] else {
        throw fail("holds \(grouped(numbers.shape[0])) labels for \(grouped(shape[0])) images", in: labelName)
      }
      let values = numbers.values
      let last = (known?.count ?? 256) - 1
      if let index = values.firstIndex(where: { !(0...last).contains($0) }) {
        throw fail("has the label \(values[index]) at index \(grouped(index)), outside 0...\(last)", in: labelName)
      }
      labels = values.map { UInt8($0) }
      if let known {
        classNames = known
      } else {
        var largest = values.max()!
        for other in Part.allCases where other != part {
          if let more = try? file.array("\(other.rawValue)_labels")?.values.max(), more < 256 {
            largest = max(largest, more)
          }
        }
        classNames = (0...largest).map { "\($0)" }
      }
    }
    return DecodedImages(
      images: DecodedImages.planes(images.bytes, imageSize: shape[1] * shape[2] * channels, channels: channels),
      labels: labels, height: shape[1], width: shape[2], channels: channels, classNames: classNames
    ).labelled
  }

  private static let organs = [
    "bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left", "lung-right",
    "pancreas", "spleen",
  ]

  private static let names: [String: [String]] = [
    "pathmnist": [
      "adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
      "cancer-associated stroma", "colorectal adenocarcinoma epithelium",
    ],
    "dermamnist": [
      "actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma", "benign keratosis-like lesions",
      "dermatofibroma", "melanoma", "melanocytic nevi", "vascular lesions",
    ],
    "octmnist": ["choroidal neovascularization", "diabetic macular edema", "drusen", "normal"],
    "pneumoniamnist": ["normal", "pneumonia"],
    "retinamnist": ["0", "1", "2", "3", "4"],
    "breastmnist": ["malignant", "normal, benign"],
    "bloodmnist": [
      "basophil", "eosinophil", "erythroblast",
      "immature granulocytes (myelocytes, metamyelocytes and promyelocytes)", "lymphocyte", "monocyte", "neutrophil",
      "platelet",
    ],
    "tissuemnist": [
      "Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule", "Glomerular endothelial cells",
      "Interstitial endothelial cells", "Leukocytes", "Podocytes", "Proximal Tubule Segments", "Thick Ascending Limb",
    ],
    "organamnist": organs, "organcmnist": organs, "organsmnist": organs,
  ]
}

extension MedMNIST {
  /// A set as a recipe's data, as `data.source: medmnist`: its `.npz` file, or a folder with one such file.
  public struct Source: ImageSource {
    public static let kind = "medmnist"
    public static let keys: [SettingsKey] = [.pixels]
    public static var defaultDirectory: URL? { nil }

    /// What the bytes of a pixel become.
    public var pixels: PixelRange

    public init() { self.init(pixels: .unit) }

    /// - Parameter pixels: what the bytes of a pixel become; 0 ... 1 by default.
    public init(pixels: PixelRange = .unit) {
      self.pixels = pixels
    }

    public var title: String { "MedMNIST" }

    public var published: PublishedImages? {
      nil
    }

    public func open(at place: URL, _ split: Split, requiresLabels: Bool) throws -> LabelledImages {
      try MedMNIST.load(file(at: place), part: split == .train ? .train : .test, requiresLabels: requiresLabels)
    }

    private func file(at place: URL) throws(FileError) -> URL {
      guard isFolder(place) else { return place }
      let files = ((try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [])
        .filter { $0.hasSuffix(".npz") }.sorted()
      guard files.count == 1 else {
        throw FileError(
          path: place.path,
          reason: files.isEmpty
            ? "holds no .npz file of MedMNIST"
            : "holds several .npz files: say which of \(files.joined(separator: ", "))")
      }
      return place.appendingPathComponent(files[0])
    }
  }
}
