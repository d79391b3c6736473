import Foundation

/// What is wrong with a run, if anything, since when, and what to try.
///
/// A run is ill where its samples are, or where it could not go on. What D and the gradients did on the way says why; by itself it
/// makes no run ill: with feature matching, for one, G goes on well against a D that is always right.
public struct Diagnosis: Sendable {
  /// What can be wrong, the gravest first.
  public enum Condition: String, Codable, Sendable, CaseIterable {
    /// A number became NaN or infinite, or the run ended by another fault.
    case broke
    /// Nearly all samples are the same.
    case collapsed
    /// Parts of the data are not generated at all.
    case lostModes = "lost modes"
    /// Samples are where there are no data.
    case offData = "off the data"
    /// A classifier that has learnt nothing, or got worse.
    case classifierFails = "classifier fails"
    /// D is always right.
    case discriminatorWins = "discriminator wins"
    /// G's gradients have all but vanished.
    case vanishingGradient = "vanishing gradient"

    /// Whether it is the illness itself, rather than a cause of one.
    public var isIllness: Bool { self != .discriminatorWins && self != .vanishingGradient }
  }

  public struct Finding: Sendable {
    public let condition: Condition
    /// The step since which it is so; nil where the measurements do not show when it began.
    public let since: Int?
    /// What was seen, with its numbers: a sentence.
    public let evidence: String
    /// What to try, the most promising first: clauses, with the options that do it between backquotes.
    public let advice: [String]
  }

  /// Illnesses, and what explains them; empty for a healthy run.
  public let findings: [Finding]
  public var isHealthy: Bool { findings.isEmpty }

  /// The limits that the verdicts are given by.
  public enum Limits {
    /// Below this share of the data's spread samples have collapsed.
    public static let spread = 0.3
    /// Above this share of near-duplicates, too.
    public static let duplicates = 0.5
    /// Less than this share of the data's neighbourhoods is reached: of those of a batch, and of some thousand fresh samples, where
    /// they are narrower.
    public static let coverage = 0.25
    /// Fewer than this share of the samples are in a neighbourhood of the data.
    public static let fidelity = 0.25
    /// A mode is lost that gets less than this share of the samples it should get.
    public static let modeShare = 0.1
    /// D is right about more than this share.
    public static let accuracy = 0.97
    /// G's gradients are below this share of what they were.
    public static let gradient = 1e-3
    /// A sign has to hold for so many measurements in a row.
    public static let persistence = 10
  }

  public init(_ examination: Examination) {
    let doctor = Doctor(examination)
    // One name for one illness: samples that are all the same also miss most of the data, and are often beside it.
    let ofSamples = doctor.collapsed.map { [$0] } ?? [doctor.offData, doctor.lostModes].compactMap { $0 }
    let illnesses = [doctor.broke, doctor.classifierFails].compactMap { $0 } + ofSamples
    let causes = illnesses.isEmpty ? [] : [doctor.discriminatorWins, doctor.vanishingGradient].compactMap { $0 }
    findings = illnesses + causes
  }

  /// What to try, over all findings, the most promising first.
  public var advice: [String] {
    var seen = Set<String>()
    return findings.flatMap(\.advice).filter { seen.insert($0).inserted }
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
    // A fault that the run got over, by going back or by being resumed, is no illness.
    guard let fault = examination.faults.last, fault.stopped, (lines.last?.step ?? 0) < examination.steps,
      fault.step >= lines.last?.step ?? 0
    else { return nil }
    return finding(.broke, since: fault.step, "The run ended in step \(fault.step + 1): \(fault.reason).")
  }

  var collapsed: Diagnosis.Finding? {
    guard let signs = samples?.signs else { return nil }
    // What is far from all data may look the same to D without being so.
    let isNarrow = signs.featureSpread < Limits.spread && (signs.neighbours?.fidelity ?? 1) >= Limits.fidelity
    let isRepeated = signs.nearDuplicates > Limits.duplicates
    guard isNarrow || isRepeated else { return nil }
    let since = start {
      ($0.featureSpread ?? 1) < Limits.spread || ($0.nearDuplicates ?? 0) > Limits.duplicates
    }
    return finding(
      .collapsed, since: since,
      isRepeated
        ? "\(percent(signs.nearDuplicates)) of the samples are near-duplicates of another one."
        : "Samples are nearly all the same: to D their features have \(percent(signs.featureSpread)) of the data's spread."
    )
  }

  var lostModes: Diagnosis.Finding? {
    guard let samples else { return nil }
    if let modes = samples.modes {
      let (all, found) = (modes.counts.count, modes.found(share: Limits.modeShare))
      // Where all are lost, samples are off the data.
      guard 0 < found, found < all else { return nil }
      return finding(
        .lostModes, since: start { ($0.modes ?? all) < all },
        "\(all - found) of the data's \(all) modes get no samples, or next to none.")
    }
    guard let neighbours = samples.signs.neighbours, neighbours.coverage < Limits.coverage else { return nil }
    return finding(
      .lostModes, since: start { ($0.coverage ?? 1) < Limits.coverage },
      "Samples reach \(percent(neighbours.coverage)) of the data: the rest has no sample among its nearest neighbours.")
  }

