import Datasets
import Files
import Foundation
import Testing

/// Downloads from a server on this machine: sound ones, broken ones, none at all.
@Suite(.serialized) struct DownloadTests {
  /// A server, the file that it has, and the folder to fetch it into.
  struct Setting {
    let server: FileServer
    let content: Data
    let file: RemoteFile
    let folder: URL

    var target: URL { folder.appendingPathComponent(file.name) }
    var part: URL { folder.appendingPathComponent(file.name + ".part") }

    func download(_ modes: String..., retries: Int = 0) -> Download {
      Download(
        files: [file], mirrors: modes.map(server.mirror), directory: folder, timeout: modes.contains("stall") ? 1 : 30,
        retries: retries)
    }

    /// Leaves the beginning of the file there, as a run that fetched it from `mode` would have.
    func leave(_ bytes: Data, from mode: String? = nil, validator: String? = nil) throws {
      try makeFolder(at: folder)
      try bytes.write(to: part)
      guard let mode else { return }
      var note: [String: Any] = [
        "url": server.mirror(mode).appendingPathComponent(file.name).absoluteString, "size": file.size, "md5": file.md5,
      ]
      note["validator"] = validator
      try JSONSerialization.data(withJSONObject: note).write(to: part.appendingPathExtension("json"))
    }

