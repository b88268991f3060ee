import LocalServers
import SystemCore
import Testing

@testable import HTTPInterface

@Suite("Jobs of the interface")
struct JobsTests {
  @Test func `a job reports progress, ends with its result, and a failed one with words`() throws {
    let jobs = try Jobs()
    defer { jobs.stop() }
    let good = try #require(
      jobs.submit("test", plant: "p", owner: "anna") { control in
        try control.update(0.5)
        return Array("{\"x\":1}".utf8)
      })
    let bad = try #require(jobs.submit("test", plant: "p", owner: "anna") { _ in throw Problem(422, "no") })
    #expect(Waiting.until(seconds: 5) { jobs.all.allSatisfy { $0.ended != nil } })
    let ended = jobs.all
    #expect(ended.first { $0.id == good.id }?.state == .done)
    #expect(ended.first { $0.id == good.id }?.progress == 1)
    #expect(ended.first { $0.id == bad.id }?.state == .failed)
    let text = String(
      decoding: JobEndpoints.Document.bytes(try #require(ended.first { $0.id == good.id }), withResult: true),
      as: UTF8.self)
    #expect(text.contains("\"result\":{\"x\":1}"))
  }

  @Test func `a running job ends at its next step, a waiting one at once, and no more wait than may`() throws {
    let jobs = try Jobs()
    defer { jobs.stop() }
    let running = (0..<Jobs.threads).compactMap { _ in
      jobs.submit("test", plant: "p", owner: "anna") { control in
        while true {
          try control.update(0)
          _ = StopSignal().wait(milliseconds: 1)
        }
      }
    }
    #expect(Waiting.until(seconds: 5) { jobs.all.count { $0.state == .running } == Jobs.threads })
    let own = (0..<Jobs.mostOfOwner).compactMap { _ in jobs.submit("test", plant: "p", owner: "b") { _ in [] } }
    #expect(jobs.submit("test", plant: "p", owner: "b") { _ in [] } == nil)
    let others = (0..<Jobs.mostWaiting).compactMap { jobs.submit("test", plant: "p", owner: "c\($0)") { _ in [] } }
    let waiting = own + others
    #expect(waiting.count == Jobs.mostWaiting)
    #expect(jobs.submit("test", plant: "p", owner: "d") { _ in [] } == nil)
    #expect(jobs.cancel(waiting[0].id))
    #expect(jobs.all.first { $0.id == waiting[0].id }?.state == .cancelled)
    #expect(!jobs.cancel(waiting[0].id))
    for job in running { #expect(jobs.cancel(job.id)) }
    #expect(Waiting.until(seconds: 5) { jobs.all.allSatisfy { $0.ended != nil } })
    #expect(jobs.all.first { $0.id == running[0].id }?.state == .cancelled)
    #expect(!jobs.cancel("unknown"))
  }
}
