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

/// What `body` makes of 0, ..., `count` - 1, in their order, called as by ``forEachSerially(_:_:)``.
///
/// - Throws: what `body` throws first, by number.
public func mapSerially<Output: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Output
) throws -> [Output] {
  let outputs = Outputs<Output>(count)
  try forEachSerially(count) { outputs.places[$0] = try body($0) }
  return outputs.places.map { $0! }
}

/// Each call writes to a place of its own.
private final class Outputs<Output: Sendable>: @unchecked Sendable {
  let places: UnsafeMutableBufferPointer<Output?>

  init(_ count: Int) {
    places = .allocate(capacity: count)
    places.initialize(repeating: nil)
  }

  deinit {
    places.deinitialize()
    places.deallocate()
  }
}

private final class SerialLoop: @unchecked Sendable {
  let body: @Sendable (Int) throws -> Void
  private let failures: Outputs<any Error>

  init(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
    self.body = body
    failures = Outputs(count)
  }

  var errors: [(any Error)?] { Array(failures.places) }

  func run(_ index: Int) {
    do { try body(index) } catch { failures.places[index] = error }
  }
}
