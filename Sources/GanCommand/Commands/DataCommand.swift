import ArgumentParser
import Datasets
import Foundation

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Fetches, looks through and packs data sets.",
    subcommands: [Get.self, Check.self, Pack.self])

  struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Downloads a data set, or a network of features, into the cache, or into a folder.",
      discussion: """
        A broken download is resumed by the same command; every file's checksum is checked. What is fetched may also \
        be a network that scores of pictures are a function of: inception, inception-torchscript or vgg16.
        """)

    @Argument(help: "The data set: \(names.joined(separator: ", ")).", completion: .list(names))
    var name: String

    @Option(help: "Folder for the files. (default: the data set's own in ~/.cache/swift-gan)", completion: .directory)
    var out: String?

    private static let names = PublishedDataSet.all.map(\.name)

    @Option(parsing: .singleValue, help: "Address of a folder with the files, in place of the public ones; repeatable.")
    var mirror: [String] = []

    func validate() throws {
      guard PublishedDataSet.named(name) != nil else {
        throw ValidationError(
          "'\(name)' is no data set that can be fetched; these are: \(Self.names.joined(separator: ", ")).")
      }
      for address in mirror {
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme?.lowercased()), url.host != nil
        else {
          throw ValidationError("--mirror must be an http or https address, is '\(address)'.")
        }
      }
    }

    func run() async throws {
      let set = PublishedDataSet.named(name)!
      let bar = DownloadBar(set.name)
      let arrivals = try await set.download(
        to: out.map { URL(fileURLWithPath: $0, isDirectory: true) },
        mirrors: mirror.isEmpty ? nil : mirror.compactMap { URL(string: $0) }
      ) { bar.show($0) }
      bar.finish()
      for arrival in arrivals { try Output.print(arrival.url.path) }
    }
  }
}

/// A progress bar for a download, whose pieces arrive on any thread but never on two at a time.
private final class DownloadBar: @unchecked Sendable {
  private let name: String
  private let lock = NSLock()
  private var bar: ProgressBar?
  private var last: Download.Progress?

  init(_ name: String) { self.name = name }

  func show(_ progress: Download.Progress) {
    lock.withLock {
      if bar == nil {
        bar = ProgressBar(name, total: progress.sizeOfAll, unit: "bytes", first: progress.receivedOfAll)
      }
      last = progress
      bar?.update(progress.receivedOfAll, note: progress.file.name)
    }
  }

  func finish() { lock.withLock { bar?.finish(last?.receivedOfAll ?? 0) } }
}
