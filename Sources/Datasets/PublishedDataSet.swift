import Files
import Foundation

/// A data set that can be downloaded as it was published, and where it then is.
public struct PublishedDataSet: Sendable, Hashable {
  /// Its name on the command line: `gan data get NAME`.
  public let name: String
  /// Its name as its makers write it.
  public let title: String
  /// The files as they were published.
  public let files: [RemoteFile]
  /// Public folders that hold ``files``, the best one first.
  public let mirrors: [URL]
  /// The name of its folder in the cache; parts of one set share it.
  private let folder: String

  init(name: String, title: String, files: [RemoteFile], mirrors: [String], folder: String? = nil) {
    self.name = name
    self.title = title
    self.files = files
    self.mirrors = mirrors.map { URL(string: $0)! }
    self.folder = folder ?? name
  }

  /// Every data set that can be downloaded, in the order in which help lists them, and the networks of features.
  public static let all =
    DataFamily.kinds.flatMap { ($0 as? any ImageSource.Type)?.downloads ?? [] } + FeatureNetworks.all

  /// The data set of that name, if there is one.
  public static func named(_ name: String) -> PublishedDataSet? { all.first { $0.name == name } }

  /// Where ``download(to:mirrors:progress:)`` puts the files and loading looks for them:
  /// `$XDG_CACHE_HOME/swift-gan/NAME`, or `~/.cache/swift-gan/NAME`.
  public var directory: URL { Cache.directory.appendingPathComponent(folder, isDirectory: true) }

  /// Fetches ``files``, as far as they are not there yet; see ``Download`` for resuming, checking and errors.
  ///
  /// - Parameters:
  ///   - directory: the folder to put them in, made if it is not there; the set's own in the cache where it is not
  ///     given.
  ///   - mirrors: http or https folders that hold the files, asked in this order; the public ones where they are not
  ///     given.
  ///   - progress: called with each piece that arrives.
  /// - Returns: Where each of ``files`` is, in their order.
  /// - Throws: ``DownloadError``, `FileError`, `CancellationError`.
  @discardableResult
  public func download(
    to directory: URL? = nil, mirrors: [URL]? = nil,
    progress: @escaping @Sendable (Download.Progress) -> Void = { _ in }
  ) async throws -> [Download.Arrival] {
    try await Download(files: files, mirrors: mirrors ?? self.mirrors, directory: directory ?? self.directory)
      .run(progress: progress)
  }
}
