import StreamCore
import SystemCore
import Testing

@Suite struct LogDeduplicatorTests {
  @Test func `trouble is new once for each thing, and again when it was over or is another one`() {
    let trouble = LogDeduplicator()
    #expect(trouble.isNew("away", with: "a") && !trouble.isNew("away", with: "a"))
    #expect(trouble.isNew("away", with: "b") && trouble.isNew("refused", with: "a"))
    trouble.isOver(with: "a")
    #expect(trouble.isNew("refused", with: "a") && !trouble.isNew("away", with: "b"))
  }
}
