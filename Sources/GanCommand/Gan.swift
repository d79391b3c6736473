import ArgumentParser
import Torch
import Files
import Foundation
import Recipes

@main
struct Gan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gan",
    abstract: "Trains generative adversarial networks that do not fall apart.",
    discussion: """
      Start with `gan demo`: it plays a one-dimensional game with and without the techniques of "Improved Techniques \
      for Training GANs" and writes a page that shows what each of them does.
      """,
    version: swiftGanVersion,
    subcommands: [
      Demo.self, Train.self, DoctorCommand.self, Reproduce.self, Compare.self, Sample.self, Score.self, Evaluate.self,
      Classify.self, Export.self, RecipesCommand.self, VerifyResume.self, DataCommand.self,
    ])

  static func main() async {
    // A reader that goes away ends the program quietly, as any filter does.
    signal(SIGPIPE, SIG_DFL)
    // A file that grows beyond what the process may write is an error of that file, not the end of the program.
    signal(SIGXFSZ, SIG_IGN)
    Libtorch.keepFreedMemory()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch  where isFromParser(error) {
      exit(withError: error)
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      Foundation.exit(1)
    }
  }

  /// Whether ArgumentParser knows how to present `error` (help, usage and validation) better than one line does.
  private static func isFromParser(_ error: any Error) -> Bool {
    exitCode(for: error) != .failure
  }
}
