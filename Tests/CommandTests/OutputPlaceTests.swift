import Files
import Foundation
import Testing

/// What a user names as an output may be anything: a device, a link, a mount, a file in a closed folder. It stays what
/// it is.
@Suite struct OutputPlaceTests {
  private func withRun(_ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      let train = try GanProcess(
        ["train", "one-dimensional", "--threads", "1", "--steps", "5", "--out", "run"], in: folder)
      #expect(train.status == 0, "\(train.errors)")
      try body(folder)
    }
  }

  private func kind(_ url: URL) -> mode_t {
    var status = stat()
    return lstat(url.path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private let sample = "gan sample run --count 4 --threads 1"

  @Test func linksAreFollowedAndStayLinks() throws {
    try withRun { folder in
      let result = try shell(
        "mkdir there; ln -s there/points.txt link; ln -s link chain; "
          + "\(sample) --out chain; ln -s loop loop; \(sample) --out loop",
        in: folder)
      #expect(result.status == 1 && result.errors.contains("loop"), "\(result.errors)")
      #expect(kind(folder.appendingPathComponent("link")) == S_IFLNK)
      #expect(kind(folder.appendingPathComponent("chain")) == S_IFLNK)
      let points = try String(contentsOf: folder.appendingPathComponent("there/points.txt"), encoding: .utf8)
      #expect(points.split(separator: "\n").count == 4)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("there").path) == [
          "points.txt"
        ])
    }
  }

  @Test func devicesPipesAndStandardOutput() throws {
    try withRun { folder in
      #expect(try shell("\(sample) --out /dev/null", in: folder).status == 0)
      #expect(kind(URL(fileURLWithPath: "/dev/null")) == S_IFCHR)
      // Nothing but the points: the place is not told among them.
      for place in ["/dev/stdout", "/dev/fd/1"] {
        let result = try shell("\(sample) --out \(place)", in: folder)
        #expect(result.output.split(separator: "\n").compactMap { Double($0) }.count == 4, "\(place): \(result.output)")
        #expect(result.output.filter { $0 == "\n" }.count == 4)
        #expect(
          try shell("\(sample) --out \(place) | wc -l", in: folder).output.trimmingCharacters(
            in: .whitespacesAndNewlines) == "4")
      }
      #expect(
        try shell("\(sample) --out >(cat >through) >/dev/null; wait; sleep 0.2; wc -l <through", in: folder).output
          .contains("4"))
      let pipe = try shell("mkfifo pipe; \(sample) --out pipe", in: folder)
      #expect(pipe.status == 1 && pipe.errors.contains("is a named pipe"), "\(pipe.errors)")
      #expect(kind(folder.appendingPathComponent("pipe")) == S_IFIFO)
    }
  }

  @Test func permissionsStay() throws {
    try withRun { folder in
      let result = try shell(
        "echo old >mine; chmod 600 mine; \(sample) --out mine; stat -c %a mine 2>/dev/null || stat -f %Lp mine",
        in: folder)
      #expect(result.output.hasSuffix("600\n"), "\(result.output)\(result.errors)")
    }
  }

  /// As containers have it: the file can be written and not replaced.
  @Test func aFileThatIsAMount() throws {
    try withRun { folder in
      let result = try shell(
        "touch out.txt; unshare -m true 2>/dev/null || { echo none; exit; }; "
          + "unshare -m bash -c 'mount --bind out.txt out.txt || exit 9; "
          + "\"$0\" sample run --count 4 --threads 1 --out out.txt' \"$0\"; wc -l <out.txt",
        in: folder)
      guard result.output != "none\n" else { return }
      #expect(result.output.hasSuffix("4\n"), "\(result.output)\(result.errors)")
    }
  }

  @Test func aFileInAClosedFolder() throws {
    try withRun { folder in
      let result = try shell(
        """
        mkdir closed; echo longer than four points are, by far, so that a rest of it would show >closed/mine; \
        chmod 555 closed
        as=
        [ "$(id -u)" -ne 0 ] || as='setpriv --bounding-set=-dac_override,-dac_read_search,-fowner \
        --inh-caps=-dac_override,-dac_read_search,-fowner'
        $as true 2>/dev/null || { echo none; exit; }
        $as "$0" sample run --count 4 --threads 1 --out closed/mine; \
        $as "$0" sample run --count 4 --threads 1 --out closed/new
        echo "code $?"; chmod 755 closed; ls -A closed; wc -l <closed/mine; grep -c longer closed/mine
        """, in: folder)
      guard !result.output.hasPrefix("none") else { return }
      #expect(result.output == "closed/mine\ncode 1\nmine\n4\n0\n", "\(result.output)\(result.errors)")
    }
  }

  @Test func homeBehindAnEqualsSign() throws {
    try withRun { folder in
      let home = folder.appendingPathComponent("home")
      try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
      let written = try GanProcess(
        ["sample", "run", "--count", "2", "--out=~/points.txt"], in: folder, environment: ["HOME": home.path])
      #expect(written.status == 0, "\(written.errors)")
      #expect(FileManager.default.fileExists(atPath: home.appendingPathComponent("points.txt").path))
      let missing = try GanProcess(
        ["train", "mnist", "--data=~/pictures", "--steps", "2"], in: folder, environment: ["HOME": home.path])
      #expect(missing.status == 1 && missing.errors.contains("\(home.path)/pictures"), "\(missing.errors)")
    }
  }
}
