import Files
import Foundation
import GAN
import GoldenSupport
import NN
import ONNX
import Recipes
import Testing
import Torch

/// Networks as ONNX files: onnxruntime, which knows nothing of this package, gives what the networks give, and the file
/// says what it is.
@Suite struct ONNXExportTests {
  /// A recipe with networks small enough for a test, and what its data would be.
  private struct Case {
    let recipe: String
    var settings: [String] = []
    let example: ExampleShape
    var classes: Int?
    /// Whether the generator is tried with standing statistics as well.
    var standing = false
  }

  private static let digits = ExampleShape.image(channels: 1, height: 28, width: 28)
  private static let small = ExampleShape.image(channels: 3, height: 32, width: 32)

  /// Every built-in recipe, and every layer that a recipe can ask for.
  private static let cases: [Case] = {
    let convolutions = ["batchSize=100", "noise.dimensions=10"]
    let conv = convolutions + ["generator.widths=[12,8,4]", "discriminator.width=8"]
    let vgg = convolutions + ["generator.widths=[12,8,4]", "discriminator.widths=[4,6,8,8]"]
    let dcgan = convolutions + ["generator.width=4", "discriminator.width=4"]
    let minibatch = ["minibatchDiscrimination.enabled=true", "minibatchDiscrimination.kernels=6"]
    return [
      Case(recipe: "mnist", example: digits, classes: 10),
      Case(recipe: "mnist", settings: ["generator.normalization=virtual-batch"] + minibatch, example: digits),
      Case(
        recipe: "mnist", settings: ["generator.normalization=none", "generator.outputWeightNorm=false"], example: digits
      ),
      Case(recipe: "mnist-feature-matching", example: digits, classes: 10),
      Case(recipe: "mnist-semisupervised", example: digits, classes: 10),
      Case(recipe: "mnist-semisupervised-fast", example: digits, classes: 10),
      Case(recipe: "one-dimensional", example: .vector(1)),
      Case(
        recipe: "one-dimensional", settings: minibatch + ["minibatchDiscrimination.reading=tutorial"],
        example: .vector(1)),
      Case(recipe: "two-dimensional", example: .vector(2)),
      Case(
        recipe: "two-dimensional",
        settings: minibatch + ["minibatchDiscrimination.reading=paper", "generator.normalization=batch"],
        example: .vector(2), standing: true),
      Case(
        recipe: "two-dimensional", settings: minibatch + ["generator.normalization=virtual-batch"], example: .vector(2)
      ),
      Case(recipe: "dcgan-32", settings: dcgan, example: small, standing: true),
      Case(recipe: "dcgan-64", settings: dcgan, example: .image(channels: 3, height: 64, width: 64)),
      Case(recipe: "cifar10-semisupervised", settings: conv, example: small, classes: 10),
      Case(
        recipe: "cifar10-semisupervised", settings: conv + ["generator.normalization=virtual-batch", "batchSize=3"],
        example: small, classes: 10),
      Case(recipe: "cifar10-semisupervised-fast", settings: vgg, example: small, classes: 10),
      Case(recipe: "svhn-semisupervised", settings: conv, example: small, classes: 10),
      Case(recipe: "svhn-semisupervised-fast", settings: vgg, example: small, classes: 10),
      Case(
        recipe: "cifar10-minibatch", settings: conv + ["minibatchDiscrimination.kernels=6"], example: small, classes: 10
      ),
      Case(
        recipe: "imagenet-128",
        settings: convolutions + [
          "batchSize=3", "generator.widths=[8,6,4,4,4,4]", "discriminator.width=4",
          "minibatchDiscrimination.kernels=4", "minibatchDiscrimination.dimensions=3",
        ], example: .image(channels: 3, height: 128, width: 128)),
      Case(
        recipe: "r3gan-32",
        settings: convolutions + ["generator.widths=[16,16,8,8]", "discriminator.widths=[16,16,8,8]"], example: small),
      Case(recipe: "pictures", settings: dcgan, example: small),
      Case(recipe: "pictures", settings: dcgan + ["classConditional.enabled=true"], example: small, classes: 3),
    ]
  }()

  private static let rows = [2, 5, 11]

