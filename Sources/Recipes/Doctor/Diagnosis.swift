import Foundation
import GAN

/// What is wrong with a run, if anything, since when, and what to try.
///
/// A run is ill where its samples are, or where it could not go on. What D and the gradients did on the way says why;
/// by itself it makes no run ill: with feature matching, for one, G goes on well against a D that is always right. Of a
/// run that has barely begun only faults are told: its samples have not had the time to be any good.
public struct Diagnosis: Sendable {
  /// What can be wrong.
  public enum Condition: String, Codable, Sendable, CaseIterable {
    /// A number became NaN or infinite, or another fault ended the run.
    case broke
    /// Nearly all samples are the same.
    case collapsed
    /// Parts of the data are not generated at all.
    case lostModes = "lost modes"
    /// Samples are where there are no data.
    case offData = "off the data"
    /// A classifier that has learnt nothing, or got worse.
    case classifierFails = "classifier fails"
    /// Samples were better before, by the score that the run takes of them.
    case worsened = "samples got worse"
    /// D is always right.
    case discriminatorWins = "discriminator wins"
    /// G's gradients have all but vanished.
    case vanishingGradient = "vanishing gradient"

    /// Whether it is the illness itself, rather than a cause of one.
    public var isIllness: Bool { self != .discriminatorWins && self != .vanishingGradient }
  }

  /// What is said of a run in a word.
  public enum Verdict: String, Codable, Sendable {
    /// Nothing is seen to be wrong; or the samples are bad, or the run could not go on.
    case healthy, ill
    /// Neither can be said yet: less than a fifth of the run is played, or it has saved no networks.
    case tooEarly = "too early to tell"
    /// Nothing is seen to be wrong, but there are fewer real examples than show what samples reach.
    case tooFew = "too few examples to tell"
  }

  /// One thing that is wrong, with what shows it.
  public struct Finding: Sendable {
    /// What is wrong.
    public let condition: Condition
    /// The step since which it is so; nil where the measurements do not show when it began.
    public let since: Int?
    /// What was seen, with its numbers: a sentence.
    public let evidence: String
    /// What to try, the most promising first: clauses, with the options that do it between backquotes.
    public let advice: [String]
  }

  /// The word for all of it.
  public let verdict: Verdict
  /// Illnesses, and what explains them; empty unless the run is ill.
  public let findings: [Finding]
  /// What makes no run ill, and is worth knowing: sentences. Empty where the run is ill.
  public let caveats: [String]

  /// The limits that the verdicts are given by.
  public enum Limits {
    /// Below this share of the data's spread samples have collapsed.
    public static let spread = 0.3
    /// Above this share of near-duplicates, too.
    public static let duplicates = 0.5
    /// Less than this share of the data's neighbourhoods is reached: of those of a batch, and of some thousand fresh
    /// samples, where they are narrower.
    public static let coverage = 0.25
    /// Fewer than this share of the samples are in a neighbourhood of the data.
    public static let precision = 0.25
    /// A mode is lost that gets less than this share of the samples it should get.
    public static let modeShare = 0.1
    /// D is right about more than this share.
    public static let accuracy = 0.97
    /// G's gradients are below this share of what they were at their largest.
    public static let gradient = 1e-3
    /// A distance of samples from the data, such as FID, is so much above the least that it has been.
    public static let worsening = 1.25
    /// Fewer pictures than D is likely to learn by heart: below it *Training Generative Adversarial Networks with
    /// Limited Data* (Karras et al. 2020) finds FID to rise again, and DiffAugment to help most.
    public static let fewPictures = 20_000
    /// A sign has to hold for so many measurements in a row.
    public static let persistence = 10
    /// Without so many real examples no run is called healthy: a share of them, such as coverage, is known to 0.06
    /// then.
    public static let examples = 50
    /// What of a run must have been played before its samples are judged.
    public static let early = 0.2
  }

  /// Judges what was found out; nothing is read or computed beside it.
  public init(_ examination: Examination) {
    let doctor = Doctor(examination)
    // A G that rests has had nothing to learn from yet.
    let isEarly =
      Double(examination.played) < Limits.early * Double(examination.steps) || examination.samples == nil
      || examination.measurements.last?.generatorRests == true
    // One name for one illness: samples that are all the same also miss most of the data, and are often beside it.
    let ofSamples = doctor.collapsed.map { [$0] } ?? [doctor.offData, doctor.lostModes].compactMap { $0 }
    let illnesses =
      [doctor.broke].compactMap { $0 }
      + (isEarly ? [] : [doctor.classifierFails, doctor.worsened].compactMap { $0 } + ofSamples)
    let causes = illnesses.isEmpty ? [] : [doctor.discriminatorWins, doctor.vanishingGradient].compactMap { $0 }
    findings = illnesses + causes
    caveats = illnesses.isEmpty && !isEarly ? [doctor.certainty].compactMap { $0 } : []
    let areFew = (examination.samples?.count ?? 0) < Limits.examples
    verdict = !illnesses.isEmpty ? .ill : isEarly ? .tooEarly : areFew ? .tooFew : .healthy
  }

