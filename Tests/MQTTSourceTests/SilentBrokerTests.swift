import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import Testing
import WattlineTime

@testable import MQTTSource

/// Brokers that do not answer CONNECT.
@Suite struct SilentBrokerTests {
  private func session(
    _ broker: FakeBroker, version: BrokerSettings.ProtocolVersion = .auto, events: EventLog,
    sink: RecordingSink = RecordingSink(), patience: VersionNegotiation.Patience = Self.short
  ) -> BrokerSession {
    var settings = BrokerSettings()
    settings.port = broker.port
    settings.protocolVersion = version
    let preparation = SessionPreparation(
      settings: settings, sink: sink, onEvent: { events.append($0) }, patience: patience)
    return BrokerSession(preparation, control: SessionControl(["plant/#"]))
  }

  private static let short = VersionNegotiation.Patience(
    first: .milliseconds(100), full: .milliseconds(300), retry: .seconds(3_600))

  @Test
  func `a broker that keeps silent on MQTT 5 is spoken to in 3.1.1, which is said once, and stays at it`() throws {
    let isFirst = Mutex(true)
    let broker = try FakeBroker { packet in
      if FakeBroker.version(of: packet) == 5 { return .bytes([]) }
      let breaks = isFirst.withLock { value in
        defer { if packet[0] == 0x82 { value = false } }
        return value && packet[0] == 0x82
      }
      return breaks ? .close : FakeBroker.polite(packet, version: 4)
    }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: .auto, events: events)
    session.start()
    #expect(Waiting.until(seconds: 20) { session.isSubscribed })
    session.stop()
    #expect(events.all.first == .disconnected(reason: "the broker does not answer MQTT 5; 3.1.1 is tried next"))
    #expect(events.count(.olderProtocol) == 1)
    #expect(broker.packets.compactMap { FakeBroker.version(of: $0) } == [5, 4, 4])
  }

  @Test(arguments: [BrokerSettings.ProtocolVersion.v5, .v311])
  func `a version that is configured is not left for silence`(_ version: BrokerSettings.ProtocolVersion) throws {
    let broker = try FakeBroker { _ in .bytes([]) }
    defer { broker.stop() }
    let events = EventLog()
    let session = session(broker, version: version, events: events)
    session.start()
    #expect(Waiting.until(seconds: 20) { events.count(.disconnected(reason: "the broker does not answer")) >= 2 })
    session.stop()
    let asked = broker.packets.compactMap { FakeBroker.version(of: $0) }
    #expect(asked.count >= 2 && asked.allSatisfy { $0 == (version == .v5 ? 5 : 4) })
  }

  @Test
  func `what a silent broker had queued at QoS 1 is not taken for retained; what follows a subscription is`() throws {
    @Sendable func message(_ payload: String, qos: UInt8) -> [UInt8] {
      let body = [0, 1] + Array("t".utf8) + (qos == 1 ? [0, 9] : []) + Array(payload.utf8)
      return [0x31 | qos << 1, UInt8(body.count)] + body
    }
    let broker = try FakeBroker { packet in
      switch (FakeBroker.version(of: packet), packet[0]) {
      case (5, _): .bytes([])
      case (4, _): .bytes([0x20, 2, 1, 0] + message("queued", qos: 1) + message("kept", qos: 0))
      case (_, 0x82): .bytes([0x90, 3, packet[2], packet[3], 1] + message("new", qos: 1))
      default: .bytes([])
      }
    }
    defer { broker.stop() }
    let (events, sink) = (EventLog(), RecordingSink())
    let session = session(broker, version: .auto, events: events, sink: sink)
    session.start()
    #expect(Waiting.until(seconds: 20) { sink.payloads.count == 3 })
    session.stop()
    #expect(sink.payloads == ["queued", "kept", "new"] && sink.retained == [false, true, true])
  }

  // MARK: The rules alone

  @Test func `a broker that knows 3.1.1 only is asked for MQTT 5 again after an hour, not before`() {
    var negotiation = VersionNegotiation(.auto)
    #expect(negotiation.version == .v5 && negotiation.patience == .seconds(5))
    let triesOther = negotiation.metNoAnswer()
    #expect(triesOther && negotiation.version == .v311 && negotiation.patience == .seconds(15))
    let isLowered = negotiation.wasAccepted(at: .seconds(100), after: .milliseconds(20))
    #expect(isLowered && negotiation.isSilentOnNewer)
    negotiation.begins(at: .seconds(3_699))
    #expect(negotiation.version == .v311)
    negotiation.begins(at: .seconds(3_700))
    #expect(negotiation.version == .v5 && negotiation.patience == .seconds(5))
    // Silent again: another hour.
    _ = negotiation.metNoAnswer()
    let isLoweredAgain = negotiation.wasAccepted(at: .seconds(3_710), after: .milliseconds(20))
    negotiation.begins(at: .seconds(7_309))
    #expect(!isLoweredAgain && negotiation.version == .v311)
    // It has learned MQTT 5 meanwhile.
    negotiation.begins(at: .seconds(7_310))
    _ = negotiation.wasAccepted(at: .seconds(7_311), after: .milliseconds(20))
    #expect(negotiation.version == .v5 && !negotiation.isSilentOnNewer)
    negotiation.begins(at: .seconds(99_999))
    #expect(negotiation.version == .v5)
  }

  @Test("a broker that takes eight seconds to answer is lowered for one connection, and not for its want of knowledge")
  func aBrokerThatTakesEightSecondsToAnswerIsLoweredForOneConnectionAndNotFor() {
    var negotiation = VersionNegotiation(.auto)
    _ = negotiation.metNoAnswer()
    let isLowered = negotiation.wasAccepted(at: .seconds(20), after: .seconds(8))
    #expect(!isLowered && !negotiation.isSilentOnNewer)
    negotiation.begins(at: .seconds(60))
    #expect(negotiation.version == .v5 && negotiation.patience == .seconds(15))
    _ = negotiation.wasAccepted(at: .seconds(68), after: .seconds(8))
    negotiation.begins(at: .seconds(80))
    #expect(negotiation.version == .v5)
  }

  @Test func `a broker that answers nothing at all is asked for both versions in turn, with patience`() {
    var negotiation = VersionNegotiation(.auto)
    var asked: [OutboundPackets.Version] = []
    for attempt in 0..<4 {
      negotiation.begins(at: .seconds(Int64(attempt) * 20))
      asked.append(negotiation.version)
      #expect(negotiation.patience == .seconds(attempt == 0 ? 5 : 15))
      _ = negotiation.metNoAnswer()
    }
    #expect(asked == [.v5, .v311, .v5, .v311])
  }
}