  private func game(_ one: Case) throws -> RecipeGame {
    let recipe = try one.settings.reduce(#require(Recipe.named(one.recipe))) { try $0.setting($1) }
    let game = try RecipeGame(
      recipe, example: one.example, classes: one.classes, stepsPerEpoch: 1, device: .cpu)
    // First values are often 0 or 1, which would hide what is done with them.
    for flat in [game.generator.flat, game.discriminator.flat] {
      try flat.assign(flat + RandomStream(seed: 3).normal(flat.shape) * 0.02)
    }
    return game
  }

  /// How far float32 may be from float64: a sum for each product over all that goes into it, and one over the rows for
  /// what looks at a batch. One logit is what sums of either sign leave; similarities are sums of which the differences
  /// count (Docs/Tolerances.md).
  private func rounding(_ state: [String: Tensor], of one: Case, _ network: ExportedNetwork) -> Double {
    let products = state.values.filter { $0.rank > 1 }.map { max($0.count / $0.size(0), $0.count / $0.size(1)) }
    let sums = products + products.map { _ in 11 }
    let seesItsBatch = one.recipe.contains("minibatch") || one.settings.contains { $0.hasPrefix("minibatch") }
    let amplification = network == .generator ? 1.0 : seesItsBatch ? 1000 : 10
    return RoundingBound(
      .float32, sums: sums, functions: 2 * products.count, amplification: amplification
    ).relative
  }

  /// The same where the file is computed in float64: of rounding nothing is left but that of the file's own constants,
  /// such as a slope of 0.2, which stand in it as float32; a discriminator's logit is what sums of either sign leave.
  private func agreement(constants: Int, _ network: ExportedNetwork) -> Double {
    1e-9 + Double(constants) * RoundingBound.unit(.float32) * (network == .generator ? 1 : 10)
  }

  /// Writes a network's file, its inputs and what the network makes of them in float64.
  ///
  /// - Parameter standing: whether with standing statistics, which are known to the recording of the other format.
  private func write(
    _ network: ExportedNetwork, of game: RecipeGame, named name: String, standing: Bool, in folder: URL
  ) throws {
    let export = try game.export(network, as: .onnx, step: 7, standingStatistics: standing)
    guard case .file(let data) = export.contents else { throw FileError(path: name, reason: "is no file") }
    try data.write(to: folder.appendingPathComponent("\(name).onnx"))
    let exactly = try exactPass(of: network, in: game, standing: standing)
    var tensors: [String: Tensor] = [:]
    for rows in Self.rows {
      let stream = RandomStream(seed: 8).at(rows)
      let shape = [rows] + export.origin.input
      let x = network == .generator ? game.recipe.makeNoise()(rows, stream) : stream.uniform(shape)
      let labels = export.origin.classes.map { classes in Tensor((0..<rows).map { Int64($0 % classes) }) }
      tensors["in.\(rows)"] = x
      tensors["labels.\(rows)"] = labels
      tensors["out.\(rows)"] = exactly(x.to(.float64), labels).reshaped([rows] + export.origin.output)
    }
    try Safetensors(tensors: tensors).write(to: folder.appendingPathComponent("\(name).safetensors"))
  }

  /// Without an optional module, of which Swift 6.3 does not end compiling.
  private func exactPass(
    of network: ExportedNetwork, in game: RecipeGame, standing: Bool
  ) throws -> (Tensor, Tensor?) -> Tensor {
    guard standing else { return { output(of: network, in: game, $0, $1) } }
    let recording = try game.export(network, standingStatistics: true).module(.float64)
    return { recording($0, labels: $1) }
  }

  private func output(of network: ExportedNetwork, in game: RecipeGame, _ x: Tensor, _ labels: Tensor?) -> Tensor {
    func exactly<Model>(_ network: Network<Model>, _ body: () -> Tensor) -> Tensor {
      withoutGradient { network.withParameters(as: .float64, body) }
    }
    if network == .generator {
      return exactly(game.generator) { game.generator.model(x, .evaluation(labels: labels)) }
    }
    let arranged = game.arranged(x)
    return exactly(game.discriminator) { game.discriminator.model(arranged, .evaluation(labels: labels)).logits }
  }

  /// Of every built-in recipe: onnxruntime within what rounding explains; and in float64, by ONNX's own definition of
  /// its operators, to the last digits.
  @Test(.enabled(if: Python.runsModels, Python.noModelRuntime)) func runtimesGiveWhatTheNetworksGive() throws {
    #expect(Set(Self.cases.map(\.recipe)) == Set(Recipe.builtIn.map(\.name)))
    try withEmptyFolder { folder in
      var bounds: [(name: String, network: ExportedNetwork, rounding: Double)] = []
      for (index, one) in Self.cases.enumerated() {
        let game = try game(one)
        for network in [ExportedNetwork.generator, .discriminator] {
          let state = network == .generator ? game.generator.state : game.discriminator.state
          let name = "\(index)-\(one.recipe)-\(network)"
          try write(network, of: game, named: name, standing: false, in: folder)
          bounds.append((name, network, rounding(state, of: one, network)))
          guard network == .generator, one.standing else { continue }
          try write(network, of: game, named: name + "-standing", standing: true, in: folder)
          bounds.append((name + "-standing", network, rounding(state, of: one, network)))
        }
      }
      let names = bounds.map { "\"\($0.name)\"" }.joined(separator: ", ")
      let output = try Python.output(
        """
        import numpy, onnx, onnxruntime
        from onnx import TensorProto, numpy_helper
        from onnx.reference import ReferenceEvaluator
        from safetensors.numpy import load_file

        def in_float64(model):
            "The same graph, computed in float64."
            graph = model.graph
            for tensor in graph.initializer:
                if tensor.data_type == TensorProto.FLOAT:
                    wide = numpy_helper.to_array(tensor).astype(numpy.float64)
                    tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
            for node in graph.node:
                for attribute in node.attribute:
                    if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                        attribute.i = TensorProto.DOUBLE
            for port in [*graph.input, *graph.output]:
                if port.type.tensor_type.elem_type == TensorProto.FLOAT:
                    port.type.tensor_type.elem_type = TensorProto.DOUBLE
            return ReferenceEvaluator(model)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        for name in [\(names)]:
            model = onnx.load(name + ".onnx")
            onnx.checker.check_model(model, full_check=True)
            assert [(o.domain, o.version) for o in model.opset_import] == [("", \(ONNXModel.opset))]
            for port in [*model.graph.input, *model.graph.output]:
                dims = port.type.tensor_type.shape.dim
                assert dims[0].dim_param == "N" and all(d.dim_value > 0 for d in dims[1:]), port
            cases = load_file(name + ".safetensors")
            session = onnxruntime.InferenceSession(name + ".onnx", options, providers=["CPUExecutionProvider"])
            constants = sum(not t.dims and t.data_type == TensorProto.FLOAT for t in model.graph.initializer)
            constants += sum(node.op_type == "LeakyRelu" for node in model.graph.node)
            exact = in_float64(model)
            first = session.get_inputs()[0].name
            worst, pictures = [0, 0], max(cases["in.2"].ndim, cases["out.2"].ndim) == 4
            side = max(cases["in.2"].shape[-1], cases["out.2"].shape[-1]) if pictures else 0
            for rows in \(Self.rows):
                x, expected = cases[f"in.{rows}"], cases[f"out.{rows}"]
                feed = {"labels": cases[f"labels.{rows}"]} if f"labels.{rows}" in cases else {}
                found, = session.run(None, {first: x, **feed})
                # ONNX's own evaluator takes its time over pictures, and half a minute over those of 128 x 128.
                is_quick = not pictures or rows == 2 and side <= 64
                fine = exact.run(None, {first: x.astype(numpy.float64), **feed}) if is_quick else []
                for place, y in enumerate((found, *fine)):
                    assert y.shape == expected.shape, (name, y.shape, expected.shape)
                    worst[place] = max(worst[place], abs(y - expected).max() / abs(expected).max())
            print(*worst, constants)
        """, in: folder)
      let found = output.split(separator: "\n").map { $0.split(separator: " ").compactMap { Double($0) } }
      try #require(found.count == bounds.count)
      for (found, one) in zip(found, bounds) {
        try #require(found.count == 3)
        print("onnxruntime: \(one.name) at most \(found[0]) of the largest output apart, in float64 \(found[1])")
        #expect(found[0] <= one.rounding, "\(one.name): \(found[0]), and rounding explains \(one.rounding)")
        let agreement = agreement(constants: Int(found[2]), one.network)
        #expect(found[1] <= agreement, "\(one.name), in float64: \(found[1]), and constants explain \(agreement)")
      }
    }
  }

  private func gan(_ arguments: [String], _ folder: URL) throws -> String {
    let process = try GanProcess(arguments, in: folder)
    try #require(process.status == 0, "\(arguments): \(process.errors)")
    return process.output
  }

  /// The file of a run: its names, its weights, and all that it says of itself.
  @Test(.enabled(if: Python.runsModels, Python.noModelRuntime)) func theFileSaysWhatItIs() throws {
    try withEmptyFolder { folder in
      _ = try gan(
        ["train", "two-dimensional", "--steps", "3", "--out", "run", "--set", "generator.normalization=batch"], folder)
      #expect(try gan(["export", "run", "--out", "g.onnx"], folder) == "g.onnx: [N, 2] -> [N, 2]\n")
      _ = try gan(["export", "run", "--format", "onnx", "--out", "batch", "--batch-statistics"], folder)
      _ = try gan(["export", "run", "--out", "d.onnx", "--network", "discriminator"], folder)
      _ = try Python.output(
        """
        import hashlib, json, numpy, onnx, onnxruntime
        from onnx import numpy_helper
        from safetensors.numpy import load_file

        for file, network, stored in [
            ("g.onnx", "generator", "generator-average"), ("batch", "generator", "generator-average"),
            ("d.onnx", "discriminator", "discriminator"),
        ]:
            model = onnx.load(file)
            onnx.checker.check_model(model, full_check=True)
            texts = {entry.key: entry.value for entry in model.metadata_props}
            about = json.loads(texts["swift-gan.json"])
            assert about["network"] == network and about["step"] == 3 and about["recipe"] == "two-dimensional", about
            assert "name: two-dimensional" in texts["recipe.yaml"]
            statistics = {"g.onnx": "standing", "batch": "batch"}.get(file)
            assert about.get("statistics") == statistics, about
            said = {"g.onnx": "fixed statistics of 10000 rows", "batch": "the batch that it is given", "d.onnx": ""}
            assert said[file] in model.doc_string and "two-dimensional" in model.doc_string, model.doc_string
            assert model.producer_name == "swift-gan" and model.producer_version == about["version"]
            weights = load_file(f"run/{stored}.safetensors")
            held = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
            assert weights.keys() <= held.keys() and all((held[n] == weights[n]).all() for n in weights)
            elements = b"".join(weights[n].astype("<f4").tobytes() for n in sorted(weights))
            assert hashlib.sha256(elements).hexdigest() == about["sha256"]

        # With standing statistics a row makes its own picture, alone or among others; with the batch's it does not.
        z = numpy.random.default_rng(1).normal(size=(40, 2)).astype("float32")
        for file, is_own in ("g.onnx", True), ("batch", False):
            session = onnxruntime.InferenceSession(file)
            assert [i.name for i in session.get_inputs()] == ["z"] and session.get_outputs()[0].name == "samples"
            together, alone = session.run(None, {"z": z})[0], session.run(None, {"z": z[3:4]})[0]
            assert numpy.allclose(together[3:4], alone, rtol=0, atol=1e-5 * abs(together).max()) == is_own
        """, in: folder)
    }
  }

  private struct Running: Module {
    let layer = Linear(6, 2)
    func callAsFunction(_ x: Tensor) -> Tensor { layer(x).cumulativeSum(-1) }
  }

  /// What has no counterpart is named, and a name that says another format than the option is refused.
  @Test func whatCannotBeWrittenIsNamed() throws {
    let module = try Network(Running(), seed: 1).script(
      named: "N", input: { RandomStream(seed: UInt64($0)).normal([$0, 6]) }
    ) { $0($1) }
    let error = #expect(throws: ONNXError.self) { try ONNXModel(module, name: "n", arguments: ["x"], result: "y") }
    #expect(error?.description.contains("aten::cumsum") == true, "\(error?.description ?? "")")
    try withEmptyFolder { folder in
      _ = try gan(["train", "one-dimensional", "--steps", "2", "--out", "run"], folder)
      for (arguments, words) in [
        (["--out", "x.onnx", "--format", "torchscript"], ["x.onnx", "onnx", "torchscript"]),
        (["--out", "x.pt", "--format", "onnx"], ["x.pt", "onnx"]),
        (["--out", "x.safetensors"], ["x.safetensors", "TorchScript", "--format"]),
        (["--out", "x.pt2"], [".pt2", "ONNX"]),
        (["--out", "x", "--format", "keras"], ["keras", "onnx", "torchscript", "safetensors"]),
        (["--out", "run", "--format", "safetensors"], ["run", "exists"]),
        (["--out", "no/such/x.onnx"], ["no/such/x.onnx", "cannot be written"]),
        (["--out", "no/such/x", "--format", "safetensors"], ["no/such/x", "cannot be made"]),
      ] {
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        let result = try GanProcess(["export", "run"] + arguments, in: folder)
        #expect(result.status != 0 && result.status < 128 && result.output.isEmpty, "\(arguments): \(result.status)")
        for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
        let after = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
        #expect(before == after, "\(arguments): something was begun")
      }
    }
  }
}

extension NetworkExport {
  /// The TorchScript file's module.
  fileprivate func module(_ dtype: DType) throws -> ScriptModule {
    guard case .file(let data) = contents else { throw FileError(path: origin.network, reason: "is no file") }
    return try ScriptModule(data, dtype: dtype)
  }
}
