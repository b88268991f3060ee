import PlantModel
import StreamCore
import Testing

@Suite("Channels, threads and counters")
struct BoundedChannelTests {
  @Test("a channel gives out what was put in, in order, across its ring's end")
  func order() {
    let channel = BoundedChannel<Int>(capacity: 3)
    var received: [Int] = []
    for number in 0..<10 {
      #expect(channel.trySend(number))
      #expect(channel.trySend(number + 100))
      received += [channel.receive(), channel.receive()].compactMap { $0 }
    }
    #expect(received == (0..<10).flatMap { [$0, $0 + 100] })
  }

  @Test("a full channel refuses trySend and a closed one every send")
  func fullAndClosed() {
    let channel = BoundedChannel<Int>(capacity: 2)
    #expect(channel.send(1) && channel.trySend(2))
    #expect(!channel.trySend(3))
    channel.close()
    #expect(!channel.send(4))
    #expect(!channel.isFinished)
    #expect(channel.receive() == 1)
    #expect(channel.receive() == 2)
    #expect(channel.receive() == nil)
    #expect(channel.isFinished)
  }

  @Test("receiving from an empty channel ends with its timeout")
  func timeout() {
    let channel = BoundedChannel<Int>(capacity: 1)
    #expect(channel.receive(timeout: .milliseconds(5)) == nil)
    #expect(channel.receive(timeout: .seconds(-5)) == nil)
    #expect(!channel.isFinished)
  }

  @Test("a sender waits for room, and nothing is lost between four senders and a slow receiver")
  func backPressure() throws {
    let channel = BoundedChannel<Int>(capacity: 2)
    let senders = try (0..<4).map { sender in
      try BlockingThread(name: "sender") {
        for number in 0..<500 { channel.send(sender * 500 + number) }
      }
    }
    var seen = Set<Int>()
    var batch: [Int] = []
    while seen.count < 2_000 {
      batch.removeAll()
      guard channel.receiveAll(into: &batch, timeout: .seconds(10)) > 0 else { break }
      #expect(batch.count <= 6)
      seen.formUnion(batch)
    }
    senders.forEach { $0.join() }
    #expect(seen == Set(0..<2_000))
  }

  @Test("closing wakes a sender that waits for room")
  func closeWakesSender() throws {
    let channel = BoundedChannel<Int>(capacity: 1)
    let refused = Counter()
    channel.send(0)
    let sender = try BlockingThread(name: "a name longer than 15 bytes") {
      if !channel.send(1) { refused.add() }
    }
    channel.close()
    sender.join()
    sender.join()
    #expect(refused.value == 1)
  }

  @Test("counters add up over threads, and unannounced reasons are counted as other")
  func counters() throws {
    let counters = StageCounters(stage: "cleaning", reasons: ["late", "future"])
    let threads = try (0..<2).map { _ in
      try BlockingThread(name: "count") {
        for _ in 0..<1_000 { counters.input.add(2) }
        counters.drop("late", 3)
        counters.drop("never heard of")
      }
    }
    threads.forEach { $0.join() }
    let counts = counters.snapshot()
    #expect(counts.input == 4_000)
    #expect(counts.dropped.map(\.reason) == ["late", "other"])
    #expect(counts.dropped.map(\.count) == [6, 2])
  }
}
