import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Removes from `folder` what `replaceFile` had begun to write in a process that was killed in the middle of it. The
/// files of processes that still run stay.
///
/// - Parameter ofThisProcess: whether those of this process go as well: it may be writing them just now.
public func removeLeftovers(in folder: URL, ofThisProcess: Bool = true) {
  for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
    guard let match = name.wholeMatch(of: /\..+\.([0-9]{1,10})-[0-9]{1,10}\.gan-part/), let writer = pid_t(match.1)
    else {
      continue
    }
    guard writer == getpid() ? ofThisProcess : (kill(writer, 0) != 0 && errno == ESRCH) else { continue }
    unlink(folder.appendingPathComponent(name).path)
  }
}
