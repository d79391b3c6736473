import Files
import Foundation

/// Where Plotly.js is: the library, in one file of about 5 MB, that draws a page's charts.
public enum PlotlyFile {
  /// `$GAN_PLOTLY` if that is set, else `plotly.min.js` in the user's cache (`Cache.directory`).
  public static var url: URL { url(environment: ProcessInfo.processInfo.environment) }

  /// ``url`` as it is under the given environment variables.
  public static func url(environment: [String: String]) -> URL {
    if let path = environment["GAN_PLOTLY"], !path.isEmpty { return URL(fileURLWithPath: path) }
    return Cache.directory(environment: environment).appendingPathComponent("plotly.min.js")
  }

  /// - Throws: `FileError` naming `url` if there is no such file or it is not Plotly.js.
  static func read(_ url: URL) throws(FileError) -> String {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw FileError(
        path: url.path,
        reason: "does not exist; it is Plotly.js, which draws the report's charts, and `make setup` puts it there")
    }
    let source: String
    do {
      source = try String(contentsOf: url, encoding: .utf8)
    } catch {
      throw FileError(path: url.path, reason: "cannot be read as text (\(error.localizedDescription))")
    }
    guard source.contains("Plotly") else { throw FileError(path: url.path, reason: "is not Plotly.js") }
    return source
  }
}
