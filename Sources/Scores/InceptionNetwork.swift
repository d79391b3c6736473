import Files
import Foundation
import Images
import Torch

/// The Inception network of FID: Google's of 2015-12-05, as it was carried over to PyTorch (pytorch-fid,
/// torch-fidelity), built of our own layers. Its weights come from the file that those two pass on,
/// `pt_inception-2015-12-05-6726825d.pth`.
///
/// It differs from Szegedy et al. 2016 where the graph of 2015 does: averages do not count the padding, the last block
/// takes the maximum where others take the mean, and there are 1008 classes.
///
/// Batch norm is folded into the convolutions before it, in float64, and each is computed with its rectifier in one
/// pass.
public final class InceptionNetwork: PictureNetwork, @unchecked Sendable {
  /// How bytes become what the network was trained on.
  public enum Reading: String, Sendable, Codable {
    /// (x - 128) / 128, as in the graph of 2015.
    case byHalf = "(x - 128) / 128"
    /// 2 x / 255 - 1: pytorch-fid, and clean-fid's `legacy_pytorch`.
    case symmetric = "2 x / 255 - 1"
  }

  public let name: String
  public let hash: String
  public let resizing: PictureResizing
  /// How bytes become what the network was trained on.
  public let scaling: Reading
  public var reading: String { scaling.rawValue }
  public var isInception: Bool { true }
  /// Features of a picture: the means over the last block's channels.
  public static let dimensions = 2048
  /// Logits of a picture, as many as the graph of 2015 has.
  public static let classes = 1008

  private let device: Device
  private let layers: [String: Convolution]
  /// [1008, 2048]
  private let classWeight: Tensor
  /// [1008]
  private let classBias: Tensor

  /// Reads the weights, and refuses a file that has other ones.
  ///
  /// - Parameters:
  ///   - url: a file of weights; see ``PyTorchWeights``.
  ///   - resizing: not ``PictureResizing/none``.
  /// - Throws: `FileError` naming the file and what is wrong with it; `TensorError`.
  public convenience init(
    contentsOf url: URL, resizing: PictureResizing = .tensorFlow1, scaling: Reading = .byHalf, device: Device = .cpu
  ) throws {
    let weights = try PyTorchWeights(contentsOf: url)
    try self.init(
      weights.tensors, of: url, hash: weights.hash, resizing: resizing, scaling: scaling, device: device)
  }

  /// The names of the tensors, and their shapes.
  package static var shapes: [String: [Int]] {
    var shapes = ["fc.weight": [classes, dimensions], "fc.bias": [classes]]
    for plan in plans {
      shapes["\(plan.name).conv.weight"] = [plan.outputs, plan.inputs, plan.kernel.0, plan.kernel.1]
      for tensor in ["weight", "bias", "running_mean", "running_var"] {
        shapes["\(plan.name).bn.\(tensor)"] = [plan.outputs]
      }
    }
    return shapes
  }

  /// The same of tensors that were read already.
  ///
  /// - Parameter url: what errors name.
  package init(
    _ weights: [String: Tensor], of url: URL, hash: String, resizing: PictureResizing = .tensorFlow1,
    scaling: Reading = .byHalf, device: Device = .cpu
  ) throws {
    guard resizing != .none else {
      throw FileError(path: url.path, reason: "takes pictures of one size: they must be resized")
    }
    var left = weights
    func take(_ tensor: String, _ shape: [Int]) throws -> Tensor {
      guard let value = left.removeValue(forKey: tensor) else {
        throw FileError(path: url.path, reason: "lacks the tensor '\(tensor)' of FID's Inception network")
      }
      guard value.shape == shape else {
        throw FileError(
          path: url.path,
          reason: "has '\(tensor)' of shape \(value.shape); FID's Inception network has \(shape)")
      }
      guard try value.isAllFinite() else {
        throw FileError(path: url.path, reason: "has '\(tensor)' with numbers that are not finite")
      }
      return value
    }
    var layers: [String: Convolution] = [:]
    for plan in Self.plans {
      let weight = try take("\(plan.name).conv.weight", [plan.outputs, plan.inputs, plan.kernel.0, plan.kernel.1])
      let norm = try ["weight", "bias", "running_mean", "running_var"].map {
        try take("\(plan.name).bn.\($0)", [plan.outputs])
      }
      layers[plan.name] = try checkingTensors {
        Convolution(weight, norm, plan, device)
      }
    }
    classWeight = try take("fc.weight", [Self.classes, Self.dimensions]).to(device)
    classBias = try take("fc.bias", [Self.classes]).to(device)
    if let other = left.keys.sorted().first {
      throw FileError(
        path: url.path,
        reason: "has the tensor '\(other)', which FID's Inception network has not: it is another network")
    }
    self.layers = layers
    self.device = device
    self.resizing = resizing
    self.scaling = scaling
    name = url.lastPathComponent
    self.hash = hash
  }

