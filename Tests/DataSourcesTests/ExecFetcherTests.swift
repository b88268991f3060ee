import Foundation
import Glibc
import LocalServers
import PlantModel
import PlantTesting
import SystemCore
import Testing
import WattlineTime

@testable import DataSources

@Suite("programs that print readings")
struct ExecFetcherTests {
  private static let plant = Plant(
    name: "p", location: Location(latitude: 48.1, longitude: 11.6, timezone: "Europe/Berlin"))
  private static let now = Timestamp(seconds: 1_772_370_000)

  private struct Parts {
    let fetcher: ExecFetcher
    let intake: SourceIntake
    let log = FetchedLines()

    /// - Parameters:
    ///   - script: A script of the shell.
    ///   - change: Changes of the access.
    ///   - hasHeadings: Whether it prints a table.
    ///   - directory: Folder of the program.
    init(
      _ script: String, hasHeadings: Bool = false, directory: String = "/",
      change: (inout ExecAccess) -> Void = { _ in }
    ) {
      var access = ExecAccess(command: ["sh", "-c", script])
      change(&access)
      let rule = TopicRule(
        match: DataSource.topic, payload: hasHeadings ? .csv : .json, asset: "meter", time: hasHeadings ? "at" : "/at",
        values: [TopicRule.Value(name: "energy", path: hasHeadings ? "kwh" : "/kwh")])
      var source = DataSource(name: "s", access: .exec(access), rule: rule)
      source.hasHeadings = hasHeadings
      fetcher = ExecFetcher(access, directory: directory, calendar: .utc)
      intake = SourceIntake(source, plant: plant, state: SourceState(), log: log)
    }

    func fetch() throws(FetchError) -> FetchResult {
      let span = intake.beginFetch(at: now)
      let result = try fetcher.fetch(span, into: intake) { false }
      intake.endFetch()
      return result
    }

    /// Words of a failed fetch; empty if it succeeded.
    func failure() -> (words: String, kind: FetchError.Kind?) {
      do throws(FetchError) {
        _ = try fetch()
        return ("", nil)
      } catch { return (error.words, error.kind) }
    }
  }

  private static let line = #"echo '{"at":"2026-03-01T10:00:00Z","kwh":1.5}'"#

  @Test func `documents and rows are taken once, and what cannot be read is told with its line`() throws {
    let json = Parts("\(Self.line); echo loading; echo '{\"at\":\"2026-03-01T10:15:00Z\",\"kwh\":2}'")
    let first = try json.fetch()
    #expect(first.rows == 2 && first.unreadable == 1 && first.hint?.contains("line 2 cannot be read") == true)
    #expect(try json.fetch().rows == 0 && json.log.count == 2)
    #expect(json.intake.state.through == Timestamp(seconds: 1_772_360_100))
    let table = Parts("printf 'at;kwh\\n2026-03-01T10:00:00Z;1.5\\n2026-03-01T10:15:00Z;2'", hasHeadings: true)
    #expect(try table.fetch().rows == 2 && table.log.count == 2)
  }

  @Test func `span, variables, secrets and folder reach the program, and nothing else does`() throws {
    let folder = try TemporaryFolder(prefix: "wattline-exec")
    defer { folder.remove() }
    try Data("s3cret\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/key"))
    setenv("WATTLINE_TEST_SECRET", "x", 1)
    defer { unsetenv("WATTLINE_TEST_SECRET") }
    let script =
      "echo \"$WATTLINE_SINCE $1 $NAME $KEY $(pwd) ${WATTLINE_TEST_SECRET:-none} $(ls /proc/self/fd | wc -l)\" >&2; "
      + "exit 3"
    let parts = Parts(script, directory: folder.path) {
      $0.command += ["sh", "{since:date}"]
      $0.environment = ["NAME": .text("anna"), "KEY": .file("key")]
    }
    let path = URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path
    let failure = parts.failure()
    #expect(
      failure.words.contains("2026-02-28T13:00:00Z 2026-02-28 anna s3cret \(path) none 4")
        && failure.words.hasPrefix("the program 'sh' failed with exit code 3; it says: "), "\(failure)")
    let missing = Parts("exit 0") { $0.environment = ["KEY": .file("none")] }
    #expect(missing.failure().words.contains("of the variable KEY cannot be read"))
  }

  @Test func `each way to fail is told, and refused credentials are not tried again`() {
    let refused = Parts("echo 'login failed' >&2; exit 77").failure()
    #expect(refused.kind == .refused && refused.words.contains("credentials are refused; it says: login failed"))
    var absent = Parts("") { $0.command = ["no-such-program"] }.failure()
    #expect(absent.kind == .passing && absent.words.contains("'no-such-program' is not there"))
    absent = Parts("") { $0.command = ["/etc/passwd"] }.failure()
    #expect(absent.words.contains("is not executable"))
    let slow = Parts("\(Self.line); sleep 60") { $0.timeout = .seconds(1) }
    #expect(slow.failure().words.contains("ran for more than 1s and was ended"))
    // What it had printed is taken.
    #expect(slow.log.count == 1)
    #expect(Parts("kill -9 $$").failure().words.contains("was ended by signal 9"))
  }

  @Test func `memory of all that a program starts is bounded, and nothing of it is left`() throws {
    let mark = "/tmp/wattline-exec-\(getpid())"
    defer { unlink(mark) }
    // A child of the child takes 64 MB and waits.
    let script =
      "(python3 -c \"import os,time; open('\(mark)','w').write(str(os.getpid())); x=bytearray(64<<20); "
      + "time.sleep(60)\" &); "
      + "sleep 60"
    let parts = Parts(script) { $0.mostMemory = 40 << 20 }
    #expect(parts.failure().words.contains("more than memory_mb: 40, and was ended"))
    let child = try #require(pid_t(String(contentsOfFile: mark, encoding: .utf8)))
    // One that nobody has waited for yet is a zombie.
    let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ") Z"
    #expect(state.contains(") Z"))
  }

  @Test func `a program that keeps running is read between fetches and told when it ends`() throws {
    let parts = Parts("\(Self.line); sleep 1.5; echo '{\"at\":\"2026-03-01T10:15:00Z\",\"kwh\":2}'; sleep 0.2") {
      $0.isKept = true
    }
    #expect(try parts.fetch().rows == 1)
    let failure = parts.failure()
    #expect(failure.words.contains("has ended, though it is to keep running") && parts.log.count == 2)
  }
}
