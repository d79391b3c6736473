import Metrics
import Recipes
import GAN
import Testing
import Torch

/// The doctor's rules, on measurements made up for them: each illness is found, dated and explained, and none is where
/// none is.
@Suite struct DiagnosisTests {
  private typealias Line = RunFolder.Measurement

  private func line(_ step: Int, _ change: (inout Line) -> Void = { _ in }) -> Line {
    var line = Line(
      step: step, seconds: 0, discriminatorLoss: 1.4, generatorLoss: 0.7, probabilityOfReal: 0.5,
      probabilityOfGenerated: 0.5)
    (line.accuracy, line.featureSpread, line.nearDuplicates, line.coverage, line.precision) = (0.5, 1, 0, 0.9, 0.95)
    (line.discriminatorGradient, line.generatorGradient) = (0.1, 0.1)
    change(&line)
    return line
  }

  /// 50 lines, changed from `step` on.
  private func lines(from step: Int = .max, _ change: (inout Line) -> Void = { _ in }) -> [Line] {
    stride(from: 100, through: 5_000, by: 100).map { now in line(now) { if now >= step { change(&$0) } } }
  }

  /// 400 samples of which so many are different and `spread`, 0 or 1, says whether they are all one, at a distance of
  /// the data.
  private func samples(
    spread: Double = 1, distance: Double = 0, different: Int = 400, modes: ModeCoverage? = nil
  ) throws
    -> Examination.FreshSamples
  {
    let random = RandomStream(seed: 2)
    let real = random.stream("a").normal([400, 2])
    let points = random.stream("b").normal([different, 2]) * spread + distance
    let generated = concatenated(Array(repeating: points, count: 400 / different), 0)
    return Examination.FreshSamples(
      count: 400, step: 5_000,
      signs: try BatchSigns(
        probabilities: (.full(0.5, [400]), .full(0.5, [400])), realTarget: 1, features: (real, generated),
        examples: (real, generated), compared: 400), modes: modes, generated: [], real: [])
  }

  private func diagnosis(
    _ lines: [Line], of recipe: Recipe = .named("two-dimensional")!, faults: [RunFolder.Fault] = [],
    errorsByChance: Double? = nil, _ samples: Examination.FreshSamples?
  ) -> Diagnosis {
    Diagnosis(
      Examination(
        recipe: recipe, steps: 5_000, measurements: lines, faults: faults,
        errorsByChance: errorsByChance, samples: samples))
  }

  @Test func aGoodRunIsHealthyWhateverDDoes() throws {
    #expect(diagnosis(lines(), try samples()).verdict == .healthy)
    // With feature matching G goes on well against a D that is always right.
    #expect(diagnosis(lines(from: 100) { $0.accuracy = 1 }, try samples()).verdict == .healthy)
  }

  /// The score that a run takes of its samples tells what a batch does not: that they were better before.
  @Test func samplesThatGotWorseByTheirScore() throws {
    func run(_ name: String, _ values: [Double], keepsBest: Bool = false) throws -> Diagnosis {
      var lines = lines()
      for (index, value) in values.enumerated() { lines[(index + 1) * 50 / values.count - 1].scores = [name: value] }
      return Diagnosis(
        Examination(
          recipe: .named("dcgan-32")!, steps: 5_000, measurements: lines, pictures: 300, keepsBest: keepsBest,
          samples: try samples()))
    }
    let worse = try run("fid", [90, 60, 66, 80, 95])
    #expect(worse.verdict == .ill && worse.findings.map(\.condition) == [.worsened])
    #expect(worse.findings[0].since == 4_000)
    #expect(worse.findings[0].evidence == "FID of the samples is 95; at step 2000 it was 60.")
    #expect(worse.advice[0].contains("--keep-best fid") && worse.advice[1].contains("augmentation.policies"))
    #expect(try run("fid", [90, 60, 95], keepsBest: true).advice[0].contains("--checkpoint best"))
    // Up and down by a tenth is the score's own noise, and two scores are no course.
    #expect(try run("fid", [90, 60, 66]).verdict == .healthy)
    #expect(try run("fd", [60, 95]).verdict == .healthy)
    // KID of good samples is about 0: a quarter of nothing is nothing.
    #expect(try run("kid", [0.02, 0.001, 0.003]).verdict == .healthy)
    #expect(try run("kid", [0.02, 0.001, 0.03]).verdict == .ill)
  }

