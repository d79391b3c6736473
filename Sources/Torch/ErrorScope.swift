import CTorch

/// A tensor operation that failed: its name, the shapes of its operands and libtorch's reason, such as
/// `linear of [6, 4], [5, 3], [5]: mat1 and mat2 shapes cannot be multiplied (6x4 and 3x5)`.
public struct TensorError: Error, CustomStringConvertible, Sendable {
  public let description: String
}

/// Runs `body` and throws the first tensor operation in it that failed.
///
/// Operations do not throw: a failed one records its error and yields a poisoned tensor, which later operations pass
/// on untouched, so formulas stay free of `try`. The scope around them throws that first error once `body` has
/// ended. Scopes nest and belong to the thread that opened them, hence `body` is synchronous. Outside any scope a
/// failed operation prints its error and stops the program.
///
/// - Throws: `TensorError`, or what `body` throws where no operation failed before it.
public func checkingTensors<Result>(_ body: () throws -> Result) throws -> Result {
  ct_scope_enter()
  let result = Swift.Result { try body() }
  if let failure = ct_scope_leave() { throw TensorError(description: String(cString: failure)) }
  return try result.get()
}
