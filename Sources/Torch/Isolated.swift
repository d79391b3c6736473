/// Keeps what is not `Sendable`, a tensor, a network, a game or a trainer, and lets one task at a time have it: how a
/// server holds a generator.
///
/// ```swift
/// let game = try Isolated { try RunFolder(run).load(device: .cpu).game }
/// let values = try await game.use { try $0.asImages($0.samples(16, RandomStream(seed: 3))).values() }
/// ```
///
/// What is kept never leaves; what comes out is plain values. The compiler refuses both a tensor that comes out and one
/// that is carried in.
public actor Isolated<Value> {
  private let value: Value

  /// - Parameter make: makes what is kept, here and nowhere else, so that nobody else has it.
  /// - Throws: what `make` throws.
  public init(_ make: @Sendable () throws -> Value) rethrows { value = try make() }

  /// What `body` returns of it; nobody else has it meanwhile.
  ///
  /// - Throws: what `body` throws.
  public func use<Result: Sendable>(_ body: @Sendable (Value) throws -> Result) rethrows -> Result { try body(value) }
}