  /// D that is always right makes no run ill; of few pictures it is a sign that it knows them by heart.
  @Test func aDThatMayKnowThePicturesByHeart() throws {
    func caveats(_ pictures: Int?, _ recipe: String, from step: Int = 1_000) throws -> [String] {
      let found = Diagnosis(
        Examination(
          recipe: .named(recipe)!, steps: 5_000, measurements: lines(from: step) { $0.accuracy = 0.99 },
          pictures: pictures, samples: try samples()))
      #expect(found.verdict == .healthy)
      return found.caveats
    }
    let few = try caveats(300, "dcgan-32")
    #expect(few.count == 1 && few[0].contains("with 300 pictures") && few[0].contains("augmentation.policies"))
    #expect(few[0].contains("since step 1000") && few[0].contains("--score"))
    #expect(try caveats(50_000, "dcgan-32")[0].contains("gone too far ahead"))
    #expect(try caveats(nil, "two-dimensional")[0].contains("gone too far ahead"))
    #expect(try caveats(300, "dcgan-32", from: .max).isEmpty)
  }

  /// A share of few examples says next to nothing: what looks well is not called healthy, and what is plainly wrong is
  /// still told.
  @Test func fewExamplesAreNoHealth() throws {
    func few(_ spread: Double) throws -> Examination.FreshSamples {
      let many = try samples(spread: spread)
      return Examination.FreshSamples(
        count: Diagnosis.Limits.examples - 1, step: 5_000, signs: many.signs, modes: nil, generated: [], real: [])
    }
    #expect(diagnosis(lines(), try few(1)).verdict == .tooFew)
    #expect(diagnosis(lines(), try few(0)).verdict == .ill)
  }

  /// What has been tried is not advised.
  @Test func rollbacksAreNotAdvisedWhereTheyAreInUse() {
    let fault = RunFolder.Fault(step: 3, kind: .number, reason: "NaN", outcome: .stopped)
    func advice(rollsBack: Bool) -> String {
      Diagnosis(
        Examination(
          recipe: .named("two-dimensional")!, steps: 5_000, measurements: [], faults: [fault], rollsBack: rollsBack,
          samples: nil)
      ).advice.joined()
    }
    #expect(advice(rollsBack: false).contains("--on-nan rollback"))
    #expect(!advice(rollsBack: true).contains("--on-nan"))
  }

  /// A run that has barely begun is not blamed for its samples, but for its faults it is.
  @Test func itCanBeTooEarlyToTell() throws {
    let begun = Array(lines(from: 0) { $0.precision = 0 }.prefix(8))
    #expect(diagnosis(begun, try samples(distance: 50)).verdict == .tooEarly)
    #expect(diagnosis(begun, try samples(distance: 50)).findings.isEmpty)
    #expect(diagnosis(lines(), nil).verdict == .tooEarly)
    let fault = RunFolder.Fault(step: 850, kind: .machine, reason: "no room", outcome: .stopped)
    let found = diagnosis(begun, faults: [fault], nil)
    #expect(found.verdict == .ill && found.advice.count == 1 && found.advice[0].contains("--resume"))
  }

  @Test func collapseIsDatedAndExplained() throws {
    let sick = lines(from: 2_000) { ($0.featureSpread, $0.nearDuplicates, $0.accuracy) = (0.01, 1, 1) }
    let found = diagnosis(sick, try samples(spread: 0))
    #expect(found.findings.map(\.condition) == [.collapsed, .discriminatorWins])
    #expect(found.findings.map(\.since) == [2_000, 2_000])
    #expect(found.findings[0].evidence.contains("100 %"))
    #expect(found.advice.contains { $0.contains("featureMatching.role=joins") })
    #expect(found.advice.count == Set(found.advice).count)
  }

  /// A line that does not agree, here and there, does not change since when it is so; one that ends well does.
  @Test func singleExceptionsDoNotCount() throws {
    var sick = lines(from: 2_000) { $0.nearDuplicates = 1 }
    sick[30].nearDuplicates = 0
    #expect(diagnosis(sick, try samples(spread: 0)).findings.first?.since == 2_000)
    for index in 40..<50 { sick[index].nearDuplicates = 0 }
    #expect(diagnosis(sick, try samples(spread: 0)).findings.first?.since == nil)
  }

  @Test func lostModesAreCounted() throws {
    let modes: [[Double]] = [[0, 0], [5, 5], [9, 9], [20, 0]]
    func coverage(_ counts: [Int]) -> ModeCoverage {
      ModeCoverage(
        zip(modes, counts).flatMap { Array(repeating: $0, count: $1) }, modes: modes, standardDeviation: 0.1)
    }
    let sick = lines(from: 700) { $0.modes = 3 }
    let found = diagnosis(sick, try samples(modes: coverage([100, 100, 5, 0])))
    #expect(found.findings.first?.since == 700)
    #expect(found.findings.map(\.condition) == [.lostModes])
    #expect(found.findings[0].evidence.hasPrefix("2 of the data's 4 modes"))
    #expect(diagnosis(lines(), try samples(modes: coverage([100, 100, 50, 20]))).verdict == .healthy)
    // Near-duplicates in two modes of four are lost modes, in one of four a collapse.
    for (counts, condition) in [([200, 200, 0, 0], Diagnosis.Condition.lostModes), ([400, 0, 0, 0], .collapsed)] {
      let found = diagnosis(lines(), try samples(different: 40, modes: coverage(counts)))
      #expect(found.findings.map(\.condition) == [condition])
    }
  }