  /// What to try, over all findings, the most promising first.
  public var advice: [String] {
    var seen = Set<String>()
    return findings.flatMap(\.advice).filter { seen.insert($0).inserted }
  }

  /// What to try against `condition` in a run of `recipe` that has played some of its steps: as in ``Finding/advice``,
  /// by what the recipe and the run's faults alone tell.
  public static func advice(
    on condition: Condition, recipe: Recipe, steps: Int, last: RunFolder.Measurement?, faults: [RunFolder.Fault] = [],
    rollsBack: Bool = false
  ) -> [String] {
    let doctor = Doctor(
      Examination(
        recipe: recipe, steps: steps, measurements: last.map { [$0] } ?? [], faults: faults, rollsBack: rollsBack,
        samples: nil))
    return condition == .broke ? doctor.broke?.advice ?? [] : doctor.advice(condition)
  }

  /// Such as `31 %`, `less than 1 %` and `0 %`.
  public static func percent(_ share: Double) -> String {
    share > 0 && share < 0.01 ? "less than 1 %" : String(format: "%.0f %%", 100 * share)
  }
}

/// The rules, one property each.
private struct Doctor {
  private typealias Limits = Diagnosis.Limits
  private let examination: Examination
  private var recipe: Recipe { examination.recipe }
  private var lines: [RunFolder.Measurement] { examination.measurements }
  private var samples: Examination.FreshSamples? { examination.samples }

  init(_ examination: Examination) { self.examination = examination }

  // MARK: Illnesses

  var broke: Diagnosis.Finding? {
    // What the run got over, by going back or by being resumed, is no illness.
    guard let fault = examination.faults.last, fault.outcome == .stopped, examination.played < examination.steps
    else { return nil }
    let advice =
      fault.kind == .number
      ? [
        rates ?? lowerRates,
        examination.rollsBack
          ? nil : "`--on-nan rollback`, which goes back to the last checkpoint at half the learning rates", averaging,
      ].compactMap { $0 }
      : ["to remove the cause, and to go on from the last checkpoint with `gan train --resume`"]
    return Diagnosis.Finding(
      condition: .broke, since: fault.step, evidence: "The run ended in step \(fault.step): \(fault.reason).",
      advice: advice)
  }

  var collapsed: Diagnosis.Finding? {
    guard let signs = samples?.signs else { return nil }
    // What is far from all data may look the same to D without being so.
    let isNarrow =
      (signs.featureSpread ?? 1) < Limits.spread && (signs.neighbours?.precision ?? 1) >= Limits.precision
    // Narrow modes make near-duplicates of their own: where several are known to be found, the others are what is
    // wrong.
    let isRepeated =
      signs.nearDuplicates > Limits.duplicates && (samples?.modes?.found(share: Limits.modeShare) ?? 0) < 2
    guard isNarrow || isRepeated else { return nil }
    return finding(
      .collapsed, since: start(.sameness),
      isRepeated
        ? "Of the samples \(percent(signs.nearDuplicates)) are near-duplicates of another one."
        : "Samples are nearly all the same: to D their features have \(percent(signs.featureSpread ?? 0)) of the "
          + "data's spread."
    )
  }

  var lostModes: Diagnosis.Finding? {
    guard let samples else { return nil }
    if let modes = samples.modes {
      let (all, found) = (modes.counts.count, modes.found(share: Limits.modeShare))
      // Where all are lost, samples are off the data.
      guard 0 < found, found < all else { return nil }
      return finding(
        .lostModes, since: start(.missedModes),
        "\(all - found) of the data's \(all) modes get no samples, or next to none.")
    }
    guard let neighbours = samples.signs.neighbours, neighbours.coverage < Limits.coverage else { return nil }
    return finding(
      .lostModes, since: start(.missedData),
      "Coverage is \(percent(neighbours.coverage)): the rest of the data has no sample within its balls.")
  }

  var offData: Diagnosis.Finding? {
    guard let samples, let neighbours = samples.signs.neighbours else { return nil }
    if let modes = samples.modes {
      guard modes.highQualityShare < Limits.precision else { return nil }
      return finding(
        .offData, since: start(.offData),
        "Of the samples \(percent(modes.highQualityShare)) are within three standard deviations of a mode.")
    }
    guard neighbours.precision < Limits.precision else { return nil }
    return finding(
      .offData, since: start(.offData),
      "Precision is \(percent(neighbours.precision)): the other samples are in no ball of any real example.")
  }

