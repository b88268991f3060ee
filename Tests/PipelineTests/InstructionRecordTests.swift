import InfluxSink
import Journal
import PlantConfig
import PlantModel
import SinkCore
import StreamCore
import Testing
import WattlineTime

@testable import Pipeline

@Suite("Instructions in a journal")
struct InstructionRecordTests {
  private struct Run {
    var processor: RecordProcessor
    var now = Timestamp(seconds: 1_800_000_000)
    var transitions: [AlertTransition] = []

    init(plant: String) {
      var sources = PlantSources()
      sources.files = [("a.yaml", History.file(plant))]
      processor = RecordProcessor(sources: sources)
    }

    mutating func configure(_ sources: PlantSources) {
      now += .second
      History.record(of: sources).withUnsafeBytes { body in
        _ = processor.process(kind: .configuration, received: now, body: body) { frame, _ in
          transitions += frame.alerts
        }
      }
    }

    mutating func receive(_ messages: [(topic: String, payload: String)]) {
      now += .second
      var frame = MessageFrameBuilder()
      for message in messages {
        Array(message.topic.utf8).withUnsafeBytes { topic in
          Array(message.payload.utf8).withUnsafeBytes {
            frame.append(topic: topic, payload: $0, packetID: 0, retained: false)
          }
        }
      }
      frame.bytes.withUnsafeBytes { body in
        _ = processor.process(kind: .messages, received: now, body: body) { frame, _ in transitions += frame.alerts }
      }
    }
  }

  @Test(arguments: [true, false])
  func `the alerts of a plant that is taken away, or starts anew, are over`(isRemoved: Bool) throws {
    var run = Run(plant: "north")
    for _ in 0..<3 { run.receive([("north/grid/power", "400")]) }
    var next = PlantSources()
    let other = String(decoding: History.file("north"), as: UTF8.self).replacing(
      "pv: {kind: pv,", with: "pv: {kind: wind,")
    next.files = [("a.yaml", isRemoved ? History.file("south") : Array(other.utf8))]
    run.configure(next)
    #expect(run.transitions.map(\.status) == [.raised, .cleared])
    #expect(run.transitions[0].id == run.transitions[1].id && run.transitions[1].time == run.now)
    let lines = String(decoding: run.processor.encoder.drain(upTo: 0).bytes, as: UTF8.self)
    #expect(lines.contains("alert_state,plant=north,asset=grid,rule=limit active=0i"))
  }

  @Test func `an acknowledgement in the journal acts as it comes, and every instruction is in the ledger`() throws {
    var run = Run(plant: "north")
    for _ in 0..<3 { run.receive([("north/grid/power", "400")]) }
    let raised = try #require(run.transitions.first)
    let topic = "wattline/north/alerts/set"
    run.receive([
      (topic, #"{"id": "\#(raised.id)", "action": "acknowledge", "by": "Ada"}"#), (topic, "{"),
      (topic, #"{"id": "x", "action": "acknowledge"}"#), (topic, #"{"id": 1}"#), ("wattline/north/weather/set", "{}"),
      ("wattline/south/alerts/set", "{}"),
    ])
    #expect(run.transitions.map(\.status) == [.raised, .acknowledged])
    #expect(run.transitions[1].time == run.now)
    #expect(run.processor.ledger.messages == 9 && run.processor.ledger.decoded == 4)
    #expect(
      run.processor.ledger.refused == [
        "malformed_json": 1, "instruction_unknown": 1, "instruction_not_understood": 1, "instruction_subject": 1,
        "unmatched_topic": 1,
      ])
  }
}
