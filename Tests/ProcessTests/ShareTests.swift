import Files
import Foundation
import Recipes
import Testing

/// Many jobs, one table: each game is played by one of them, and those of a job that dies by another.
@Suite(.serialized) struct ShareTests {
  @Test(arguments: ["3/8", "1/1", "8/8"]) func aShareIsAPlaceAmongSome(text: String) throws {
    let share = try #require(Share(text))
    #expect("\(share.number)/\(share.count)" == text)
  }

  @Test(arguments: ["", "3", "0/8", "9/8", "-1/8", "3/8/1", "a/b", "1/0"]) func whatIsNoneIsNone(text: String) {
    #expect(Share(text) == nil)
  }

  @Test func aJobBeginsWithItsOwnAndLeavesNothingOut() throws {
    for count in [1, 3, 8] {
      var owned: [Int] = []
      for number in 1...count {
        let order = try #require(Share("\(number)/\(count)")).order(11)
        #expect(order.sorted() == Array(0..<11))
        let own = stride(from: number - 1, to: 11, by: count).map { $0 }
        #expect(Array(order.prefix(own.count)) == own)
        owned += own
      }
      #expect(owned.sorted() == Array(0..<11))
    }
  }

  @Test func slurmsArraysAreShares() {
    #expect(Share.slurm([:]) == nil)
    #expect(Share.slurm(["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "1"]) == nil)
    let array = ["SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "2"]
    let shares = ["10", "12", "14", "16"].map { Share.slurm(array.merging(["SLURM_ARRAY_TASK_ID": $0]) { $1 }) }
    #expect(shares == ["1/4", "2/4", "3/4", "4/4"].map { Share($0) })
  }

  @Test func aPieceIsClaimedOnceAndGivenBack() throws {
    try withEmptyFolder { folder in
      let (one, other) = (SharedWork(Share("1/2")!, in: folder), SharedWork(Share("2/2")!, in: folder))
      var lock: FolderLock? = try one.claim("a/b")
      #expect(lock != nil && other.isTaken("a/b") && !other.isTaken("a/c"))
      #expect(try other.claim("a/b") == nil)
      lock = nil
      #expect(!other.isTaken("a/b"))
      #expect(try other.claim("a/b") != nil)
      withExtendedLifetime(lock) {}
    }
  }

  @Test func ofSeveralThatComeLastOneReports() throws {
    try withEmptyFolder { folder in
      let pieces = ["a-seed-1", "a-seed-2"]
      var reports = 0
      let (one, other) = (SharedWork(Share("1/2")!, in: folder), SharedWork(Share("2/2")!, in: folder))
      try one.report(of: pieces) {
        reports += 1
        // At the same time,
        try other.report(of: pieces) { reports += 1 }
      }
      // and right after it.
      try other.report(of: pieces) { reports += 1 }
      #expect(reports == 1)
      // Of a table that has grown; where writing failed; and by who began later, and asks for it once more.
      try other.report(of: ["b-seed-1"] + pieces) { reports += 1 }
      #expect(reports == 2)
      #expect(throws: FileError.self) { try one.report(of: ["c"]) { throw FileError(path: "c", reason: "full") } }
      try other.report(of: ["c"]) { reports += 1 }
      #expect(reports == 3)
      try SharedWork(Share("1/2")!, in: folder).report(of: ["c"]) { reports += 1 }
      #expect(reports == 4)
    }
  }

  private let games = [
    "compare", "--data", "normal,ring", "--techniques",
    "plain,feature-matching,historical-averaging,minibatch-discrimination",
    "--seeds", "2", "--steps", "600", "--set", "batchSize=64", "--jobs", "1",
  ]

  private func measures(_ folder: URL) throws -> [String: String] {
    let games = folder.appendingPathComponent("games")
    var found: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: games.path) where name.hasSuffix(".json") {
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: games.appendingPathComponent(name)))
      let cell = try #require(object as? [String: Any])
      found[name] = String(
        decoding: try JSONSerialization.data(withJSONObject: cell["measures"]!, options: .sortedKeys), as: UTF8.self)
    }
    return found
  }

  @Test func eightJobsOfWhichTwoAreKilledPlayATable() throws {
    try withEmptyFolder { folder in
      let gan = TrainTests.gan
      let alone = try Helpers(1, in: folder, executable: gan) { _ in games + ["--out", "alone"] }.ended()
      #expect(alone[0].status == 0, "\(alone[0].errors)")
      let jobs = try (1...8).map { number in
        let place = folder.appendingPathComponent("job-\(number)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        return try Helpers(1, in: place, executable: gan) { _ in
          games + ["--out", "../table", "--share", "\(number)/8"]
        }
      }
      // Once they are at games of their own.
      let claims = folder.appendingPathComponent("table/claims")
      let deadline = ContinuousClock.now + .seconds(60)
      while ContinuousClock.now < deadline,
        ((try? FileManager.default.contentsOfDirectory(atPath: claims.path)) ?? []).count < 6
      { usleep(2000) }
      for job in jobs[2...3] { kill(job.processes[0].processIdentifier, SIGKILL) }
      let ended = try jobs.map { try $0.ended()[0] }
      #expect(ended.enumerated().allSatisfy { (2...3).contains($0) || $1.status == 0 }, "\(ended.map(\.errors))")
      let last = ended.filter { $0.output.contains("report.html") }
      #expect(last.count == 1, "\(ended.map(\.output))")
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("table/report.html").path))
      #expect(try measures(folder.appendingPathComponent("table")) == measures(folder.appendingPathComponent("alone")))
      // A report can be had again, and of what is there.
      let report = try Helpers(1, in: folder, executable: gan) { _ in games + ["--out", "table", "--report-only"] }
        .ended()
      #expect(report[0].status == 0 && report[0].output.contains("report.html"), "\(report[0].errors)")
      let none = try Helpers(1, in: folder, executable: gan) { _ in games + ["--out", "empty", "--report-only"] }
        .ended()
      #expect(none[0].errors.contains("0 of 8 are over"), "\(none[0].errors)")
    }
  }
}
