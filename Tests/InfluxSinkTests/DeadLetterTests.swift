import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Synchronization
import Testing
import WattlineTime

@testable import InfluxSink
@testable import SinkCore

@Suite("Dead letters", .timeLimit(.minutes(10)))
struct DeadLetterTests {
  private static let refusal = #"{"error":"unable to parse 'x': missing fields"}"#

  private static func picky(_ store: FakeStore) -> FakeDatabase.Script {
    { request, _ in request.body.contains("bad") ? .status(400, body: refusal) : store.answer(request) }
  }

  @Test func `a letter is read as it was written, and other text is lines for an unknown reason`() {
    let letter = DeadLetter(
      time: Timestamp(milliseconds: 1_700_000_000_123), reason: .typeConflict, status: 400, words: "a b\n# c",
      lines: Array("m v=1 1\nm v=2 2".utf8))
    #expect(DeadLetter.letters(in: letter.text + letter.text) == [letter, letter])
    #expect(letter.words == "a b # c" && letter.tally.points == 2)
    for odd in ["", "#", "# x", "# now rejected status=1\nm", "m v=1 1\n", "# 2020 odd status=1 x\nm v=1\n", "\n\n"] {
      #expect(DeadLetter.letters(in: Array(odd.utf8)).allSatisfy { $0.tally.points == 1 && $0.reason == .rejected })
    }
    #expect(DeadLetter.letters(in: Array("m v=1 1\n".utf8)).map(\.lines) == [Array("m v=1 1\n".utf8)])
  }

