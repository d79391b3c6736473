import Foundation
import GanCommand
import Torch

@main
struct GanMain {
  static func main() async {
    do {
      try KernelLevel.checkEnvironment()
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      exit(1)
    }
    await Gan.main()
  }
}
