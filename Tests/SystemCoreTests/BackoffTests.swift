import PlantModel
import StreamCore
import SystemCore
import Testing
import WattlineTime

@Suite struct BackoffTests {
  @Test func `pauses double from a quarter of a second to thirty, shortened by a half at most`() {
    var backoff = Backoff()
    for ceiling in [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30] {
      let pause = backoff.next().inSeconds
      #expect(pause >= ceiling / 2 && pause <= ceiling)
    }
    backoff.reset()
    #expect(backoff.next() <= .milliseconds(250))
  }

  @Test func `only a connection that stood for longer than the next pause makes pauses short again`() {
    var backoff = Backoff()
    for _ in 0..<4 {
      _ = backoff.next()
      backoff.ended(after: .milliseconds(250))
    }
    #expect(backoff.shortLived == 4)
    #expect(backoff.next() >= .seconds(2))
    backoff.ended(after: .seconds(9))
    #expect(backoff.shortLived == 0)
    #expect(backoff.next() <= .milliseconds(250))
  }

  @Test func `two clients that take a session from each other end with half a minute between their turns`() {
    var clients = [Backoff(), Backoff()]
    var stood = TimeSpan.milliseconds(1)
    for turn in 0..<40 {
      clients[turn % 2].ended(after: stood)
      // The other one stands until this one is back.
      stood = clients[turn % 2].next()
    }
    #expect(stood >= .seconds(15))
  }

  @Test func `waits double from a quarter of a second to thirty, each between half its bound and the bound`() {
    var backoff = Backoff(shortest: .milliseconds(250), longest: .seconds(30), seed: 3)
    var bound = 0.25
    for _ in 0..<12 {
      let wait = backoff.next().inSeconds
      #expect(wait >= bound / 2 && wait <= bound)
      bound = min(bound * 2, 30)
    }
    backoff.reset()
    #expect(backoff.next().inSeconds <= 0.25)
  }
}
