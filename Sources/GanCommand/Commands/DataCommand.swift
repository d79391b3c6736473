import ArgumentParser
import Datasets
import Foundation

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Fetches, looks through and packs data sets.",
    subcommands: [Get.self, Check.self, Pack.self])

  struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Downloads a data set into the cache, or into a folder.",
      discussion: "A broken download is resumed by the same command; every file's md5 is checked.")

    enum Name: String, ExpressibleByArgument, CaseIterable { case mnist }

    @Argument(help: "The data set: mnist.")
    var name: Name

    @Option(help: "Folder for the files. (default: ~/.cache/swift-gan/mnist)", completion: .directory)
    var out: String?

    @Option(parsing: .singleValue, help: "Address of a folder with the files, in place of the public ones; repeatable.")
    var mirror: [String] = []

    func validate() throws {
      for address in mirror {
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme?.lowercased()), url.host != nil
        else {
          throw ValidationError("--mirror must be an http or https address, is '\(address)'.")
        }
      }
    }

    func run() async throws {
      let directory = out.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? MNIST.defaultDirectory
      let mirrors = mirror.isEmpty ? MNIST.mirrors : mirror.compactMap { URL(string: $0) }
      let bar = DownloadBar()
      let arrivals = try await MNIST.download(to: directory, mirrors: mirrors) { bar.show($0) }
      bar.finish()
      for arrival in arrivals { print(arrival.url.path) }
    }
  }
}

/// A progress bar for a download, whose pieces arrive on any thread but never on two at a time.
private final class DownloadBar: @unchecked Sendable {
  private let lock = NSLock()
  private var bar: ProgressBar?
  private var last: Download.Progress?

  func show(_ progress: Download.Progress) {
    lock.withLock {
      if bar == nil {
        bar = ProgressBar("mnist", total: progress.sizeOfAll, unit: "bytes", first: progress.receivedOfAll)
      }
      last = progress
      bar?.update(progress.receivedOfAll, note: progress.file.name)
    }
  }

  func finish() { lock.withLock { bar?.finish(last?.receivedOfAll ?? 0) } }
}
