import Foundation

/// Where swift-gan keeps what it can fetch or make again: downloaded data, and nothing a user wrote.
public enum Cache {
  /// `$XDG_CACHE_HOME/swift-gan`, or `~/.cache/swift-gan` where that variable is unset, empty or not an absolute path
  /// (the [XDG base directory specification](https://specifications.freedesktop.org/basedir-spec/latest/) asks for
  /// relative ones to be ignored).
  ///
  /// The folder need not exist yet.
  public static var directory: URL { directory(environment: ProcessInfo.processInfo.environment) }

  /// ``directory`` as it is under the given environment variables.
  public static func directory(environment: [String: String]) -> URL {
    let caches: URL
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
      caches = URL(fileURLWithPath: base, isDirectory: true)
    } else {
      let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
      caches = URL(fileURLWithPath: home, isDirectory: true).appendingPathComponent(".cache", isDirectory: true)
    }
    return caches.appendingPathComponent("swift-gan", isDirectory: true)
  }
}
