import Datasets
import Foundation
import GAN
import Recipes
import Settings
import Testing
import Torch

/// What recipes for pictures choose by themselves, and what they do to the pictures.
@Suite struct PictureRecipeTests {
  private func chosen(_ count: Int, side: Int, _ recipe: Recipe = .named("pictures")!) throws -> Recipe {
    try recipe.choosing(for: PictureSurvey(count: count, shorterSide: side)).recipe
  }

  private func size(_ recipe: Recipe) -> Int? { (recipe.data.settings as? PictureSource)?.settings.size }

  @Test func sizeGoesByThePictures() throws {
    #expect(try size(chosen(300, side: 63)) == 32)
    #expect(try size(chosen(300, side: 64)) == 64)
    #expect(try size(chosen(300, side: 4000)) == 64)
  }

  @Test func augmentationGoesByTheirNumber() throws {
    #expect(try chosen(19_999, side: 64).techniques[DiffAugment.Settings.self].policies == DiffAugment.Policy.allCases)
    #expect(try chosen(20_000, side: 64).techniques[DiffAugment.Settings.self].policies.isEmpty)
  }

  /// At least 128 000 pictures are shown to D and at most two million, whatever the batch's size.
  @Test func lengthGoesByTheirNumber() throws {
    let few = try chosen(32, side: 64).duration
    #expect(few.count == 4_000 && few.unit == .steps)
    #expect(try chosen(10, side: 64).duration.count == 12_800)
    #expect(try chosen(1_000, side: 64).duration.count == 220_000 / 32)
    #expect(try chosen(1_000_000, side: 64).duration.count == 2_000_000 / 32)
    #expect(try chosen(10, side: 64, .named("pictures")!.setting("batchSize=16")).duration.count == 8_000)
  }

  /// Who sets a key has chosen, whatever the pictures; the others are still chosen.
  @Test func whatIsSetIsKept() throws {
    let recipe = try Recipe.named("pictures")!.setting("data.size=128").setting("augmentation.policies=[color]")
    let found = try recipe.choosing(for: PictureSurvey(count: 50_000, shorterSide: 32))
    #expect(size(found.recipe) == 128 && found.recipe.techniques[DiffAugment.Settings.self].policies == [.color])
    #expect(found.reasons.count == 1 && found.reasons[0].hasPrefix("duration.count: "), "\(found.reasons)")
    #expect(found.recipe.automatic.isEmpty)
    #expect(try Recipe.named("pictures")!.setting("duration.count=7").automatic == [.size, .augmentation, .batch])
  }

  /// A batch is no larger than the data; where it fits, nothing is chosen and nothing said.
  @Test func aBatchIsOfNoMorePicturesThanThereAre() throws {
    for (count, batch) in [(1, 1), (31, 31), (32, 32), (1_000, 32)] {
      let found = try Recipe.named("pictures")!.choosing(for: PictureSurvey(count: count, shorterSide: 64))
      #expect(found.recipe.batchSize == batch)
      #expect(found.reasons.contains { $0.hasPrefix("batchSize: \(count), ") } == (batch != 32), "\(found.reasons)")
    }
  }

  /// Pictures of one colour but for their left half, so that it shows what has been mirrored and what has been moved.
  private func halves(_ count: Int) throws -> LabelledImages {
    let row = [UInt8](repeating: 200, count: 8) + [UInt8](repeating: 50, count: 8)
    return try LabelledImages(
      images: PixelBytes(Array((0..<count * 16).map { _ in row }.joined())), labels: nil, height: 16, width: 16,
      channels: 1)
  }

  private func batch(_ settings: [String]) throws -> [[Double]] {
    var recipe = Recipe.named("dcgan-32")!
    for setting in ["batchSize=32", "noise.dimensions=4"] + settings { recipe = try recipe.setting(setting) }
    let examples = try RecipeExamples(images: try halves(64), recipe: recipe, device: .cpu)
    let rows = try checkingTensors { examples.batches(0, RandomStream(seed: 1)).reshaped([32, 256]) }
    let values = try rows.values(Double.self)
    return stride(from: 0, to: values.count, by: 256).map { Array(values[$0..<$0 + 256]) }
  }

  @Test func batchesAreMirroredAndShiftedWhereTheRecipeSaysSo() throws {
    #expect(Set(try batch([])).count == 1)
    let mirrored = Set(try batch(["dataAugmentation.mirrors=true"]))
    #expect(mirrored.count == 2 && Set(mirrored.map { $0[0] }).count == 2)
    let shifted = Set(try batch(["dataAugmentation.shift=2"]))
    // Up and down nothing changes in these pictures, the edge reflected: five places of the border.
    #expect(shifted.count == 5)
    #expect(try batch(["dataAugmentation.shift=2"]) == batch(["dataAugmentation.shift=2"]))
  }

  @Test func impossibleAugmentationIsRefused() throws {
    for (recipe, setting, key) in [
      ("one-dimensional", "dataAugmentation.mirrors=true", "dataAugmentation.mirrors"),
      ("two-dimensional", "dataAugmentation.shift=1", "dataAugmentation.shift"),
      ("dcgan-32", "dataAugmentation.shift=-1", "dataAugmentation.shift"),
    ] {
      let error = #expect(throws: SettingsError.self) { try Recipe.named(recipe)!.setting(setting).validate() }
      #expect(error?.key == key)
    }
    let error = #expect(throws: SettingsError.self) { _ = try batch(["dataAugmentation.shift=16"]) }
    #expect(error?.key == "dataAugmentation.shift")
  }

  /// A D with batch norm judges an example by the others of its batch as much as minibatch discrimination does.
  @Test func batchNormInDNeedsABatch() throws {
    let recipe = try Recipe.named("dcgan-32")!.setting("generator.normalization=none")
    #expect(throws: SettingsError.self) { try recipe.setting("batchSize=1").validate() }
    try recipe.setting("batchSize=1").setting("discriminator.normalization=spectral").validate()
  }
}
