import CTorch
import Foundation

/// A network as TorchScript, with its parameters: a function of one tensor, or of one and its labels, whose code is
/// kept with it. PyTorch saves such files
/// (`torch.jit.script(module).save(path)`), and loads those that ``encoded(extraFiles:)`` makes.
///
/// It is in evaluation mode and runs without gradient. Like tensors, a module is not `Sendable`.
///
/// TorchScript is a program: load only files from where you would run a program from.
public struct ScriptModule {
  let handle: CScript

  /// Loads the module from its file's bytes.
  ///
  /// - Parameter dtype: of its parameters and buffers; as they are in the file where it is missing.
  /// - Throws: `TensorError` where they are no TorchScript file, or one without `forward`.
  public init(_ file: Data, device: Device = .cpu, dtype: DType? = nil) throws {
    var failure: CTensor?
    let handle = file.withUnsafeBytes { bytes in
      // An empty file may have no address.
      withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { nothing in
        func load(_ dtype: UnsafePointer<CTDType>?) -> CScript? {
          ct_script_load(
            bytes.baseAddress ?? UnsafeRawPointer(nothing.baseAddress!), Int64(bytes.count), device.code, dtype,
            &failure)
        }
        return if let dtype { withUnsafePointer(to: dtype.code) { load($0) } } else { load(nil) }
      }
    }
    try check(failure)
    guard let handle else { throw TensorError(description: "the module's loading has failed") }
    self.handle = handle
  }

  /// A module whose `forward` does what `forward` does to `example`, and to `labels` where there are any, operation by
  /// operation.
  ///
  /// What is recorded are libtorch's operations, not how Swift came to them: `forward` must do the same whatever the
  /// values are. The number of rows stays open where `forward` slices to the end, reshapes with the leading sizes kept
  /// or -1 in their place, and so on; that it does is to be checked with another number of rows (`Network.script`
  /// does).
  ///
  /// - Parameters:
  ///   - name: of the module's class, an identifier.
  ///   - tensors: the very tensors that `forward` computes with, each the only view of its elements; points in their
  ///     names lead from module to module. The trained ones become parameters, the others buffers.
  ///   - labels: the classes of the example's rows, [N], which the module then takes as a second argument.
  /// - Throws: `TensorError`, or what `forward` throws.
  public init(
    recording name: String, tensors: [(name: String, value: Tensor, isTrained: Bool)], example: Tensor,
    labels: Tensor? = nil, _ forward: (Tensor, _ labels: Tensor?) throws -> Tensor
  ) throws {
    let names = tensors.map { strdup($0.name) }
    defer { names.forEach { free($0) } }
    let handle = try withoutActuallyEscaping(forward) { forward in
      var recording = Recording(forward: forward)
      return try withUnsafeMutablePointer(to: &recording) { recording in
        var failure: CTensor?
        let handles = tensors.map(\.value.handle)
        let handle = handles.withUnsafeBufferPointer { handles in
          withUnsafeTemporaryAllocation(of: CTensor?.self, capacity: 1) { nothing in
            ct_script_trace(
              name, names.map { UnsafePointer($0!) }, handles.baseAddress ?? UnsafePointer(nothing.baseAddress!),
              tensors.map(\.isTrained), Int32(tensors.count), example.handle, labels?.handle, Recording.call, recording,
              &failure)
          }
        }
        // What `forward` throws says more than that the recording failed.
        if let error = recording.pointee.error { throw error }
        try check(failure)
        return handle
      }
    }
    guard let handle else { throw TensorError(description: "the module's recording has failed") }
    self.handle = handle
  }

  private struct Recording {
    let forward: (Tensor, Tensor?) throws -> Tensor
    var error: (any Error)?

    static let call: CTForward = { context, x, labels, result in
      let recording = context.assumingMemoryBound(to: Recording.self)
      do {
        result.pointee = try recording.pointee.forward(Tensor(x), labels.map { Tensor($0) }).checked().handle
      } catch {
        recording.pointee.error = error
      }
    }
  }

  /// The bytes of the module's file.
  ///
  /// - Parameter extraFiles: texts that the file holds beside the module, by name; Python's `torch.jit.load` gives them
  ///   out as `_extra_files`.
  /// - Throws: `TensorError`.
  public func encoded(extraFiles: [String: String] = [:]) throws -> Data {
    let sorted = extraFiles.sorted { $0.key < $1.key }
    let (names, texts) = (sorted.map { strdup($0.key) }, sorted.map { strdup($0.value) })
    defer { (names + texts).forEach { free($0) } }
    var file = Data()
    try withUnsafeMutablePointer(to: &file) { file in
      try check(
        ct_script_save(
          handle, names.map { UnsafePointer($0!) }, texts.map { UnsafePointer($0!) }, Int32(sorted.count),
          {
            $0.assumingMemoryBound(to: Data.self).pointee.append(
              $1.assumingMemoryBound(to: UInt8.self), count: Int($2))
          }, file))
    }
    return file
  }

  /// `forward(x)`, or `forward(x, labels)`.
  ///
  /// A failed operation where the module refuses `x` or a keyword, or where what it returns, or the part of it that is
  /// asked for, is not one tensor.
  ///
  /// - Parameters:
  ///   - keywords: further arguments of `forward` by name, those that are true or false.
  ///   - output: which part of a tuple, a list or a dictionary: its place from 0 or its name. Where it is missing, the
  ///     one named `logits`, or else the first of a tuple or list, or the only one of a dictionary.
  public func callAsFunction(
    _ x: Tensor, labels: Tensor? = nil, keywords: [String: Bool] = [:], output: String? = nil
  ) -> Tensor {
    let sorted = keywords.sorted { $0.key < $1.key }
    let names = sorted.map { strdup($0.key) }
    defer { names.forEach { free($0) } }
    func call(_ output: UnsafePointer<CChar>?) -> Tensor {
      Tensor(
        ct_script_forward(
          handle, x.handle, labels?.handle, names.map { UnsafePointer($0!) }, sorted.map(\.value), Int32(sorted.count),
          output))
    }
    return output.map { $0.withCString { call($0) } } ?? call(nil)
  }
}
