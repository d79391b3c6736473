import Foundation
import GAN
import GoldenSupport
import NN
import Recipes
import Testing
import Torch

/// A network that is exported computes what it computed here: in this program, and in PyTorch.
@Suite struct ExportCommandTests {
  /// As large as MNIST's, so that the published networks can be trained on them.
  private static func writeImages(_ folder: URL, count: Int = 500) throws {
    func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
    var state: UInt32 = 1
    let pixels = (0..<count * 784).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    for split in ["train", "t10k"] {
      try Data([0, 0, 8, 3] + word(count) + word(28) + word(28) + pixels)
        .write(to: folder.appendingPathComponent("\(split)-images-idx3-ubyte"))
      try Data([0, 0, 8, 1] + word(count) + (0..<count).map { UInt8($0 % 10) })
        .write(to: folder.appendingPathComponent("\(split)-labels-idx1-ubyte"))
    }
  }

  /// Every kind of generator and discriminator that a recipe can ask for.
  private static let kinds: [(name: String, arguments: [String])] = [
    ("mnist", []),
    ("mnist", ["generator.normalization=virtual-batch"]),
    ("mnist", ["generator.normalization=none", "generator.outputWeightNorm=false", "generator.outputScale=2"]),
    ("one-dimensional", []),
    ("one-dimensional", ["minibatchDiscrimination.enabled=true"]),
    ("one-dimensional", ["minibatchDiscrimination.enabled=true", "minibatchDiscrimination.reading=tutorial"]),
    ("two-dimensional", ["generator.normalization=batch", "minibatchDiscrimination.enabled=true"]),
    ("two-dimensional", ["generator.normalization=virtual-batch", "minibatchDiscrimination.reading=paper"]),
  ]

  private func gan(_ arguments: [String], _ folder: URL) throws -> String {
    let process = try GanProcess(arguments, in: folder)
    try #require(process.status == 0, "\(arguments): \(process.errors)")
    return process.output
  }

  private func train(_ kind: (name: String, arguments: [String]), _ folder: URL) throws {
    if kind.name == "mnist" { try Self.writeImages(folder) }
    _ = try gan(
      ["train", kind.name, "--steps", "20", "--out", "run"] + (kind.name == "mnist" ? ["--data", "."] : [])
        + kind.arguments.flatMap { ["--set", $0] }, folder)
  }

  private static let rows = [1, 7, 64, 100]

  /// How far float32 may be from float64, in units of the largest output. Layers are at most 1000 wide, the first of
  /// MNIST's discriminator 784, and what a layer looks at of its batch is at most 100 rows and the reference. The one
  /// logit of a discriminator is what remains of sums of either sign, often a tenth of what was summed; similarities of
  /// minibatch discrimination are sums over a batch, of which the differences count: a thousandth of them.
  private static func rounding(_ kind: (name: String, arguments: [String]), _ network: String) -> Double {
    let sums = [784, 1000, 500, 250, 250, 250] + [100, 100, 100, 100]
    guard network != "generator" else { return RoundingBound(.float32, sums: sums, functions: 12).relative }
    let seesItsBatch = kind.arguments.contains("minibatchDiscrimination.enabled=true")
    return RoundingBound(.float32, sums: sums, functions: 12, amplification: seesItsBatch ? 1000 : 10).relative
  }

  /// In float64, where a module either computes what its network does or shows that it does not: of rounding, the
  /// largest amplification above leaves 10^-10.
  private static let agreement = 1e-9

  /// Inputs of several sizes with what the run's network makes of them, and what it would make in float64.
  private struct Cases {
    var inputs: [Tensor] = []
    var outputs: [Tensor] = []
    var exact: [Tensor] = []
  }

  private func cases(_ run: RunFolder, _ network: String) throws -> Cases {
    let saved = try run.load(device: .cpu)
    let (game, description) = (saved.game, saved.description)
    let shape = description.imageShape ?? [description.width]
    var cases = Cases()
    for count in Self.rows {
      try checkingTensors {
        withoutGradient {
          let stream = RandomStream(seed: 77).at(count)
          if network == "generator" {
            let noise = game.recipe.noise
            let z =
              noise.kind == .normal
              ? stream.normal([count, noise.dimensions])
              : stream.uniform([count, noise.dimensions]) * (noise.high - noise.low) + noise.low
            func output(_ z: Tensor) -> Tensor { game.generator.model(z, .evaluation).reshaped([count] + shape) }
            cases.inputs.append(z)
            cases.outputs.append(output(z))
            cases.exact.append(game.generator.withParameters(as: .float64) { output(z.to(.float64)) })
          } else {
            let x = stream.uniform([count] + shape)
            func output(_ x: Tensor) -> Tensor {
              game.discriminator.model(x.reshaped([count, description.width]), .evaluation).logits
            }
            cases.inputs.append(x)
            cases.outputs.append(output(x))
            cases.exact.append(game.discriminator.withParameters(as: .float64) { output(x.to(.float64)) })
          }
        }
      }
    }
    return cases
  }

