import StreamCore
import Testing

@testable import MQTTSource

@Suite struct SessionDuplicatesTests {
  private func hash(_ topic: String, payload: String) -> UInt64 {
    Array(topic.utf8).withUnsafeBytes { topic in
      Array(payload.utf8).withUnsafeBytes { MessageHash.of(topic: topic, payload: $0) }
    }
  }

  @Test func `a message is recognised by identifier and content together, and never at QoS 0`() {
    var table = SessionDuplicates()
    table.record(packetID: 7, hash: 42)
    table.record(packetID: 0, hash: 43)
    #expect(table.contains(packetID: 7, hash: 42))
    #expect(!table.contains(packetID: 7, hash: 43))
    #expect(!table.contains(packetID: 8, hash: 42))
    #expect(!table.contains(packetID: 0, hash: 43))
    table.removeAll()
    #expect(!table.contains(packetID: 7, hash: 42))
  }

  @Test func `an identifier's earlier use is forgotten before the identifier comes round again`() {
    var table = SessionDuplicates()
    table.record(packetID: 1, hash: 42)
    for number in 1..<SessionDuplicates.horizon { table.record(packetID: UInt16(number + 1), hash: 1) }
    #expect(table.contains(packetID: 1, hash: 42))
    table.record(packetID: 60_000, hash: 1)
    #expect(!table.contains(packetID: 1, hash: 42))
  }

  @Test func `texts that differ in one byte, or in where the topic ends, have different hashes`() {
    let texts = [
      ("a/b", "1"), ("a/b", "2"), ("a/b1", ""), ("a/", "b1"), ("", ""), ("a", ""), ("", "a"), ("12345678", "12345678"),
      ("12345678", "12345679"), ("1234567812345678", ""), ("a\0", ""), ("a", "\0"),
    ]
    #expect(Set(texts.map { hash($0.0, payload: $0.1) }).count == texts.count)
  }

  @Test func `a session is complete when every filter was granted, no answer is awaited and nothing is left over`() {
    func codes<R>(_ codes: [UInt8], body: (UnsafeRawBufferPointer) -> R) -> R { codes.withUnsafeBytes(body) }
    var state = SessionSubscriptions(["a", "b", "a"])
    state.reset(remembered: ["old", "a"])
    let batches = state.drainUnsent()
    #expect(batches == [["a", "b"]] && state.drainUnsent().isEmpty && !state.isSettled)
    #expect(state.held == ["a", "b", "old"])
    state.markSent(["a", "b"], as: 1)
    #expect(!state.isSettled)
    let refused = codes([1, 0x87]) { state.confirm(1, codes: $0) }
    #expect(refused.map(\.filter) == ["b"] && refused.map(\.code) == [0x87] && state.isSettled && !state.isComplete)
    state.replace(by: ["c"])
    #expect(!state.isSettled && state.drainUnsent() == [["c"]])
    state.markSent(["c"], as: 2)
    #expect(codes([0]) { state.confirm(2, codes: $0) }.isEmpty && state.isSettled && !state.isComplete)
    #expect(state.drainSurplus() == [["a", "old"]] && state.drainSurplus().isEmpty)
    state.markRemoved(["a", "old"], as: 3)
    #expect(!state.isComplete && state.held == ["a", "c", "old"])
    state.confirmRemoval(3)
    #expect(state.isComplete && state.held == ["c"])
  }

  @Test(arguments: [
    ("a", true), ("#", true), ("a/#", true), ("+/a/+", true), ("/", true), ("", false), ("a#", false),
    ("a/#/b", false), ("a+/b", false), ("a/\0", false), (String(repeating: "a", count: 65_536), false),
  ])
  func `a filter is valid when MQTT allows it`(_ filter: String, isValid: Bool) {
    #expect(SessionSubscriptions.isValid(filter) == isValid)
  }
}