  @Test func samplesBesideTheDataAreFound() throws {
    let found = diagnosis(lines(from: 300) { $0.precision = 0 }, try samples(distance: 50))
    #expect(found.findings.map(\.condition).prefix(1) == [.offData])
    #expect(found.findings[0].since == 300)
  }

  @Test func gradientsThatVanishExplainButDoNotAccuse() throws {
    let sick = lines(from: 1_000) { $0.generatorGradient = 1e-9 }
    #expect(diagnosis(sick, try samples()).verdict == .healthy)
    #expect(diagnosis(sick, try samples(spread: 0)).findings.map(\.condition) == [.collapsed, .vanishingGradient])
  }

  @Test func faultsThatEndedTheRun() throws {
    let fault = RunFolder.Fault(
      step: 2_041, kind: .number, reason: "the generator's loss is not finite", outcome: .stopped)
    let cut = Array(lines().prefix(20))
    let found = diagnosis(cut, faults: [fault], try samples())
    #expect(found.findings.map(\.condition) == [.broke])
    #expect(found.findings[0].evidence.contains("2041") && found.findings[0].evidence.contains("generator's loss"))
    // Got over by going on.
    #expect(diagnosis(lines(), faults: [fault], try samples()).verdict == .healthy)
    for outcome in [RunFolder.Fault.Outcome.rolledBack, .resumed] {
      let over = RunFolder.Fault(step: 2_041, kind: .number, reason: "", outcome: outcome)
      #expect(diagnosis(cut, faults: [over], try samples()).verdict == .healthy)
    }
    // What is not finite calls for lower rates, whatever they are.
    #expect(found.advice[0].contains("learningRate=0.0001"))
  }

  @Test func classifiersThatForget() throws {
    var sick = lines()
    for (index, errors) in [(5, 900), (10, 200), (20, 120), (30, 400), (49, 800)] { sick[index].testErrors = errors }
    let found = diagnosis(sick, try samples())
    #expect(found.findings.map(\.condition) == [.classifierFails])
    #expect(found.findings[0].since == 3_100)
    let guessing = lines(from: 0) { $0.testErrors = 8_900 }
    #expect(diagnosis(guessing, errorsByChance: 9_000, try samples()).findings.map(\.condition) == [.classifierFails])
    #expect(diagnosis(guessing, errorsByChance: 90_000, try samples()).verdict == .healthy)
    sick[49].testErrors = 130
    #expect(diagnosis(sick, try samples()).verdict == .healthy)
  }

  /// Advice names what the recipe does not do yet, and rates that are too high before all else.
  @Test func adviceFitsTheRecipe() throws {
    var recipe = try #require(Recipe.named("two-dimensional"))
    recipe.techniques[FeatureMatching.Settings.self].role = .joins
    recipe.generator.training.learningRate = 0.1
    let advice = diagnosis(lines(), of: recipe, try samples(spread: 0)).advice
    #expect(advice[0].contains("generator.training.learningRate=0.001"))
    #expect(!advice.contains { $0.contains("featureMatching") })
    // What is advised can be set.
    for option in advice.joined().matches(of: /--set ([A-Za-z.]+=[^`]+)`/) {
      #expect(throws: Never.self) { try recipe.setting(String(option.1)) }
    }
  }

  /// Samples that were still getting better call for patience first; so does a run shorter than its recipe.
  @Test func patienceIsAdvised() throws {
    var rising = lines()
    for index in rising.indices { rising[index].precision = Double(index) / 100 }
    let long = try #require(Recipe.named("two-dimensional"))
    #expect(diagnosis(rising, of: long, try samples(distance: 50)).advice[0].contains("still getting better"))
    #expect(!diagnosis(lines(), of: long, try samples(distance: 50)).advice[0].contains("longer run"))
    var short = long
    short.duration.count = 1_500
    #expect(diagnosis(lines(), of: short, try samples(distance: 50)).advice[0].contains("made for 10000 steps"))
  }

  @Test func theWatchTellsOnceAndOnlyOfWhatStays() throws {
    let recipe = try #require(Recipe.named("two-dimensional"))
    var watch = SignWatch(recipe, steps: 5_000)
    var told: [String] = []
    for line in lines(from: 1_000, { $0.nearDuplicates = 1 }) { told += watch.warnings(after: line) }
    #expect(told.count == 1)
    #expect(told[0].contains("step 1900") && told[0].contains("since step 1000"))
    watch = SignWatch(recipe, steps: 5_000)
    for (index, line) in lines(from: 0, { $0.nearDuplicates = 1 }).enumerated() {
      var line = line
      if index % 9 == 8 { line.nearDuplicates = 0 }
      #expect(watch.warnings(after: line).isEmpty)
    }
  }
}
