// A trained generator behind HTTP: Serve runs/pictures-1 --port 8080
import ArgumentParser
import Foundation
import Hummingbird
import SampleService

@main
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answers GET /sample?seed=7&count=16 with pictures that a trained run draws.")

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
  var runFolder: String

  @Option(help: "The address to listen at; 0.0.0.0 for all of a machine's, as a container wants it.")
  var host = "127.0.0.1"

  @Option(help: "The port.")
  var port = 8080

  @Option(help: "Passes that are made at the same time, each on one thread. (default: the processor's cores)")
  var workers: Int?

  @Option(
    help: ArgumentHelp(
      "Batch norm goes by the statistics of so many rows of noise, as in an exported network, "
        + "and many pictures are drawn in one pass.",
      valueName: "rows"))
  var standing: Int?

  func validate() throws {
    guard standing.map({ $0 > 0 }) ?? true else { throw ValidationError("--standing has to be 1 or more") }
    guard workers.map({ $0 > 0 }) ?? true else { throw ValidationError("--workers has to be 1 or more") }
  }

  func run() async throws {
    let begin = ContinuousClock.now
    SampleService.useOneThreadAPass()
    let service = try await SampleService(
      URL(fileURLWithPath: runFolder), workers: workers ?? ProcessInfo.processInfo.activeProcessorCount,
      standingRows: standing)
    let (folder, time) = (runFolder, ContinuousClock.now - begin)
    let router = Router()
    router.get("/health") { _, _ in
      Self.response("application/json", Data("{\"status\": \"ok\", \"pictures\": \(service.shape)}\n".utf8))
    }
    router.get("/sample") { request, _ in
      do {
        let query = try SampleQuery(request.uri.query ?? "", classes: service.classes)
        return Self.response("image/png", try await service.png(query))
      } catch let error as QueryError {
        return Self.response("text/plain; charset=utf-8", Data("\(error)\n".utf8), .badRequest)
      } catch let error as ServiceError {
        return Self.response("text/plain; charset=utf-8", Data("\(error)\n".utf8), .serviceUnavailable)
      }
    }
    let (host, port) = (host, port)
    let app = Application(
      router: router, configuration: .init(address: .hostname(host, port: port)),
      onServerRunning: { _ in
        print("\(folder): first picture after \(time), http://\(host):\(port)/sample?seed=7&count=16")
        fflush(nil)
      })
    try await app.runService()
  }

  private static func response(_ type: String, _ body: Data, _ status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}
