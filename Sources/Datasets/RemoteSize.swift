import Files
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Asks a server how large a file is whose size nobody has published.
enum RemoteSize {
  /// Why a server's answer is of no use: a clause.
  struct Refusal: Error { let reason: String }

  /// More than any file that is fetched here: a server that says more is wrong.
  static let limit = 4_000_000_000

  /// - Parameter timeout: seconds after which a server that says nothing is given up.
  static func ask(_ url: URL, timeout: TimeInterval) async -> Result<Int, Refusal> {
    guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
      return .failure(Refusal(reason: "is not an http or https address"))
    }
    var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout)
    request.httpMethod = "HEAD"
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    request.setValue("swift-gan", forHTTPHeaderField: "User-Agent")
    let session = URLSession(configuration: .ephemeral)
    defer { session.invalidateAndCancel() }
    return await withCheckedContinuation { continuation in
      session.dataTask(with: request) { _, response, error in
        continuation.resume(returning: size(response as? HTTPURLResponse, error))
      }.resume()
    }
  }

  private static func size(_ response: HTTPURLResponse?, _ error: (any Error)?) -> Result<Int, Refusal> {
    guard let response else {
      return .failure(Refusal(reason: error.map { "\($0.localizedDescription)" } ?? "gave no answer"))
    }
    guard response.statusCode == 200 else {
      return .failure(Refusal(reason: "answered \(response.statusCode) when asked for the size"))
    }
    guard let text = response.value(forHTTPHeaderField: "Content-Length"), let size = Int(text),
      (1...limit).contains(size)
    else { return .failure(Refusal(reason: "does not say how large the file is")) }
    return .success(size)
  }
}
