import CTorch

/// What tensors on the CPU take of memory: those of 256 KiB and more.
///
/// Their blocks are this package's own, on Linux on x86-64: a step that asks for the same blocks as the one before gets
/// the same ones, so that it touches no new page. What has not been needed for some fifty thousand blocks goes back to
/// the system.
public struct TensorMemory: Sendable, Hashable {
  /// Bytes that tensors take now.
  public var used: Int
  /// Most bytes that they took at once, since the start or ``mostFromNow()``.
  public var most: Int
  /// Bytes held from the system, in use or free.
  public var held: Int
  /// How many blocks have been taken since the start.
  public var blocks: Int

  /// As it is now; nil where the C library has the memory of all tensors.
  public static var now: TensorMemory? { read(startsAnew: false) }

  /// Has ``most`` count from here on.
  ///
  /// - Returns: what there was before.
  @discardableResult
  public static func mostFromNow() -> TensorMemory? { read(startsAnew: true) }

  private static func read(startsAnew: Bool) -> TensorMemory? {
    var memory = CTTensorMemory()
    guard ct_tensor_memory(startsAnew, &memory) else { return nil }
    return TensorMemory(
      used: Int(memory.used), most: Int(memory.most), held: Int(memory.held), blocks: Int(memory.blocks))
  }
}
