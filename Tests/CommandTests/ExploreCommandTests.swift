import Foundation
import Images
import Recipes
import TestSupport
import Testing
import Torch

/// `gan explore`: places among a generator's noise, the server as anybody may talk to it, and the page in a browser.
@Suite(.serialized) struct ExploreCommandTests {
  /// A trained game on the tiny pictures, in `run`.
  private func withRun(_ recipe: String = tinyRecipe, _ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
      let train = try GanProcess(["train", "r.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      try body(folder)
    }
  }

  /// Convolutions that are told ten classes, with batch norm, of 8 x 8 pixels.
  private static let conditional = """
    base: dcgan-32
    name: classes
    data: {source: mnist}
    noise: {dimensions: 6}
    generator: {network: dcgan, width: 4}
    discriminator: {network: dcgan, width: 4}
    classConditional: {enabled: true}
    duration: {count: 3, unit: steps}
    batchSize: 8
    output: {measurementInterval: 1000, sampleInterval: 1000}
    """

  private func withServer(_ folder: URL, _ body: (_ address: URL) throws -> Void) throws {
    let server = try LocalPage.start("exec \"$0\" explore run --port 0 --threads 1 >address.txt 2>&1", in: folder)
    defer {
      server.terminate()
      server.waitUntilExit()
    }
    try body(LocalPage.address(in: folder.appendingPathComponent("address.txt")))
  }

  // MARK: Places

  @Test func placesBetweenAndBesideSeeds() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("explore-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try writeTinyImages(folder)
    try Data(tinyRecipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
    let train = try GanProcess(["train", "r.yaml", "--data", ".", "--threads", "1", "--out", "run"], in: folder)
    try #require(train.status == 0, "\(train.errors)")
    let sampler = try RunSampler(folder.appendingPathComponent("run"))
    let ends = try await sampler.pictures(seeds: [3, 4])
    #expect(try await sampler.picture(of: LatentPlace(seed: 3)) == ends[0])
    #expect(try await sampler.picture(of: LatentPlace(seed: 3, other: 4, share: 0)) == ends[0])
    #expect(try await sampler.picture(of: LatentPlace(seed: 3, other: 4, share: 1)) == ends[1])
    // The same as `gan sample --interpolate` draws in the middle.
    let walk = try GanProcess(
      ["sample", "run", "--seeds", "3,4", "--interpolate", "3", "--out", "walk/"], in: folder)
    #expect(walk.status == 0, "\(walk.errors)")
    let middle = try Image(contentsOf: folder.appendingPathComponent("walk/000001.png"))
    #expect(try await sampler.picture(of: LatentPlace(seed: 3, other: 4, share: 0.5)) == middle)
    // Before directions are asked for there are none to move along.
    await #expect(throws: TensorError.self) { try await sampler.picture(of: LatentPlace(seed: 3, moves: [1])) }
    let found = try #require(try await sampler.findDirections(2))
    #expect(found.layer == "hidden.0" && found.directions.vectors.map(\.count) == [4, 4])
    #expect(try await sampler.picture(of: LatentPlace(seed: 3, moves: [0, 0])) == ends[0])
    let moved = try await sampler.picture(of: LatentPlace(seed: 3, moves: [4, 0]))
    #expect(moved != ends[0])
    #expect(try await sampler.picture(of: LatentPlace(seed: 3, moves: [0, 4])) != moved)
  }

  // MARK: The server

  @Test func picturesAreThoseOfSeedsAndOnlyForThoseWithTheAddress() throws {
    try withRun(Self.conditional) { folder in
      let drawn = try GanProcess(["sample", "run", "--seeds", "7", "--class", "3", "--out", "drawn/"], in: folder)
      #expect(drawn.status == 0, "\(drawn.errors)")
      try withServer(folder) { address in
        let (port, token) = (try #require(address.port), try #require(address.fragment))
        let page = try LocalPage.get(port, "/")
        #expect(page.status == 200 && page.text.contains("hidden.0") && !page.text.contains(token))
        #expect(page.text.contains("frame-ancestors 'none'") && page.text.contains("default-src 'none'"))
        let key = "X-Gan-Token: \(token)"
        let picture = try LocalPage.bytes(port, "/picture?seed=7&class=3", [key])
        let file = try #require(
          try FileManager.default.contentsOfDirectory(
            at: folder.appendingPathComponent("drawn"), includingPropertiesForKeys: nil
          ).first)
        #expect(try Image(decoding: picture) == Image(contentsOf: file))
        #expect(try LocalPage.bytes(port, "/picture?seed=7&class=4", [key]) != picture)
        #expect(try LocalPage.get(port, "/picture?seed=7&class=3").status == 403)
        for headers in [["Host: evil.example"], ["Origin: http://evil.example"]] {
          #expect(try LocalPage.get(port, "/picture?seed=7&class=3", headers + [key]).status == 403)
        }
        for target in ["/../run.json", "/run.json", "/picture?seed=..%2Frun.json&class=0", "/picture?seed=7&class=10"] {
          let refused = try LocalPage.get(port, target, [key])
          #expect([400, 404].contains(refused.status) && !refused.text.contains("libtorch"), "\(target)")
        }
        let refused = try LocalPage.get(port, "/picture?seed=7&class=10", [key])
        #expect(refused.status == 400 && refused.text.contains("from 0 to 9."), "\(refused.text)")
      }
    }
  }

  @Test func pointsAreRefused() throws {
    try withEmptyFolder { folder in
      let recipe = "base: two-dimensional\nname: p\nduration: {count: 4, unit: steps}\n"
      try Data(recipe.utf8).write(to: folder.appendingPathComponent("r.yaml"))
      let train = try GanProcess(["train", "r.yaml", "--threads", "1", "--out", "run"], in: folder)
      try #require(train.status == 0, "\(train.errors)")
      for (arguments, status, word) in [
        (["run"], 64, "makes points"), (["nowhere"], 1, "nowhere"), (["run", "--directions", "0"], 64, "--directions"),
      ] as [([String], Int32, String)] {
        let process = try GanProcess(["explore"] + arguments, in: folder)
        #expect(process.status == status && process.errors.contains(word), "\(process.errors)")
      }
    }
  }

  // MARK: The page

  @Test(
    .enabled(if: HeadlessBrowser.executable != nil, "needs Chromium on the search path or in CHROMIUM"),
    arguments: [(1280, false), (400, true)])
  func slidersMoveThePicture(width: Int, isDark: Bool) throws {
    try withRun(isDark ? Self.conditional : tinyRecipe) { folder in
      try withServer(folder) { address in
        let browser = try HeadlessBrowser()
        try browser.open(address, width: width, isDark: isDark)
        let root = "document.documentElement.dataset"
        // The large picture and twelve to pick from.
        try browser.wait(until: "Number(\(root).drawn) === 13")
        let picture = "document.querySelector('#picture')"
        func query() throws -> String { try browser.evaluate("\(picture).dataset.shown") }
        let pixels =
          "(async () => { await \(picture).decode(); const c = document.createElement('canvas'); "
          + "c.width = c.height = 8; const x = c.getContext('2d'); x.drawImage(\(picture), 0, 0); "
          + "return x.getImageData(0, 0, 8, 8).data.join() })()"
        let first = try browser.evaluate(pixels)
        #expect(try browser.evaluate("\(picture).naturalWidth") == "8")
        let label = isDark ? "&class=0" : ""
        #expect(try query() == "seed=1\(label)")
        // By keyboard, to the end of the first direction.
        let slider = "document.querySelector('.direction input')"
        _ = try browser.evaluate("\(slider).focus()")
        try browser.press("End")
        let count = isDark ? 6 : 4
        let moves = "&moves=400" + String(repeating: ",0", count: count - 1)
        try browser.wait(until: "\(picture).dataset.shown === 'seed=1\(label)\(moves)'")
        #expect(try browser.evaluate(pixels) != first)
        #expect(try browser.evaluate("\(slider).getAttribute('aria-valuetext')") == "+4.0")
        _ = try browser.evaluate("document.querySelector('#reset').click()")
        try browser.wait(until: "\(picture).dataset.shown === 'seed=1\(label)'")
        #expect(try browser.evaluate(pixels) == first)
        #expect(
          try browser.evaluate("document.querySelector('#explore-picture code').textContent")
            == "gan sample run --seeds 1\(isDark ? " --class 0" : "") --out 1.png")
        // A second sample, and the way there.
        _ = try browser.evaluate("document.querySelector('[name=end][value=to]').click()")
        _ = try browser.evaluate("document.querySelectorAll('.samples button')[4].click()")
        try browser.wait(until: "\(picture).dataset.shown === 'seed=1&to=5&share=100\(label)'")
        _ = try browser.evaluate("document.querySelector('#share').focus()")
        try browser.press("ArrowLeft")
        try browser.wait(until: "\(picture).dataset.shown === 'seed=1&to=5&share=99\(label)'")
        if isDark {
          let before = try browser.evaluate(pixels)
          _ = try browser.evaluate("document.querySelectorAll('[name=class]')[3].click()")
          try browser.wait(until: "\(picture).dataset.shown === 'seed=1&to=5&share=99&class=3'")
          #expect(try browser.evaluate(pixels) != before)
        }
        // More samples, and one by its number.
        _ = try browser.evaluate("document.querySelector('#later').click()")
        try browser.wait(
          until:
            "[...document.querySelectorAll('.samples img')]"
            + ".every((i, k) => i.dataset.shown?.startsWith(`seed=${13 + k}`))"
        )
        _ = try browser.evaluate("document.querySelector('[name=end][value=seed]').click()")
        _ = try browser.evaluate(
          "(s => { s.value = 77; s.dispatchEvent(new Event('change')); })(document.querySelector('#seed'))")
        try browser.wait(until: "\(picture).dataset.shown?.startsWith('seed=77')")
        #expect(try browser.evaluate("\(root).errors") == "0")
        #expect(try browser.evaluate("document.documentElement.scrollWidth - innerWidth") == "0")
        #expect(try browser.evaluate("location.hash") == "")
        let background = try browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        #expect(background == (isDark ? "rgb(20, 23, 26)" : "rgb(255, 255, 255)"))
        if let place = ProcessInfo.processInfo.environment["GAN_TEST_PICTURES"] {
          try browser.screenshot(wholePage: true).write(
            to: URL(fileURLWithPath: "\(place)/explore-\(width)-\(isDark ? "dark" : "light").png"))
        }
      }
    }
  }
}
