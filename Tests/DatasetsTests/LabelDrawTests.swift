import Datasets
import Testing
import Torch

/// Which examples a semi-supervised run sees the labels of.
@Suite struct LabelDrawTests {
  private let labels: [UInt8] = (0..<300).map { UInt8($0 * 7 % 3) }

  @Test func everyClassHasItsShareAndLabelsBelongToIndices() throws {
    let draw = try LabelDraw(30, of: labels, classes: 3, seed: 1)
    #expect(draw.labels == (0..<3).flatMap { [Int](repeating: $0, count: 10) })
    #expect(Set(draw.indices).count == 30)
    #expect(zip(draw.indices, draw.labels).allSatisfy { Int(labels[$0]) == $1 })
  }

  @Test func aSeedRepeatsAndAnotherDiffers() throws {
    let draw = try LabelDraw(30, of: labels, classes: 3, seed: 1)
    #expect(try LabelDraw(30, of: labels, classes: 3, seed: 1) == draw)
    #expect(try LabelDraw(30, of: labels, classes: 3, seed: 2).indices != draw.indices)
  }

  /// A larger draw of the same seed contains the smaller one, as "the first n of a shuffled set" does.
  @Test func drawsOfOneSeedAreNested() throws {
    let small = try LabelDraw(6, of: labels, classes: 3, seed: 4)
    let large = try LabelDraw(30, of: labels, classes: 3, seed: 4)
    #expect(Set(small.indices).isSubset(of: large.indices))
  }

  @Test func whatCannotBeDrawnIsNamed() {
    func message(_ count: Int, _ labels: [UInt8], classes: Int) -> String? {
      #expect(throws: LabelDrawError.self) { try LabelDraw(count, of: labels, classes: classes, seed: 1) }?.description
    }
    #expect(message(31, labels, classes: 3)?.contains("31") == true)
    #expect(message(0, labels, classes: 3) != nil)
    #expect(message(9, [0, 0, 0, 1, 1, 1, 2, 2], classes: 3)?.contains("class 2 has only 2") == true)
    #expect(message(3, [0, 1, 5], classes: 3)?.contains("index 2 is 5") == true)
  }

  /// Batches larger than the draw repeat it; within a pass every example comes once.
  @Test func batchesGoThroughTheDrawAgainAndAgain() throws {
    let draw = try LabelDraw(6, of: labels, classes: 3, seed: 1)
    // Two pixels tell which image it is: 300 do not fit one byte.
    let set = try LabelledImages(
      images: PixelBytes((0..<300).flatMap { [UInt8($0 / 256), UInt8($0 % 256)] }), labels: labels.map(Int32.init),
      classes: 3, height: 1, width: 2, channels: 1)
    let images = try ImageBatches(set, batchSize: 1, range: 0...255)
    let batches = draw.batches(4, of: images)
    let random = RandomStream(seed: 9)
    var seen: [(Int, Int)] = []
    for step in 0..<6 {
      let (examples, classes) = batches(step, random)
      let pixels = try examples.values(Float.self)
      seen += zip(0..<4, try classes.values(Int64.self)).map {
        (Int(pixels[2 * $0] * 256 + pixels[2 * $0 + 1]), Int($1))
      }
    }
    for pass in 0..<4 {
      let part = seen[pass * 6..<(pass + 1) * 6]
      #expect(part.map(\.0).sorted() == draw.indices.sorted())
    }
    #expect(seen.allSatisfy { Int(labels[$0.0]) == $0.1 })
    #expect(seen[0..<6].map(\.0) != seen[6..<12].map(\.0))
  }

  /// What is held out is as many images of each class, the same ones each time; nothing is lost or in both parts.
  @Test func whatIsHeldOutIsNotTrainedOn() throws {
    let set = try LabelledImages(
      images: PixelBytes((0..<300).flatMap { [UInt8($0 / 256), UInt8($0 % 256)] }), labels: labels.map(Int32.init),
      classes: 3, height: 1, width: 2, channels: 1)
    let (training, heldOut) = try set.holdingOut(30)
    func indices(_ part: LabelledImages) -> [Int] {
      (0..<part.count).map { Int(part.images[2 * $0]) * 256 + Int(part.images[2 * $0 + 1]) }
    }
    #expect((indices(training) + indices(heldOut)).sorted() == Array(0..<300))
    #expect(indices(training) == indices(training).sorted() && indices(heldOut) == indices(heldOut).sorted())
    for part in [training, heldOut] {
      #expect(zip(indices(part), part.labels!).allSatisfy { labels[$0] == $1 } && part.classes == 3)
    }
    #expect((0..<3).allSatisfy { label in heldOut.labels!.count { $0 == label } == 10 })
    #expect(try indices(set.holdingOut(30).heldOut) == indices(heldOut))
    #expect(training.fingerprint != set.fingerprint)
    #expect(throws: LabelDrawError.self) { try set.holdingOut(31) }
    let unlabelled = try LabelledImages(images: set.images, labels: nil, height: 1, width: 2, channels: 1)
    #expect(throws: LabelDrawError.self) { try unlabelled.holdingOut(30) }
  }
}