  @Test
  func `a file is whole zstd frames for its owner alone, and half a frame at its end costs nothing before it`() throws {
    let bench = try SinkBench(script: Self.picky(FakeStore()))
    bench.submit(["a,n=bad v=1 1", "a v=2 2", "b,n=bad v=3 3"], upTo: 1)
    #expect(bench.sink.stop(within: .seconds(10)) == 1)
    let path = try #require(bench.deadLetterFiles.first)
    #expect(path.hasSuffix(".lp.zst") && bench.deadLetterFiles.count == 1)
    #expect(bench.notes.all.filter { $0.contains("refuses points for good (malformed)") }.count == 1)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    let file = try Data(contentsOf: URL(fileURLWithPath: path))
    let letters = DeadLetter.frames(in: Array(file)).flatMap { $0.letters ?? [] }
    #expect(letters.map(\.lines) == [Array("a,n=bad v=1 1\n".utf8), Array("b,n=bad v=3 3\n".utf8)])
    #expect(letters.allSatisfy { $0.words == Self.refusal && $0.reason == .malformed && $0.status == 400 })
    #expect(DeadLetter.frames(in: Array(file.dropLast(3))).count == 1)
    let cat = try Self.output(of: "zstdcat", path: path)
    if let cat { #expect(cat.split(separator: "\n").filter { !$0.hasPrefix("#") }.count == 2) }
  }

  @Test func `the files together have a bound: the oldest are removed and counted`() throws {
    let bench = try SinkBench(change: { $0.deadLetterBytes = 4000 }, script: Self.picky(FakeStore()))
    for index in 0..<100 { bench.submit(["raw,n=bad\(index) v=\(Double(index).squareRoot()) \(index)"], upTo: 1) }
    bench.sink.stop(within: .seconds(20))
    let sizes = bench.deadLetterFiles.map { (try? Data(contentsOf: URL(fileURLWithPath: $0)).count) ?? 0 }
    #expect(sizes.reduce(0, +) <= 4000 && sizes.count > 3)
    let counts = bench.sink.counts
    #expect(counts.deadLetterFilesRemoved > 0 && counts.deadLetters == [.malformed: 100])
    #expect(counts.accounts.submitted == counts.accounts.accounted)
    #expect(bench.deadLetters.contains { $0.hasPrefix("raw,n=bad99 ") })
    #expect(!bench.deadLetters.contains { $0.hasPrefix("raw,n=bad0 ") })
  }

  @Test func `the list tells points, reasons, words and times; a retry removes what is accepted and keeps what is not`()
    throws
  {
    let store = FakeStore()
    let bench = try SinkBench(script: Self.picky(store))
    bench.submit(["a,n=bad1 v=1 1", "a v=2 2", "b,n=bad2 v=3 3"], upTo: 1)
    bench.sink.stop(within: .seconds(10))
    let letters = DeadLetters(directory: bench.folder + "/dead-letter")
    let before = try #require(letters.list().first)
    #expect(before.points == 2 && before.reasons == [.malformed: 2] && before.words == Self.refusal)
    #expect(before.first <= before.last && before.first > Timestamp(milliseconds: 1_700_000_000_000))

    let mended = FakeStore()
    let second = try FakeDatabase { request, _ in
      request.body.contains("bad2") ? .status(422, body: "still no") : mended.answer(request)
    }
    defer { second.stop() }
    let outcome = try letters.retry(to: SinkBench.settings(of: second))
    #expect(outcome == DeadLetters.Outcome(accepted: 1, refused: 1, left: 0, trouble: nil))
    #expect(mended.fields("a,n=bad1 1") == "v=1")
    let after = letters.list()
    #expect(after.map(\.points) == [1] && after.map(\.words) == ["still no"])
  }

  @Test func `a retry while the database is away leaves every letter, and the next one posts it`() throws {
    let bench = try SinkBench(script: Self.picky(FakeStore()))
    bench.submit(["a,n=bad1 v=1 1", "b,n=bad2 v=3 3"], upTo: 1)
    bench.sink.stop(within: .seconds(10))
    let letters = DeadLetters(directory: bench.folder + "/dead-letter")
    var options = SinkOptions()
    options.shortestBackoff = .milliseconds(1)
    let store = FakeStore()
    let second = try FakeDatabase { request, _ in
      request.body.contains("bad2") && !store.isUp.load(ordering: .relaxed) ? .status(401, body: "who?") : .status(204)
    }
    defer { second.stop() }
    store.go()
    let first = try letters.retry(to: SinkBench.settings(of: second), options: options)
    #expect(first.accepted == 1 && first.left == 1 && first.trouble == "credentials: 401 who?")
    #expect(letters.list().map(\.points) == [1])
    store.come()
    let next = try letters.retry(to: SinkBench.settings(of: second), options: options)
    #expect(next == DeadLetters.Outcome(accepted: 1, refused: 0, left: 0, trouble: nil))
    #expect(letters.list().isEmpty && bench.deadLetterFiles.isEmpty)
  }

  @Test func `a file that was written by hand is read too, and one that cannot be read is never removed`() throws {
    let folder = try TemporaryFolder(prefix: "letters")
    defer { folder.remove() }
    // Made by `zstd` from a pipe, so that the frame does not say its size: "m v=1 1\nm v=2 2\n".
    let piped = try #require(Data(base64Encoded: "KLUv/QRYgQAAbSB2PTEgMQptIHY9MiAyCtmDtGk="))
    // The same with another content than its checksum says.
    var damaged = piped
    damaged[12] ^= 1
    for (name, data) in [("a", piped), ("b", damaged)] {
      try data.write(to: URL(fileURLWithPath: "\(folder.path)/\(name).lp.zst"))
    }
    let letters = DeadLetters(directory: folder.path)
    #expect(letters.list().map(\.points) == [2])
    let store = FakeStore()
    let database = try FakeDatabase(store.script)
    defer { database.stop() }
    #expect(try letters.retry(to: SinkBench.settings(of: database)).accepted == 2)
    #expect(store.count == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["retried-b.lp.zst"])
  }

  @Test func `letters that arrive during a retry are in a file of their own`() throws {
    let bench = try SinkBench(script: Self.picky(FakeStore()))
    bench.submit(["a,n=bad1 v=1 1"], upTo: 1)
    #expect(bench.wait { bench.sink.acceptedUpTo == 1 })
    let folder = bench.folder
    let sink = bench.sink
    let second = try FakeDatabase { _, number in
      if number == 0 {
        sink.submit(WriteBatch(bytes: Array("a,n=bad2 v=1 1\n".utf8), lines: 1, upTo: 2))
        #expect(Waiting.until(seconds: 30) { sink.acceptedUpTo == 2 })
      }
      return .status(204)
    }
    defer { second.stop() }
    let letters = DeadLetters(directory: folder + "/dead-letter")
    #expect(try letters.retry(to: SinkBench.settings(of: second)).accepted == 1)
    #expect(letters.list().map(\.points) == [1])
    #expect(bench.deadLetters.last == "a,n=bad2 v=1 1")
  }

  /// Output of a program for a file; `nil` where it is not installed.
  private static func output(of program: String, path: String) throws -> String? {
    let url = URL(fileURLWithPath: "/usr/bin/" + program)
    guard FileManager.default.isExecutableFile(atPath: url.path) else { return nil }
    let process = Process()
    process.executableURL = url
    process.arguments = [path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