  private func apart(_ found: Tensor, _ expected: Tensor) throws -> Double {
    #expect(found.shape == expected.shape)
    let (found, expected) = (try found.values(Double.self), try expected.values(Double.self))
    let largest = expected.reduce(0) { max($0, abs($1)) }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
  }

  /// The module takes any number of rows and gives what the network gives; in this program, so that the test needs no
  /// Python.
  @Test(arguments: kinds.indices) func givesWhatTheNetworkGives(_ kind: Int) throws {
    try withEmptyFolder { folder in
      try train(Self.kinds[kind], folder)
      for network in ["generator", "discriminator"] { try compare(kind, network, in: folder) }
    }
  }

  private func compare(_ kind: Int, _ network: String, in folder: URL) throws {
    let said = try gan(["export", "run", "--network", network, "--out", "\(network).pt", "--batch-statistics"], folder)
    #expect(said.hasPrefix("\(network).pt: [N, ") && said.contains("] -> [N, "), "\(said)")
    let file = try Data(contentsOf: folder.appendingPathComponent("\(network).pt"))
    let (module, inFloat64) = (try ScriptModule(file), try ScriptModule(file, dtype: .float64))
    let run = RunFolder(folder.appendingPathComponent("run"))
    let cases = try cases(run, network)
    for (index, input) in cases.inputs.enumerated() {
      let place = "\(Self.kinds[kind]), \(network), \(input.size(0)) rows"
      let exact = cases.exact[index]
      let modules = try apart(checkingTensors { inFloat64(input.to(.float64)) }, exact)
      #expect(modules <= Self.agreement, "\(place), in float64: \(modules)")
      let (own, its) = (
        try apart(cases.outputs[index], exact), try apart(checkingTensors { module(input) }, exact)
      )
      let rounding = Self.rounding(Self.kinds[kind], network)
      #expect(own <= rounding && its <= rounding, "\(place): \(own) and \(its)")
    }
  }

