import Files
import Foundation
import Report

/// Finds out before the work, not after it, what can be missing for a report: the folder and Plotly.js.
///
/// - Throws: `FileError` where the folder cannot be written in, or Plotly.js is missing.
func prepareForReport(in folder: URL) throws {
  try makeFolder(at: folder)
  guard FileManager.default.isReadableFile(atPath: PlotlyFile.url.path) else {
    throw FileError(
      path: PlotlyFile.url.path, reason: "there is no Plotly.js, which draws the charts: run `make setup`")
  }
}
