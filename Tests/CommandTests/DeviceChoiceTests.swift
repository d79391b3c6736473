import Recipes
import Testing
import Torch

/// Where `auto` plays: the choice is a function of the recipe and of the devices, so that it is tried for machines that
/// are not at hand.
@Suite struct DeviceChoiceTests {
  private static let points = ["one-dimensional", "two-dimensional"]

  @Test(arguments: Recipe.builtIn.map(\.name)) func smallGamesStayOnTheCPU(_ name: String) throws {
    let recipe = try #require(Recipe.named(name))
    let isSmall = Self.points.contains(name)
    #expect((recipe.data.points != nil) == isSmall, "a recipe whose place is not written down here")
    for card in [Device.cuda, .mps] {
      let choice = DeviceChoice(for: recipe, available: [.cpu, card])
      #expect(choice.device == (isSmall ? .cpu : card))
      // It says what it is, and how to have it otherwise.
      let reason = try #require(choice.reason)
      #expect(reason.hasPrefix("'\(name)' is played on \(isSmall ? "the cpu" : card.rawValue)"), "\(reason)")
      #expect(reason.contains("--device \(isSmall ? card.rawValue : "cpu")"), "\(reason)")
    }
    // Of two cards the faster one.
    #expect(DeviceChoice(for: recipe, available: [.cpu, .cuda, .mps]).device == (isSmall ? .cpu : .cuda))
    // Where there is nothing to choose, nothing is said.
    for devices in [[Device.cpu], []] {
      let choice = DeviceChoice(for: recipe, available: devices)
      #expect(choice.device == .cpu && choice.reason == nil)
    }
  }

  /// What a recipe's data are decides, not its name.
  @Test func aRecipeOfOnesOwnGoesByItsData() throws {
    var recipe = try #require(Recipe.named("two-dimensional"))
    recipe.name = "mine"
    recipe.generator = try #require(Recipe.named("mnist")).generator
    #expect(DeviceChoice(for: recipe, available: [.cpu, .cuda]).device == .cpu)
  }

  /// On this machine, through the command line: nothing is said where there is one device, and what is said names it.
  @Test func theCommandLineSaysWhatItChose() throws {
    try withEmptyFolder { folder in
      let result = try GanProcess(["train", "one-dimensional", "--steps", "2", "--out", "run"], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      let hasCard = [Device.cuda, .mps].contains(where: \.isAvailable)
      #expect(result.errors.contains("is played on the cpu") == hasCard, "\(result.errors)")
      let run = try String(contentsOf: folder.appendingPathComponent("run/run.json"), encoding: .utf8)
      #expect(run.contains(#""device":"cpu""#) || run.contains(#""device" : "cpu""#), "\(run)")
    }
  }
}