  var classifierFails: Diagnosis.Finding? {
    let tests = lines.compactMap { line in
      (line.testErrorsOfAverage ?? line.testErrors).map { (step: line.step, errors: $0) }
    }
    guard let last = tests.last, let best = tests.min(by: { $0.errors < $1.errors }) else { return nil }
    if let chance = examination.errorsByChance, Double(best.errors) > 0.9 * chance {
      return finding(
        .classifierFails, since: tests[0].step,
        """
        The classifier has learnt next to nothing: \(best.errors) errors in its best test, where guessing makes \
        \(Int(chance)).
        """)
    }
    let limit = 2 * best.errors + 20
    guard last.errors > limit else { return nil }
    let worse = tests[((tests.lastIndex { $0.errors <= limit } ?? -1) + 1)...].first
    return finding(
      .classifierFails, since: worse?.step,
      "The classifier makes \(last.errors) errors on the test set; after step \(best.step) it made \(best.errors).")
  }

  /// By the first of the distances that the run takes: a rise of the others is no other illness.
  var worsened: Diagnosis.Finding? {
    for (name, title) in [("fid", "FID"), ("fd", "The Fréchet distance"), ("kid", "KID")] {
      let scored = lines.compactMap { line in line.scores?[name].map { (step: line.step, value: $0) } }
      guard let best = scored.min(by: { $0.value < $1.value }), let last = scored.last, scored.count >= 3 else {
        continue
      }
      // KID is unbiased, and about 0 where samples are good.
      let limit = max(best.value * Limits.worsening, name == "kid" ? best.value + 0.01 : best.value)
      guard last.value > limit else { return nil }
      let since = scored[((scored.lastIndex { $0.value <= limit } ?? -1) + 1)...].first?.step
      return finding(
        .worsened, since: since,
        "\(title) of the samples is \(number(last.value)); at step \(best.step) it was \(number(best.value)).")
    }
    return nil
  }

  /// D is always right, and G goes on well.
  var certainty: String? {
    guard let since = start(.discriminatorWins), let share = lines.last?.accuracy else { return nil }
    let isFew = examination.pictures.map { $0 < Limits.fewPictures } ?? false
    let measures = lines.contains { $0.scores != nil }
    return "D is right about \(percent(share)) of the examples since step \(since). Samples are good all the same; "
      + (isFew
        ? "with \(examination.pictures!) pictures D may be learning them by heart, and G then gets worse later"
          + (augmentation.map { ": if it does, try \($0)" } ?? "")
        : "if they get worse later, D has gone too far ahead")
      + (examination.pictures == nil || measures ? "." : ". `--score fid@2000 --keep-best fid` would show it.")
  }

  private func number(_ value: Double) -> String { String(format: abs(value) >= 100 ? "%.0f" : "%.3g", value) }

  // MARK: Causes

  var discriminatorWins: Diagnosis.Finding? {
    guard let since = start(.discriminatorWins), let last = lines.last else { return nil }
    return finding(
      .discriminatorWins, since: since,
      "D is right about nearly all examples: it holds real ones for real with \(percent(last.probabilityOfReal)) on "
        + "average, generated ones with \(percent(last.probabilityOfGenerated)).")
  }

  var vanishingGradient: Diagnosis.Finding? {
    guard let since = start(.vanishingGradient), largestGradient > 0 else { return nil }
    let last = smoothed(lines.compactMap(\.generatorGradient)).last ?? 0
    return finding(
      .vanishingGradient, since: since,
      last == 0
        ? "G has no gradients any more."
        : String(
          format: "G's gradients have shrunk to %.1g of what they were at their largest.", last / largestGradient))
  }

  // MARK: When

  private var largestGradient: Double { lines.compactMap(\.generatorGradient).max() ?? 0 }

  /// The step of the first measurement from which on the sign holds to the end, single exceptions apart; nil where it
  /// does not hold at the end, or not for long.
  private func start(_ sign: Sign) -> Int? {
    let (modes, largest) = (samples?.modes?.counts.count, largestGradient)
    let holds = lines.map { sign.holds($0, modes: modes, largestGradient: largest) }
    let flags = smoothed(holds.map { $0 ? 1 : 0 })
    let first = (flags.lastIndex { $0 < 0.5 } ?? -1) + 1
    guard flags.count - first >= min(Limits.persistence, max(1, flags.count / 2)) else { return nil }
    return lines.indices[first...].first { holds[$0] }.map { lines[$0].step }
  }

  /// The median of five.
  private func smoothed(_ values: [Double]) -> [Double] {
    values.indices.map { index in
      let window = values[max(0, index - 2)...min(values.count - 1, index + 2)].sorted()
      return window[window.count / 2]
    }
  }

