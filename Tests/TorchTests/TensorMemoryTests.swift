import Foundation
import Testing
import Torch

/// Blocks of memory that tensors share: no two at once, and the same ones again from step to step.
@Suite struct TensorMemoryTests {
  /// Sizes in no order, so that blocks are cut and joined again: 0.25 to 8 MiB.
  private static func count(_ index: Int) -> Int { 65_536 + (index * 2_654_435_761) % 2_000_000 }

  @Test(.enabled(if: TensorMemory.now != nil, "the C library has the memory of tensors here"))
  func noTwoTensorsShareAByte() throws {
    var alive: [(value: Double, tensor: Tensor)] = []
    for index in 0..<600 {
      let value = Double(index)
      alive.append((value, .full(value, [Self.count(index)])))
      // Some of the old ones go, from all places.
      if index % 3 != 0 { alive.remove(at: (index * 7) % alive.count) }
      if alive.count > 40 { alive.removeFirst(20) }
    }
    for (value, tensor) in alive {
      let values = try tensor.values(Float.self)
      #expect(values.allSatisfy { $0 == Float(value) }, "a tensor of \(values.count) times \(value)")
    }
  }

  @Test(.enabled(if: TensorMemory.now != nil, "the C library has the memory of tensors here"))
  func aSecondPassTakesNoMoreThanTheFirst() throws {
    func pass() -> TensorMemory? {
      TensorMemory.mostFromNow()
      var kept: [Tensor] = []
      for index in 0..<200 {
        kept.append(.zeros([Self.count(index)]))
        if index % 2 == 1 { kept.remove(at: index / 4) }
      }
      return TensorMemory.now
    }
    // The first finds what earlier tests left.
    _ = pass()
    let second = try #require(pass())
    let third = try #require(pass())
    #expect(third.held == second.held)
    #expect(third.most == second.most)
    // Best fit in what was freed: little lies between.
    #expect(second.most > 200 << 20)
  }

  @Test(.enabled(if: TensorMemory.now != nil, "the C library has the memory of tensors here"))
  func aFreedTensorIsCounted() throws {
    let before = try #require(TensorMemory.now)
    do {
      let tensor = Tensor.zeros([1 << 20])
      try withExtendedLifetime(tensor) {
        let during = try #require(TensorMemory.now)
        #expect(during.used == before.used + (4 << 20) + 4096)
        #expect(during.blocks == before.blocks + 1)
      }
    }
    #expect(TensorMemory.now?.used == before.used)
  }

  @Test(.enabled(if: TensorMemory.now != nil, "the C library has the memory of tensors here"))
  func whatIsNotNeededGoesBack() throws {
    do { _ = Tensor.zeros([200 << 20]) }
    let full = try #require(TensorMemory.now)
    #expect(full.held >= 800 << 20)
    // The end of the period that it fell in, and of two after it in which nobody asks for much: 16 384 blocks each.
    for _ in 0..<50_000 { _ = Tensor.zeros([1 << 16]) }
    let after = try #require(TensorMemory.now)
    #expect(after.held < full.held / 2)
  }

  @Test func moreThanThereIsFailsWithItsSize() throws {
    let error = #expect(throws: TensorError.self) { try Tensor.zeros([1 << 50]).checked() }
    #expect(error?.description.contains("\(4 << 50)") == true)
    // And the next one is there.
    #expect(try Tensor.ones([1 << 20]).sum().item() == 1_048_576)
  }
}