    /// The file is there, complete, and nothing else.
    func expectArrived(sourceLocation: SourceLocation = #_sourceLocation) throws {
      #expect(try Data(contentsOf: target) == content, sourceLocation: sourceLocation)
      #expect(try names() == [file.name], sourceLocation: sourceLocation)
    }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  private func withServer(_ body: (Setting) async throws -> Void) async throws {
    try await withFolder { folder in
      let served = folder.appendingPathComponent("served")
      try makeFolder(at: served)
      let content = Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) })
      let file = RemoteFile(name: "digits.gz", size: content.count, md5: MD5.hex(of: [UInt8](content)))
      try content.write(to: served.appendingPathComponent(file.name))
      let server = try FileServer(serving: served, log: folder.appendingPathComponent("log"))
      defer { server.stop() }
      try await body(
        Setting(server: server, content: content, file: file, folder: folder.appendingPathComponent("cache/deep")))
    }
  }

  /// The error of a download that must fail.
  private func failure(
    of download: Download, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> DownloadError {
    try await #require(throws: DownloadError.self, sourceLocation: sourceLocation) { try await download.run() }
  }

  // MARK: Sound servers

  /// Of a file whose size nobody has published the server says it, and the checksum says whether it is the file.
  @Test func aFileOfWhichTheServerKnowsTheSize() async throws {
    try await withServer { setting in
      func download(_ modes: String..., sha256: String = sha256(setting.content)) -> Download {
        Download(
          files: [RemoteFile(name: setting.file.name, size: nil, sha256: sha256)],
          mirrors: modes.map(setting.server.mirror),
          directory: setting.folder)
      }
      // A server that does not say it is passed over.
      let seen = Seen()
      let arrivals = try await download("error", "nolength", "plain").run { seen.add($0.sizeOfAll) }
      #expect(arrivals[0].source != nil)
      #expect(Set(seen.values) == [setting.content.count])
      try setting.expectArrived()
      // Once it is there nothing is asked.
      let requests = try setting.server.requests.count
      #expect(try await download("plain").run()[0].source == nil)
      #expect(try setting.server.requests.count == requests)
      // Another file is none.
      try FileManager.default.removeItem(at: setting.target)
      let other = try await failure(of: download("plain", sha256: sha256(Data())))
      #expect(other.attempts.count == 1 && other.attempts[0].reason.contains("sha256"))
      let silent = try await failure(of: download("error", "nolength"))
      #expect(
        silent.attempts.map(\.reason) == ["answered 503 when asked for the size", "does not say how large the file is"])
      #expect(silent.description.contains("digits.gz  sha256 "))
    }
  }

  /// Numbers that come from any thread.
  private final class Seen: @unchecked Sendable {
    private let lock = NSLock()
    private var numbers: [Int] = []
    func add(_ number: Int) { lock.withLock { numbers.append(number) } }
    var values: [Int] { lock.withLock { numbers } }
  }

  /// Some servers take a file's own packing for one of the way, and whoever asks gets it unpacked: checked by what it
  /// unpacks to, it is kept so.
  @Test func aFileThatIsUnpackedOnTheWay() async throws {
    try await withServer { setting in
      let plain = Data((0..<9_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
      let packed = gzip(plain)
      try packed.write(
        to: setting.folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
          "served/digits.gz"))
      func download(md5: String) -> Download {
        Download(
          files: [
            RemoteFile(
              name: "digits.gz", size: packed.count, md5: MD5.hex(of: [UInt8](packed)),
              unpacked: .init(size: plain.count, md5: md5))
          ], mirrors: [setting.server.mirror("encoded")], directory: setting.folder)
      }
      let wrong = try await failure(of: download(md5: MD5.hex(of: [1])))
      #expect(wrong.attempts[0].reason.contains("unpacks to the md5"), "\(wrong)")
      #expect(try setting.names() == [])
      let arrivals = try await download(md5: MD5.hex(of: [UInt8](plain))).run()
      #expect(try arrivals.map(\.url.lastPathComponent) == ["digits"] && setting.names() == ["digits"])
      #expect(try Data(contentsOf: arrivals[0].url) == plain)
      // A second run finds it.
      let again = try await download(md5: MD5.hex(of: [UInt8](plain))).run()
      #expect(again[0].source == nil && again[0].url == arrivals[0].url)
    }
  }

  @Test(arguments: ["plain", "weak", "redirect", "norange", "nolength", "slow"])
  func fetches(mode: String) async throws {
    try await withServer { setting in
      let arrivals = try await setting.download(mode).run()
      #expect(arrivals.map(\.url) == [setting.target])
      #expect(arrivals.map(\.source) == [setting.server.mirror(mode).appendingPathComponent("digits.gz")])
      try setting.expectArrived()
      #expect(try setting.server.requests.allSatisfy { $0.range == nil })
    }
  }

  @Test func reportsProgress() async throws {
    try await withServer { setting in
      let small = RemoteFile(name: "digits.gz", size: 50_000, md5: setting.file.md5)
      let seen = Recorder<Download.Progress>()
      _ = try await setting.download("slow").run { seen.add($0) }
      let received = seen.values.map(\.received)
      #expect(received.first == 0 && received.last == 50_000 && received == received.sorted() && received.count > 2)
      #expect(seen.values.allSatisfy { $0.file == small && $0.receivedOfAll == $0.received && $0.sizeOfAll == 50_000 })
    }
  }

  @Test func fileThatIsThereIsNotFetched() async throws {
    try await withServer { setting in
      try makeFolder(at: setting.folder)
      try setting.content.write(to: setting.target)
      let seen = Recorder<Int>()
      let arrivals = try await setting.download("plain").run { seen.add($0.received) }
      #expect(arrivals.map(\.url) == [setting.target])
      #expect(arrivals.allSatisfy { $0.source == nil })
      #expect(seen.values == [50_000])
      #expect(try setting.server.requests.isEmpty)
      try setting.expectArrived()
    }
  }

  @Test func fileWithWrongContentIsReplaced() async throws {
    try await withServer { setting in
      try makeFolder(at: setting.folder)
      try Data(setting.content.map { $0 ^ 1 }).write(to: setting.target)
      try await setting.download("plain").run()
      try setting.expectArrived()
    }
  }

  @Test func severalFilesInOneRun() async throws {
    try await withServer { setting in
      let second = Data("second".utf8)
      try second.write(
        to: setting.folder.deletingLastPathComponent().deletingLastPathComponent()
          .appendingPathComponent("served/second"))
      var download = setting.download("plain")
      download.files.append(RemoteFile(name: "second", size: 6, md5: MD5.hex(of: [UInt8](second))))
      let seen = Recorder<Download.Progress>()
      #expect(try await download.run { seen.add($0) }.count == 2)
      #expect(seen.values.last?.received == 6)
      #expect(seen.values.last?.receivedOfAll == 50_006)
      #expect(seen.values.last?.sizeOfAll == 50_006)
      #expect(try setting.names() == ["digits.gz", "second"])
    }
  }

  // MARK: Resuming

  @Test func brokenConnectionIsResumedByTheNextRun() async throws {
    try await withServer { setting in
      let error = try await failure(of: setting.download("drop"))
      #expect(error.kept == 25_000)
      #expect(error.attempts.count == 1 && error.attempts[0].reason.hasSuffix("after 25 000 of 50 000 bytes"))
      #expect(error.description.contains("The 25 000 of 50 000 bytes that have arrived are kept; another run fetches"))
      #expect(try Data(contentsOf: setting.part) == setting.content.prefix(25_000))
      #expect(!FileManager.default.fileExists(atPath: setting.target.path))

      let seen = Recorder<Int>()
      try await setting.download("drop").run { seen.add($0.received) }
      #expect(seen.values.first == 25_000)
      try setting.expectArrived()
      #expect(
        try setting.server.requests == [
          .init(path: "/drop/digits.gz", status: 200, sent: 25_000),
          .init(path: "/drop/digits.gz", status: 206, sent: 25_000, range: "bytes=25000-", ifRange: "\"v1\""),
        ])
    }
  }

  @Test func brokenConnectionIsResumedInTheSameRun() async throws {
    try await withServer { setting in
      try await setting.download("drop", retries: 1).run()
      try setting.expectArrived()
      #expect(try setting.server.requests.map(\.sent) == [25_000, 25_000])
    }
  }

  @Test func retriesAreCounted() async throws {
    try await withServer { setting in
      let error = try await failure(of: setting.download("dropall", retries: 2))
      #expect(error.kept == 300)
      #expect(try setting.server.requests.map(\.range) == [nil, "bytes=100-", "bytes=200-"])
    }
  }

  @Test func anotherMirrorGoesOnWhereOneBrokeOff() async throws {
    try await withServer { setting in
      try await setting.download("drop", "plain").run()
      try setting.expectArrived()
      #expect(
        try setting.server.requests.last
          == .init(path: "/plain/digits.gz", status: 206, sent: 25_000, range: "bytes=25000-"))
    }
  }

  @Test func withoutStrongTagTheDateIsTheValidator() async throws {
    try await withServer { setting in
      try setting.leave(setting.content.prefix(10), from: "weak", validator: "Wed, 21 Oct 2015 07:28:00 GMT")
      try await setting.download("weak").run()
      try setting.expectArrived()
      #expect(try setting.server.requests.last?.ifRange == "Wed, 21 Oct 2015 07:28:00 GMT")
    }
  }

  /// The server has another version, ignores ranges, answers a wrong one, or says there is none: it is asked for all.
  @Test(arguments: [("changed", "\"v0\"", 1), ("norange", "\"v1\"", 1), ("offset", "\"v1\"", 2), ("from416", nil, 2)])
  func startsOverWhereResumingFails(mode: String, validator: String?, requests: Int) async throws {
    try await withServer { setting in
      try setting.leave(setting.content.prefix(20_000), from: mode, validator: validator)
      try await setting.download(mode).run()
      try setting.expectArrived()
      let seen = try setting.server.requests
      #expect(seen.count == requests)
      #expect(seen.first?.range == "bytes=20000-" && seen.first?.ifRange == validator)
      #expect(seen.last?.status == 200 && seen.last?.sent == 50_000)
    }
  }

  @Test func wrongBeginningIsFoundAndFetchedAgain() async throws {
    try await withServer { setting in
      try setting.leave(Data(repeating: 7, count: 20_000))
      try await setting.download("plain").run()
      try setting.expectArrived()
      #expect(try setting.server.requests.map(\.sent) == [30_000, 50_000])
    }
  }

  @Test func completePartNeedsNoServer() async throws {
    try await withServer { setting in
      try setting.leave(setting.content)
      try await setting.download().run()
      try setting.expectArrived()
    }
  }

  @Test(arguments: [50_000, 60_000])
  func partThatCannotBeGoneOnFromIsDropped(count: Int) async throws {
    try await withServer { setting in
      try setting.leave(Data(repeating: 7, count: count))
      try await setting.download("plain").run()
      try setting.expectArrived()
      #expect(try setting.server.requests.map(\.range) == [nil])
    }
  }

  @Test func partOfAnotherVersionIsDropped() async throws {
    try await withServer { setting in
      try setting.leave(setting.content.prefix(10))
      let note = "{\"url\": \"http://127.0.0.1/\", \"size\": 50000, \"md5\": \"another\"}"
      try Data(note.utf8).write(to: setting.part.appendingPathExtension("json"))
      try await setting.download("plain").run()
      try setting.expectArrived()
      #expect(try setting.server.requests.map(\.range) == [nil])
    }
  }

  @Test func cancellingKeepsWhatHasArrived() async throws {
    try await withServer { setting in
      let tasks = Recorder<Task<Void, any Error>>()
      let download = setting.download("slow")
      let task = Task {
        try await download.run { progress in
          if progress.received >= 10_000 { tasks.values.forEach { $0.cancel() } }
        }
        return
      }
      tasks.add(task)
      await #expect(throws: CancellationError.self) { try await task.value }
      let kept = try Data(contentsOf: setting.part)
      #expect(kept.count >= 10_000 && kept.count < 50_000 && kept == setting.content.prefix(kept.count))
      try await setting.download("slow").run()
      try setting.expectArrived()
      #expect(try setting.server.requests.last?.range == "bytes=\(kept.count)-")
    }
  }

  @Test func twoDownloadsDoNotShareAFile() async throws {
    try await withServer { setting in
      let slow = setting.download("slow")
      let first = Task { try await slow.run() }
      while ((try? Data(contentsOf: setting.part).count) ?? 0) == 0 { try await Task.sleep(for: .milliseconds(5)) }
      let error = try await #require(throws: FileError.self) { try await setting.download("plain").run() }
      #expect(error.description == "\(setting.part.path): is being written by another download")
      _ = try await first.value
      try setting.expectArrived()
    }
  }

  // MARK: Mirrors that do not serve

  @Test(arguments: [
    ("missing", "answered 404 (not found)"), ("error", "answered 503 (service unavailable)"),
    ("html", "offers 27 bytes instead of 50 000"), ("encoded", "sends the file in another encoding (gzip)"),
    ("always206", "answered 206, a part, when asked for the whole file"),
    ("endless", "sends more than the file's 50 000 bytes"),
    ("stall", "sent nothing for 1 s after 25 000 of 50 000 bytes"),
  ])
  func reasonIsNamedAndTheNextMirrorServes(mode: String, reason: String) async throws {
    try await withServer { setting in
      let error = try await failure(of: setting.download(mode))
      #expect(error.attempts.map(\.reason) == [reason])
      #expect(error.attempts.map(\.url) == [setting.server.mirror(mode).appendingPathComponent("digits.gz")])
      let left = try setting.names()
      #expect(left == (mode == "stall" ? ["digits.gz.part", "digits.gz.part.json"] : []))
      let arrivals = try await setting.download(mode, "plain").run()
      #expect(arrivals[0].source == setting.server.mirror("plain").appendingPathComponent("digits.gz"))
      try setting.expectArrived()
    }
  }

  @Test func wrongContentIsNotKept() async throws {
    try await withServer { setting in
      let error = try await failure(of: setting.download("wrong"))
      let md5 = MD5.hex(of: setting.content.map { $0 ^ 1 })
      #expect(error.attempts.map(\.reason) == ["sent a file with the md5 \(md5) instead of \(setting.file.md5)"])
      #expect(error.kept == 0)
      #expect(try setting.names().isEmpty)
      try await setting.download("wrong", "plain").run()
      try setting.expectArrived()
    }
  }

  @Test func nothingReachable() async throws {
    try await withFolder { folder in
      // Port 9 of this machine: nothing listens there.
      let mirrors = ["http://127.0.0.1:9/one/", "http://me:secret@127.0.0.1:9/two", "ftp://127.0.0.1/three", "word"]
        .map { URL(string: $0)! }
      let error = try await #require(throws: DownloadError.self) {
        try await MNIST.download(to: folder, mirrors: mirrors)
      }
      #expect(error.missing == MNIST.files)
      #expect(
        error.description == """
          train-images-idx3-ubyte.gz could not be downloaded:
            http://127.0.0.1:9/one/train-images-idx3-ubyte.gz: refused the connection or could not be reached
            http://127.0.0.1:9/two/train-images-idx3-ubyte.gz: refused the connection or could not be reached
            ftp://127.0.0.1/three/train-images-idx3-ubyte.gz: is not an http or https address
            word/train-images-idx3-ubyte.gz: is not an http or https address
          Without a network, put these files into \(folder.path) by hand:
            train-images-idx3-ubyte.gz  9 912 422 bytes  md5 f68b3c2dcbeaaa9fbdd348bbdeb94873
            train-labels-idx1-ubyte.gz     28 881 bytes  md5 d53e105ee54ea40749a09fcbcd1e9432
            t10k-images-idx3-ubyte.gz   1 648 877 bytes  md5 9fb629c4189551a2d022fa330f9573f3
            t10k-labels-idx1-ubyte.gz       4 542 bytes  md5 ec29112dd5afa0611ce80d1b7f02629c
          """)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func onlyWhatIsMissingIsNamed() async throws {
    try await withServer { setting in
      try makeFolder(at: setting.folder)
      try setting.content.write(to: setting.target)
      let other = RemoteFile(name: "other.gz", size: 3, md5: setting.file.md5)
      let error = try await failure(
        of: Download(files: [other, setting.file], mirrors: [], directory: setting.folder))
      #expect(error.missing == [other])
      #expect(
        error.description == """
          other.gz could not be downloaded: no mirror was given
          Without a network, put this file into \(setting.folder.path) by hand:
            other.gz  3 bytes  md5 \(other.md5)
          """)
    }
  }

  @Test func folderThatCannotBeMade() async throws {
    try await withFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data().write(to: file)
      let error = try await #require(throws: FileError.self) {
        try await MNIST.download(to: file.appendingPathComponent("mnist"), mirrors: [])
      }
      #expect(error.path.hasPrefix(file.path), "\(error)")
    }
  }
}

/// Collects what callbacks on other threads report.
private final class Recorder<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: [Value] = []

  func add(_ value: Value) { lock.withLock { stored.append(value) } }
  var values: [Value] { lock.withLock { stored } }
}
