import Foundation
import Torch

/// What each way to make a convolution takes, by shape: libtorch's own, which is oneDNN's, and ours, side by side in
/// one process.
enum Convolutions {
  struct Shape {
    let inputs: Int, side: Int, outputs: Int, kernel: Int, stride: Int, padding: Int
    var transposed = false

    var name: String {
      "\(inputs) x \(side) x \(side) to \(outputs), \(kernel) x \(kernel)\(stride == 1 ? "" : ", stride \(stride)")"
        + (transposed ? ", transposed" : "")
    }
    func apply(_ x: Tensor, _ w: Tensor) -> Tensor {
      transposed
        ? convTranspose2d(
          x, weight: w, stride: stride, padding: padding, outputPadding: kernel % 2 == 1 ? stride - 1 : 0)
        : conv2d(x, weight: w, stride: stride, padding: padding)
    }
  }

  /// Of the recipes `cifar10-semisupervised`, `svhn-semisupervised` and `dcgan-64`, D and then G.
  static let shapes = [
    Shape(inputs: 3, side: 32, outputs: 96, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 96, side: 32, outputs: 96, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 96, side: 32, outputs: 96, kernel: 3, stride: 2, padding: 1),
    Shape(inputs: 96, side: 16, outputs: 192, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 192, side: 16, outputs: 192, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 192, side: 16, outputs: 192, kernel: 3, stride: 2, padding: 1),
    Shape(inputs: 192, side: 8, outputs: 192, kernel: 3, stride: 1, padding: 0),
    Shape(inputs: 192, side: 6, outputs: 192, kernel: 1, stride: 1, padding: 0),
    Shape(inputs: 512, side: 4, outputs: 256, kernel: 5, stride: 2, padding: 2, transposed: true),
    Shape(inputs: 256, side: 8, outputs: 128, kernel: 5, stride: 2, padding: 2, transposed: true),
    Shape(inputs: 128, side: 16, outputs: 3, kernel: 5, stride: 2, padding: 2, transposed: true),
    Shape(inputs: 64, side: 32, outputs: 64, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 64, side: 16, outputs: 128, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 128, side: 16, outputs: 128, kernel: 3, stride: 1, padding: 1),
    Shape(inputs: 3, side: 64, outputs: 64, kernel: 4, stride: 2, padding: 1),
    Shape(inputs: 64, side: 32, outputs: 128, kernel: 4, stride: 2, padding: 1),
    Shape(inputs: 128, side: 16, outputs: 256, kernel: 4, stride: 2, padding: 1),
    Shape(inputs: 256, side: 8, outputs: 512, kernel: 4, stride: 2, padding: 1),
    Shape(inputs: 512, side: 4, outputs: 256, kernel: 4, stride: 2, padding: 1, transposed: true),
    Shape(inputs: 256, side: 8, outputs: 128, kernel: 4, stride: 2, padding: 1, transposed: true),
    Shape(inputs: 128, side: 16, outputs: 64, kernel: 4, stride: 2, padding: 1, transposed: true),
    Shape(inputs: 64, side: 32, outputs: 3, kernel: 4, stride: 2, padding: 1, transposed: true),
  ]
  static let batch = 50

  /// Milliseconds, the median of five turns after one that does not count; the ways take turns.
  private static func times(_ ways: [() throws -> Void]) throws -> [Double] {
    var times = ways.map { _ in [Double]() }
    let clock = ContinuousClock()
    for round in 0...5 {
      for (index, way) in ways.enumerated() {
        let taken = try clock.measure(way) / .milliseconds(1)
        if round > 0 { times[index].append(taken) }
      }
    }
    return times.map { $0.sorted()[2] }
  }

  /// A table in Markdown: a row for each shape, and for each direction milliseconds by libtorch's way and by ours, and
  /// multiplications a second as the convolution itself has them, in shares of what a large product reaches; last, how
  /// far the forward pass is from float64's, in parts of its largest number.
  static func table() throws -> [String] {
    let random = RandomStream(seed: 1)
    let square = random.stream("square").normal([1024, 1024])
    let product = try times([{ _ = try linear(square, weight: square).checked() }])[0]
    let peak = 1024.0 * 1024 * 1024 / product / 1e6
    var lines = [
      String(format: "A product of two matrices of 1024 x 1024 reaches %.0f billion multiplications a second.", peak),
      "",
      "| \(batch) pictures | forward: libtorch, ours | by data | by weights | rate, of the product's | error, 1e-7 |",
      "| --- | --- | --- | --- | --- | --- |",
    ]
    for shape in shapes {
      // Channels innermost, as the layers before and after have them: what a convolution gives.
      let drawn = random.stream("x").normal([batch, shape.inputs, shape.side, shape.side])
      let ones = (0..<shape.inputs * shape.inputs).map { $0 % (shape.inputs + 1) == 0 ? Float(1) : 0 }
      let same = Tensor(ones).reshaped([shape.inputs, shape.inputs, 1, 1])
      let x = try conv2d(drawn, weight: same).checked().asVariable()
      let channels = shape.transposed ? [shape.inputs, shape.outputs] : [shape.outputs, shape.inputs]
      let w = random.stream("w").normal(channels + [shape.kernel, shape.kernel]).asVariable()
      var outputs: [Tensor] = []
      for algorithm in [ConvolutionAlgorithm.direct, .automatic] {
        outputs.append(try withConvolutions(algorithm) { try shape.apply(x, w).checked() })
      }
      let cotangent = random.stream("dy").normal(outputs[0].shape)
      let exact = try withoutGradient { try shape.apply(x.to(.float64), w.to(.float64)).checked() }
      let largest = try abs(exact).max().values(Double.self)[0]
      let errors = try outputs.map { try abs($0.to(.float64) - exact).max().values(Double.self)[0] / largest * 1e7 }
      let dy = try outputs.map { try ($0 * 0 + cotangent).detached().checked() }
      let forward = try times(
        [ConvolutionAlgorithm.direct, .automatic].map { algorithm in
          { try withoutGradient { try withConvolutions(algorithm) { _ = try shape.apply(x, w).checked() } } }
        })
      func backward(_ by: Tensor) throws -> [Double] {
        try times(
          outputs.indices.map { index in
            { _ = try gradient(of: outputs[index], by: [by], cotangent: dy[index], keepsGraph: true)[0].checked() }
          })
      }
      let (data, weights) = (try backward(x), try backward(w))
      let small = shape.transposed ? x.shape : outputs[0].shape
      let count = Double(
        small.reduce(1, *) * shape.kernel * shape.kernel * (shape.transposed ? shape.outputs : shape.inputs))
      func rate(_ index: Int) -> Double { 3 * count / (forward[index] + data[index] + weights[index]) / 1e6 / peak }
      lines.append(
        String(
          format: "| %@ | %.2f, %.2f ms | %.2f, %.2f ms | %.2f, %.2f ms | %.2f, %.2f | %.1f, %.1f |", shape.name,
          forward[0],
          forward[1],
          data[0], data[1], weights[0], weights[1], rate(0), rate(1),
          errors[0], errors[1]))
    }
    return lines
  }
}
