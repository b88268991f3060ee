import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import Testing
import WattlineTime

@testable import MQTTSource

/// How brokers that do not know MQTT 5 turn it down.
enum Refusal: CaseIterable, Sendable {
  case oldCode, newCode, closing

  var answer: FakeBroker.Answer {
    switch self {
    case .oldCode: .bytes([0x20, 2, 0, 1])
    case .newCode: .bytes([0x20, 3, 0, 0x84, 0])
    case .closing: .close
    }
  }
}

@Suite struct SessionProtocolTests {
  private func session(
    _ broker: FakeBroker, version: BrokerSettings.ProtocolVersion = .auto, events: EventLog = EventLog(),
    sink: RecordingSink = RecordingSink()
  ) -> BrokerSession {
    var settings = BrokerSettings()
    settings.port = broker.port
    settings.protocolVersion = version
    return BrokerSession(settings: settings, subscriptions: ["plant/#"], sink: sink) { events.append($0) }
  }

  @Test(arguments: Refusal.allCases)
  func `a broker that turns MQTT 5 down is spoken to in 3.1.1, which is said once`(_ refusal: Refusal) throws {
    let broker = try FakeBroker { packet in
      FakeBroker.version(of: packet) == 5 ? refusal.answer : FakeBroker.polite(packet, version: 4)
    }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: .auto, events: events)
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    session.stop()
    #expect(events.count(.olderProtocol) == 1)
    let asked = broker.packets.compactMap { FakeBroker.version(of: $0) }
    #expect(asked.last == 4 && asked.first == 5 && asked.count <= 3)
    // SUBSCRIBE of 3.1.1 has no properties: identifier, filter, QoS.
    let subscribe = broker.packets.first { $0[0] == 0x82 }
    #expect(subscribe == [0x82, 12, 0, 1, 0, 7] + Array("plant/#".utf8) + [1])
  }

  @Test func `a broker that closes twice while it starts is asked for MQTT 5 again`() {
    var negotiation = VersionNegotiation(.auto)
    #expect(negotiation.version == .v5)
    negotiation.wasClosed()
    #expect(negotiation.version == .v5)
    negotiation.wasClosed()
    #expect(negotiation.version == .v311)
    negotiation.wasClosed()
    negotiation.wasClosed()
    #expect(negotiation.version == .v5)
    let isLowered = negotiation.wasAccepted(at: .seconds(1), after: .zero)
    #expect(!isLowered)
  }

  @Test(arguments: [BrokerSettings.ProtocolVersion.v5, .v311])
  func `a version that is configured is not left`(_ version: BrokerSettings.ProtocolVersion) throws {
    let broker = try FakeBroker { _ in .bytes([0x20, 2, 0, 1]) }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: version, events: events)
    session.start()
    let reason = "the broker refuses the connection: it does not speak this version of MQTT"
    #expect(Waiting.until { events.count(.disconnected(reason: reason)) >= 2 })
    session.stop()
    let number: UInt8 = version == .v5 ? 5 : 4
    #expect(broker.packets.allSatisfy { FakeBroker.version(of: $0) == number })
  }

  @Test func `MQTT 5's CONNECT keeps the session for good and lets 65,535 messages be on their way`() throws {
    let broker = try FakeBroker { FakeBroker.polite($0, version: 5) }
    defer { broker.stop() }
    let session = session(broker)
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    session.stop()
    let expected: [UInt8] =
      [0x10, 29, 0, 4] + Array("MQTT".utf8) + [5, 0, 0, 30]
      + [8, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0x21, 0xFF, 0xFF] + [0, 8] + Array("wattline".utf8)
    #expect(broker.packets.first == expected)
    // SUBSCRIBE: no properties, and retained messages for a new subscription only.
    #expect(broker.packets.contains([0x82, 13, 0, 1, 0, 0, 7] + Array("plant/#".utf8) + [0x11]))
    #expect(broker.packets.last == [0xE0, 0])
  }

  @Test func `why a broker refuses or ends a connection is told in words, its own among them`() throws {
    let reason = [0x1F, 0, 4] + Array("full".utf8)
    let refusing = Mutex(true)
    let broker = try FakeBroker { packet in
      guard packet[0] == 0x10 else { return .bytes([0xE0, 2, 0x8B, 0]) }
      let refuses = refusing.withLock { value in
        defer { value = false }
        return value
      }
      return refuses
        ? .bytes([0x20, UInt8(3 + reason.count), 0, 0x97, UInt8(reason.count)] + reason)
        : FakeBroker.polite(packet, version: 5)
    }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: .v5, events: events)
    session.start()
    let first = "the broker refuses the connection: a quota is exceeded (full)"
    let second = "the broker ends the connection: it is shutting down"
    #expect(Waiting.until { events.all.contains(.disconnected(reason: second)) })
    session.stop()
    #expect(events.all.first == .disconnected(reason: first))
  }

  @Test(arguments: [5, 4])
  func `who loses the session to another client says what to change and waits longer each time`(_ version: UInt8) throws
  {
    let broker = try FakeBroker { packet in
      guard packet[0] == 0x82 else { return FakeBroker.polite(packet, version: version) }
      // A broker of MQTT 3.1.1 has no words for it.
      return version == 5 ? .bytes([0x90, 4, packet[2], packet[3], 0, 1, 0xE0, 2, 0x8E, 0]) : .close
    }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: version == 5 ? .v5 : .v311, events: events)
    let start = ContinuousClock.now
    session.start()
    let reason =
      version == 5
      ? "another client uses the client id 'wattline' and has taken the session over; "
        + "give each an mqtt.client_id of its own"
      : "the broker closes each connection soon after it stands, most likely because another client uses the client "
        + "id 'wattline'; give each an mqtt.client_id of its own"
    let needed = version == 5 ? 4 : 2
    #expect(Waiting.until { events.count(.disconnected(reason: reason)) >= needed })
    // 0.125 s, 0.25 s and 0.5 s at least.
    #expect(ContinuousClock.now - start > .milliseconds(870))
    session.stop()
  }

  @Test func `a broker that is not there is told in the same words each time`() throws {
    let events = EventLog()
    var settings = BrokerSettings()
    settings.port = try Loopback.freePort()
    let session = BrokerSession(settings: settings, subscriptions: ["plant/#"], sink: RecordingSink()) {
      events.append($0)
    }
    session.start()
    #expect(Waiting.until { events.all.count >= 4 })
    session.stop()
    #expect(Set(events.all.map { "\($0)" }).count == 1, "\(events.all)")
  }

  @Test(
    arguments: [
      [0x36, 5, 0, 1, 0x61, 0, 0],  // QoS 3
      [0x34, 5, 0, 1, 0x61, 0, 1],  // QoS 2, which was not asked for
      [0x32, 5, 0, 1, 0x61, 0, 0],  // identifier 0
      [0x30, 2, 0, 9],  // the topic is longer than the packet
      [0x30, 3, 0, 0, 0x31],  // no topic
      [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],  // a length of five bytes
      [0x90, 1, 0],  // half an identifier
      [0xF0, 0], [0x00, 0], [0x20, 2, 0, 0],
    ] as [[UInt8]])
  func `packets that do not follow MQTT end the connection, and the session goes on with the next`(_ packet: [UInt8])
    throws
  {
    let isFirst = Mutex(true)
    let broker = try FakeBroker { received in
      let spoil = isFirst.withLock { value in
        guard received[0] == 0x82, value else { return false }
        value = false
        return true
      }
      return spoil ? .bytes(packet) : FakeBroker.polite(received, version: 4)
    }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: .v311, events: events)
    session.start()
    #expect(Waiting.until { session.isSubscribed })
    session.stop()
    #expect(events.all.contains(.disconnected(reason: "the broker sent a packet that does not follow MQTT")))
  }

  @Test func `a broker that wants to hear from its clients often is pinged that often`() throws {
    let broker = try FakeBroker { packet in
      packet[0] == 0x10 ? .bytes([0x20, 6, 0, 0, 3, 0x13, 0, 1]) : FakeBroker.polite(packet, version: 5)
    }
    defer { broker.stop() }
    let session = session(broker)
    session.start()
    #expect(Waiting.until { broker.packets.contains([0xC0, 0]) })
    session.stop()
  }

  @Test func `random bytes are never taken for more than they are`() {
    var generator = SplitMix(state: 5)
    let buffer = InboundBuffer(longestBody: 0)
    for _ in 0..<3_000 {
      buffer.removeAll()
      var left = Int.random(in: 0...400, using: &generator)
      while left > 0 {
        let room = buffer.room()
        let count = min(left, Int.random(in: 1...50, using: &generator))
        for i in 0..<count {
          room[i] =
            Bool.random(using: &generator)
            ? UInt8.random(in: 0...3, using: &generator)
            : .random(
              in: 0...255, using: &generator)
        }
        buffer.filled(count)
        left -= count
        while let packet = try? buffer.next() {
          #expect(packet.isCut || packet.body.count <= 400)
          _ = try? BrokerProperties(packet.body)
        }
      }
    }
  }

  @Test func `a packet is whole only with its last byte, whatever way it is cut into reads`() throws {
    let buffer = InboundBuffer(longestBody: 100_000)
    let body = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
    let packet: [UInt8] = [0x30, 0xF0, 0xA2, 0x04] + body
    for step in [1_000, 4_096, 69_999] {
      var sent = 0
      var found = 0
      for _ in 0..<3 {
        sent = 0
        while sent < packet.count {
          let part = packet[sent..<min(sent + step, packet.count)]
          buffer.room().copyBytes(from: part)
          buffer.filled(part.count)
          sent += part.count
          while let whole = try buffer.next() {
            #expect(whole.body.elementsEqual(body) && sent == packet.count)
            found += 1
          }
        }
      }
      #expect(found == 3)
    }
  }
}
