import Files
import Foundation

/// Fetches published files into a folder: from the first mirror that serves, checked, and resumed where broken off.
///
/// ```swift
/// let download = Download(files: MNIST.files, mirrors: MNIST.mirrors, directory: MNIST.defaultDirectory)
/// try await download.run { print($0.receivedOfAll, "of", $0.sizeOfAll) }
/// ```
///
/// A file that is there already with the right checksum is not fetched again; one with a wrong checksum is replaced,
/// once the right one has arrived. Until then the bytes are in `<name>.part`, with a note of their source in
/// `<name>.part.json`, and a later run asks only for the rest. What does not have the stated size and checksum never
/// gets the file's name. Proxies are those of the environment (`https_proxy` and so on).
public struct Download: Sendable {
  /// The files, in the order of fetching.
  public var files: [RemoteFile]
  /// Where to fetch them: http or https folders to which a file's name is appended, the best one first.
  public var mirrors: [URL]
  /// The folder to put them in; made if it is not there.
  public var directory: URL
  /// Seconds, at least 1, after which a mirror that sends nothing is given up.
  public var timeout: TimeInterval
  /// How often a mirror whose connection breaks after some bytes is asked for the rest before it is given up.
  public var retries: Int

  /// Plans a download; ``run(progress:)`` starts it.
  public init(
    files: [RemoteFile], mirrors: [URL], directory: URL, timeout: TimeInterval = 30, retries: Int = 3
  ) {
    self.files = files
    self.mirrors = mirrors
    self.directory = directory
    self.timeout = max(1, timeout)
    self.retries = max(0, retries)
  }

  /// How far a download is.
  public struct Progress: Sendable, Hashable {
    /// The file being fetched.
    public let file: RemoteFile
    /// Bytes of ``file`` on disk, those of earlier runs included: 0...`file.size`. Falls where a file is begun anew.
    public let received: Int
    /// Bytes of all files on disk: 0...``sizeOfAll``.
    public let receivedOfAll: Int
    /// Bytes that all files have together.
    public let sizeOfAll: Int
  }

  /// Where a file is now and where it came from.
  public struct Arrival: Sendable, Hashable {
    /// The file on disk.
    public let url: URL
    /// The mirror's address of the file; `nil` where nothing had to be asked for.
    public let source: URL?
  }

  /// Fetches the files one after the other.
  ///
  /// Cancelling the task stops at once and leaves what has arrived for the next run.
  ///
  /// - Parameter progress: Called with each piece that arrives and once for a file that is there already; from a
  ///   thread of its own choosing, never from two at a time.
  /// - Returns: An arrival for each of ``files``, in their order.
  /// - Throws: ``DownloadError`` where no mirror serves a file, naming each mirror's reason and what to put where by
  ///   hand (the files already fetched stay); `FileError` where the folder or a file in it cannot be written or another
  ///   process is fetching the same file; `CancellationError`.
  @discardableResult
  public func run(progress: @escaping @Sendable (Progress) -> Void = { _ in }) async throws -> [Arrival] {
    for file in files {
      if let reason = file.defect { throw FileError(path: file.name, reason: reason) }
    }
    try makeFolder(at: directory)
    var files = files
    for index in files.indices where !files[index].isSized {
      files[index] = try await sized(files[index], andLater: files[(index + 1)...])
    }
    let sizeOfAll = files.reduce(0) { $0 + $1.size }
    var before = 0
    var arrivals: [Arrival] = []
    for (index, file) in files.enumerated() {
      let start = before
      let source = try await fetch(file, andLater: files[(index + 1)...]) { received in
        progress(
          Progress(file: file, received: received, receivedOfAll: start + received, sizeOfAll: sizeOfAll))
      }
      let name = file.unpackedFile.flatMap { isPresent(file) ? nil : $0.name } ?? file.name
      arrivals.append(Arrival(url: directory.appendingPathComponent(name), source: source))
      before += file.size
    }
    return arrivals
  }

