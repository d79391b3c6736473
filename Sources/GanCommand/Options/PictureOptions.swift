import ArgumentParser
import Datasets
import Images
import Settings

/// How pictures become images of one size.
struct PictureOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Side of the images in pixels. (default: as the pictures are)")
  var size: Int?

  @Option(help: "What is cut off first: none, or all but the largest square in the middle (center).")
  var crop = PictureSettings.Crop.none

  @Option(
    help: "Where a picture has another shape: cover cuts it, contain adds to its sides, stretch does what it says.")
  var fit = Fit.cover

  @Option(help: "lanczos, bicubic, bilinear or box.")
  var filter = ResizingFilter.lanczos

  @Option(help: "Under what is transparent, and at the sides of what is contained: white, black or #rrggbb.")
  var background = "white"

  @Option(help: "auto, 1 or 3. (auto: 3 if any picture is in colour)")
  var channels = PictureSettings.Channels.auto

  @Flag(inversion: .prefixedNo, help: "Take classes from dataset.json, or else from the folders of the first level.")
  var labels = true

  @Flag(help: "A file that has to be left out is an error.")
  var strict = false

  func validate() throws {
    do {
      try settings.validate(SettingsCheck())
    } catch let error as SettingsError {
      throw ValidationError("--\(error.key) \(error.reason).")
    }
    if let size, size < 1 { throw ValidationError("--size must be at least 1, is \(size).") }
  }

  var settings: PictureSettings {
    var settings = PictureSettings()
    settings.size = size ?? 0
    settings.crop = crop
    settings.fit = fit
    settings.filter = filter
    settings.background = background
    settings.channels = channels
    settings.labels = labels ? .auto : .none
    settings.strict = strict
    return settings
  }
}

extension PictureSettings.Crop: ExpressibleByArgument {}
extension PictureSettings.Channels: ExpressibleByArgument {}
extension Fit: ExpressibleByArgument {}
extension ResizingFilter: ExpressibleByArgument {}

/// A bar for each stage of the opening of pictures.
struct PictureBar {
  private let title: String
  private var stage: PictureProgress.Stage?
  private var bar: ProgressBar?

  init(_ title: String) { self.title = title }

  mutating func show(_ progress: PictureProgress) {
    if stage != progress.stage {
      stage = progress.stage
      bar = ProgressBar(
        "\(title), \(progress.stage == .looking ? "headers" : "pictures")", total: progress.total, unit: "pictures")
    }
    if progress.done < progress.total { bar?.update(progress.done) } else { bar?.clear() }
  }
}
