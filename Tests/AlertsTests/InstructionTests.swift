import Alerts
import PlantModel
import PointSchema
import StreamCore
import Testing
import WattlineTime

@Suite("Acknowledging and shelving alerts")
struct InstructionTests {
  var script = AlertScript()

  /// A breach of the grid's limit, and its id.
  private mutating func breach() throws -> String {
    script.live([("grid.power", 310)], times: 2)
    defer { _ = script.changes() }
    return try #require(script.transitions.last { $0.status == .raised }).id
  }

  private mutating func state() -> AlertState? { script.stage.standing.first?.state }

  @Test
  mutating func `an alert is acknowledged once, by whom is in its text, and its end is the end of it`() throws {
    let id = try breach()
    #expect(state() == .unacknowledged)
    #expect(script.instruct(["id": id, "action": "acknowledge", "by": "Ada\nL"]) == .taken)
    #expect(script.transitions.last?.text.hasPrefix("Acknowledged by AdaL. grid carries 310.0 kW") == true)
    #expect(script.stage.standing.first?.text.hasPrefix("grid carries 310.0 kW") == true)
    #expect(script.changes() == ["limit grid power acknowledged warning"] && state() == .acknowledged)
    #expect(script.instruct(["id": id, "action": "acknowledge"]) == .taken)
    #expect(script.changes().isEmpty)
    script.live([("grid.power", 1)], times: 2)
    #expect(script.changes() == ["limit grid power cleared warning"] && state() == nil)
    #expect(script.instruct(["id": id, "action": "acknowledge"]) == .refused(.late))
  }

  @Test
  mutating func `an alert that is over before it is acknowledged waits for it`() throws {
    let id = try breach()
    script.live([("grid.power", 1)], times: 2)
    #expect(script.changes() == ["limit grid power cleared warning"] && state() == .returned)
    #expect(script.stage.activeCount == 0)
    #expect(script.instruct(["id": id, "action": "acknowledge"]) == .taken)
    #expect(script.changes() == ["limit grid power acknowledged warning"] && state() == nil)
  }

  @Test
  mutating func `an alert that is raised again takes the place of the one that was not acknowledged`() throws {
    let first = try breach()
    script.live([("grid.power", 1)], times: 2)
    let second = try breach()
    #expect(first != second && script.stage.standing.map(\.id) == [second])
    #expect(script.instruct(["id": first, "action": "acknowledge"]) == .refused(.late))
  }

  @Test
  mutating func `what grows worse is not acknowledged any more`() throws {
    let id = try breach()
    _ = script.instruct(["id": id, "action": "acknowledge"])
    script.live([("grid.power", 400)], times: 1)
    #expect(script.changes().last == "limit grid power escalated critical" && state() == .unacknowledged)
  }

  @Test
  mutating func `a shelved alert is recorded, not published and not told, until its time is over; then it is news`()
    throws
  {
    let id = try breach()
    #expect(script.instruct(["id": id, "action": "shelve", "for": "90s", "by": "Ada"]) == .taken)
    #expect(script.transitions.last?.isPublished == true && state() == .shelved)
    #expect(script.changes() == ["limit grid power shelved warning"])
    script.live([("grid.power", 310)], times: 40)
    script.live([("grid.power", 1)], times: 2)
    script.live([("grid.power", 310)], times: 2)
    #expect(script.transitions.allSatisfy { !$0.isPublished && $0.state == .shelved })
    #expect(script.changes() == ["limit grid power cleared warning", "limit grid power raised warning"])
    #expect(script.notices.isEmpty)
    script.live([("grid.power", 310)], times: 46)
    #expect(script.transitions.last?.isPublished == true && state() == .unacknowledged)
    #expect(script.changes() == ["limit grid power unshelved warning"])
    script.live([("grid.power", 310)], times: 10)
    #expect(script.notices.count == 1)
  }

  @Test
  mutating func `a shelved alert that is over can still be taken from the shelf, and is done with then`() throws {
    let id = try breach()
    _ = script.instruct(["id": id, "action": "shelve", "for": "2h"])
    script.live([("grid.power", 1)], times: 2)
    #expect(state() == .shelved)
    #expect(script.instruct(["id": id, "action": "unshelve"]) == .taken && state() == nil)
    #expect(script.transitions.last?.state == .normal)
    let next = try breach()
    #expect(next != id && state() == .unacknowledged)
  }

  @Test
  mutating func `an alert can be taken from the shelf before its time`() throws {
    let id = try breach()
    _ = script.instruct(["id": id, "action": "shelve", "for": "2h"])
    #expect(script.instruct(["id": id, "action": "unshelve"]) == .taken && state() == .unacknowledged)
    #expect(script.instruct(["id": id, "action": "unshelve"]) == .refused(.late))
  }

  @Test(
    arguments: [
      ([:], .notUnderstood), (["id": "ID"], .notUnderstood), (["action": "acknowledge"], .notUnderstood),
      (["id": "ID", "action": "delete"], .notUnderstood), (["id": "ID", "action": "shelve"], .notUnderstood),
      (["id": "ID", "action": "shelve", "for": "8d"], .notUnderstood),
      (["id": "ID", "action": "shelve", "for": "1e999h"], .notUnderstood),
      (["id": "ID", "action": "shelve", "for": "-2h"], .notUnderstood),
      (["id": "other", "action": "acknowledge"], .unknown),
    ] as [([String: String], Instruction.Refusal)])
  mutating func `an instruction that is not understood, or about nothing that is known, is refused with its reason`(
    _ members: [String: String], refusal: Instruction.Refusal
  ) throws {
    let id = try breach()
    #expect(script.instruct(members.mapValues { $0 == "ID" ? id : $0 }) == .refused(refusal))
    #expect(script.changes().isEmpty && state() == .unacknowledged)
  }

  @Test
  mutating func `an instruction for others is left alone`() {
    #expect(script.instruct(["id": "x", "action": "acknowledge"], subject: "commands") == .open)
  }

  @Test
  mutating func `two transitions of an alert never share a time, because their points would be one`() throws {
    let id = try breach()
    for action in ["acknowledge", "shelve", "unshelve"] {
      _ = script.instruct(["id": id, "action": action, "for": "1h"])
    }
    let times = script.points.entries.filter { $0.key.measurement == .alerts }.map(\.time)
    #expect(times.count == 4 && Set(times.map(\.milliseconds)).count == 4)
  }
}
