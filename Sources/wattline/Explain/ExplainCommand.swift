import Foundation
import PayloadDecoding
import Pipeline
import PlantConfig
import PlantModel
import StreamCore
import WattlineTime

/// `wattline explain`: prints the readings that a message would give, without sending it.
enum ExplainCommand {
  static let description = CommandDescription(
    name: "explain", summary: "tells which rule takes a message and which readings it becomes",
    operands: ["TOPIC", "PAYLOAD"],
    options: [
      CommandDescription.configurationOption,
      Option(name: "--received", value: "TIME", help: "when it is received, ISO 8601 (default: now)"),
      Option(name: "--retained", value: nil, help: "as the broker sends a message that it has kept"),
      Option(name: "--json", value: nil, help: "prints one JSON document"),
    ],
    details: """
      PAYLOAD is the text itself, `-` for standard input, or `@FILE`. The message is read by the plant files as a running
      pipeline would read it as its first message; nothing is sent and nothing is written. For each reading the table has
      its value as `raw` keeps it and as `clean` has it, its time, and the quality of a first reading; then comes what was
      looked for and not taken, and what the payload has instead. Exit code 1 if the message gives no reading.
      """,
    examples: [
      "wattline explain riverside/pv1/power 21.5",
      #"wattline explain tele/plug/SENSOR '{"Time":"2026-11-14T12:00:00","ENERGY":{"Power":170}}'"#,
      "mosquitto_sub -C 1 -t gw/7/batch | wattline explain gw/7/batch - --json",
      "wattline explain spBv1.0/site/NBIRTH/edge1 @birth.bin",
    ])

  static func run(_ arguments: Arguments) throws {
    let loaded = BrokerAccess.load(arguments.configuration)
    guard !loaded.plants.isEmpty else { throw Failure(description: "the folder has no plant") }
    let received = try time(arguments.text("--received"))
    let message = Message(
      topic: Array(arguments.operands[0].utf8), payload: try payload(arguments.operands[1]), received: received,
      isRetained: arguments.has("--retained"))
    let result = MessageTrial(loaded, message: message)
    if arguments.has("--json") {
      try Console.print(json: result.document)
    } else {
      result.lines.forEach(Console.print)
    }
    if result.readings.isEmpty {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }

  private static func time(_ text: String?) throws -> Timestamp {
    guard let text else { return Timestamp(seconds: Int64(Date().timeIntervalSince1970)) }
    guard let time = ISO8601.timestamp(text) else {
      throw Misuse(message: "--received needs a time such as 2026-11-14T12:00:00Z, not '\(text)'")
    }
    return time
  }

  private static func payload(_ word: String) throws -> [UInt8] {
    if word == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
    guard word.hasPrefix("@") else { return Array(word.utf8) }
    guard let data = FileManager.default.contents(atPath: String(word.dropFirst())) else {
      throw Failure(description: "\(word.dropFirst()): cannot be read")
    }
    return Array(data)
  }
}

/// Message to be explained.
struct Message {
  var topic: [UInt8]
  var payload: [UInt8]
  var received: Timestamp
  var isRetained = false
}
