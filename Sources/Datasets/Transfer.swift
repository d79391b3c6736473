import Files
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One HTTP request, whose body goes into a partial file.
///
/// The first of the delegate's callbacks (or the cancellation) that settles the outcome ends the transfer; those that
/// still come are ignored. All state is under one lock, the partial file included.
final class Transfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  /// How a request ended, where it did not end in an error on this side.
  enum Ending: Sendable {
    /// All bytes of the file are there; part of them from an earlier request, if `isPieced`.
    case complete(isPieced: Bool)
    /// The mirror cannot go on from where the partial file ends; it should be asked for the whole.
    case rangeRefused(String)
    /// The mirror says that it packs the file on the way, and what arrives would be unpacked: how it says so.
    case encoded(String)
    /// The mirror did not serve: why, and how many bytes it added before.
    case failed(String, gained: Int)
  }

  /// Asks `url` for what `part` lacks, or for the whole file if `fromStart`.
  ///
  /// With `unpacking`, `file` is what the mirror's file unpacks to, as the mirror has it unpacked on the way.
  ///
  /// What `part` holds is given up only when a mirror is about to send a whole file of the right size.
  ///
  /// - Throws: `FileError` where the partial file cannot be written, `CancellationError`.
  static func run(
    _ url: URL, of file: RemoteFile, into part: PartialFile, fromStart: Bool, unpacking: Bool = false,
    timeout: TimeInterval, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Ending {
    try Task.checkCancellation()
    let start = fromStart ? 0 : part.count
    var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout)
    // The size and the checksum are those of the file as published, so nothing may be packed or unpacked on the way.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    request.setValue("swift-gan", forHTTPHeaderField: "User-Agent")
    if start > 0 {
      request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range")
      // Another mirror's validator would mean nothing to this one; that it has the same file the checksum will tell.
      if let source = part.source, source.url == address(url), let validator = source.validator {
        request.setValue(validator, forHTTPHeaderField: "If-Range")
      }
    }
    let configuration = URLSessionConfiguration.ephemeral
    configuration.urlCache = nil
    configuration.httpShouldSetCookies = false
    configuration.timeoutIntervalForRequest = timeout
    let transfer = Transfer(
      url: url, file: file, part: part, start: start, unpacking: unpacking, timeout: timeout,
      progress: progress)
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: queue)
    defer { session.invalidateAndCancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        transfer.begin(continuation)
        session.dataTask(with: request).resume()
      }
    } onCancel: {
      transfer.cancel()
    }
  }

  private let url: URL
  private let file: RemoteFile
  private let part: PartialFile
  private let start: Int
  private let unpacking: Bool
  private let timeout: TimeInterval
  private let progress: @Sendable (Int) -> Void

  /// Recursive, because `progress` may cancel.
  private let lock = NSRecursiveLock()
  private var continuation: CheckedContinuation<Ending, any Error>?
  private var isSettled = false
  /// True once the answer's head has been found good, so that its body belongs into the file.
  private var takesBody = false
  /// True while bytes of an earlier request are in use.
  private var isPieced = false
  private var gained = 0

  private init(
    url: URL, file: RemoteFile, part: PartialFile, start: Int, unpacking: Bool, timeout: TimeInterval,
    progress: @escaping @Sendable (Int) -> Void
  ) {
    self.url = url
    self.file = file
    self.part = part
    self.start = start
    self.unpacking = unpacking
    self.timeout = timeout
    self.progress = progress
  }

  // MARK: Settling the outcome

  private func begin(_ continuation: CheckedContinuation<Ending, any Error>) {
    lock.withLock {
      if isSettled {
        continuation.resume(throwing: CancellationError())
      } else {
        self.continuation = continuation
      }
    }
  }

  private func cancel() { lock.withLock { settle(.failure(CancellationError())) } }

  /// Ends the transfer, unless it has ended. Called with the lock held.
  private func settle(_ outcome: Result<Ending, any Error>) {
    guard !isSettled else { return }
    isSettled = true
    continuation?.resume(with: outcome)
    continuation = nil
  }

  private func settle(_ ending: Ending) { settle(.success(ending)) }

  private func fail(_ reason: String) { settle(.failed(reason, gained: gained)) }

  // MARK: What the session reports

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    lock.withLock {
      if !isSettled {
        do {
          try judge(response)
        } catch {
          settle(.failure(error))
        }
      }
      // On Linux the answer is not heeded: data goes on coming, until the session is invalidated.
      completionHandler(isSettled ? .cancel : .allow)
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    lock.withLock {
      guard takesBody && !isSettled else { return }
      do {
        guard part.count + data.count <= file.size else {
          // Whatever this is, it is not the file, and neither is its beginning.
          try part.restart()
          gained = 0
          return fail("sends more than the file's \(grouped(file.size)) bytes")
        }
        try part.append(data)
        gained += data.count
        progress(part.count)
      } catch {
        settle(.failure(error))
      }
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    lock.withLock {
      guard !isSettled else { return }
      if takesBody && part.count == file.size { return settle(.complete(isPieced: isPieced)) }
      let reason = error.map(reason) ?? "ended the connection"
      if takesBody {
        fail("\(reason) after \(grouped(part.count)) of \(grouped(file.size)) bytes")
      } else {
        fail(reason)
      }
    }
  }

  // MARK: Judging the answer

  /// Decides from status and header fields what to do with the body.
  private func judge(_ response: URLResponse) throws {
    guard let response = response as? HTTPURLResponse else { return fail("did not answer in HTTP") }
    func field(_ name: String) -> String? { response.value(forHTTPHeaderField: name) }
    let status = response.statusCode
    guard status == 200 || status == 206 || (status == 416 && start > 0) else {
      return fail("answered \(status) (\(HTTPURLResponse.localizedString(forStatusCode: status).lowercased()))")
    }
    if status == 416 {
      return settle(.rangeRefused("answered 416: it has nothing from byte \(grouped(start)) on"))
    }
    if let encoding = field("Content-Encoding"), encoding.lowercased() != "identity" {
      // Some servers take the packing of the file itself for one of the way: it is undone by whoever reads the answer.
      let isPacking = ["gzip", "x-gzip"].contains(encoding.lowercased())
      guard isPacking, unpacking else {
        let text = "sends the file in another encoding (\(encoding))"
        return isPacking ? settle(.encoded(text)) : fail(text)
      }
    } else if unpacking {
      return fail("sends the file in another way than a moment ago")
    }
    if status == 206 {
      guard start > 0 else { return fail("answered 206, a part, when asked for the whole file") }
      let range = field("Content-Range")
      guard let range, let stated = ContentRange(range), stated.first == start, stated.last == file.size - 1,
        stated.total == nil || stated.total == file.size
      else {
        let found = range.map { "'\($0)'" } ?? "nothing"
        return settle(
          .rangeRefused("sends \(found) when asked for bytes \(start)-\(file.size - 1) of \(file.size)"))
      }
      isPieced = true
    } else {
      let length = field("Content-Length").flatMap { Int($0) }
      if let length, length != file.size, !unpacking {
        return fail("offers \(grouped(length)) bytes instead of \(grouped(file.size))")
      }
      let tag = field("ETag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
      try part.restart(
        from: PartialFile.Source(
          url: address(url), validator: tag ?? field("Last-Modified"), size: file.size, md5: file.checksum))
    }
    takesBody = true
    progress(part.count)
  }

  /// The usual failures in words: what Foundation says on Linux is often but a number.
  private func reason(_ error: any Error) -> String {
    guard let error = error as? URLError else { return error.localizedDescription }
    switch error.code {
    case .cannotFindHost, .dnsLookupFailed: return "its host name is not known"
    case .cannotConnectToHost: return "refused the connection or could not be reached"
    case .notConnectedToInternet: return "could not be reached: there is no network"
    case .timedOut: return "sent nothing for \(Int(timeout)) s"
    case .networkConnectionLost: return "broke off the connection"
    case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
      .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
      return "could not be trusted (\(error.localizedDescription))"
    default: return "broke off (\(error.localizedDescription))"
    }
  }
}

/// The value of a `Content-Range` field: `bytes 500-999/1000`, or `bytes 500-999/*`.
struct ContentRange {
  let first: Int
  let last: Int
  /// The size of the whole; `nil` where the server does not know it.
  let total: Int?

  /// Nothing where `field` is not of that form.
  init?(_ field: String) {
    guard let match = field.wholeMatch(of: /bytes +(\d+)-(\d+)\/(\d+|\*)/.ignoresCase()),
      let first = Int(match.1), let last = Int(match.2), first <= last
    else { return nil }
    let total = Int(match.3)
    guard total != nil || match.3 == "*" else { return nil }
    self.first = first
    self.last = last
    self.total = total
  }
}
