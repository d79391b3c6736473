import CTorch
import Foundation

extension Tensor {
  /// The elements as they are in memory, in row-major order.
  ///
  /// - Throws: `TensorError` where the tensor is poisoned.
  public func rawBytes() throws -> Data {
    var bytes = Data(count: try checked().count * dtype.width)
    let size = bytes.count
    guard size > 0 else { return bytes }
    try bytes.withUnsafeMutableBytes { try check(ct_copy_to(handle, dtype.code, $0.baseAddress!, Int64(size))) }
    return bytes
  }

  /// - Precondition: `rawBytes` holds exactly the elements of `shape`.
  init(rawBytes: Data, shape: [Int], dtype: DType) {
    self.init(
      rawBytes.withUnsafeBytes { bytes in
        shape.sizes { sizes, rank in
          bytes.baseAddress.map { ct_from_bytes($0, sizes, rank, dtype.code, .CPU) }
            ?? ct_full(0, sizes, rank, dtype.code, .CPU)
        }
      })
  }
}