  /// The same in PyTorch, whose module also has the parameters of the safetensors file under their names, and says
  /// where it comes from.
  @Test(.enabled(if: Python.isThere, Python.missing), arguments: [0, 1, 3, 6])
  func givesTheSameInPyTorch(_ kind: Int) throws {
    try withEmptyFolder { folder in
      try train(Self.kinds[kind], folder)
      let run = RunFolder(folder.appendingPathComponent("run"))
      for network in ["generator", "discriminator"] {
        _ = try gan(["export", "run", "--network", network, "--out", "\(network).pt", "--batch-statistics"], folder)
        let cases = try cases(run, network)
        var tensors: [String: Tensor] = [:]
        for (input, exact) in zip(cases.inputs, cases.exact) {
          tensors["in.\(input.size(0))"] = input
          tensors["out.\(input.size(0))"] = exact
        }
        try Safetensors(tensors: tensors).write(to: folder.appendingPathComponent("\(network)-cases.safetensors"))
      }
      let output = try Python.output(
        """
        import json, torch
        from safetensors.torch import load_file
        for network in "generator", "discriminator":
            files = {"swift-gan.json": "", "recipe.yaml": ""}
            module = torch.jit.load(network + ".pt", _extra_files=files)
            cases = load_file(network + "-cases.safetensors")
            exact = torch.jit.load(network + ".pt").double()
            for rows in \(Self.rows):
                x, expected = cases[f"in.{rows}"], cases[f"out.{rows}"]
                for y in module(x), exact(x.double()):
                    assert y.shape == expected.shape, (y.shape, expected.shape)
                    print((y - expected).abs().max().item() / expected.abs().max().item())
            about = json.loads(files["swift-gan.json"])
            assert about["network"] == network and about["step"] == 20 and about["version"], about
            assert f"name: {about['recipe']}" in files["recipe.yaml"].decode(), files
            stored = load_file(f"run/{network}{'-average' if about['averaged'] else ''}.safetensors")
            state = module.state_dict()
            assert state.keys() == stored.keys(), (state.keys(), stored.keys())
            assert all(torch.equal(state[name], stored[name]) for name in stored)
            assert not module.training and not module.hidden.training
            fixed = [n for n in stored if n == "reference.examples" or n.startswith("hidden") and n.endswith("gain")]
            assert sorted(name for name, _ in module.named_buffers()) == sorted(fixed)
            assert not any(p.requires_grad for p in module.parameters())
            # From file to file again, as tools that PyTorch comes with do it.
            torch.jit.save(torch.jit.freeze(module), "frozen.pt")
            torch.jit.load("frozen.pt")(cases["in.7"])
        """, in: folder)
      let found = try output.split(separator: "\n").map { try #require(Double($0)) }
      try #require(found.count == 16)
      for (network, found) in [("generator", found[..<8]), ("discriminator", found[8...])] {
        let (rounded, exact) = (
          found.enumerated().filter { $0.0 % 2 == 0 }, found.enumerated().filter { $0.0 % 2 == 1 }
        )
        print("PyTorch: \(Self.kinds[kind]), \(network) at most \(rounded.map(\.1).max()!) of the largest output apart")
        let rounding = Self.rounding(Self.kinds[kind], network)
        #expect(rounded.allSatisfy { $0.1 <= rounding }, "\(Self.kinds[kind]): \(found)")
        #expect(exact.allSatisfy { $0.1 <= Self.agreement }, "\(Self.kinds[kind]), in float64: \(found)")
      }
    }
  }

  /// A generator with batch norm that was exported as it is by default makes of each row its own picture, alone or
  /// among others, near what the row is in a batch of training's size.
  @Test func aRowOfNoiseIsAPictureOfItsOwn() throws {
    try withEmptyFolder { folder in
      try train(("two-dimensional", ["generator.normalization=batch"]), folder)
      let said = try gan(["export", "run", "--out", "standing.pt"], folder)
      #expect(said.hasPrefix("standing.pt: [N, "), "\(said)")
      _ = try gan(["export", "run", "--out", "batch.pt", "--batch-statistics"], folder)
      let (standing, batch) = try (
        ScriptModule(Data(contentsOf: folder.appendingPathComponent("standing.pt"))),
        ScriptModule(Data(contentsOf: folder.appendingPathComponent("batch.pt")))
      )
      let noise = try RunFolder(folder.appendingPathComponent("run")).recipe().noise
      let z = try checkingTensors {
        let stream = RandomStream(seed: 4)
        return noise.kind == .normal
          ? stream.normal([5_000, noise.dimensions])
          : stream.uniform([5_000, noise.dimensions]) * (noise.high - noise.low) + noise.low
      }
      try checkingTensors {
        let all = standing(z)
        for row in [0, 7] {
          let alone = standing(z.sliced(0, row..<row + 1))
          #expect(
            try apart(alone, all.sliced(0, row..<row + 1))
              <= RoundingBound(.float32, sums: [100, 100, 100], functions: 6).ofTwo)
        }
        let (first, second) = try (
          standing(z.sliced(0, 0..<1)).values(Double.self), standing(z.sliced(0, 1..<2)).values(Double.self)
        )
        #expect(zip(first, second).contains { abs($0 - $1) > 1e-3 }, "\(first), \(second)")
        // Statistics of 10 000 rows and of another 5 000: of a layer's mean and deviation each within 5 standard
        // errors, through three layers, in units of the outputs' spread.
        let (a, b) = try (all.values(Double.self), batch(z).values(Double.self))
        let difference = (zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(a.count)).squareRoot()
        let spread = (a.reduce(0) { $0 + $1 * $1 } / Double(a.count)).squareRoot()
        #expect(difference < 0.3 * spread, "\(difference) of \(spread)")
      }
    }
  }

