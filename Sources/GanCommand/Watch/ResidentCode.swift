import Foundation

/// The machine code that a process has in memory.
enum ResidentCode {
  /// Gives the code of libraries back to the system, which has it in its file cache: what runs comes back by itself,
  /// page by page, and what only loading ran does not. Of libtorch that is 45 MB, which a page's server has no use for.
  ///
  /// Code that has been changed, as a debugger does, stays. Elsewhere than on Linux nothing happens.
  static func giveBack() {
    #if os(Linux)
      guard let file = FileHandle(forReadingAtPath: "/proc/self/smaps"), let data = try? file.readToEnd() else {
        return
      }
      var code: Range<UInt>?
      for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        if let addresses = addresses(words[0]) {
          code = words.count >= 6 && words[1] == "r-xp" && words[5].hasPrefix("/") ? addresses : nil
        } else if words[0] == "Anonymous:", let range = code, words.count > 1, words[1] == "0" {
          _ = madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
      }
    #endif
  }

  /// Such as `7f00-7fa0`, in hexadecimal digits.
  private static func addresses(_ word: Substring) -> Range<UInt>? {
    let ends = word.split(separator: "-").map { UInt($0, radix: 16) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low < high else { return nil }
    return low..<high
  }
}
