import ArgumentParser
import Files
import Foundation
import Recipes

struct Watch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows runs on a page that changes as they are trained.",
    discussion: """
      Prints the page's address on this machine and hands it out until it is ended. Pictures, losses and signs of \
      trouble appear within a second of being measured; one slider moves through the run. Up to six runs are shown \
      side by side, with the keys in which their recipes differ. It only reads; whoever has the address can ask a run \
      to save a checkpoint, or to stop.

        gan watch runs/mnist-1
        gan watch runs/mnist-1 runs/mnist-2
        gan watch runs/mnist-1 --out mnist.html
      """)

  @Argument(help: ArgumentHelp("The folders of runs, six at most.", valueName: "run"), completion: .directory)
  var runFolders: [String]

  @Option(
    help: "Write the page as it is now into one file, which opens without a server.",
    completion: .file(extensions: ["html"]))
  var out: String?

  @Option(parsing: .unconditional, help: "The port of the page, or the next that is free; 0 for any.")
  var port: UInt16 = 8421

  func validate() throws {
    guard runFolders.count <= 6 else {
      throw ValidationError("Six runs at most can be told apart on one page; there are \(runFolders.count) folders.")
    }
  }

  func run() async throws {
    let folders = runFolders.map { RunFolder(URL(fileURLWithPath: $0)) }
    for folder in folders {
      try folder.requireFolder()
      _ = try folder.description()
    }
    if let out {
      let url = URL(fileURLWithPath: out)
      try await Watcher(folders).write(to: url)
      return try Output.printPlace(url)
    }
    let server = try LocalServer(WatchSite(folders), port: port)
    ResidentCode.giveBack()
    try await server.run { try Output.print(server.address) }
  }
}
