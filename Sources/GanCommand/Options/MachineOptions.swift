import ArgumentParser
import Foundation
import Recipes
import Torch

/// Where and with how many threads a command computes.
struct MachineOptions: ParsableArguments {
  @Option(
    help: "auto, cpu, cuda or mps; auto keeps games on points on the CPU. (default: auto)", completion: deviceCompletion
  )
  var device: String?

  @Option(parsing: .unconditional, help: "Threads that one operation may use. (default: one per core)")
  var threads: Int?

  /// - Parameters:
  ///   - recipe: what is played, which auto goes by.
  ///   - run: what is known of a run that is gone on with: it stays where it was, unless it is told otherwise.
  ///   - processes: those that share the machine, each with its part of the cores.
  /// - Throws: `DeviceError`.
  func apply(
    for recipe: Recipe? = nil, run: RunFolder.Description? = nil, processes: ProcessGroup? = nil
  ) throws -> Device {
    let usual = processes == nil ? run?.threads : Processes.threads()
    if let threads = threads ?? usual, (1...1024).contains(threads) { Libtorch.threads = threads }
    return try chosenDevice(device ?? run?.device, for: recipe)
  }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be between 1 and 1024, is \(threads).")
    }
  }
}

/// The device of that name; for `auto`, or where there is none, the machine's best one for the recipe, and why, on
/// standard error, where there is a choice.
///
/// - Parameter recipe: nil where a network is only asked.
/// - Throws: `DeviceError`.
func chosenDevice(_ name: String?, for recipe: Recipe?) throws -> Device {
  guard name ?? "auto" == "auto", let recipe else { return try Device(named: name ?? "auto") }
  let choice = DeviceChoice(for: recipe, available: Device.allCases.filter(\.isAvailable))
  if let reason = choice.reason { Output.say(reason) }
  return choice.device
}

let deviceCompletion = CompletionKind.list(["auto", "cpu", "cuda", "mps"])
