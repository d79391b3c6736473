import Datasets
import GAN
import Settings
import Torch

/// A recipe that cannot be run: which key, and why.
public typealias RecipeError = SettingsError

extension Recipe {
  /// Checks every value that has a range, and whether the parts go together.
  ///
  /// - Throws: ``RecipeError`` naming the first key whose value is impossible.
  public func validate() throws { try validate(SettingsCheck()) }

  /// The same, by a check that may be looked over the shoulder.
  func validate(_ check: SettingsCheck) throws {
    try validateName()
    try check.size("batchSize", batchSize)
    try check.count("duration.count", duration.count)
    try data.settings.validate(check.below("data"))
    try noise.validate(check.below("noise"))
    try validateGenerator(check.below("generator"))
    try validateDiscriminator(check.below("discriminator"))
    try check.count("labels.count", labels.count)
    try check.size("labels.batchSize", labels.batchSize)
    try check.count("labels.firstSteps", labels.firstSteps, atLeast: 0)
    if labels.firstSteps > 0, !tellsClasses {
      try check.fail("labels.firstSteps", "must be 0 where D tells no classes: objective.kind is not semi-supervised")
    }
    try check.count("labels.validation", labels.validation, atLeast: 0)
    try objective.settings.validate(check.below("objective"))
    for technique in techniques.all {
      try technique.validate(check.below(type(of: technique).key), in: facts)
    }
    for (name, interval) in [
      ("measurement", output.measurementInterval), ("sample", output.sampleInterval),
      ("evaluation", output.evaluationInterval), ("checkpoint", output.checkpointInterval),
    ] { try check.count("output.\(name)Interval", interval) }
    try check.number("generatorSteps", Double(generatorSteps), atLeast: 1, atMost: 1000)
    if generatorSteps > 1, updates != .alternating {
      try check.fail("generatorSteps", "must be 1 where the players do not alternate: updates is \(updates.rawValue)")
    }
    if min(batchSize, generatedBatchSize) < 2,
      generator.network.settings.looksAtBatch || discriminator.network.settings.looksAtBatch
        || techniques.active.contains(where: \.looksAtBatch)
    {
      throw RecipeError(
        key: batchSize < 2 ? "batchSize" : "generator.batchSize",
        reason: "must be at least 2 with batch norm or minibatch discrimination, is "
          + "\(min(batchSize, generatedBatchSize))")
    }
    if generatedBatchSize != batchSize, !(makeObjective() is any UnpairedObjective) {
      throw RecipeError(
        key: "generator.batchSize",
        reason:
          "must be 0 or batchSize, \(batchSize), where the objective is \(objective.kind), which compares real with "
          + "generated examples, is \(generator.batchSize)")
    }
    try validateData()
  }

  /// Whether D's first values come from real examples: those of its own layers, or of minibatch discrimination.
  var takesFirstValuesFromData: Bool {
    discriminator.network.settings.takesFirstValuesFromData || techniques[MinibatchDiscrimination.Settings.self].isOn
  }

  /// What techniques look at.
  var facts: GameFacts {
    GameFacts(
      batchSize: batchSize, generatedBatchSize: generatedBatchSize,
      labelledBatchSize: tellsClasses ? labels.batchSize : nil, exampleLayout: layout,
      hasImages: data.images != nil,
      takeClasses: type(of: generator.network.settings).takesClasses
        && type(of: discriminator.network.settings).takesClasses,
      canPairRows: data.points?.density != nil && noise.isSorted(batchSize) && generatedBatchSize == batchSize,
      averagesDiscriminator: discriminator.averagingRate > 0)
  }

  private func validateGenerator(_ check: SettingsCheck) throws {
    try generator.network.settings.validate(check)
    if generator.batchSize != 0 { try check.size("batchSize", generator.batchSize) }
    try check.number("averagingRate", generator.averagingRate, atLeast: 0, atMost: 1)
    try check.number("averagingHalfLife", generator.averagingHalfLife, atLeast: 0)
    if generator.averagingHalfLife > 0, generator.averagingRate > 0 {
      try check.fail("averagingHalfLife", "is in the place of averagingRate: one of them must be 0")
    }
    try generator.training.validate(check.below("training"))
  }

  private func validateDiscriminator(_ check: SettingsCheck) throws {
    try discriminator.network.settings.validate(check)
    try check.number("noiseDeclineFrom", discriminator.noiseDeclineFrom, atLeast: 0, atMost: 1)
    try check.number("noiseEnd", discriminator.noiseEnd, atLeast: 0, atMost: 1)
    try check.count("initializationExamples", discriminator.initializationExamples, atLeast: 2)
    try check.count("pretrainingSteps", discriminator.pretrainingSteps, atLeast: 0)
    if discriminator.pretrainingSteps > 0, data.points?.density == nil {
      try check.fail("pretrainingSteps", "must be 0: '\(data.kind)' is no density on a line")
    }
    try check.number("averagingRate", discriminator.averagingRate, atLeast: 0, atMost: 1)
    try discriminator.training.validate(check.below("training"))
  }

