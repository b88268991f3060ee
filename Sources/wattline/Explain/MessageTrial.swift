import Foundation
import Journal
import PayloadDecoding
import Pipeline
import PlantConfig
import PlantModel
import Settings
import StreamCore
import WattlineTime

/// Result of a message in a pipeline that has received nothing before.
struct MessageTrial {
  /// Reading of the message, or one derived from its readings.
  struct ExplainedReading: Encodable {
    var asset: String
    var sensor: String
    /// Value as in `raw`, in `unit`; `nil` for a derived value.
    var raw: Double?
    var unit: String?
    /// Value as in `clean`, in `canonicalUnit`; `nil` if there is no estimate.
    var value: Double?
    var canonicalUnit: String?
    var time: String
    /// Whether the time is from the payload.
    var timeIsFromPayload: Bool
    var quality: String
  }

  /// Value that was expected but not found or not accepted.
  struct Missing: Encodable {
    var value: String
    var place: String
    var reason: String
    var found: String
    /// Place in the payload with the most similar spelling.
    var nearest: String?
  }

  /// Rule that was applied to the message.
  struct Rule: Encodable {
    var plant: String
    var number: Int
    var match: String
    var payload: String
    var placeholders: [String: String]
  }

  /// JSON document of `--json`.
  struct Document: Encodable {
    var topic: String
    var rules: [Rule]
    var outcome: String
    var readings: [ExplainedReading]
    var missing: [Missing]
    var places: [String]
    var notes: [String]
  }

  private let topic: String
  private(set) var readings: [ExplainedReading] = []
  private var explanation = Explanation(outcome: .refused(.unmatchedTopic))
  private let matches: [String]

  /// Processes a message with the plants of a folder.
  init(_ loaded: LoadedConfiguration, message: Message) {
    topic = String(decoding: message.topic, as: UTF8.self)
    matches = loaded.plants.flatMap { $0.topics.map(\.match) }
    var frame = MessageFrameBuilder()
    message.topic.withUnsafeBytes { topic in
      message.payload.withUnsafeBytes {
        frame.append(topic: topic, payload: $0, packetID: 1, retained: message.isRetained)
      }
    }
    let limit = loaded.settings.mqtt.maximumUnpacked
    explain(frame, plants: loaded.plants, received: message.received, limit: limit)
    gather(frame, sources: loaded.sources, received: message.received, limit: limit)
  }

  private mutating func explain(
    _ frame: MessageFrameBuilder, plants: [Plant], received: Timestamp, limit: Int
  ) {
    var decoder = MessageDecoder(plants: plants, maximumUnpacked: limit)
    var registers = plants.map { PlantRegister(plant: $0) }
    var batches = plants.map { _ in ReadingBatch() }
    frame.bytes.withUnsafeBytes { bytes in
      var cursor = MessageFrameCursor(bytes)
      guard let message = cursor.next() else { return }
      explanation = decoder.explain(message, received: received, registers: &registers, into: &batches)
    }
  }

  /// Processes the message, and up to three ticks in which derived readings follow.
  private mutating func gather(
    _ frame: MessageFrameBuilder, sources: PlantSources, received: Timestamp, limit: Int
  ) {
    var processor = RecordProcessor(sources: sources, maximumUnpacked: limit)
    var found: [ExplainedReading] = []
    func observe(_ frame: borrowing Frame, in register: PlantRegister) {
      for row in 0..<frame.readings.count { found.append(MessageTrial.reading(frame.readings, row: row, in: register)) }
    }
    frame.bytes.withUnsafeBytes {
      _ = processor.process(kind: .messages, received: received, body: $0, observe: observe)
    }
    for second in 1...3 where !found.isEmpty {
      _ = processor.process(
        kind: .tick, received: received + .seconds(Int64(second)), body: UnsafeRawBufferPointer(start: nil, count: 0),
        observe: observe)
    }
    readings = found
  }

