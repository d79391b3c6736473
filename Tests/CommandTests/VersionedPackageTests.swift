import Foundation
import Testing

/// The package as one depends on it by URL and version, with the steps of Docs/Library.md and nothing else.
@Suite struct VersionedPackageTests {
  /// What the checkout holds becomes a version in a repository of its own. What is built of it is kept beside the
  /// examples': a version is compiled once, and of another only what differs.
  @Test func aProgramDependsOnAVersion() throws {
    try withEmptyFolder { folder in
      let place = GanProcess.package.appendingPathComponent("Examples/.build-version")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let repository = place.appendingPathComponent("swift-gan.git")
      let version = try commitVersion(to: repository, in: folder)

      let block = try #require(try SwiftBlock.all().first { $0.isManifest && $0.text.contains("url:") })
      let app = place.appendingPathComponent("app")
      try block.write(as: app) {
        $0.replacing(/url: "[^"]*"/, with: "url: \"\(repository.absoluteString)\"")
          .replacing(/from: "[^"]*"/, with: "exact: \"\(version)\"")
      }
      let manifest = try String(contentsOf: app.appendingPathComponent("Package.swift"), encoding: .utf8)
      try #require(manifest.contains("exact: \"\(version)\"") && manifest.contains("url: \"file:"), "\(manifest)")
      let program = """
        import GAN
        import Torch

        print(try (Tensor.full(2, [3]) * 7).sum().item(), Logistic())
        """
      try Data(program.utf8).write(to: app.appendingPathComponent("Sources/App/main.swift"))

      // The page's own lines, but for the folder of what is built and the places of what SwiftPM keeps.
      let steps = try #require(try versionSteps())
      let options = "--scratch-path '\(place.path)/build' --security-path '\(place.path)/security'"
      let build = try shell(
        "set -euo pipefail\ncd '\(app.path)'\n" + steps.replacing("swift build", with: "swift build \(options)"),
        in: folder)
      try #require(build.status == 0, "\(build.output.suffix(3000))\(build.errors.suffix(3000))")
      #expect(!(build.output + build.errors).contains("warning:"), "\(build.output)\(build.errors)")
      let run = try GanProcess([], in: folder, executable: place.appendingPathComponent("build/release/App"))
      #expect(run.status == 0 && run.output.hasPrefix("42.0 Logistic"), "\(run.output)\(run.errors)")
    }
  }

  /// - Returns: the number of the version, which names what it holds.
  private func commitVersion(to repository: URL, in folder: URL) throws -> String {
    let commit = try shell(
      """
      set -euo pipefail
      git init --quiet --bare '\(repository.path)'
      export GIT_DIR='\(repository.path)' GIT_WORK_TREE='\(GanProcess.package.path)' \
      GIT_INDEX_FILE='\(folder.path)/index'
      export GIT_AUTHOR_NAME=gan GIT_AUTHOR_EMAIL=gan GIT_AUTHOR_DATE=2000-01-01T00:00:00Z
      export GIT_COMMITTER_NAME=gan GIT_COMMITTER_EMAIL=gan GIT_COMMITTER_DATE=2000-01-01T00:00:00Z
      cd '\(GanProcess.package.path)'
      git add --all
      tree=$(git write-tree)
      version=1.0.$((16#${tree:0:10}))
      git tag --force $version $(git commit-tree $tree -m $version) >/dev/null
      git update-ref refs/heads/main $version
      git symbolic-ref HEAD refs/heads/main
      echo $version
      """, in: folder)
    try #require(commit.status == 0, "\(commit.errors)")
    return commit.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The block of Docs/Library.md that builds with a version.
  private func versionSteps() throws -> String? {
    let page = GanProcess.package.appendingPathComponent("Docs/Library.md")
    return try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```sh\n").dropFirst()
      .compactMap { $0.components(separatedBy: "```").first }.first { $0.contains("PKG_CONFIG_PATH") }
  }
}
