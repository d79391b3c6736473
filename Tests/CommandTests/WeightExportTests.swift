import Foundation
import GoldenSupport
import Testing
import Torch

/// A network's weights in a folder, for code that has the formula: PyTorch loads them, and `config.json` says enough to
/// build the network anew.
@Suite struct WeightExportTests {
  private func gan(_ arguments: [String], _ folder: URL) throws -> String {
    let process = try GanProcess(arguments, in: folder)
    try #require(process.status == 0, "\(arguments): \(process.errors)")
    return process.output
  }

  /// The parameters are those of the run; a network made by the configuration alone gives what the run's gives.
  @Test(.enabled(if: Python.isThere, Python.missing)) func pyTorchLoadsThem() throws {
    try withEmptyFolder { folder in
      _ = try gan(["train", "one-dimensional", "--steps", "3", "--out", "run"], folder)
      let said = try gan(["export", "run", "--format", "safetensors", "--out", "g"], folder)
      #expect(said == "g: [N, 1] -> [N, 1]\n")
      _ = try gan(["export", "run", "--format", "safetensors", "--out", "d", "--network", "discriminator"], folder)
      _ = try gan(["export", "run", "--out", "g.pt"], folder)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("g").path).sorted()
      #expect(files == ["config.json", "model.safetensors", "recipe.yaml"])
      _ = try Python.output(
        """
        import hashlib, json, torch
        from safetensors.torch import load_file

        for place, stored in ("g", "generator-average"), ("d", "discriminator"):
            config, weights = json.load(open(f"{place}/config.json")), load_file(f"{place}/model.safetensors")
            run = load_file(f"run/{stored}.safetensors")
            assert weights.keys() == run.keys() and all(torch.equal(weights[n], run[n]) for n in run)
            said = {n: (p["shape"], p["dtype"]) for n, p in config["parameters"].items()}
            assert said == {n: (list(t.shape), str(t.dtype).removeprefix("torch.")) for n, t in weights.items()}
            elements = b"".join(weights[n].numpy().astype("<f4").tobytes() for n in sorted(weights))
            assert hashlib.sha256(elements).hexdigest() == config["sha256"]
            assert config["step"] == 3 and config["recipe"] == "one-dimensional" and "statistics" not in config
            assert config["settings"]["network"] == "dense" and config["settings"]["hidden"] == [32, 32], config
            assert "outputRange" not in config
            assert f"name: {config['recipe']}" in open(f"{place}/recipe.yaml").read()

        config, weights = json.load(open("g/config.json")), load_file("g/model.safetensors")
        assert config["noise"]["kind"] == "uniform" and config["input"] == [1] and config["output"] == [1], config
        widths = [*config["input"], *config["settings"]["hidden"], *config["output"]]
        parts = []
        for before, after in zip(widths, widths[1:]):
            parts += [torch.nn.Linear(before, after), {"tanh": torch.nn.Tanh()}[config["settings"]["activation"]]]
        net = torch.nn.Sequential(*parts[:-1])
        names = ["hidden.0", "hidden.1", "output"]
        kinds = "weight", "bias"
        net.load_state_dict({f"{2 * i}.{k}": weights[f"{n}.{k}"] for i, n in enumerate(names) for k in kinds})
        z = torch.linspace(-3, 3, 50).reshape(-1, 1)
        found, expected = net(z), torch.jit.load("g.pt")(z)
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max(), (found - expected).abs().max()
        """, in: folder)
    }
  }

  /// Generators with batch norm: without a gain and with an epsilon of their own, and as PyTorch's example of DCGAN.
  private static let normalized: [(recipe: String, settings: [String], bound: RoundingBound)] = [
    (
      "two-dimensional", ["generator.normalization=batch"],
      RoundingBound(.float32, sums: [2, 128, 128], functions: 6)
    ),
    (
      "dcgan-32", ["generator.width=4", "discriminator.width=4", "noise.dimensions=6", "batchSize=8"],
      RoundingBound(.float32, sums: [6, 4 * 4], functions: 4)
    ),
  ]

  /// Built in PyTorch from its configuration and put in evaluation mode, a generator with batch norm makes what the
  /// exported pass makes: its standing statistics are there, with the epsilon of each layer.
  @Test(.enabled(if: Python.isThere, Python.missing), arguments: normalized.indices)
  func batchNormHasItsStandingStatistics(_ kind: Int) throws {
    let (recipe, settings, bound) = Self.normalized[kind]
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      let data = recipe == "dcgan-32" ? ["--data", ".", "--set", "data.source=mnist"] : []
      _ = try gan(
        ["train", recipe, "--steps", "3", "--out", "run"] + data + settings.flatMap { ["--set", $0] }, folder)
      _ = try gan(["export", "run", "--format", "safetensors", "--out", "g"], folder)
      _ = try gan(["export", "run", "--out", "g.pt"], folder)
      _ = try gan(["export", "run", "--format", "safetensors", "--out", "batch", "--batch-statistics"], folder)
      _ = try Python.output(
        """
        import hashlib, json, torch
        from safetensors.torch import load_file

        config, weights = json.load(open("g/config.json")), load_file("g/model.safetensors")
        parameters, norms = config["parameters"], config["batchNorm"]
        moments = {f"{layer}.{kind}" for layer in norms for kind in ("mean", "variance")}
        assert config["statistics"] == "standing" and norms, config
        assert weights.keys() == parameters.keys() | moments and not parameters.keys() & moments
        elements = b"".join(weights[n].numpy().tobytes() for n in sorted(parameters))
        assert hashlib.sha256(elements).hexdigest() == config["sha256"]

        parts, state = [], {}
        def add(module, name, **names):
            state.update({
                f"{len(parts)}.{theirs}": weights[f"{name}.{ours}"]
                for theirs, ours in names.items() if f"{name}.{ours}" in weights})
            parts.append(module)
        for i, name in enumerate([*(f"hidden.{i}" for i in range(len(norms))), "output"]):
            shape = parameters[f"{name}.weight"]["shape"]
            if len(shape) == 2:
                layer = torch.nn.Linear(shape[1], shape[0], bias=f"{name}.bias" in weights)
            else:
                stride, padding = (1, 0) if i == 0 else (2, 1)
                layer = torch.nn.ConvTranspose2d(*shape[:2], 4, stride, padding, bias=f"{name}.bias" in weights)
            add(layer, name, weight="weight", bias="bias")
            if name == "output":
                break
            norm = norms[f"normalizations.{i}"]
            module = torch.nn.BatchNorm2d if len(shape) == 4 else torch.nn.BatchNorm1d
            add(module(norm["features"], norm["epsilon"]), f"normalizations.{i}",
                weight="gain", bias="bias", running_mean="mean", running_var="variance")
            parts.append(torch.nn.ReLU())
        net = torch.nn.Sequential(*parts, *([torch.nn.Tanh()] if len(config["output"]) == 3 else [])).double()
        assert not net.load_state_dict(state, strict=False).unexpected_keys
        assert len(state) == len(weights), (weights.keys(), state.keys())
        z = torch.rand(40, *config["input"], generator=torch.Generator().manual_seed(1)) * 2 - 1
        rows = z.double().reshape(40, -1, 1, 1) if len(config["output"]) == 3 else z.double()
        exact = net.eval()(rows)
        apart = lambda y: ((y - exact).abs().max() / exact.abs().max()).item()
        print("PyTorch:", apart(torch.jit.load("g.pt")(z)), "of the largest output apart")
        assert apart(torch.jit.load("g.pt")(z)) <= \(bound.relative), apart(torch.jit.load("g.pt")(z))
        assert apart(net.train()(rows)) > 1e-2

        config, weights = json.load(open("batch/config.json")), load_file("batch/model.safetensors")
        assert config["statistics"] == "batch" and "batchNorm" not in config
        assert weights.keys() == config["parameters"].keys()
        """, in: folder)
    }
  }

  /// Numbers that are none are not handed on, and the folder is whole or not there.
  @Test func whatIsNotFiniteIsRefused() throws {
    try withEmptyFolder { folder in
      _ = try gan(["train", "one-dimensional", "--steps", "2", "--out", "run"], folder)
      let generator = folder.appendingPathComponent("run/generator-average.safetensors")
      var changed = try Safetensors(contentsOf: generator)
      changed.tensors["hidden.0.weight"] = .full(.nan, [32, 1])
      try changed.write(to: generator)
      let result = try GanProcess(["export", "run", "--format", "safetensors", "--out", "g"], in: folder)
      #expect(result.status == 1 && result.errors.contains("hidden.0.weight") && result.errors.contains("finite"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["run"])
    }
  }
}
