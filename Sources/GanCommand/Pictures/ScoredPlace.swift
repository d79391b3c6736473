import ArgumentParser
import Datasets
import Files
import Foundation
import Recipes
import Scores
import Torch

/// Pictures by what a user calls them: a run's folder, a folder or zip archive of pictures, or a data set by its name,
/// alone or with the place of its files: `cifar10`, `cifar10:folder`.
struct ScoredPlace {
  let text: String
  /// Of a data set.
  let split: Split?
  /// So many pictures, at most; 50 000 of a run where it is nil.
  let count: Int?
  let seed: UInt64
  /// Of a run.
  let weights: SavedWeights
  let device: Device

  /// - Throws: `FileError`, `ValidationError` where it is nothing of the kind.
  func open() throws -> any PictureSet {
    let url = URL(fileURLWithPath: text)
    if FileManager.default.fileExists(atPath: url.path) {
      if FileManager.default.fileExists(atPath: url.appendingPathComponent("run.json").path) {
        let source = try ScoreSource(run: url, weights: weights, seed: seed, device: device)
        return GeneratedPictures(title: source.title, count: count ?? 50_000, images: source.images)
      }
      var bar = PictureBar("looking at \(url.lastPathComponent)")
      do {
        return try PictureFiles(url, split: split, limit: count) { bar.show($0) }
      } catch let error as FileError where error.reason.hasPrefix("holds no pictures") {
        throw FileError(
          path: error.path,
          reason: error.reason + ": files of a data set are named with it, such as cifar10:\(text)", at: error.place)
      }
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let kind = DataFamily.kinds.first(where: { $0.kind == parts[0] }),
      let source = kind.init() as? any ImageSource,
      !(source is PictureSource)
    else {
      throw FileError(path: text, reason: "there is no such folder or file, and no data set of that name")
    }
    guard let place = parts.count > 1 ? URL(fileURLWithPath: parts[1]) : type(of: source).defaultDirectory else {
      throw ValidationError("'\(text)': say where its files are, as in \(parts[0]):folder.")
    }
    let split = split ?? .train
    let images = try source.open(at: place, split, requiresLabels: false)
    return DataSetPictures(images, title: "\(split.rawValue) images of \(source.title)", limit: count, seed: seed)
  }
}
