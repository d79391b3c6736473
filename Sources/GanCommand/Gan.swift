import ArgumentParser
import Torch
import Files
import Foundation
import Recipes

/// The command line `gan`.
public struct Gan: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
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

  public init() {}

  public static func main() async {
    // A reader that goes away ends the program quietly, as any filter does.
    signal(SIGPIPE, SIG_DFL)
    // A file that grows beyond what the process may write is an error of that file, not the end of the program.
    signal(SIGXFSZ, SIG_IGN)
    Libtorch.keepFreedMemory()
    do {
      try refuseWhatIsNoName()
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

  /// Arguments are names and numbers. An empty one would be taken for the current folder, and one that is not UTF-8 for another
  /// name than was meant.
  private static func refuseWhatIsNoName() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      guard argument.pointee != 0 else { throw ValidationError("Argument \(index) is empty.") }
      guard String(validatingCString: argument) != nil else {
        throw ValidationError("Argument \(index) is not UTF-8 text: \(String(cString: argument)).")
      }
    }
  }

  /// Whether ArgumentParser knows how to present `error` (help, usage and validation) better than one line does.
  private static func isFromParser(_ error: any Error) -> Bool {
    exitCode(for: error) != .failure
  }
}