  /// Gets one file into place and says where it came from; `nil` if nothing had to be asked for.
  private func fetch(
    _ file: RemoteFile, andLater later: ArraySlice<RemoteFile>, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> URL? {
    try Task.checkCancellation()
    if isPresent(file) || file.unpackedFile.map(isPresent) == true {
      progress(file.size)
      return nil
    }
    let part = try PartialFile(of: file, in: directory)
    defer { part.release() }
    if part.count == file.size, try part.checksum(as: file) == file.checksum {
      try part.finish()
      progress(file.size)
      return nil
    }
    var attempts: [DownloadError.Attempt] = []
    for mirror in mirrors {
      let url = mirror.appendingPathComponent(file.name)
      guard let failure = try await fetch(file, from: url, into: part, progress: progress) else { return url }
      attempts.append(.init(url: url, reason: failure))
    }
    let kept = part.count
    if kept == 0 { part.discard() }
    throw DownloadError(
      file: file, attempts: attempts, kept: kept, missing: [file] + later.filter { !isPresent($0) },
      directory: directory)
  }

  /// Asks one mirror, several times where that helps; `nil` once the file is in place, else why it is not.
  private func fetch(
    _ file: RemoteFile, from url: URL, into part: PartialFile, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> String? {
    guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
      return "is not an http or https address"
    }
    var retriesLeft = retries
    var isFromStart = part.count == 0 || part.count >= file.size
    while true {
      switch try await Transfer.run(
        url, of: file, into: part, fromStart: isFromStart, timeout: timeout, progress: progress)
      {
      case .complete(let isPieced):
        let checksum = try part.checksum(as: file)
        if checksum == file.checksum {
          try part.finish()
          return nil
        }
        try part.restart()
        // The piece of an earlier run may be what is wrong; a file sent whole is the mirror's own.
        guard isPieced else {
          return "sent a file with the \(file.checksumName) \(checksum) instead of \(file.checksum)"
        }
        isFromStart = true
      case .rangeRefused(let reason):
        if isFromStart { return reason }
        isFromStart = true
      case .encoded(let reason):
        guard let plain = file.unpackedFile else { return reason }
        if part.count == 0 { part.discard() }
        return try await fetchUnpacked(plain, of: file, from: url, progress: progress)
      case .failed(let reason, let gained):
        guard gained > 0 && retriesLeft > 0 else { return reason }
        retriesLeft -= 1
        isFromStart = false
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// Takes what the mirror has unpacked on the way; `nil` once it is in place under its name without `.gz`, else why it
  /// is not.
  private func fetchUnpacked(
    _ plain: RemoteFile, of file: RemoteFile, from url: URL, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> String? {
    let part = try PartialFile(of: plain, in: directory)
    defer { part.release() }
    let ending = try await Transfer.run(
      url, of: plain, into: part, fromStart: true, unpacking: true, timeout: timeout
    ) { progress($0 * file.size / plain.size) }
    switch ending {
    case .complete:
      let md5 = try part.checksum(as: plain)
      guard md5 == plain.md5 else {
        part.discard()
        return "sent a file that unpacks to the md5 \(md5) instead of \(plain.md5)"
      }
      try part.finish()
      return nil
    case .encoded(let reason), .rangeRefused(let reason), .failed(let reason, _):
      // A part of what is unpacked on the way cannot be gone on with.
      part.discard()
      return reason
    }
  }

  /// A file with its size: that of the one that is there, or what the first mirror says that knows it.
  private func sized(_ file: RemoteFile, andLater later: ArraySlice<RemoteFile>) async throws -> RemoteFile {
    let url = directory.appendingPathComponent(file.name)
    if isPresent(file) { return file.sized(try ContentReader(url, unpacking: false).fileSize) }
    var attempts: [DownloadError.Attempt] = []
    for mirror in mirrors {
      let url = mirror.appendingPathComponent(file.name)
      switch await RemoteSize.ask(url, timeout: timeout) {
      case .success(let size): return file.sized(size)
      case .failure(let refusal): attempts.append(.init(url: url, reason: refusal.reason))
      }
      try Task.checkCancellation()
    }
    throw DownloadError(
      file: file, attempts: attempts, kept: 0, missing: [file] + later.filter { !isPresent($0) }, directory: directory)
  }

  private func isPresent(_ file: RemoteFile) -> Bool {
    let url = directory.appendingPathComponent(file.name)
    guard let reader = try? ContentReader(url, unpacking: false), !file.isSized || reader.fileSize == file.size else {
      return false
    }
    return (try? file.checksum(at: url)) == file.checksum
  }
}
