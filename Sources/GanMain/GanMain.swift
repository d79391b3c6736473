import GanCommand

@main
struct GanMain {
  static func main() async { await Gan.main() }
}
