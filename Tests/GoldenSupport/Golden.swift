import Foundation
import Testing
import Torch

/// Reference values that an independent PyTorch script (Tests/Golden/generate.py) computed: inputs, outputs, and the
/// gradient of the outputs contracted with a random cotangent.
public struct Golden: Sendable {
  private let url: URL

  /// - Parameter name: of the file beside the script, without its suffix.
  public init(_ name: String) { url = Self.file("\(name).safetensors") }

  /// Another file that the script wrote.
  public static func file(_ path: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/\(path)")
  }

  /// Relative to the largest element of the expected tensor, which is exact but for its last digit. No case has more
  /// than three sums one after the other, nor more than 200 terms in one. Some results are what remains of larger
  /// numbers: float64 has digits to spare for them.
  public static func tolerance(_ dtype: DType) -> Double {
    RoundingBound(dtype, sums: [200, 200, 200], functions: 6, amplification: dtype == .float64 ? 1e4 : 1).relative
  }

  /// Every tensor of the file under its full name.
  public func tensors() throws -> [String: Tensor] { try Safetensors(contentsOf: url).tensors }

  /// Runs `body` on a case's inputs, in float64 and in float32, and compares its output and its gradients with the
  /// reference's.
  public func check(
    _ name: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: ([String: Tensor]) -> Tensor
  ) throws {
    try check(name, sourceLocation: sourceLocation) { inputs, _ in [body(inputs)] }
  }

  /// The same for several outputs, in the alphabetical order of their names.
  public func check(
    _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
    outputs body: (_ inputs: [String: Tensor], _ dtype: DType) throws -> [Tensor]
  ) throws {
    let all = try tensors()
    for (dtype, label) in [(DType.float64, "f64"), (.float32, "f32")] {
      let prefix = "\(name).\(label)."
      func named(_ kind: String) -> [String: Tensor] {
        let start = prefix + kind + "."
        return Dictionary(
          uniqueKeysWithValues: all.filter { $0.key.hasPrefix(start) }.map {
            (String($0.key.dropFirst(start.count)), $0.value)
          })
      }
      let (expected, gradients, cotangents) = (named("out"), named("grad"), named("cotangent"))
      try #require(!expected.isEmpty, "no case \(prefix) in \(url.lastPathComponent)", sourceLocation: sourceLocation)
      let variables = named("in").mapValues { $0.dtype == dtype ? $0.asVariable() : $0 }
      try checkingTensors {
        let outputs = try body(variables, dtype)
        let names = expected.keys.sorted()
        try #require(outputs.count == names.count, "\(prefix) has the outputs \(names)", sourceLocation: sourceLocation)
        for (output, outputName) in zip(outputs, names) {
          try expectClose(
            output, expected[outputName]!, Self.tolerance(dtype), "\(prefix)out.\(outputName)", sourceLocation)
        }
        guard !gradients.isEmpty else { return }
        let contracted = zip(outputs, names).compactMap { output, name in
          cotangents[name].map { (output * $0).sum() }
        }
        let inputs = gradients.keys.sorted()
        let total = contracted.dropFirst().reduce(contracted[0]) { $0 + $1 }
        let found = gradient(of: total, by: inputs.map { variables[$0]! })
        for (input, value) in zip(inputs, found) {
          try expectClose(value, gradients[input]!, Self.tolerance(dtype), "\(prefix)grad.\(input)", sourceLocation)
        }
      }
    }
  }
}

/// Expects equal shapes and elements that differ by at most `tolerance` times the largest expected element.
public func expectClose(
  _ found: Tensor, _ expected: Tensor, _ tolerance: Double, _ name: String = "tensor",
  _ sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(found.shape == expected.shape, "\(name): shapes differ", sourceLocation: sourceLocation)
  guard found.shape == expected.shape else { return }
  let (a, b) = (try found.values(Double.self), try expected.values(Double.self))
  let scale = b.map { Swift.abs($0) }.filter(\.isFinite).max() ?? 1
  let worst = zip(a, b).map { $0 == $1 || ($0.isNaN && $1.isNaN) ? 0 : Swift.abs($0 - $1) }.max() ?? 0
  #expect(
    worst <= tolerance * Swift.max(scale, 1e-30), "\(name): off by \(worst) where the largest element is \(scale)",
    sourceLocation: sourceLocation)
}

/// Expects the gradient of `function`, summed over its elements, to agree with central differences in float64.
///
/// With the step h = 10^-5 a difference is off by h^2 / 6 of the third derivative and by u / h = 10^-11 of the value: a
/// tolerance of 10^-6 leaves room for either to be 10^4 times the gradient, on every processor.
public func expectGradientMatchesDifferences(
  at point: [Double], shape: [Int], tolerance: Double = 1e-6, _ function: (Tensor) -> Tensor,
  _ sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let step = 1e-5
  func value(_ x: [Double]) throws -> Double {
    try checkingTensors { try function(Tensor(x, shape: shape)).sum().item() }
  }
  let differences = try point.indices.map { index in
    var (above, below) = (point, point)
    above[index] += step
    below[index] -= step
    return (try value(above) - value(below)) / (2 * step)
  }
  let x = Tensor(point, shape: shape).asVariable()
  let found = try checkingTensors { gradient(of: function(x), by: [x])[0] }
  try expectClose(found, Tensor(differences, shape: shape), tolerance, "gradient", sourceLocation)
}
