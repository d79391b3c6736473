import CTorch

/// A tensor operation that failed: its name, the shapes of its operands and libtorch's reason, such as
/// `linear of [6, 4], [5, 3], [5]: mat1 and mat2 shapes cannot be multiplied (6x4 and 3x5)`.
public struct TensorError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The operation, the shapes and the reason, on one line.
  public let description: String
}

/// Throws why an operation without a result has failed, where it has.
func check(_ failure: CTensor?) throws(TensorError) {
  if let failure, let error = Tensor(failure).failure { throw error }
}

/// Runs `body` and throws the first tensor operation in it that failed, whether or not anybody reads what came of it.
///
/// Tensors carry their failures themselves, and whoever reads one, or changes parameters by it, finds out; see
/// ``Tensor``. A scope is for the rest: for formulas whose results are looked at later or elsewhere, and for an error
/// at the first operation that failed instead of at the first that was read. Scopes nest and belong to the thread that
/// opened them, hence `body` is synchronous.
///
/// - Throws: `TensorError`, or what `body` throws where no operation failed before it.
public func checkingTensors<Result>(_ body: () throws -> Result) throws -> Result {
  ct_scope_enter()
  let result = Swift.Result { try body() }
  if let failure = ct_scope_leave() { throw TensorError(description: String(cString: failure)) }
  return try result.get()
}
