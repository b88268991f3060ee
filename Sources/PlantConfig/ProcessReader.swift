import PlantModel
import Settings
import WattlineTime

/// Reader of `wattline.yaml`.
struct ProcessReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  func settings(_ root: YAMLNode) -> ProcessSettings {
    var settings = ProcessSettings()
    let section = Section(root, name: "wattline.yaml", reading: reading)
    if let node = section.node("journal") {
      settings.journal = journal(Section(node, name: "journal", reading: reading))
    }
    settings.mqtt.maximumPayload = min(settings.mqtt.maximumPayload, settings.journal.longestPayload)
    if let node = section.node("mqtt") {
      settings.mqtt = broker(Section(node, name: "mqtt", reading: reading), settings: settings)
    }
    if let node = section.node("influxdb") {
      settings.influxdb = database(Section(node, name: "influxdb", reading: reading))
    }
    if let node = section.node("alerts") {
      settings.alerts = AlertReader(reading).settings(Section(node, name: "alerts", reading: reading))
    }
    if let node = section.node("backup") {
      settings.backup = BackupReader(reading).settings(
        Section(node, name: "backup", reading: reading), journal: settings.journal.path)
    }
    if let node = section.node("http") {
      settings.http = HTTPReader(reading).settings(Section(node, name: "http", reading: reading))
    }
    if let node = section.node("watch") {
      settings.watch = WatchReader(Section(node, name: "watch", reading: reading), reading: reading).settings()
    }
    if let text = section.text("workers"), text != "auto" {
      if let count = Int(text), (1...1024).contains(count) {
        settings.workers = count
      } else {
        reading.mistake(section.place(of: "workers"), "'workers' must be auto or a number from 1, not '\(text)'")
      }
    }
    section.finish()
    return settings
  }

  private func broker(_ section: Section, settings: ProcessSettings) -> BrokerSettings {
    var broker = settings.mqtt
    if let url = section.text("url") { readURL(url, in: section, broker: &broker) }
    if let id = section.name("client_id") { broker.clientID = id }
    if let qos = section.number("qos", in: 0...2, meaning: "0, 1 or 2") { broker.qos = Int(qos) }
    broker.protocolVersion = section.choice("protocol") ?? .auto
    if let count = section.number("connections", in: 1...64, meaning: "a whole number from 1 to 64") {
      if let whole = Int(exactly: count) {
        broker.connections = whole
      } else {
        reading.mistake(section.place(of: "connections"), "'connections' must be a whole number from 1 to 64")
      }
    }
    if let text = section.text("max_payload") {
      if let bytes = Amount.bytes(text), (1 << 10...16 << 20).contains(bytes) {
        broker.maximumPayload = Int(bytes)
        if bytes > settings.journal.longestPayload {
          reading.mistake(
            section.place(of: "max_payload"),
            "'max_payload' must be at most a quarter of what 'journal' has for messages, which is "
              + "\(settings.journal.longestPayload >> 10)KiB; lower it or raise 'max_bytes' there")
        }
      } else {
        reading.mistake(
          section.place(of: "max_payload"),
          "'max_payload' must be from 1KiB to 16MiB, written like 256KiB, not '\(text)'")
      }
    }
    broker.username = section.given("username") ?? broker.username
    broker.password = section.secret("password") ?? broker.password
    broker.caFile = section.file("ca")
    broker.certificateFile = section.file("cert")
    broker.keyFile = section.file("key", isSecret: true)
    if (broker.certificateFile == nil) != (broker.keyFile == nil) {
      reading.mistake(
        section.place(of: broker.keyFile == nil ? "cert" : "key"),
        "a client certificate needs both 'cert' and 'key', the files of the certificate and of its key")
    }
    section.finish()
    return broker
  }

  /// Reads `mqtt://[user[:password]@]host[:port]`, or `mqtts://` for TLS.
  ///
  /// - Parameters:
  ///   - url: The URL.
  ///   - section: Section of the broker.
  ///   - broker: Receives host, port, TLS and credentials.
  private func readURL(_ url: String, in section: Section, broker: inout BrokerSettings) {
    func refuse() {
      reading.mistake(section.place(of: "url"), "'url' must be like mqtt://host:1883 or mqtts://host:8883")
    }
    let isSecure = url.hasPrefix("mqtts://")
    guard isSecure || url.hasPrefix("mqtt://") else { return refuse() }
    var rest = url.dropFirst(isSecure ? 8 : 7)
    if rest.hasSuffix("/") { rest.removeLast() }
    if let at = rest.lastIndex(of: "@") {
      let user = rest[..<at].split(separator: ":", maxSplits: 1).map(String.init)
      broker.username = user.first
      broker.password = user.count > 1 ? Secret(user[1]) : nil
      rest = rest[rest.index(after: at)...]
    }
    broker.tls = isSecure
    broker.port = isSecure ? 8883 : 1883
    if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
      guard let port = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(port) else { return refuse() }
      broker.port = port
      rest = rest[..<colon]
    }
    if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
    guard !rest.isEmpty, !rest.contains("/") else { return refuse() }
    broker.host = String(rest)
  }

  private func database(_ section: Section) -> DatabaseSettings {
    var database = DatabaseSettings()
    if let url = section.text("url") {
      if url.hasPrefix("http://") || url.hasPrefix("https://") {
        database.url = url.hasSuffix("/") ? String(url.dropLast()) : url
      } else {
        reading.mistake(section.place(of: "url"), "'url' must be like http://host:8086 or https://host")
      }
    }
    if let name = section.name("database") { database.database = name }
    database.version = section.choice("version") ?? .auto
    database.organisation = section.text("org")
    database.token = section.secret("token")
    database.username = section.given("username")
    database.password = section.secret("password")
    database.caFile = section.file("ca")
    if let node = section.node("retention") {
      let retention = Section(node, name: "influxdb.retention", reading: reading)
      database.retention = RetentionReader(reading).settings(retention, of: database)
    }
    section.finish()
    return database
  }

  private func journal(_ section: Section) -> JournalSettings {
    var journal = JournalSettings()
    if let path = section.name("path") { journal.path = path }
    if let bytes = size("max_bytes", in: section) { journal.maximumBytes = bytes }
    journal.spoolBytes = size("spool", in: section)
    if journal.messageShare < max(journal.maximumBytes / 8, 512 << 10) {
      reading.mistake(
        section.place(of: "spool"),
        "'spool' is a part of 'max_bytes' and must leave an eighth of it, and 512KiB, to messages")
    }
    if let bytes = size("dead_letters", in: section) { journal.deadLetterBytes = bytes }
    if let bytes = size("history", in: section) { journal.historyBytes = bytes }
    if let text = section.text("history_age") {
      journal.historyAge = TimeSpan(text)
      if journal.historyAge.map({ $0 < .minute }) ?? true {
        reading.mistake(
          section.place(of: "history_age"), "'history_age' must be a time from 1m on, such as 30d, not '\(text)'")
      }
    }
    journal.whenFull = section.choice("when_full") ?? .pause
    if let text = section.text("sync") {
      switch text {
      case "always": journal.sync = .always
      case "never": journal.sync = .never
      default:
        if let span = TimeSpan(text), span >= .milliseconds(1) {
          journal.sync = .interval(span)
        } else {
          reading.mistake(section.place(of: "sync"), "'sync' must be always, never or a time like 50ms, not '\(text)'")
        }
      }
    }
    section.finish()
    return journal
  }

  /// Returns a size in bytes, at least 1 MiB; reports anything else.
  private func size(_ key: String, in section: Section) -> Int64? {
    guard let text = section.text(key) else { return nil }
    if let bytes = Amount.bytes(text), bytes >= 1 << 20 { return bytes }
    reading.mistake(
      section.place(of: key), "'\(key)' must be at least 1MiB, written like 500MB or 10GiB, not '\(text)'")
    return nil
  }
}

/// Parser of sizes with units.
enum Amount {
  /// Returns the bytes of a number with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024).
  /// Example: 10GiB.
  static func bytes(_ text: String) -> Int64? {
    scaled(
      text,
      units: [
        "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824,
        "tib": 1_099_511_627_776,
      ])
  }

  private static func scaled(_ text: String, units: [String: Double]) -> Int64? {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
    guard let value = Double(number), let scale = units[unit], value >= 0 else { return nil }
    return Int64(exactly: (value * scale).rounded())
  }
}