  public func callAsFunction(_ pictures: [Image]) throws -> NetworkOutputs {
    var values: [Float] = []
    values.reserveCapacity(pictures.count * 299 * 299 * 3)
    for picture in pictures {
      let resized = try resizing(picture)
      switch scaling {
      case .byHalf: for value in resized { values.append((value - 128) / 128) }
      case .symmetric: for value in resized { values.append(2 * (value / 255) - 1) }
      }
    }
    return try checkingTensors {
      try withoutGradient {
        let x = Tensor(values, shape: [pictures.count, 299, 299, 3], device: device).permuted([0, 3, 1, 2])
        let features = run(x)
        let unbiased = linear(features, weight: classWeight)
        return NetworkOutputs(
          features: try features.values(), dimensions: Self.dimensions,
          logits: try (unbiased + classBias.unsqueezed(0)).values(), logitsWithoutBias: try unbiased.values())
      }
    }
  }

  // MARK: The layers

  private struct Plan {
    let name: String
    let inputs: Int
    let outputs: Int
    let kernel: (Int, Int)
    let stride: Int
    let padding: (Int, Int)

    init(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: (Int, Int), stride: Int = 1, pads: Bool = true) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.kernel = kernel
      self.stride = stride
      padding = pads ? (kernel.0 / 2, kernel.1 / 2) : (0, 0)
    }
  }

  /// A convolution with the batch norm behind it, whose statistics stand, as one: w' = w g / sqrt(v + 0.001), b' = b -
  /// m g / sqrt(v + 0.001).
  private struct Convolution {
    let weight: Tensor
    let bias: Tensor
    let stride: Int
    let padding: (Int, Int)

    init(_ weight: Tensor, _ norm: [Tensor], _ plan: Plan, _ device: Device) {
      let norm = norm.map { $0.to(.float64) }
      let scale = norm[0] / sqrt(norm[3] + 0.001)
      self.weight = (weight.to(.float64) * scale.reshaped([-1, 1, 1, 1])).to(.float32).to(device)
      bias = (norm[1] - norm[2] * scale).to(.float32).to(device)
      stride = plan.stride
      padding = plan.padding
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
      rectifiedConv2d(x, weight: weight, bias: bias, stride: (stride, stride), padding: padding)
    }
  }

  private static let plans: [Plan] = {
    let (one, three, five) = ((1, 1), (3, 3), (5, 5))
    let (row, column) = ((1, 7), (7, 1))
    var plans = [
      Plan("Conv2d_1a_3x3", 3, 32, three, stride: 2, pads: false), Plan("Conv2d_2a_3x3", 32, 32, three, pads: false),
      Plan("Conv2d_2b_3x3", 32, 64, three), Plan("Conv2d_3b_1x1", 64, 80, one),
      Plan("Conv2d_4a_3x3", 80, 192, three, pads: false),
    ]
    for (block, inputs, pool) in [("5b", 192, 32), ("5c", 256, 64), ("5d", 288, 64)] {
      let name = "Mixed_\(block)."
      plans += [
        Plan(name + "branch1x1", inputs, 64, one), Plan(name + "branch5x5_1", inputs, 48, one),
        Plan(name + "branch5x5_2", 48, 64, five), Plan(name + "branch3x3dbl_1", inputs, 64, one),
        Plan(name + "branch3x3dbl_2", 64, 96, three), Plan(name + "branch3x3dbl_3", 96, 96, three),
        Plan(name + "branch_pool", inputs, pool, one),
      ]
    }
    plans += [
      Plan("Mixed_6a.branch3x3", 288, 384, three, stride: 2, pads: false),
      Plan("Mixed_6a.branch3x3dbl_1", 288, 64, one), Plan("Mixed_6a.branch3x3dbl_2", 64, 96, three),
      Plan("Mixed_6a.branch3x3dbl_3", 96, 96, three, stride: 2, pads: false),
    ]
    for (block, inner) in [("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)] {
      let name = "Mixed_\(block)."
      plans += [
        Plan(name + "branch1x1", 768, 192, one), Plan(name + "branch7x7_1", 768, inner, one),
        Plan(name + "branch7x7_2", inner, inner, row), Plan(name + "branch7x7_3", inner, 192, column),
        Plan(name + "branch7x7dbl_1", 768, inner, one), Plan(name + "branch7x7dbl_2", inner, inner, column),
        Plan(name + "branch7x7dbl_3", inner, inner, row), Plan(name + "branch7x7dbl_4", inner, inner, column),
        Plan(name + "branch7x7dbl_5", inner, 192, row), Plan(name + "branch_pool", 768, 192, one),
      ]
    }
    plans += [
      Plan("Mixed_7a.branch3x3_1", 768, 192, one),
      Plan("Mixed_7a.branch3x3_2", 192, 320, three, stride: 2, pads: false),
      Plan("Mixed_7a.branch7x7x3_1", 768, 192, one), Plan("Mixed_7a.branch7x7x3_2", 192, 192, row),
      Plan("Mixed_7a.branch7x7x3_3", 192, 192, column),
      Plan("Mixed_7a.branch7x7x3_4", 192, 192, three, stride: 2, pads: false),
    ]
    for (block, inputs) in [("7b", 1280), ("7c", 2048)] {
      let name = "Mixed_\(block)."
      plans += [
        Plan(name + "branch1x1", inputs, 320, one), Plan(name + "branch3x3_1", inputs, 384, one),
        Plan(name + "branch3x3_2a", 384, 384, (1, 3)), Plan(name + "branch3x3_2b", 384, 384, (3, 1)),
        Plan(name + "branch3x3dbl_1", inputs, 448, one), Plan(name + "branch3x3dbl_2", 448, 384, three),
        Plan(name + "branch3x3dbl_3a", 384, 384, (1, 3)), Plan(name + "branch3x3dbl_3b", 384, 384, (3, 1)),
        Plan(name + "branch_pool", inputs, 192, one),
      ]
    }
    return plans
  }()

  // MARK: Forward

  /// Layers one after the other.
  private func chain(_ x: Tensor, _ names: String...) -> Tensor { names.reduce(x) { layers[$1]!($0) } }

  private func side(_ parts: [Tensor]) -> Tensor { concatenated(parts, 1) }

  private func mean(_ x: Tensor) -> Tensor { averagePool2d(x, size: 3, stride: 1, padding: 1) }

  /// [N, 3, 299, 299] -> [N, 2048]
  private func run(_ input: Tensor) -> Tensor {
    var x = chain(input, "Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3")
    x = maxPool2d(x, size: 3, stride: 2)
    x = chain(x, "Conv2d_3b_1x1", "Conv2d_4a_3x3")
    x = maxPool2d(x, size: 3, stride: 2)
    for block in ["Mixed_5b", "Mixed_5c", "Mixed_5d"] { x = blockA(x, block) }
    x = side([
      chain(x, "Mixed_6a.branch3x3"),
      chain(x, "Mixed_6a.branch3x3dbl_1", "Mixed_6a.branch3x3dbl_2", "Mixed_6a.branch3x3dbl_3"),
      maxPool2d(x, size: 3, stride: 2),
    ])
    for block in ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"] { x = blockC(x, block) }
    x = side([
      chain(x, "Mixed_7a.branch3x3_1", "Mixed_7a.branch3x3_2"),
      chain(
        x, "Mixed_7a.branch7x7x3_1", "Mixed_7a.branch7x7x3_2", "Mixed_7a.branch7x7x3_3", "Mixed_7a.branch7x7x3_4"),
      maxPool2d(x, size: 3, stride: 2),
    ])
    x = blockE(x, "Mixed_7b", mean(x))
    x = blockE(x, "Mixed_7c", maxPool2d(x, size: 3, stride: 1, padding: 1))
    return x.mean(2, 3)
  }

  private func blockA(_ x: Tensor, _ name: String) -> Tensor {
    side([
      chain(x, "\(name).branch1x1"), chain(x, "\(name).branch5x5_1", "\(name).branch5x5_2"),
      chain(x, "\(name).branch3x3dbl_1", "\(name).branch3x3dbl_2", "\(name).branch3x3dbl_3"),
      chain(mean(x), "\(name).branch_pool"),
    ])
  }

  private func blockC(_ x: Tensor, _ name: String) -> Tensor {
    side([
      chain(x, "\(name).branch1x1"), chain(x, "\(name).branch7x7_1", "\(name).branch7x7_2", "\(name).branch7x7_3"),
      chain(
        x, "\(name).branch7x7dbl_1", "\(name).branch7x7dbl_2", "\(name).branch7x7dbl_3", "\(name).branch7x7dbl_4",
        "\(name).branch7x7dbl_5"), chain(mean(x), "\(name).branch_pool"),
    ])
  }

  private func blockE(_ x: Tensor, _ name: String, _ pooled: Tensor) -> Tensor {
    let wide = chain(x, "\(name).branch3x3_1")
    let double = chain(x, "\(name).branch3x3dbl_1", "\(name).branch3x3dbl_2")
    return side([
      chain(x, "\(name).branch1x1"), chain(wide, "\(name).branch3x3_2a"), chain(wide, "\(name).branch3x3_2b"),
      chain(double, "\(name).branch3x3dbl_3a"), chain(double, "\(name).branch3x3dbl_3b"),
      chain(pooled, "\(name).branch_pool"),
    ])
  }
}
