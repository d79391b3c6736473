import Foundation

/// Chromium without a window, driven over the pipes of its DevTools protocol: opens pages as a desktop or a phone would
/// show them, runs scripts in them, presses keys and takes pictures.
///
/// ```swift
/// let browser = try HeadlessBrowser()
/// try browser.open(page, width: 400)
/// try browser.wait(until: "document.title !== ''")
/// let title = try browser.evaluate("document.title")
/// ```
///
/// The process ends with the last reference. Everything it writes goes to a folder that is removed then.
public final class HeadlessBrowser {
  /// What went wrong, in the browser's own words.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// `$CHROMIUM`, or the first of chromium, chromium-browser, google-chrome and chrome on the search path; nil if there
  /// is none.
  public static let executable: URL? = {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["CHROMIUM"], !path.isEmpty { return URL(fileURLWithPath: path) }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map { URL(fileURLWithPath: String($0)) }
    return ["chromium", "chromium-browser", "google-chrome", "chrome"].lazy
      .flatMap { name in folders.map { $0.appendingPathComponent(name) } }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  private let process = Process()
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("browser-\(UUID().uuidString)")
  private let commands = Pipe()
  private let answers = Pipe()
  private var unread = Data()
  private var lastID = 0
  private var session: String?

  /// Starts the browser, and ends it `lifetime` seconds later whatever it is doing.
  public init(lifetime: TimeInterval = 120) throws {
    guard let executable = Self.executable else { throw Failure(description: "there is no Chromium") }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The protocol is spoken over file descriptors 3 and 4.
    process.arguments = [
      "-c", #"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, "sh", executable.path, "--headless=new", "--no-sandbox",
      "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
      "--user-data-dir=\(folder.path)", "about:blank",
    ]
    process.standardInput = commands
    process.standardOutput = answers
    try process.run()
    let process = process
    DispatchQueue.global().asyncAfter(deadline: .now() + lifetime) { if process.isRunning { process.terminate() } }
    let targets = try send("Target.getTargets")["targetInfos"] as? [[String: Any]]
    let page = targets?.first { $0["type"] as? String == "page" }?["targetId"]
    guard let page else { throw Failure(description: "the browser has no page") }
    session = try send("Target.attachToTarget", ["targetId": page, "flatten": true])["sessionId"] as? String
    _ = try send("Page.enable")
  }

  deinit {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Opens a page and waits until it is loaded.
  ///
  /// - Parameters:
  ///   - width: of the window, in CSS pixels; below 600 it is a phone's, with a finger for a pointer.
  ///   - isDark: whether the reader prefers dark pages.
  public func open(_ url: URL, width: Int = 1280, height: Int = 900, isDark: Bool = false) throws {
    let isPhone = width < 600
    _ = try send(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": isPhone ? 2 : 1, "mobile": isPhone])
    _ = try send("Emulation.setTouchEmulationEnabled", ["enabled": isPhone])
    _ = try send(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    _ = try send("Page.navigate", ["url": url.absoluteString])
    // What follows the number sign is the page's own affair.
    let place = Self.quoted(String(url.absoluteString.prefix { $0 != "#" }))
    try wait(until: "location.href.split('#')[0] === \(place) && document.readyState === 'complete'")
  }

  /// The value of a JavaScript expression, awaited if it is a promise, as text; "undefined" if there is none.
  public func evaluate(_ expression: String) throws -> String {
    let answer = try send(
      "Runtime.evaluate",
      ["expression": "(async () => String(await (\(expression))))()", "awaitPromise": true, "returnByValue": true])
    if let exception = answer["exceptionDetails"] as? [String: Any] {
      let thrown = (exception["exception"] as? [String: Any])?["description"] as? String
      throw Failure(description: "\(expression): \(thrown ?? exception["text"] as? String ?? "failed")")
    }
    return (answer["result"] as? [String: Any])?["value"] as? String ?? ""
  }

  /// Waits until a JavaScript expression is true.
  public func wait(until expression: String, seconds: TimeInterval = 30) throws {
    let deadline = Date().addingTimeInterval(seconds)
    // While one page gives way to the next, there is nothing to evaluate in.
    while (try? evaluate("Boolean(\(expression))")) != "true" {
      guard process.isRunning, Date() < deadline else {
        throw Failure(description: "\(expression) did not become true")
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  /// Presses and releases a key, named as DOM events name it: "ArrowLeft", "Home", "Tab", " ".
  public func press(_ key: String) throws {
    let codes = [" ": 32, "Tab": 9, "Enter": 13, "Home": 36, "End": 35, "ArrowLeft": 37, "ArrowRight": 39]
    let code = codes[key] ?? 0
    var event: [String: Any] = ["key": key, "code": key == " " ? "Space" : key, "windowsVirtualKeyCode": code]
    if key == " " { event["text"] = " " }
    for type in ["keyDown", "keyUp"] {
      event["type"] = type
      _ = try send("Input.dispatchKeyEvent", event)
    }
  }

  /// The bytes of a PNG of the window, or of the whole page.
  public func screenshot(wholePage: Bool = false) throws -> Data {
    try bytes("Page.captureScreenshot", ["format": "png", "captureBeyondViewport": wholePage])
  }

  /// The bytes of a PDF of the page as it prints, on A4.
  public func pdf() throws -> Data {
    try bytes("Page.printToPDF", ["paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true])
  }

  private func bytes(_ method: String, _ parameters: [String: Any]) throws -> Data {
    let text = try send(method, parameters)["data"] as? String
    guard let data = text.flatMap({ Data(base64Encoded: $0) }) else { throw Failure(description: "\(method): no data") }
    return data
  }

  /// Sends a command of the DevTools protocol and returns its answer.
  private func send(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    lastID += 1
    var message: [String: Any] = ["id": lastID, "method": method, "params": parameters]
    if let session { message["sessionId"] = session }
    try commands.fileHandleForWriting.write(contentsOf: JSONSerialization.data(withJSONObject: message) + [0])
    while true {
      let answer = try receive()
      guard answer["id"] as? Int == lastID else { continue }  // An event.
      if let error = answer["error"] as? [String: Any] {
        throw Failure(description: "\(method): \(error["message"] as? String ?? "failed")")
      }
      return answer["result"] as? [String: Any] ?? [:]
    }
  }

  /// The next message of the browser.
  private func receive() throws -> [String: Any] {
    while true {
      if let end = unread.firstIndex(of: 0) {
        let message = Data(unread[..<end])
        unread = Data(unread[(end + 1)...])
        return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
      }
      let more = answers.fileHandleForReading.availableData
      guard !more.isEmpty else { throw Failure(description: "the browser ended") }
      unread += more
    }
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
  }
}
