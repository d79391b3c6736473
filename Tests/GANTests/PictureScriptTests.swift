import GAN
import NN
import Testing
import Torch

/// Networks of pictures as TorchScript, for any number of rows.
@Suite struct PictureScriptTests {
  private func noise(_ rows: Int) -> Tensor { RandomStream(seed: UInt64(rows)).normal([rows, 6]) }
  private func pictures(_ rows: Int) -> Tensor { RandomStream(seed: UInt64(rows)).uniform([rows, 3, 16, 16]) * 2 - 1 }

  private func check<Model: Module>(
    _ model: Model, input: (Int) -> Tensor, _ forward: (Model, Tensor) -> Tensor,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let network = try Network(model, seed: 3)
    // Which compares the two for 3, 5 and 17 rows.
    let module = try network.script(named: "N", input: input, forward)
    try checkingTensors {
      let (own, found) = withoutGradient { (forward(model, input(1)), module(input(1))) }
      #expect(own.shape == found.shape, sourceLocation: sourceLocation)
      let (apart, largest) = (try abs(own - found).max().item(), try abs(own).max().item())
      #expect(apart <= 1e-5 * largest, sourceLocation: sourceLocation)
    }
  }

  private static let reference = Noise.normal(dimensions: 6)

  @Test(arguments: DCGANGenerator.Normalization.allCases, [nil, 3])
  func dcganGenerator(_ normalization: DCGANGenerator.Normalization, _ classes: Int?) throws {
    let model = DCGANGenerator(
      size: 16, channels: 3, latent: 6, width: 4, normalization: normalization, classes: classes,
      reference: normalization == .virtualBatch ? ReferenceBatch(5, of: Self.reference) : nil)
    // One class for all rows leaves their number open.
    let context = Context.evaluation(labels: classes.map { _ in Tensor([Int64(1)]) })
    try check(model, input: { noise($0 + 1) }) { $0($1, context.again) }
  }

  @Test(arguments: DCGANDiscriminator.Normalization.allCases)
  func dcganDiscriminator(_ normalization: DCGANDiscriminator.Normalization) throws {
    try check(
      DCGANDiscriminator(size: 16, channels: 3, width: 4, normalization: normalization), input: pictures
    ) { $0($1, .evaluation).logits }
  }

  @Test func thePapersPairs() throws {
    try check(ConvGenerator.published(latent: 6, widths: [8, 4]), input: { noise($0 + 1) }) { $0($1, .evaluation) }
    try check(
      ConvGenerator.imageNet(latent: 6, width: 1, reference: ReferenceBatch(3, of: Self.reference)), input: noise
    ) { $0($1, .evaluation) }
    try check(ConvDiscriminator(outputs: 4, width: 4), input: pictures) { $0($1, .evaluation).logits }
    try check(VGGDiscriminator(outputs: 4, widths: [4, 6], convolutions: [2, 1]), input: pictures) {
      $0($1, .evaluation).logits
    }
    try check(
      ImageNetDiscriminator(size: 32, width: 2, normalization: .none),
      input: { RandomStream(seed: UInt64($0)).normal([$0, 3, 32, 32]) }
    ) { $0($1, .evaluation).logits }
  }

  @Test(arguments: SNGANGenerator.Normalization.allCases, [nil, 3])
  func snganGenerator(_ normalization: SNGANGenerator.Normalization, _ classes: Int?) throws {
    let model = SNGANGenerator(
      size: 24, channels: 3, latent: 6, width: 1, normalization: normalization, classes: classes,
      reference: normalization == .virtualBatch ? ReferenceBatch(5, of: Self.reference) : nil)
    let context = Context.evaluation(labels: classes.map { _ in Tensor([Int64(1)]) })
    try check(model, input: { noise($0 + 1) }) { $0($1, context.again) }
  }

  @Test(arguments: SNGANDiscriminator.Normalization.allCases)
  func snganDiscriminator(_ normalization: SNGANDiscriminator.Normalization) throws {
    try check(
      SNGANDiscriminator(size: 16, channels: 3, width: 2, normalization: normalization), input: pictures
    ) { $0($1, .evaluation).logits }
  }

  @Test(arguments: [nil, 3]) func r3ganPair(_ classes: Int?) throws {
    let context = Context.evaluation(labels: classes.map { _ in Tensor([Int64(1)]) })
    try check(
      R3GANGenerator(widths: [8, 8, 4], channels: 3, latent: 6, groupWidth: 4, classes: classes), input: noise
    ) { $0($1, context.again) }
    try check(R3GANDiscriminator(widths: [8, 8, 4], channels: 3, groupWidth: 4, classes: classes), input: pictures) {
      $0($1, context.again).logits
    }
  }
}

extension Context {
  /// A context serves one pass.
  fileprivate var again: Context { .evaluation(labels: labels) }
}