  private static func reading(
    _ batch: borrowing ReadingBatch, row: Int, in register: PlantRegister
  ) -> ExplainedReading {
    let series = register.series[batch.series[row].position]
    let (raw, value) = (batch.raw[row], batch.value[row])
    return ExplainedReading(
      asset: register.assets[series.asset.position].name, sensor: series.sensor, raw: raw.isFinite ? raw : nil,
      unit: series.profile.unit?.symbol, value: value.isFinite ? value : nil,
      canonicalUnit: series.profile.canonicalUnit?.symbol, time: "\(batch.time[row])",
      timeIsFromPayload: batch.hasSourceTime[row], quality: "\(batch.quality[row])")
  }

  // MARK: Words

  /// Result as the document of `--json`.
  var document: Document {
    Document(
      topic: topic,
      rules: explanation.steps.map { step in
        Rule(
          plant: step.plant, number: step.number, match: step.match, payload: step.payload.rawValue,
          placeholders: Dictionary(step.captures.map { ($0.name, $0.text) }) { first, _ in first })
      }, outcome: outcome, readings: readings, missing: missing, places: explanation.places,
      notes: explanation.notes)
  }

  private var outcome: String {
    switch explanation.outcome {
    case .readings: "readings"
    case .understood: "understood"
    case .refused(let reason): reason.rawValue
    case .elsewhere: "elsewhere"
    }
  }

  private var missing: [Missing] {
    explanation.problems.map { problem in
      let nearest = explanation.places.min {
        EditDistance.between($0, problem.place) < EditDistance.between($1, problem.place)
      }
      let isAbsent = problem.reason == .missingValue && problem.text.isEmpty
      return Missing(
        value: problem.value, place: problem.place, reason: problem.reason.rawValue, found: problem.text,
        nearest: isAbsent ? nearest : nil)
    }
  }

  /// Result as a table for people.
  var lines: [String] {
    var lines: [String] = []
    for step in explanation.steps {
      let captures = step.captures.map { "{\($0.name)} = \($0.text)" }.joined(separator: ", ")
      lines.append(
        "plant \(step.plant), rule \(step.number): \(step.match)  \(step.payload)\(captures.isEmpty ? "" : "  \(captures)")"
      )
    }
    if explanation.steps.isEmpty {
      lines.append("no rule of any plant matches '\(topic)'")
      if let nearest = matches.min(by: { EditDistance.between($0, topic) < EditDistance.between($1, topic) }) {
        lines.append("  the nearest is '\(nearest)'")
      }
    } else if case .refused(let reason) = explanation.outcome {
      lines.append("no reading: \(reason.rawValue)")
    } else if case .understood = explanation.outcome {
      lines.append("no reading, and none is meant: it says who came or went, or is for others")
    }
    lines += table
    for item in missing {
      let name = item.value.isEmpty ? "a value" : "\(item.value) at \"\(item.place)\""
      let found = item.found.isEmpty ? "" : ": \(item.found)"
      let hint = item.nearest.map { "; the nearest place with a value is \"\($0)\"" } ?? ""
      lines.append("  not taken: \(name) (\(item.reason))\(found)\(hint)")
    }
    if readings.isEmpty, missing.isEmpty, outcome != "understood", !explanation.places.isEmpty {
      lines.append("  the payload has values at \(explanation.places.prefix(20).joined(separator: ", "))")
    }
    return lines + explanation.notes.map { "  note: \($0)" }
  }

  private var table: [String] {
    if readings.isEmpty { return [] }
    let head = ["reading", "raw", "clean", "time", "", "quality"]
    let rows = readings.map { reading in
      [
        "\(reading.asset).\(reading.sensor)", text(reading.raw, unit: reading.unit) ?? "derived",
        text(reading.value, unit: reading.canonicalUnit) ?? "none", reading.time,
        reading.timeIsFromPayload ? "from the payload" : "as received", reading.quality,
      ]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return "  " + cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }
  }

  private func text(_ value: Double?, unit: String?) -> String? {
    value.map {
      $0.formatted(
        .number.grouping(.never).precision(.significantDigits(1...12)).locale(Locale(identifier: "en_US_POSIX")))
        + (unit.map { " \($0)" } ?? "")
    }
  }
}
