import CTorch

/// Where a tensor lives and its operations run.
public enum Device: String, Sendable, CaseIterable {
  /// The machine's processors; an NVIDIA GPU; an Apple GPU, by Metal.
  case cpu, cuda, mps

  var code: CTDevice {
    switch self {
    case .cpu: .CPU
    case .cuda: .CUDA
    case .mps: .MPS
    }
  }

  init(_ code: CTDevice) {
    switch code {
    case .CPU: self = .cpu
    case .CUDA: self = .cuda
    case .MPS: self = .mps
    }
  }

  /// Whether this machine, with this build of libtorch, has the device.
  public var isAvailable: Bool { ct_device_available(code) }

  /// The device that `name` asks for: `cpu`, `cuda`, `mps`, or `auto` for the fastest that is available.
  ///
  /// - Throws: `DeviceError` where the name is unknown or the device is not available.
  public init(named name: String) throws {
    if name == "auto" {
      self = [.cuda, .mps].first(where: \.isAvailable) ?? .cpu
      return
    }
    guard let device = Device(rawValue: name) else { throw DeviceError.unknown(name) }
    guard device.isAvailable else { throw DeviceError.unavailable(device) }
    self = device
  }
}

/// A device that cannot be used.
public enum DeviceError: Error, CustomStringConvertible {
  /// No device has that name.
  case unknown(String)
  /// The machine, or this build of libtorch, lacks it.
  case unavailable(Device)

  public var description: String {
    let usable = (["auto"] + Device.allCases.filter(\.isAvailable).map(\.rawValue)).joined(separator: ", ")
    switch self {
    case .unknown(let name):
      return "unknown device '\(name)': this machine has \(usable)"
    case .unavailable(let device):
      return "device '\(device.rawValue)' is not available: this machine and its libtorch have \(usable)"
    }
  }
}

/// libtorch as this program was built against it.
public enum Libtorch {
  /// Version of libtorch, such as "2.13.0".
  public static var version: String { String(cString: ct_version()) }

  /// Threads that one operation may use, at least 1. Results are bit-identical only for equal counts.
  public static var threads: Int {
    get { Int(ct_threads()) }
    set { ct_set_threads(Int32(clamping: newValue)) }
  }

  /// On how many of ``threads`` a long loop of this package's own kernels runs: all, where libtorch's OpenMP is within
  /// reach.
  public static var threadsOfALoop: Int { Int(ct_threads_of_a_loop()) }

  /// Makes the whole program keep the memory that it frees, so that a training step finds the pages of the step before
  /// it instead of asking the system for new ones: a quarter of the time of some games. For programs that train; to be
  /// called first, once. Does nothing but on Linux.
  public static func keepFreedMemory() { ct_keep_freed_memory() }
}
