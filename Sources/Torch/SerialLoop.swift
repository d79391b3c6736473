import CTorch

/// Calls `body` with 0, ..., `count` - 1 on libtorch's threads, several at a time, each call on one thread: libtorch
/// and what it is made of take no further threads in it, so that what it computes does not depend on how many there
/// are.
///
/// - Throws: what `body` throws first, by number.
public func forEachSerially(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let loop = SerialLoop(count, body)
  withExtendedLifetime(loop) {
    ct_for_each(
      Int64(count),
      { context, index in Unmanaged<SerialLoop>.fromOpaque(context).takeUnretainedValue().run(Int(index)) },
      Unmanaged.passUnretained(loop).toOpaque())
  }
  if let error = loop.errors.compactMap({ $0 }).first { throw error }
}

/// Each call writes to a place of its own.
private final class SerialLoop: @unchecked Sendable {
  let body: @Sendable (Int) throws -> Void
  let places: UnsafeMutableBufferPointer<(any Error)?>

  init(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
    self.body = body
    places = .allocate(capacity: count)
    places.initialize(repeating: nil)
  }

  deinit {
    places.deinitialize()
    places.deallocate()
  }

  var errors: [(any Error)?] { Array(places) }

  func run(_ index: Int) {
    do { try body(index) } catch { places[index] = error }
  }
}