  /// A classifier that leaves a run comes back as a TorchScript file and says what the run says.
  @Test func classifiersScoreAsTheirRunDoes() throws {
    try withEmptyFolder { folder in
      try Self.writeImages(folder)
      _ = try gan(
        [
          "train", "mnist-semisupervised-fast", "--data", ".", "--steps", "20", "--out", "run", "--set",
          "labels.count=50",
        ], folder)
      let said = try gan(["export", "run", "--network", "classifier", "--out", "digits.pt"], folder)
      #expect(said == "digits.pt: [N, 1, 28, 28] -> [N, 10]\n")
      func scores(_ arguments: [String]) throws -> [Double] {
        let output = try gan(["score", "run", "--samples", "400", "--splits", "4", "--json"] + arguments, folder)
        let report = try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        return try #require(report["splitScores"] as? [Double])
      }
      let own = try scores(["--classifier", "run"])
      let back = try scores(["--classifier", "digits.pt"])
      // A score moves by at most as much as twice the largest logit, some tens, and twice as both are rounded.
      let rounding = 40 * RoundingBound(.float32, sums: [784, 1000, 500, 250, 250, 250], functions: 6).ofTwo
      #expect(own.count == 4 && zip(own, back).allSatisfy { abs($0 - $1) < rounding * $0 }, "\(own), \(back)")
      // The average differs from the last step's weights, and it is the average that both used.
      _ = try gan(["export", "run", "--network", "classifier", "--raw", "--out", "raw.pt"], folder)
      #expect(zip(own, try scores(["--classifier", "raw.pt"])).contains { abs($0 - $1) > 1e-4 })
    }
  }

  @Test func whatCannotBeExportedIsNamed() throws {
    try withEmptyFolder { folder in
      func refused(
        _ arguments: [String], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        let result = try GanProcess(["export"] + arguments, in: folder)
        #expect(result.status != 0 && result.status < 128, "\(result.status)", sourceLocation: sourceLocation)
        #expect(result.output.isEmpty, sourceLocation: sourceLocation)
        for word in words {
          #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)", sourceLocation: sourceLocation)
        }
        let after = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(before == after, "a file was begun", sourceLocation: sourceLocation)
      }
      try refused(["nowhere", "--out", "x.pt"], "nowhere", "no such folder")
      _ = try gan(["train", "one-dimensional", "--steps", "2", "--out", "run"], folder)
      try refused(["run"], "--out")
      try refused(["run", "--out", "x.pt", "--network", "critic"], "critic", "generator", "classifier")
      try refused(["run", "--out", "x.pt", "--network", "classifier"], "run", "one-dimensional", "no classifier")
      try refused(["run", "--out", "run/recipe.yaml"], "run/recipe.yaml", "exists")
      try refused(["run", "--out", "run"], "run", "exists")
      try refused(["run", "--out", "no/such/folder/x.pt"], "no/such/folder/x.pt", "cannot be written")
      try refused(["run", "--out", "/proc/x.pt"], "/proc/x.pt", "cannot be written")

      let generator = folder.appendingPathComponent("run/generator-average.safetensors")
      let good = try Safetensors(contentsOf: generator)
      func with(_ change: (inout Safetensors) -> Void, _ words: String...) throws {
        var changed = good
        change(&changed)
        try changed.write(to: generator)
        let result = try GanProcess(["export", "run", "--out", "x.pt"], in: folder)
        #expect(result.status == 1)
        for word in words {
          #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.pt").path))
      }
      let name = "hidden.0.weight"
      try with({ $0.tensors[name] = nil }, "run/generator-average.safetensors", "recipe.yaml", name, "is missing")
      try with({ $0.tensors["hidden.9.weight"] = $0.tensors[name] }, "hidden.9.weight", "does not belong")
      try with({ $0.tensors[name] = $0.tensors[name]!.transposed().copied() }, name, "[1, 32]", "[32, 1]")
      try with({ $0.tensors[name] = $0.tensors[name]!.to(.float64) }, name, "float64", "float32")
      try with(
        { $0.metadata["recipe"] = "another" }, "run/generator-average.safetensors", "'another'", "'one-dimensional'")
      try with({ $0.tensors[name] = .full(.nan, [32, 1]) }, "TorchScript", "not finite")
      try FileManager.default.removeItem(at: generator)
      try refused(["run", "--out", "x.pt"], "run/generator-average.safetensors", "no networks yet")
      // The others are there.
      _ = try gan(["export", "run", "--raw", "--out", "x.pt"], folder)
    }
  }

  /// A run from before networks said where they come from can still be used.
  @Test func networksWithoutOriginAreAccepted() throws {
    try withEmptyFolder { folder in
      _ = try gan(["train", "one-dimensional", "--steps", "2", "--out", "run"], folder)
      for name in ["generator-average", "discriminator"] {
        let file = folder.appendingPathComponent("run/\(name).safetensors")
        var stored = try Safetensors(contentsOf: file)
        #expect(stored.metadata["step"] == "2" && stored.metadata["recipe"] == "one-dimensional")
        stored.metadata = [:]
        try stored.write(to: file)
      }
      _ = try gan(["export", "run", "--out", "x.pt"], folder)
    }
  }
}
