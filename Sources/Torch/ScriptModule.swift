import CTorch
import Foundation

/// A network that PyTorch saved as TorchScript (`torch.jit.script(module).save(path)`), with its parameters: a function
/// of one tensor whose code came with the file.
///
/// It is in evaluation mode and runs without gradient. Like tensors, a module is not `Sendable`.
///
/// TorchScript is a program: load only files from where you would run a program from.
public struct ScriptModule {
  private let handle: CScript

  /// Loads the module from its file's bytes.
  ///
  /// - Throws: `TensorError` where they are no TorchScript file, or one without `forward`.
  public init(_ file: Data, device: Device = .cpu) throws {
    let handle = try checkingTensors {
      file.withUnsafeBytes { bytes in
        // An empty file may have no address.
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { nothing in
          ct_script_load(
            bytes.baseAddress ?? UnsafeRawPointer(nothing.baseAddress!), Int64(bytes.count), device.code)
        }
      }
    }
    guard let handle else { throw TensorError(description: "the module's loading has failed") }
    self.handle = handle
  }

  /// `forward(x)`.
  ///
  /// A failed operation where the module refuses `x` or a keyword, or returns anything but one tensor.
  ///
  /// - Parameter keywords: further arguments of `forward` by name, those that are true or false.
  public func callAsFunction(_ x: Tensor, keywords: [String: Bool] = [:]) -> Tensor {
    let sorted = keywords.sorted { $0.key < $1.key }
    let names = sorted.map { strdup($0.key) }
    defer { names.forEach { free($0) } }
    return Tensor(
      ct_script_forward(handle, x.handle, names.map { UnsafePointer($0!) }, sorted.map(\.value), Int32(sorted.count)))
  }
}
