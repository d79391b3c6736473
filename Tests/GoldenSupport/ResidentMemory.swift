import Foundation

/// Bytes of memory that this process has now; nil where the system does not tell by /proc.
public func residentMemory() -> Int? {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
  return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
}

/// The most memory that this process has had since it was reset.
public enum PeakMemory {
  /// Whether the system tells it.
  public static var isKnown: Bool {
    reset()
    return bytes() != nil
  }
  /// Begins to measure anew.
  public static func reset() { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs")) }
  /// Since the last reset.
  public static func bytes() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let kilobytes = text.firstMatch(of: /VmHWM:\s*([0-9]+) kB/)
    else { return nil }
    return Int(kilobytes.1).map { $0 << 10 }
  }
}
