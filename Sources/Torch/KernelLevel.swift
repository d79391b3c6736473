import CKernelLevel

/// The instructions that this package's own kernels use. Libtorch's kernels choose for themselves
/// (`ATEN_CPU_CAPABILITY`, `ONEDNN_MAX_CPU_ISA`).
///
/// The highest level that the processor has, unless the environment variable `SWIFT_GAN_CPU` named another when the
/// program started. AVX2 and AVX-512 give the same bits; the baseline has no fused multiply-add and rounds once more in
/// its place.
public enum KernelLevel: String, Sendable, CaseIterable, Comparable {
  /// What every processor of the architecture has: SSE2 on x86-64, NEON on ARM.
  case baseline
  /// x86-64-v3: AVX2, FMA, BMI.
  case avx2
  /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL.
  case avx512

  private var code: CKLevel {
    switch self {
    case .baseline: .baseline
    case .avx2: .AVX2
    case .avx512: .AVX512
    }
  }
  private init(_ code: CKLevel) {
    switch code {
    case .baseline: self = .baseline
    case .AVX2: self = .avx2
    case .AVX512: self = .avx512
    }
  }

  /// The level of kernels now.
  public static var current: KernelLevel { KernelLevel(ck_level()) }
  /// The highest level that this processor has.
  public static var highest: KernelLevel { KernelLevel(ck_highest_level()) }
  /// Whether this processor has the level.
  public var isAvailable: Bool { self <= .highest }

  /// Sets the level of all kernels that start from now on, for measuring and testing: no kernel may run meanwhile.
  ///
  /// - Throws: ``KernelLevelError`` where this processor lacks the level; nothing has changed then.
  public static func set(_ level: KernelLevel) throws {
    guard ck_set_level(level.code) else {
      throw KernelLevelError(
        description: "this processor lacks the level '\(level.rawValue)': it has up to '\(highest.rawValue)'")
    }
  }

  /// Checks what `SWIFT_GAN_CPU` was when the program started.
  ///
  /// - Throws: ``KernelLevelError`` where it named no level, or one that this processor lacks. ``current`` is
  ///   ``highest`` then.
  public static func checkEnvironment() throws {
    if let complaint = ck_level_complaint() { throw KernelLevelError(description: String(cString: complaint)) }
  }

  public static func < (one: KernelLevel, other: KernelLevel) -> Bool { one.code.rawValue < other.code.rawValue }
}

/// A level that this processor lacks, or that is none.
public struct KernelLevelError: Error, CustomStringConvertible, Sendable {
  public let description: String
}