  /// What the kind of data has a say in.
  private func validateData() throws {
    if data.points != nil {
      if tellsClasses {
        throw RecipeError(
          key: "objective.kind", reason: "\(objective.kind) needs examples with classes; points have none")
      }
      if duration.unit == .epochs {
        throw RecipeError(
          key: "duration.unit", reason: "must be steps: '\(data.kind)' is drawn without end and has no epochs")
      }
      let kinds = [
        ("generator", type(of: generator.network.settings).layout, generator.network.kind),
        ("discriminator", type(of: discriminator.network.settings).layout, discriminator.network.kind),
      ]
      for (player, layout, kind) in kinds where layout == .images {
        throw RecipeError(key: "\(player).network", reason: "\(kind) is for images; '\(data.kind)' has points")
      }
    }
    if !automatic.isEmpty, data[PictureSource.self] == nil {
      throw RecipeError(key: "automatic", reason: "must be empty: '\(data.kind)' is no folder of pictures to choose by")
    }
    try validateOutputs()
  }

  /// Whether G can reach the data at all: a sigmoid never makes what lies below 0.
  private func validateOutputs() throws {
    guard let outputs = generator.network.settings.outputRange else { return }
    let values = data.points?.support ?? data.images?.pixels.bounds ?? 0...0
    guard outputs.lowerBound <= values.lowerBound, outputs.upperBound >= values.upperBound else {
      func text(_ range: ClosedRange<Double>) -> String {
        "\(shortText(range.lowerBound)) ... \(shortText(range.upperBound))"
      }
      throw RecipeError(
        key: "generator.network",
        reason: "its outputs lie in \(text(outputs)) and so cannot reach the data of '\(data.kind)', which lie in "
          + "\(text(values)): choose another generator.outputActivation, or another data.pixels for images")
    }
  }

  /// Whether the networks can play on such examples, which is not known before the data are opened: files of published
  /// names may hold others.
  ///
  /// - Throws: ``RecipeError``.
  public func validate(for example: ExampleShape) throws {
    try generator.network.settings.validate(SettingsCheck("generator"), for: example)
    try discriminator.network.settings.validate(SettingsCheck("discriminator"), for: example)
    for technique in techniques.active {
      try technique.validate(SettingsCheck(type(of: technique).key), for: example)
    }
  }

  /// Checks what the machine has a say in.
  ///
  /// - Throws: ``RecipeError``: products in bfloat16 where there are none.
  public func validate(on device: Device) throws {
    guard products == .float32 || device.makesBFloat16Products else {
      throw RecipeError(
        key: "products",
        reason: "must be float32 on this machine: its \(device.rawValue) and libtorch make no products in bfloat16")
    }
  }

  /// A name becomes a folder's: it must not lead out of the folder for runs, hide there, or break a line.
  private func validateName() throws {
    let isControl = { (scalar: Unicode.Scalar) in
      [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
    var reason: String?
    if name.isEmpty {
      reason = "must not be empty"
    } else if name.utf8.count > 100 {
      reason = "must have 100 bytes at most, has \(name.utf8.count)"
    } else if name.utf8.contains(UInt8(ascii: "/")) {
      reason = "must not contain '/'"
    } else if name.hasPrefix(".") {
      reason = "must not begin with a dot"
    } else if name.unicodeScalars.contains(where: isControl) {
      reason = "must not contain line ends or other control characters"
    }
    if let reason { throw RecipeError(key: "name", reason: "\(reason): a run's folder gets it") }
  }
}

extension PublishedImages {
  /// Of one image.
  public var shape: ExampleShape { .image(channels: channels, height: height, width: width) }
}

extension Recipe.Noise {
  /// Whether a batch of it comes in ascending order: points that are moved by more than their distance change places.
  fileprivate func isSorted(_ batchSize: Int) -> Bool {
    kind == .stratified && jitter * Double(batchSize - 1) <= high - low
  }

  fileprivate func validate(_ check: SettingsCheck) throws {
    try check.size("dimensions", dimensions)
    try check.number("low", low)
    try check.number("high", high, above: low)
    try check.number("jitter", jitter, atLeast: 0)
    if kind == .stratified, dimensions != 1 {
      try check.fail("dimensions", "must be 1 for stratified noise, is \(dimensions)")
    }
  }
}

extension Recipe.Training {
  fileprivate func validate(_ check: SettingsCheck) throws {
    try check.number("learningRate", learningRate, above: 0)
    try check.number("quarterlyDecay", quarterlyDecay, above: 0, atMost: 1)
    try check.number("declineFrom", declineFrom, atLeast: 0, atMost: 1)
    try check.number("cosineEnd", cosineEnd, atLeast: 0, atMost: 1)
    if cosineEnd < 1, quarterlyDecay < 1 || declineFrom < 1 {
      try check.fail("cosineEnd", "is in the place of quarterlyDecay and declineFrom: these must be 1")
    }
    try check.number("beta2End", beta2End, atLeast: 0, below: 1)
    for (name, value) in [("momentum", momentum), ("beta1", beta1), ("beta2", beta2)] {
      try check.number(name, value, atLeast: 0, below: 1)
    }
    try check.number("epsilon", epsilon, above: 0)
  }
}
