import ArgumentParser
import Datasets
import Files
import Foundation
import Recipes
import Torch

/// Where a recipe's data are on this machine.
struct DataOption: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: "Folder or file with the data. (default: that of the run, else where `gan data get` puts them)",
    completion: .file())
  var path: String?

  /// Where to look for the files.
  ///
  /// - Parameter run: what is known of a run that is gone on with or looked at.
  /// - Throws: `ValidationError` where nobody says.
  func place(of source: any ImageSource, run: RunFolder.Description? = nil) throws -> URL {
    if let path { return URL(fileURLWithPath: path) }
    if let known = run?.dataPath { return URL(fileURLWithPath: known) }
    guard let folder = type(of: source).defaultDirectory else {
      throw ValidationError("--data is missing: '\(type(of: source).kind)' is read from a folder or file of your own.")
    }
    return folder
  }

  /// `recipe` with its automatic keys chosen by the pictures; says what was chosen, and why.
  func settling(_ recipe: Recipe) throws -> Recipe {
    guard !recipe.automatic.isEmpty, let source = recipe.data[PictureSource.self] else { return recipe }
    let place = try place(of: source)
    var bar = PictureBar("looking at \(place.lastPathComponent)")
    let scan = try PictureScan(
      pictureContainer(at: place), source.settings, split: .train, requiresLabels: recipe.needsClasses
    ) { bar.show($0) }
    let (settled, reasons) = try recipe.choosing(for: PictureSurvey(scan))
    try settled.validate()
    for reason in reasons { Output.say("chose \(reason)") }
    return settled
  }

  /// - Throws: `ValidationError` where a place is given and the recipe reads nothing from anywhere.
  private func refuse(for recipe: Recipe) throws {
    if path != nil, recipe.data.images == nil {
      throw ValidationError(
        "--data: the recipe '\(recipe.name)' draws its data ('\(recipe.data.kind)'), and reads no files.")
    }
  }

  /// One split of a recipe's images, that for training without what is held out of it; nil where its data are points.
  func images(of recipe: Recipe, _ split: Split, run: RunFolder.Description? = nil) throws -> LabelledImages? {
    try refuse(for: recipe)
    return try recipe.data.images.map {
      let images = try open($0, at: place(of: $0, run: run), split, requiresLabels: recipe.needsClasses)
      return split == .train ? try recipe.validation(of: images)?.training ?? images : images
    }
  }

  /// One split of a source, with a bar where that takes its time.
  private func open(
    _ source: any ImageSource, at place: URL, _ split: Split, requiresLabels: Bool
  ) throws -> LabelledImages {
    if let pictures = source as? PictureSource {
      var bar = PictureBar("opening \(place.lastPathComponent)")
      return try pictures.open(at: place, split, requiresLabels: requiresLabels) { bar.show($0) }
    }
    return try source.open(at: place, split, requiresLabels: requiresLabels)
  }

  /// What a recipe trains on and, where it learns to classify, what it is tested on.
  ///
  /// - Returns: the place of the data as well, to be remembered; nil for points.
  func examples(for recipe: Recipe, run: RunFolder.Description? = nil, device: Device) throws
    -> (examples: RecipeExamples, test: TestSet?, place: URL?)
  {
    try refuse(for: recipe)
    if let examples = try checkingTensors({ RecipeExamples(points: recipe, device: device) }) {
      return (examples, nil, nil)
    }
    let source = recipe.data.images!
    let place = try place(of: source, run: run)
    let images = try open(source, at: place, .train, requiresLabels: recipe.needsClasses)
    if let provenance = images.provenance { reportOpening(of: provenance) }
    let validation = try recipe.validation(of: images)
    // In a scope: there may be too little memory for them.
    let examples = try checkingTensors {
      try RecipeExamples(images: validation?.training ?? images, recipe: recipe, device: device)
    }
    guard recipe.tellsClasses else { return (examples, nil, place) }
    let test = try validation?.heldOut ?? open(source, at: place, .test, requiresLabels: true)
    try test.requireTestable(after: images, at: place)
    return (examples, try checkingTensors { try TestSet(test, pixels: source.pixels, device: device) }, place)
  }
}
