import Alerts
import Foundation
import PlantModel
import WattlineTime

/// Writes the messages of the live feed as JSON.
enum LiveEncoder {
  /// Appends the messages of a batch.
  static func append(_ batch: LiveBatch, to events: inout [LiveEvent]) {
    let (register, plant) = (batch.register, batch.register.plant.name)
    for reading in batch.readings where reading.series.position < register.series.count {
      events.append(LiveEvent(kind: .reading, plant: plant, json: json(of: reading, in: register)))
    }
    for alert in batch.alerts {
      events.append(LiveEvent(kind: .alert, plant: plant, json: tagged(.alert, AlertDocument(alert, in: register))))
    }
    for command in batch.commands {
      let document = CommandDocument(command, in: register)
      events.append(LiveEvent(kind: .command, plant: plant, json: tagged(.command, document)))
    }
    for decision in batch.dispatch {
      let document = DispatchDocument(decision, in: register)
      events.append(LiveEvent(kind: .dispatch, plant: plant, json: tagged(.dispatch, document)))
    }
  }

  /// Returns `{"kind","plant","asset","sensor","time","value","quality"}`; the value is `null` if there is none.
  static func json(of reading: LiveReading, in register: PlantRegister) -> [UInt8] {
    let series = register.series[reading.series.position]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(160)
    bytes += "{\"kind\":\"reading\",\"plant\":".utf8
    appendText(register.plant.name, to: &bytes)
    bytes += ",\"asset\":".utf8
    appendText(register.assets[series.asset.position].name, to: &bytes)
    bytes += ",\"sensor\":".utf8
    appendText(series.sensor, to: &bytes)
    bytes += ",\"time\":\"".utf8
    appendTime(reading.time, to: &bytes)
    bytes += "\",\"value\":".utf8
    bytes += (reading.value.isFinite ? "\(reading.value)" : "null").utf8
    bytes += ",\"quality\":\(reading.quality.rawValue)}".utf8
    return bytes
  }

  /// Appends a text in quotation marks.
  static func appendText(_ text: String, to bytes: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a time of RFC 3339 in UTC, to the millisecond.
  static func appendTime(_ time: Timestamp, to bytes: inout [UInt8]) {
    let civil = CivilTime(utc: time)
    func append(_ value: Int, width: Int) {
      var divisor = 1
      for _ in 1..<width { divisor *= 10 }
      while divisor > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        divisor /= 10
      }
    }
    append(civil.year, width: 4)
    for (mark, value) in [("-", civil.month), ("-", civil.day), ("T", civil.hour), (":", civil.minute)] {
      bytes += mark.utf8
      append(value, width: 2)
    }
    bytes.append(UInt8(ascii: ":"))
    append(civil.second, width: 2)
    bytes.append(UInt8(ascii: "."))
    append(civil.nanosecond / 1_000_000, width: 3)
    bytes.append(UInt8(ascii: "Z"))
  }

  /// Returns the text of a time of RFC 3339 in UTC, to the millisecond.
  static func text(_ time: Timestamp) -> String {
    var bytes: [UInt8] = []
    appendTime(time, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func tagged(_ kind: LiveKind, _ document: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let object = try? encoder.encode(document), object.count > 2 else { return Array("{}".utf8) }
    return Array("{\"kind\":\"\(kind.rawValue)\",".utf8) + object.dropFirst()
  }
}

/// A command in the live feed, with the names that its message over MQTT has.
private struct CommandDocument: Encodable {
  var id, plant, asset, action, reason, mode, state, issued, expires: String
  var execute: Bool
  var setpoint: Double?

  enum CodingKeys: String, CodingKey {
    case id, plant, asset, action, reason, mode, state, issued, expires, execute
    case setpoint = "setpoint_kw"
  }

  init(_ command: Command, in register: PlantRegister) {
    (id, plant, asset) = (command.id, register.plant.name, register.assets[command.asset.position].name)
    (action, reason, state) = (command.action.rawValue, command.reason, command.state.rawValue)
    (mode, execute) = (register.plant.commands.mode.rawValue, command.state == .issued)
    (issued, expires) = (LiveEncoder.text(command.issued), LiveEncoder.text(command.expires))
    setpoint = command.setpoint.flatMap { $0.isFinite ? $0 : nil }
  }
}

/// A recommendation in the live feed, with the names that the series `dispatch` has.
private struct DispatchDocument: Encodable {
  var plant, asset, time, reason: String
  var power, stateOfCharge, price: Double?

  enum CodingKeys: String, CodingKey {
    case plant, asset, time, reason, price
    case power = "recommended_kw"
    case stateOfCharge = "soc"
  }

  init(_ decision: DispatchDecision, in register: PlantRegister) {
    (plant, asset) = (register.plant.name, register.assets[decision.asset.position].name)
    (time, reason) = (LiveEncoder.text(decision.time), decision.reason)
    power = decision.lacksData || !decision.recommendedKilowatts.isFinite ? nil : decision.recommendedKilowatts
    stateOfCharge = decision.stateOfCharge.isFinite ? decision.stateOfCharge : nil
    price = decision.price.isFinite ? decision.price : nil
  }
}