  var offData: Diagnosis.Finding? {
    guard let samples, let neighbours = samples.signs.neighbours else { return nil }
    let share = samples.modes?.highQualityShare ?? neighbours.fidelity
    guard share < Limits.fidelity else { return nil }
    return finding(
      .offData, since: start { ($0.fidelity ?? 1) < Limits.fidelity },
      "\(percent(share)) of the samples are where the data are; the others are somewhere else.")
  }

  var classifierFails: Diagnosis.Finding? {
    let tests = lines.compactMap { line in
      (line.testErrorsOfAverage ?? line.testErrors).map { (step: line.step, errors: $0) }
    }
    guard tests.count >= 3, let last = tests.last, let best = tests.min(by: { $0.errors < $1.errors }) else {
      return nil
    }
    guard last.errors > 2 * best.errors + 20 else { return nil }
    return finding(
      .classifierFails, since: best.step,
      "The classifier makes \(last.errors) errors on the test set; after step \(best.step) it made \(best.errors).")
  }

  // MARK: Causes

  var discriminatorWins: Diagnosis.Finding? {
    guard let since = start({ ($0.accuracy ?? 0) > Limits.accuracy }), let last = lines.last else { return nil }
    return finding(
      .discriminatorWins, since: since,
      "D is right about nearly all examples: it holds real ones for real with \(percent(last.probabilityOfReal)) on average, "
        + "generated ones with \(percent(last.probabilityOfGenerated)).")
  }

  var vanishingGradient: Diagnosis.Finding? {
    let sizes = lines.compactMap(\.generatorGradient)
    guard sizes.count == lines.count, let largest = sizes.max(), let last = smoothed(sizes).last, largest > 0
    else { return nil }
    let limit = Limits.gradient * largest
    guard last < limit, let since = start({ ($0.generatorGradient ?? largest) < limit }) else { return nil }
    return finding(
      .vanishingGradient, since: since,
      String(format: "G's gradients have shrunk to %.1g of what they were at their largest.", last / largest))
  }

  // MARK: When

  /// The step of the first measurement from which on `holds` to the end, single exceptions apart; nil where it does not hold
  /// at the end, or not for long.
  private func start(_ holds: (RunFolder.Measurement) -> Bool) -> Int? {
    let flags = smoothed(lines.map { holds($0) ? 1 : 0 })
    let first = (flags.lastIndex { $0 < 0.5 } ?? -1) + 1
    guard flags.count - first >= min(Limits.persistence, max(1, flags.count / 2)) else { return nil }
    return lines[first...].first(where: holds)?.step
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

  private func advice(_ condition: Diagnosis.Condition) -> [String] {
    let featureMatching =
      recipe.featureMatching.role == .none
      ? "feature matching, which gives G the data's statistics to meet (`--set featureMatching.role=joins`)" : nil
    let minibatch =
      recipe.minibatchDiscrimination.enabled
      ? nil
      : "minibatch discrimination, which shows D how alike samples are (`--set minibatchDiscrimination.enabled=true`)"
    let noise =
      recipe.discriminator.inputNoise == 0 && recipe.discriminator.hiddenNoise == 0
      ? "noise in D, so that it cannot be sure of everything (`--set discriminator.inputNoise=0.3`)" : nil
    let smoothing =
      recipe.objective.realTarget == 1
      ? "one-sided label smoothing (`--set objective.realTarget=0.9`)" : nil
    let averaging =
      recipe.historicalAveraging.generator == 0
      ? "historical averaging, which holds players that circle (`--set historicalAveraging.generator=0.01`)" : nil
    let rollback = "`--on-nan rollback`, which goes back to the last checkpoint at half the learning rates"
    let advice: [String?] =
      switch condition {
      case .broke: [rates, rollback, averaging]
      case .collapsed: [rates, featureMatching, minibatch, noise]
      case .lostModes: [rates, featureMatching, minibatch, noise]
      case .offData: [rates, longer, featureMatching, noise, averaging]
      case .classifierFails: [rates, noise]
      case .discriminatorWins: [rates, noise, smoothing, featureMatching]
      case .vanishingGradient: [rates, featureMatching, noise]
      }
    return advice.compactMap { $0 }
  }

  /// Where they are far above what the built-in recipes use.
  private var rates: String? {
    let usual = Recipe.builtIn.flatMap { [$0.generator.training, $0.discriminator.training] }
    let players = [("generator", recipe.generator.training), ("discriminator", recipe.discriminator.training)]
    let high = players.filter { _, training in
      guard let most = usual.filter({ $0.rule == training.rule }).map(\.learningRate).max() else { return false }
      return training.learningRate > 5 * most
    }
    guard !high.isEmpty else { return nil }
    let options = high.map { "`--set \($0).training.learningRate=\($1.learningRate / 100)`" }
    return "lower learning rates; these are far above what built-in recipes use (\(options.joined(separator: " ")))"
  }

  private var longer: String? {
    (lines.last?.step ?? 0) < examination.steps || (samples?.signs.neighbours?.fidelity ?? 1) > 0.1
      ? "a longer run, if the charts still move" : nil
  }

  private func percent(_ share: Double) -> String {
    share > 0 && share < 0.01 ? "less than 1 %" : String(format: "%.0f %%", 100 * share)
  }
}
