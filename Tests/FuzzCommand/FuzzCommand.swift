import CFuzzer
import Foundation
import Fuzzing

/// One parser under libFuzzer: FUZZ_TARGET names it, FUZZ_FOLDER a folder for its files, the arguments are libFuzzer's
/// own.
///
/// A wrong outcome (see `FuzzTarget.check`) and memory beyond what the input justifies end the process as a crash does,
/// so that libFuzzer keeps the input.
@main
struct FuzzCommand {
  static func main() {
    fuzzer_count_allocations()
    var argc = CommandLine.argc
    var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&argc, &argv) { FuzzCommand.run($0, $1) })
  }

  private static let target: FuzzTarget = {
    guard let target = ProcessInfo.processInfo.environment["FUZZ_TARGET"].flatMap(FuzzTarget.init) else {
      FileHandle.standardError.write(
        Data("FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))\n".utf8))
      exit(64)
    }
    return target
  }()
  nonisolated(unsafe) private static let folder = FuzzFolder(
    in: ProcessInfo.processInfo.environment["FUZZ_FOLDER"].map { URL(fileURLWithPath: $0) })
  /// What is set up at first use, by us and by libraries, is no input's doing.
  nonisolated(unsafe) private static var isWarm = false

  private static func run(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Data(UnsafeBufferPointer(start: data, count: count))
    if !isWarm {
      for _ in 1...2 { try? target.check(bytes, in: folder) }
      isWarm = true
    }
    fuzzer_reset_peak()
    do {
      try target.check(bytes, in: folder)
    } catch {
      fatalError("\(target.rawValue): \(error)")
    }
    let (used, allowed) = (fuzzer_peak(), target.allowance(count))
    guard used <= allowed else {
      fatalError("\(target.rawValue): \(used) bytes of memory for an input of \(count); \(allowed) are justified")
    }
    return 0
  }
}
