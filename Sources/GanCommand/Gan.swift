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
      Demo.self, Train.self, Watch.self, Explore.self, Log.self, DoctorCommand.self, Reproduce.self, Compare.self,
      Sample.self,
      Score.self, Evaluate.self,
      Classify.self, Export.self, RecipesCommand.self, VerifyResume.self, DataCommand.self,
    ])

  public init() {}

  /// Obeys the command line. Ends the process with a code other than 0 where that fails, and says why on standard
  /// error.
  public static func main() async {
    // A reader that goes away, and a file that grows beyond what the process may write, are errors of that pipe and
    // that file, not the end of a run.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    Libtorch.keepFreedMemory()
    var command: (any ParsableCommand)?
    do {
      try refuseWhatIsNoName()
      command = try parseAsRoot(CommandLine.arguments.dropFirst().map(withHomeFolder))
      if let command, !(command is any SharedCommand), let launch = try Launch.read() {
        throw ProcessError(
          "'gan \(CommandLine.arguments.dropFirst().first ?? "")' is for one process, and \(launch.count) were "
            + "started: start it without torchrun or srun")
      }
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command?.run()
      }
    } catch {
      let code = end(with: error, of: command.map { type(of: $0) })
      guard (try? Launch.read()) ?? nil != nil, code != 0 else { Foundation.exit(code) }
      ProcessErrorFile.write("\(error)")
      // The threads of a lost connection may still wait for it.
      _exit(code)
    }
  }

  /// Prints what is to be said of `error`.
  ///
  /// - Parameter command: whose work it ended; nil where the arguments name none.
  /// - Returns: the exit code.
  private static func end(with error: any Error, of command: (any ParsableCommand.Type)?) -> Int32 {
    switch error {
    case let error as OutputError where error.isOfReader:
      // As a shell reports a process that SIGPIPE has ended.
      return 128 + SIGPIPE
    case let code as ExitCode: return code.rawValue
    case let error as ValidationError where command != nil && command != Gan.self:
      let usage = usageString(for: command!)
      let name = usage.prefix { $0 != "[" && $0 != "<" }.trimmingCharacters(in: .whitespaces)
      Output.say("Error: \(error.message)\nUsage: \(usage)\n  See '\(name) --help' for more information.")
      return ExitCode.validationFailure.rawValue
    case _ where exitCode(for: error) == .success:
      // Help, the version, a completion script: results.
      do {
        try Output.print(fullMessage(for: error))
        return 0
      } catch {
        return end(with: error, of: command)
      }
    case _ where exitCode(for: error) != .failure:
      let message = fullMessage(for: error)
      if !message.isEmpty { Output.say(message) }
      return exitCode(for: error).rawValue
    default:
      Output.sayLast("error: \(error)")
      return 1
    }
  }

  /// `argument` with the home folder in the place of `~`, also behind `=`, where shells leave it: `--data=~/pictures`.
  static func withHomeFolder(_ argument: String) -> String {
    guard let match = argument.prefixMatch(of: /(--[a-z-]+=)?~(?=\/|$)/) else { return argument }
    let home = ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    return (match.1 ?? "") + home + argument[match.range.upperBound...]
  }

  /// Arguments are names and numbers. An empty one would be taken for the current folder, and one that is not UTF-8 for
  /// another name than was meant.
  private static func refuseWhatIsNoName() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { continue }
      guard argument.pointee != 0 else { throw ValidationError("Argument \(index) is empty.") }
      guard String(validatingCString: argument) != nil else {
        throw ValidationError("Argument \(index) is not UTF-8 text: \(String(cString: argument)).")
      }
    }
  }
}
