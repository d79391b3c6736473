import Foundation
import GoldenSupport
import NN
import Testing
import Torch

/// What virtual batch normalisation costs, forward and backward, with a reference batch as large as the batch, in units
/// of batch normalisation of the batch alone. Twice the rows are twice the work; more than a tenth beyond that would be
/// ours.
@Suite(.serialized) struct VirtualBatchNormCostTests {
  private static let limit = 2.2
  static let shapes = [[512, 512], [64, 64, 16, 16]]

  private struct Norms: Module {
    let batch: any Layer
    let virtual: VirtualBatchNorm
  }

  /// Passes of both layers over `shape`, of the virtual one over twice the rows.
  private func passes(_ shape: [Int]) throws -> (batch: () throws -> Void, virtual: () throws -> Void) {
    let channels = shape[1]
    let norms = Norms(
      batch: shape.count == 4 ? BatchNorm2d(channels) : BatchNorm(channels), virtual: VirtualBatchNorm(channels))
    let network = try Network(norms, seed: 1)
    let double = [2 * shape[0]] + shape.dropFirst()
    let (x, rows) = (
      RandomStream(seed: 1).normal(shape).asVariable(), RandomStream(seed: 2).normal(double).asVariable()
    )
    let (one, two) = (Tensor.ones(shape), Tensor.ones(double))
    func pass(_ layer: any Layer, _ x: Tensor, _ cotangent: Tensor, referenceCount: Int) throws {
      try checkingTensors {
        let context = Context(.training, random: RandomStream(seed: 0), referenceCount: referenceCount)
        let parameters = network.model.virtual.namedParameters.map(\.parameter.value)
        _ = try gradient(of: layer(x, context), by: [x] + parameters, cotangent: cotangent)[0].sliced(0, 0..<1).values()
      }
    }
    return (
      { try pass(norms.batch, x, one, referenceCount: 0) },
      { try pass(norms.virtual, rows, two, referenceCount: shape[0]) }
    )
  }

  /// The least processor time of many interleaved rounds, on one thread: what else the machine does can only add to a
  /// round, and two threads would wait for each other where it is busy.
  @Test(arguments: shapes) func time(_ shape: [Int]) throws {
    let threads = Libtorch.threads
    Libtorch.threads = 1
    defer { Libtorch.threads = threads }
    let (batch, virtual) = try passes(shape)
    var ratios: [Double] = []
    for _ in 0..<3 where (ratios.last ?? .infinity) > Self.limit {
      var (ofBatch, ofVirtual): ([Double], [Double]) = ([], [])
      for _ in 0..<60 {
        ofBatch.append(try processorSeconds(batch))
        ofVirtual.append(try processorSeconds(virtual))
      }
      ratios.append(ofVirtual.min()! / ofBatch.min()!)
      print(
        "virtual batch norm of \(shape): \(ofVirtual.min()! * 1e3) ms, batch norm \(ofBatch.min()! * 1e3) ms, medians",
        "\(ofVirtual.sorted()[30] * 1e3) and \(ofBatch.sorted()[30] * 1e3) ms, ratio \(ratios.last!)")
    }
    #expect(ratios.last! <= Self.limit)
  }

  /// The highest resident memory of a pass above that before it, and the most that tensors took of the blocks that are
  /// kept for them; of tensors so large that each has pages of its own.
  @Test(
    .enabled(if: FileManager.default.isWritableFile(atPath: "/proc/self/clear_refs"), "needs Linux"),
    arguments: [[16_384, 1024], [256, 64, 32, 32]]) func memory(_ shape: [Int]) throws
  {
    func kibibytes(_ field: String) throws -> Double {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(field + ":") })
      return try #require(Double(line.split(whereSeparator: \.isWhitespace)[1]))
    }
    func peak(_ body: () throws -> Void) throws -> Double {
      try body()  // once for what stays allocated
      try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
      let before = try kibibytes("VmRSS")
      // Blocks of tensors are there from the first time: what the second takes of them is no new page.
      let tensors = TensorMemory.mostFromNow()
      try body()
      let ofTensors = TensorMemory.now.map { Double($0.most - (tensors?.used ?? 0)) / 1024 } ?? 0
      return try kibibytes("VmHWM") - before + ofTensors
    }
    let (batch, virtual) = try passes(shape)
    let (ofBatch, ofVirtual) = (try peak(batch), try peak(virtual))
    print(
      "virtual batch norm of \(shape): \(ofVirtual / 1024) MiB, batch norm \(ofBatch / 1024) MiB, "
        + "ratio \(ofVirtual / ofBatch)"
    )
    // An output and a gradient of x, at least: else nothing was measured.
    #expect(ofBatch * 1024 > Double(2 * 4 * shape.reduce(1, *)) * 0.9)
    #expect(ofVirtual / ofBatch <= Self.limit)
  }
}
