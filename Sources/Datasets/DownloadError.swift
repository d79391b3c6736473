import Files
import Foundation

/// A download for which no mirror was good enough: what was tried, and how to go on by hand.
public struct DownloadError: Error, CustomStringConvertible, Sendable {
  /// One address that was tried.
  public struct Attempt: Sendable, Hashable {
    /// The address of the file.
    public let url: URL
    /// Why it did not serve, as a clause without a full stop: "answered 404 (not found)".
    public let reason: String
  }

  /// The file that could not be fetched.
  public let file: RemoteFile
  /// Each mirror, in the order tried. Empty where no mirror was given.
  public let attempts: [Attempt]
  /// How many bytes of ``file`` are kept on disk, for the next run to go on from.
  public let kept: Int
  /// Every file that is still missing, ``file`` first.
  public let missing: [RemoteFile]
  /// The folder in which they belong.
  public let directory: URL

  /// The mirrors with their reasons, a line each; then name, size and md5 of each file to put into ``directory``.
  public var description: String {
    var lines = ["\(file.name) could not be downloaded" + (attempts.isEmpty ? ": no mirror was given" : ":")]
    lines += attempts.map { "  \(address($0.url)): \($0.reason)" }
    if kept > 0 {
      lines.append(
        "The \(grouped(kept)) of \(grouped(file.size)) bytes that have arrived are kept; another run fetches the rest.")
    }
    lines.append(
      "Without a network, put \(missing.count == 1 ? "this file" : "these files") into \(directory.path) by hand:")
    let nameWidth = missing.map(\.name.count).max() ?? 0
    let sizeWidth = missing.map(\.sizeText.count).max() ?? 0
    lines += missing.map { file in
      let name = file.name + String(repeating: " ", count: nameWidth - file.name.count)
      let size = String(repeating: " ", count: sizeWidth - file.sizeText.count) + file.sizeText
      return "  \(name)  \(size)\(sizeWidth > 0 ? "  " : "")\(file.checksumName) \(file.checksum)"
    }
    return lines.joined(separator: "\n")
  }
}

/// `url` as it may be shown and stored: without user name and password.
func address(_ url: URL) -> String {
  guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return url.absoluteString }
  parts.user = nil
  parts.password = nil
  return parts.string ?? url.absoluteString
}
