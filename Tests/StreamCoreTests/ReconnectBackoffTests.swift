import PlantModel
import StreamCore
import Testing

@Suite struct ReconnectBackoffTests {
  @Test("pauses double from a quarter of a second to thirty, shortened by a half at most")
  func doubling() {
    var backoff = ReconnectBackoff()
    for ceiling in [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30] {
      let pause = backoff.next()
      #expect(pause >= ceiling / 2 && pause <= ceiling)
    }
    backoff.reset()
    #expect(backoff.next() <= 0.25)
  }

  @Test("only a connection that stood for longer than the next pause makes pauses short again")
  func standing() {
    var backoff = ReconnectBackoff()
    for _ in 0..<4 {
      _ = backoff.next()
      backoff.ended(after: .milliseconds(250))
    }
    #expect(backoff.shortLived == 4)
    #expect(backoff.next() >= 2)
    backoff.ended(after: .seconds(9))
    #expect(backoff.shortLived == 0)
    #expect(backoff.next() <= 0.25)
  }

  @Test("two clients that take a session from each other end with half a minute between their turns")
  func contest() {
    var clients = [ReconnectBackoff(), ReconnectBackoff()]
    var stood = TimeSpan.milliseconds(1)
    for turn in 0..<40 {
      clients[turn % 2].ended(after: stood)
      // The other one stands until this one is back.
      stood = .milliseconds(Int64(clients[turn % 2].next() * 1_000))
    }
    #expect(stood >= .seconds(15))
  }
}
