import PlantModel
import WattlineTime

/// Meaning of names in topics and payloads, in the spellings of many vendors.
enum NameWords {
  /// Returns the words of a name in lower case: `ActivePower` gives `active power`, `P_AC` `p ac`, `pv1_Voltage` `pv1
  /// voltage`.
  static func words(of name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var previous: Character?
    for character in name {
      guard character.isLetter || character.isNumber || character == "%" else {
        if !word.isEmpty { words.append(word) }
        (word, previous) = ("", nil)
        continue
      }
      if let previous, previous.isLowercase || previous.isNumber, character.isUppercase, !word.isEmpty {
        words.append(word)
        word = ""
      }
      word += character.lowercased()
      previous = character
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  /// Returns whether a name, or a word of it, denotes a measured quantity.
  static func isQuantity(_ name: String) -> Bool {
    if usual(name) != nil { return true }
    let words = words(of: name)
    return words.contains { quantities.contains($0) }
      || (words.count > 1 && words.contains { ["ac", "dc"].contains($0) } && letters.contains(words[0]))
  }

  /// Returns whether a topic level denotes neither a device nor a quantity, but only structures the sender's topics.
  static func isStructure(_ level: String) -> Bool { structure.contains(level.lowercased()) || isIndex(level) }

  /// Returns whether a level is a number, or a letter or word with one: `0`, `ch1`, `L2`, `em1:0`.
  static func isIndex(_ level: String) -> Bool {
    if level.count <= 4, level.allSatisfy(\.isNumber), !level.isEmpty { return true }
    if let colon = level.lastIndex(of: ":"), level[level.index(after: colon)...].allSatisfy(\.isNumber) { return true }
    let stem = level.lowercased().prefix { $0.isLetter || $0 == "_" }
    let rest = level.dropFirst(stem.count)
    return ["ch", "l", "phase", "phase_", "channel", "string", "mppt", "port", "em"].contains(String(stem))
      && (1...2).contains(rest.count) && rest.allSatisfy(\.isNumber)
  }

  /// Returns whether a level denotes a phase of the grid: `L1`, `L2` or `L3`.
  static func isPhase(_ level: String) -> Bool { ["l1", "l2", "l3"].contains(level.lowercased()) }

  /// Returns whether a text looks like a serial number or hardware address rather than a word.
  static func isSerial(_ text: String) -> Bool {
    guard text.count >= 5, text.count <= 80, !text.contains(" ") else { return false }
    let digits = text.count(where: \.isNumber)
    let hexadecimal = text.split { !$0.isHexDigit }.map(\.count).max() ?? 0
    return digits >= 4 || (hexadecimal >= 8 && digits > 0)
  }

  /// Returns the standard sensor name that a name certainly means; `nil` if there is none.
  static func usual(_ name: String) -> String? { usualNames[words(of: name).joined(separator: "_")] }

  /// Returns the sensor name for the last part of a place: the standard one if there is one, otherwise the part itself.
  static func sensor(_ name: String) -> String {
    usual(name) ?? name.split(whereSeparator: \.isWhitespace).joined(separator: "_")
  }

  /// Returns the kind of device and the quantity of names such as `pvPower` and `battery_soc`.
  static func kindAndQuantity(_ name: String) -> (word: String, kind: AssetKind, rest: String)? {
    let words = words(of: name)
    guard words.count > 1, let kind = KindGuess.kind(ofWord: words[0]) else { return nil }
    let rest = words.dropFirst().joined(separator: "_")
    return isQuantity(rest) ? (words[0], kind, sensor(rest)) : nil
  }

  /// Splits a name such as `grid_power` into device and quantity; `nil` if it contains no device.
  static func split(_ name: String) -> (device: String, mark: String, quantity: String)? {
    guard !known.contains(name.lowercased()), usual(name) == nil else { return nil }
    for mark in name.indices where "_-. ".contains(name[mark]) {
      let device = String(name[..<mark])
      let quantity = String(name[name.index(after: mark)...])
      let isDevice = !device.isEmpty && !qualifiers.contains(device.lowercased()) && !isQuantity(device)
      if isDevice, usual(quantity) != nil || known.contains(quantity.lowercased()) {
        return (device, String(name[mark]), quantity)
      }
    }
    return nil
  }

  /// Returns whether a name denotes a time.
  static func isTime(_ name: String) -> Bool {
    times.contains(name.lowercased()) || times.contains(words(of: name).joined(separator: "_"))
  }

  /// Returns whether the decoder looks for a time under this name by itself, at the top of a JSON object.
  static func isUsualTime(_ name: String) -> Bool {
    ["ts", "time", "timestamp", "t", "Time", "Timestamp", "datetime", "last_seen"].contains(name)
  }

  /// Returns whether a member identifies the device.
  static func isIdentity(_ name: String) -> Bool {
    identities.contains(words(of: name).joined(separator: "_"))
  }

  /// Returns whether a number of this name counts, identifies or dates messages instead of measuring.
  static func isBookkeeping(_ name: String) -> Bool {
    let joined = words(of: name).joined(separator: "_")
    return bookkeeping.contains(joined) || joined.hasSuffix("_time") || joined.hasSuffix("_ts")
      || joined.hasSuffix("_timestamp")
      || joined.hasSuffix("_version") || joined.hasSuffix("_id")
  }

  /// Returns whether a member only encloses others and adds nothing to their names.
  static func isContainer(_ name: String) -> Bool {
    isIndex(name) || containers.contains(name.lowercased())
  }

  /// Members that hold the value of a record, or the only value of a topic.
  static let valueNames = ["value", "Value", "val", "v", "state", "State", "reading"]
  /// Members that name the measured quantity of a record, the most reliable first.
  static let nameMembers = [
    "measurand", "name", "n", "sensor", "tag", "metric", "parameter", "point", "variable", "key", "register", "id",
    "channel", "code", "item", "type", "Name", "Tag", "Id", "ID",
  ]
  /// Members that name a unit.
  static let unitMembers = ["unit", "u", "unitOfMeasure", "unit_of_measurement", "units", "Unit", "uom"]

  private static let quantities: Set<String> = [
    "power", "apower", "watt", "watts", "voltage", "volt", "volts", "current", "amps", "ampere", "energy", "yield",
    "kwh", "wh", "pwr", "soc", "soh", "temperature", "temp", "frequency", "freq", "hz", "humidity", "pressure",
    "irradiance",
    "radiation", "factor", "cosphi", "pf", "production", "consumption", "import", "export", "total", "price", "co2",
    "illuminance", "brightness", "relay", "setpoint", "efficiency", "leistung", "spannung", "strom", "energie",
    "temperatur", "frequenz", "feuchte", "vermogen", "level", "flow", "speed", "rssi", "linkquality", "percent",
    "carbon", "connected", "remaining",
  ]
  private static let letters: Set<String> = ["p", "u", "i", "f", "q", "s", "v", "pf"]
  private static let structure: Set<String> = [
    "tele", "stat", "cmnd", "sensor", "sensors", "binary_sensor", "state", "status", "result", "events", "event", "rpc",
    "data", "telemetry", "json", "values", "value", "get", "attributes", "lwt", "emeter", "relay", "relays", "switch",
    "switches", "number", "input_number", "climate", "device", "devices", "v1", "v2", "v3", "api", "raw", "live",
    "realtime", "measurement", "measurements", "metrics", "batch", "up", "uplink", "in", "out", "rx", "tx", "output",
    "pub", "publish",
    "msg", "messages", "message", "ac", "dc", "info", "all", "update", "mqtt", "meters", "inverters", "tags", "me",
    "last", "current", "total", "sum", "reading", "readings", "report", "upload", "record", "records", "meter_values",
    "metervalues",
  ]
  private static let times: Set<String> = [
    "ts", "time", "timestamp", "t", "datetime", "last_seen", "date", "measured_at", "created_at", "updated_at",
    "measuredat", "datum", "zeit", "zeitstempel", "at", "epoch", "utc", "last_update", "lastupdate", "recorded_at",
    "reading_time", "sample_time", "event_time", "device_time", "local_time",
  ]
  private static let identities: Set<String> = [
    "serial", "sn", "serial_number", "serialnumber", "serial_no", "device", "device_id", "deviceid", "dev_id", "src",
    "mac", "asset", "meter_id", "inverter", "inverter_id", "node", "node_id", "uid", "uuid", "eui", "dev_eui",
    "deveui", "device_name", "equipment", "unit_id", "meter", "id", "name", "charge_point", "station", "source",
  ]
  private static let bookkeeping: Set<String> = [
    "id", "seq", "sequence", "f_port", "f_cnt", "fport", "fcnt", "msg_id", "message_id", "version", "bver", "port",
    "index", "address",
    "ts", "timestamp", "minute_ts", "epoch", "unixtime", "endpoint", "installed", "latest", "time", "date",
    "installed_version", "latest_version", "year", "month", "day", "hour", "minute", "second", "crc", "checksum",
    "dst", "schema", "type", "tz", "timezone", "scale", "last_success",
  ]
  private static let containers: Set<String> = [
    "energy", "params", "values", "value", "data", "fields", "measurements", "measurement", "payload", "result",
    "status", "statussns", "metrics", "readings", "reading", "telemetry", "message", "msg", "body", "ac", "current",
    "object", "decoded_payload", "uplink_message", "val", "state", "reported", "properties",
  ]
  /// Words that qualify a quantity and denote no device.
  private static let qualifiers: Set<String> = [
    "active", "reactive", "apparent", "dc", "ac", "total", "wind", "power", "energy", "daily", "today", "max", "min",
    "act", "aprt", "avg", "mean", "diffuse", "direct", "global", "outdoor", "indoor", "input", "output", "in", "out",
    "export", "import", "state", "rotor", "air", "room", "sum", "net", "real", "phase", "l1", "l2", "l3", "n", "line",
  ]
  private static let known: Set<String> = Set(AssetKind.allCases.flatMap { SensorCatalogue.names(for: $0) })
    .union([
      "active_power", "ac_power", "reactive_power", "apparent_power", "power_factor", "energy_total", "voltage_l1",
      "voltage_l2", "voltage_l3", "current_l1", "current_l2", "current_l3", "pressure", "switch", "relay",
    ])

  private static let usualNames: [String: String] = {
    let spellings: [String: [String]] = [
      "power": [
        "power", "apower", "act_power", "active_power", "p", "watt", "watts", "power_w", "power_kw", "p_ac", "pac",
        "total_act_power", "active_power_w", "power_active_import", "leistung", "wirkleistung", "real_power", "powerw",
        "p_w", "p_kw", "active_power_total", "total_active_power", "active_power_kw", "vermogen",
      ],
      "voltage": [
        "voltage", "volt", "volts", "u", "u_ac", "uac", "vac", "v", "acv", "voltage_v", "v_ac", "spannung", "u_v",
        "volt_v",
      ],
      "current": [
        "current", "amps", "ampere", "i", "i_ac", "iac", "current_a", "current_import", "strom", "a_ac", "curr", "i_a",
      ],
      "energy": [
        "energy", "energy_kwh", "energy_wh", "aenergy_total", "total_energy", "energy_total", "yield_total", "e_total",
        "energie", "total_kwh", "kwh", "energy_active_import_register", "energy_forward",
        "total_yield", "energy_kwh_total",
      ],
      "energy_import": [
        "energy_import", "import_energy", "total_act", "energy_import_kwh", "imported_energy", "energy_imported",
        "import_kwh", "active_import_energy", "energy_active_import",
      ],
      "energy_export": [
        "energy_export", "export_energy", "total_act_ret", "total_returned", "energy_export_kwh", "exported_energy",
        "energy_exported", "export_kwh", "active_export_energy", "energy_active_export_register", "energy_reverse",
        "energy_active_export",
      ],
      "soc": ["soc", "state_of_charge", "stateofcharge", "so_c", "battery_soc", "soc_pct", "soc_percent"],
      "soh": ["soh", "state_of_health", "so_h", "soh_pct"],
      "frequency": ["frequency", "freq", "hz", "frequency_hz", "f_ac", "fac", "grid_frequency", "frequenz", "freq_hz"],
      "power_factor": ["power_factor", "pf", "factor", "cosphi", "cos_phi", "pf_ac", "powerfactor"],
      "apparent_power": ["apparent_power", "aprt_power", "apparentpower", "s_va", "power_apparent"],
      "reactive_power": ["reactive_power", "reactivepower", "q_ac", "rea_power", "react_power", "power_reactive"],
      "temperature": ["temperature", "temp", "temperature_c", "temp_c", "temperatur", "t_c", "temperature_f"],
      "humidity": ["humidity", "hum", "relative_humidity", "feuchte", "humidity_pct", "rh"],
      "pressure": ["pressure", "air_pressure", "pressure_hpa"],
      "irradiance": ["irradiance", "radiation", "solar_radiation", "ghi", "irradiation", "solar_irradiance", "poa"],
      "wind_speed": ["wind_speed", "windspeed"], "wind_direction": ["wind_direction", "winddirection", "wind_dir"],
      "dc_power": ["dc_power", "p_dc", "pdc", "power_dc"], "dc_voltage": ["dc_voltage", "u_dc", "udc", "v_dc", "dcv"],
      "dc_current": ["dc_current", "i_dc", "idc", "dci"],
    ]
    return Dictionary(spellings.flatMap { name, all in all.map { ($0, name) } }) { first, _ in first }
  }()
}
