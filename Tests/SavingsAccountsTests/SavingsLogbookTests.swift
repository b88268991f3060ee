import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import SavingsAccounts

@Suite("Logbook of savings")
struct SavingsLogbookTests {
  private static let now = Timestamp(seconds: 1_714_723_200)  // 2024-05-03T08:00Z

  private static var plant: Plant {
    var plant = Plant(name: "hill/ä", location: Location(latitude: 48, longitude: 11, timezone: "Europe/Berlin"))
    let first = MadeMeter.firstDay
    plant.savings = [
      SavingsPlan(
        asset: "main", temperature: SensorName(asset: "roof", sensor: "temperature"), baseline: first...(first + 364))
    ]
    return plant
  }

  private func inLogbook(_ body: (SavingsLogbook, String) throws -> Void) throws {
    let folder = try TemporaryFolder(prefix: "wattline-logbook")
    defer { folder.remove() }
    try body(SavingsLogbook(state: folder.path), folder.path + "/savings")
  }

  private func open(_ logbook: SavingsLogbook) throws {
    for (kind, subject) in [(LogbookEntry.Kind.raised, "I1"), (.found, "E1")] {
      try logbook.append(of: Self.plant.name) { _ in
        var entry = LogbookEntry(
          kind, subject: subject, plant: Self.plant.name, meter: "main", milliseconds: Self.now.milliseconds,
          author: "wattline")
        (entry.first, entry.last, entry.energy) = (19_840, 19_850, 120)
        (entry.percent, entry.severity, entry.candidates) = (7, "warning", ["an alert"])
        return entry
      }
    }
  }

  private func follow(_ members: [String: String], in logbook: SavingsLogbook) throws -> Instruction.Outcome {
    let request = try #require(SavingsRequest(members))
    return try logbook.follow(request, of: Self.plant, at: Self.now)
  }

  @Test func `an investigation gets a cause and is closed, with who and when, and what is closed stays`() throws {
    try inLogbook { logbook, _ in
      try open(logbook)
      #expect(try follow(["action": "assign", "id": "I9", "cause": "x"], in: logbook) == .refused(.unknown))
      let assign = ["action": "assign", "id": "I1", "cause": "a stuck damper", "by": "anna"]
      #expect(try follow(assign, in: logbook) == .taken && follow(assign, in: logbook) == .taken)
      #expect(try follow(["action": "close", "id": "I1", "by": "bert", "note": "mended"], in: logbook) == .taken)
      #expect(try follow(["action": "close", "id": "I1", "by": "bert"], in: logbook) == .taken)
      #expect(try follow(["action": "assign", "id": "I1", "cause": "other"], in: logbook) == .refused(.late))
      let found = try #require(try logbook.record(of: Self.plant.name).investigations.first)
      #expect(found.state == .closed && found.cause == "a stuck damper" && found.assignment?.author == "anna")
      #expect(found.closing?.words == "mended" && found.closing?.milliseconds == Self.now.milliseconds)
      #expect(try logbook.record(of: Self.plant.name).entries.count == 4)
      #expect(try logbook.record(of: "other").entries.isEmpty && logbook.counts().count(of: Self.plant.name) == 4)
    }
  }

  @Test func `an event is confirmed, and a later decision replaces it`() throws {
    try inLogbook { logbook, _ in
      try open(logbook)
      #expect(try logbook.record(of: Self.plant.name).events.map(\.decision) == [.pending])
      #expect(try follow(["action": "confirm", "id": "E1", "by": "anna"], in: logbook) == .taken)
      #expect(try logbook.record(of: Self.plant.name).events.map(\.decision) == [.confirmed])
      #expect(try follow(["action": "reject", "id": "E1", "by": "bert"], in: logbook) == .taken)
      let event = try #require(try logbook.record(of: Self.plant.name).events.first)
      #expect(event.decision == .rejected && event.deciding?.author == "bert")
    }
  }

  @Test func `work before a deviation is a candidate for its cause, written before or after`() throws {
    try inLogbook { logbook, _ in
      #expect(
        try follow(["action": "maintenance", "text": "filter changed", "date": "2024-04-20"], in: logbook) == .taken)
      #expect(try follow(["action": "operation", "text": "old", "date": "2024-01-20"], in: logbook) == .taken)
      try open(logbook)
      #expect(
        try follow(
          ["action": "operation", "text": "opens at 6", "asset": "hall", "date": "2024-05-01"], in: logbook) == .taken)
      #expect(try follow(["action": "operation", "text": "x", "meter": "none"], in: logbook) == .refused(.unknown))
      let record = try logbook.record(of: Self.plant.name)
      #expect(
        record.investigations.first?.candidates == [
          "operation of hall on 2024-05-01: opens at 6 (M3)", "maintenance on 2024-04-20: filter changed (M1)",
          "an alert",
        ])
      #expect(record.works.map(\.subject) == ["M1", "M2", "M3"])
    }
  }

  @Test func `requests with missing or impossible members are not understood`() {
    let wrong: [[String: String]] = [
      [:], ["action": "confirm"], ["action": "burn", "id": "E1"], ["action": "assign", "id": "I1"],
      ["action": "maintenance"], ["action": "maintenance", "text": "\u{7}"],
      ["action": "maintenance", "text": "x", "date": "2024-02-30"],
      ["action": "close", "id": String(repeating: "I", count: 21)],
    ]
    for members in wrong { #expect(SavingsRequest(members) == nil, "\(members)") }
    #expect(SavingsRequest(["action": "close", "id": "I1", "by": "a\u{1}b", "note": "n"])?.author == "ab")
  }

  @Test func `a request that comes twice from the journal makes one entry`() throws {
    try inLogbook { logbook, _ in
      let request = try #require(SavingsRequest(["action": "maintenance", "text": "filter"]))
      for _ in 0..<2 {
        #expect(try logbook.follow(request, of: Self.plant, at: Self.now, source: "1 a") == .taken)
      }
      #expect(try logbook.record(of: Self.plant.name).works.count == 1)
      #expect(try logbook.record(of: Self.plant.name).works.first?.first == 19_846)
    }
  }

  @Test func `an altered or missing entry is told, and entries of many at once are all kept`() async throws {
    let folder = try TemporaryFolder(prefix: "wattline-logbook")
    defer { folder.remove() }
    let logbook = SavingsLogbook(state: folder.path)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          let request = SavingsRequest(["action": "maintenance", "text": "filter \(number)"])
          _ = try? request.map { try logbook.follow($0, of: Self.plant, at: Self.now) }
        }
      }
    }
    #expect(try logbook.record(of: Self.plant.name).works.map(\.subject) == (1...8).map { "M\($0)" })
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/savings").sorted()
    #expect(files.count == 8)
    let third = "\(folder.path)/savings/\(files[2])"
    let bytes = try #require(FileManager.default.contents(atPath: third))
    try FileManager.default.removeItem(atPath: third)
    #expect { try logbook.record(of: Self.plant.name) } throws: { "\($0)".contains("does not follow") }
    try (bytes + Data("x".utf8)).write(to: URL(fileURLWithPath: third))
    #expect { try logbook.record(of: Self.plant.name) } throws: { "\($0)".contains("altered or damaged") }
  }
}
