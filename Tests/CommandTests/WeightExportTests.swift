import Foundation
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