  // MARK: What to try

  private func finding(_ condition: Diagnosis.Condition, since: Int?, _ evidence: String) -> Diagnosis.Finding {
    Diagnosis.Finding(condition: condition, since: since, evidence: evidence, advice: advice(condition))
  }

  func advice(_ condition: Diagnosis.Condition) -> [String] {
    let featureMatching =
      !recipe.techniques[FeatureMatching.Settings.self].isOn
      ? "feature matching, which gives G the data's statistics to meet (`--set featureMatching.role=joins`)" : nil
    let minibatch =
      recipe.techniques[MinibatchDiscrimination.Settings.self].isOn
      ? nil
      : "minibatch discrimination, which shows D how alike samples are (`--set minibatchDiscrimination.enabled=true`)"
    let noise =
      recipe.discriminator.network.settings.assignmentForNoise.map {
        "noise in D, so that it cannot be sure of everything (`--set discriminator.\($0)`)"
      }
    let smoothing =
      recipe.objective.settings.smoothed(to: 0.9) != nil && recipe.objective.settings.realTarget == 1
      ? "one-sided label smoothing (`--set objective.realTarget=0.9`)" : nil
    let advice: [String?] =
      switch condition {
      case .broke: []
      case .collapsed: [rates, longer, featureMatching, minibatch, noise]
      case .lostModes: [rates, longer, featureMatching, minibatch, noise]
      case .offData: [rates, longer, featureMatching, noise, averaging]
      case .classifierFails: [rates, noise]
      case .worsened: [best, augmentation, rates, penalty]
      case .discriminatorWins: [rates, noise, smoothing, featureMatching]
      case .vanishingGradient: [rates, featureMatching, noise]
      }
    return advice.compactMap { $0 }
  }

  private var best: String? {
    examination.keepsBest
      ? "the best checkpoint, which the run has kept (`--checkpoint best` of `gan sample` and the others)"
      : "to keep the best network next time (`--keep-best fid`)"
  }

  private var augmentation: String? {
    guard recipe.data.images != nil, !recipe.techniques[DiffAugment.Settings.self].isOn else { return nil }
    return "DiffAugment, which keeps D from learning pictures by heart "
      + "(`--set 'augmentation.policies=[color, translation, cutout]'`)"
  }

  private var penalty: String? {
    recipe.techniques[GradientPenalty.Settings.self].isOn
      ? nil : "a penalty on D's gradients at real examples (`--set gradientPenalty.real=1`)"
  }

  private var averaging: String? {
    recipe.techniques[HistoricalAveraging.Settings.self].generator == 0
      ? "historical averaging, which holds players that circle (`--set historicalAveraging.generator=0.01`)" : nil
  }

  private var players: [(name: String, training: Recipe.Training)] {
    [("generator", recipe.generator.training), ("discriminator", recipe.discriminator.training)]
  }

  /// Where they are far above what works.
  private var rates: String? {
    let high = players.filter { _, training in
      switch training.rule {
      // Built-in recipes have 3e-3 at most.
      case .adam: training.learningRate > 0.015
      case .momentum: training.learningRate / (1 - training.momentum) > 1
      }
    }
    guard !high.isEmpty else { return nil }
    let options = high.map { name, training in
      let usual = training.rule == .adam ? 1e-3 : 0.01
      return "`--set \(name).training.learningRate=\(usual)`"
    }
    return "lower learning rates; these are far above what is usual (\(options.joined(separator: " ")))"
  }

  private var lowerRates: String {
    let options = players.map { "`--set \($0).training.learningRate=\($1.learningRate / 10)`" }
    return "lower learning rates (\(options.joined(separator: " ")))"
  }

  /// Where the run has not had the time that its recipe is made for, or its samples were still getting better at the
  /// end.
  private var longer: String? {
    if examination.played < examination.steps {
      return "to let it go on: \(examination.played) of \(examination.steps) steps are played"
    }
    let published = Recipe.named(recipe.name)?.duration
    let isShort = published.map { $0.unit == recipe.duration.unit && $0.count > recipe.duration.count } ?? false
    func isRising(_ value: (RunFolder.Measurement) -> Double?) -> Bool {
      let values = lines.compactMap(value)
      let part = values.count / 6
      guard part >= 2 else { return false }
      func mean(_ values: ArraySlice<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
      return mean(values.suffix(part)) > mean(values.dropLast(part).suffix(part)) + 0.05
    }
    guard isShort || isRising(\.coverage) || isRising(\.precision) else { return nil }
    return isShort
      ? "a longer run: the recipe is made for \(published!.count) \(published!.unit.rawValue)"
      : "a longer run: samples were still getting better"
  }

  private func percent(_ share: Double) -> String { Diagnosis.percent(share) }
}
