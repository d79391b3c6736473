import Foundation

/// What the run in a folder came to: its networks as bytes, and the measurements without their seconds.
func outcome(_ run: URL) throws -> [Data] {
  let networks = try ["generator", "discriminator", "generator-average"].map {
    try Data(contentsOf: run.appendingPathComponent("\($0).safetensors"))
  }
  let text = try String(contentsOf: run.appendingPathComponent("measurements.jsonl"), encoding: .utf8)
  return networks + [Data(text.replacing(/"seconds":[^,]*,/, with: "").utf8)]
}
