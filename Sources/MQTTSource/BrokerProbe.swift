import CurlTransport
import Foundation
import Glibc
import PlantModel
public import Settings
import SystemCore

/// Trial of a broker: connection, TLS, credentials, publishing, reading back and subscriptions, step by step.
///
/// It has a client id of its own and a session that ends with the connection, so that it disturbs no running process.
/// Filters of shared subscriptions are tried without their group, whose members would otherwise lose messages to it.
public struct BrokerProbe {
  private let settings: BrokerSettings
  /// Longest time of a step [s].
  private static let patience = 8.0
  /// Time for which messages of the plants are awaited [s].
  private static let listening = 2.0

  /// Creates the trial of a broker.
  public init(_ settings: BrokerSettings) {
    var own = settings
    own.clientID = "\(settings.clientID.prefix(40))-check-\(getpid())"
    self.settings = own
  }

  private var place: String { "\(settings.host):\(settings.port)" }

  /// Tries everything in turn; a step that fails ends the trial if the others depend on it.
  ///
  /// - Parameter filters: Topic filters of the plants.
  public func run(filters: [String]) -> [ProbeStep] {
    var steps: [ProbeStep] = []
    let stream: ByteStream
    do throws(ConnectionError) {
      stream = try connect()
    } catch {
      return [connectionFailure(error.reason)]
    }
    steps.append(step("connection", .ok, "\(place) answers"))
    if settings.tls { steps.append(step("tls", .ok, "the certificate of \(settings.host) is valid and trusted")) }
    do throws(ProbeFailure) {
      var exchange = try ProbeExchange.begun(stream, settings: settings) { () throws(ConnectionError) in try connect() }
      let user = settings.username.map { "user '\($0)'" } ?? "a client without user"
      let version = exchange.version == .v5 ? "5" : "3.1.1"
      steps.append(step("credentials", .ok, "the broker accepts \(user), with MQTT \(version)"))
      steps.append(try readBack(&exchange))
      steps += try subscriptions(filters, exchange: &exchange)
      exchange.end()
    } catch {
      steps.append(step(error.step, .failed, error.words))
    }
    return steps
  }

  private func step(_ name: String, _ outcome: ProbeStep.Outcome, _ words: String) -> ProbeStep {
    ProbeStep(part: "broker", step: name, outcome: outcome, words: words)
  }

  private func connect() throws(ConnectionError) -> ByteStream {
    let deadline = SystemClock.monotonic() + Int64(Self.patience * 1e9)
    return try ByteStream(settings.address) { SystemClock.monotonic() > deadline }
  }

  /// Returns a failed connection in words.
  private func connectionFailure(_ reason: String) -> ProbeStep {
    var fault = ConnectionFault(reason)
    // A broker without TLS closes the connection at the first packet of TLS.
    if settings.tls, fault == .other || fault == .tls,
      reason.contains("reset") || reason.contains("EOF") || reason.contains("SYSCALL")
    {
      fault = .plain
    }
    let words =
      switch fault {
      case .name: "there is no host '\(settings.host)'; look at mqtt.url, and at the name server"
      case .port: "nothing answers at \(place) (\(reason)); start the broker, or look at host and port of mqtt.url"
      case .timeout: "no answer from \(place) in time; look at host and port of mqtt.url, and at firewalls"
      case .expired: "the broker's certificate has expired or is not valid yet (\(reason)); renew it, or set the clock"
      case .host:
        "the broker's certificate is not for '\(settings.host)' (\(reason)); write its name into mqtt.url, or issue one "
          + "for this name"
      case .authority:
        "the broker's certificate is of an unknown authority (\(reason)); name the authority's file: mqtt.ca"
      case .plain: "\(place) does not speak TLS; write mqtt:// for this port, or the port of TLS, usually 8883"
      case .client: "the broker refuses TLS (\(reason)); it may want a certificate: mqtt.cert and mqtt.key"
      case .file: "a file of certificates cannot be used (\(reason)); look at mqtt.ca, mqtt.cert and mqtt.key"
      case .tls, .other: "no connection to \(place): \(reason)"
      }
    return step(fault.isOfTLS ? "tls" : "connection", .failed, words)
  }

  /// Publishes below `wattline/` and reads it back, which proves both rights.
  private func readBack(_ exchange: inout ProbeExchange) throws(ProbeFailure) -> ProbeStep {
    let topic = "wattline/check/\(settings.clientID)"
    let user = settings.username.map { "user '\($0)'" } ?? "a client without user"
    let right = "allow \(user) to read and write wattline/# (topic readwrite wattline/#)"
    if let refusal = try exchange.subscribe([topic])[0] {
      return step("publish", .failed, "the broker refuses to subscribe to '\(topic)': \(refusal); \(right)")
    }
    if let refusal = try exchange.publish(topic, payload: "probe") {
      return step("publish", .failed, "the broker refuses to publish on '\(topic)': \(refusal); \(right)")
    }
    guard try exchange.waits(for: topic, seconds: Self.listening) else {
      return step(
        "publish", .failed,
        "what was published on '\(topic)' does not come back, so that the broker's access rules drop it on the way in or "
          + "out; \(right)")
    }
    return step("publish", .ok, "a message on '\(topic)' was published and read back")
  }

  /// Subscribes as the process does, and says which filters brought a message.
  private func subscriptions(
    _ filters: [String], exchange: inout ProbeExchange
  ) throws(ProbeFailure) -> [ProbeStep] {
    var steps: [ProbeStep] = []
    var granted: [String] = []
    let tried = filters.map { String(SharedSubscription.unshared($0)) }
    // Brokers bound the length of a packet.
    for start in stride(from: 0, to: tried.count, by: 100) {
      let some = Array(tried[start..<min(start + 100, tried.count)])
      for (filter, refusal) in zip(some, try exchange.subscribe(some)) {
        guard let refusal else {
          granted.append(filter)
          continue
        }
        steps.append(
          step("subscribe", .failed, "the broker refuses to subscribe to '\(filter)': \(refusal); allow to read it"))
      }
    }
    guard !granted.isEmpty else { return steps }
    let heard = try exchange.listens(for: granted, seconds: Self.listening)
    let silent = granted.filter { !heard.contains($0) }
    if !heard.isEmpty {
      steps.append(
        step("subscribe", .ok, "messages came on \(Self.list(granted.filter(heard.contains)))"))
    }
    if !silent.isEmpty {
      steps.append(
        step(
          "subscribe", .ok,
          "granted: \(Self.list(silent)); no message came within \(Int(Self.listening)) s, so that it is not proven that "
            + "the access rules let them through"))
    }
    return steps
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
      + (names.count > 10 ? " and \(names.count - 10) more" : "")
  }
}

/// Failure that ends a trial.
struct ProbeFailure: Error {
  /// Name of the step.
  var step: String
  /// The finding, and its remedy.
  var words: String
  /// Whether the broker has ended the connection.
  var isEnd = false

  /// Creates the failure of a step during which the broker has ended the connection.
  static func ended(_ step: String) -> ProbeFailure {
    ProbeFailure(
      step: step,
      words: "the broker ends the connection, as some do where an access rule forbids; look at its log and its rules",
      isEnd: true)
  }
}

/// Packets of a trial over one connection: each request waits for its answer, within bounds.
struct ProbeExchange {
  private let stream: ByteStream
  private let inbound = InboundBuffer(longestBody: 16 << 20)
  private(set) var version: OutboundPackets.Version
  private var outbound = OutboundPackets()
  private var identifier: UInt16 = 0
  /// Topics of received messages, as many as are of interest.
  private var topics: [String] = []
  private static let patience = 8.0

  private init(_ stream: ByteStream, version: OutboundPackets.Version) {
    (self.stream, self.version) = (stream, version)
  }

  /// Sends CONNECT and waits for the answer; tries 3.1.1 if the broker does not speak 5.
  ///
  /// - Parameters:
  ///   - stream: A new connection.
  ///   - settings: The broker.
  ///   - again: Makes another connection.
  static func begun(
    _ stream: ByteStream, settings: BrokerSettings, again: () throws(ConnectionError) -> ByteStream
  ) throws(ProbeFailure) -> ProbeExchange {
    var exchange = ProbeExchange(stream, version: settings.protocolVersion == .v311 ? .v311 : .v5)
    let answer = try exchange.connect(settings)
    guard answer.code != 0 else { return exchange }
    if ReasonCode.refusesVersion(answer.code), settings.protocolVersion == .auto, exchange.version == .v5 {
      do throws(ConnectionError) { exchange = ProbeExchange(try again(), version: .v311) } catch {
        throw ProbeFailure(step: "credentials", words: error.reason)
      }
      let older = try exchange.connect(settings)
      if older.code == 0 { return exchange }
      throw refusal(older, settings: settings)
    }
    throw refusal(answer, settings: settings)
  }

  private static func refusal(_ answer: ConnectAnswer, settings: BrokerSettings) -> ProbeFailure {
    let words = answer.refusal ?? "the broker refuses the connection"
    let isCredentials = [4, 5, 0x86, 0x87].contains(answer.code)
    let remedy =
      isCredentials
      ? settings.username == nil
        ? "; write mqtt.username and mqtt.password_file" : "; look at mqtt.username and mqtt.password_file"
      : ReasonCode.refusesVersion(answer.code) ? "; write mqtt.protocol: auto" : ""
    return ProbeFailure(step: "credentials", words: words + remedy)
  }

  private mutating func connect(_ settings: BrokerSettings) throws(ProbeFailure) -> ConnectAnswer {
    outbound.connect(settings, version: version, cleanStart: true)
    let version = version
    let silence = ProbeFailure(
      step: "credentials",
      words: "the broker does not answer MQTT"
        + (settings.tls ? "" : "; if the port is one of TLS, write mqtts://") + "; look at the port of mqtt.url")
    let ended = ProbeFailure(
      step: "credentials",
      words: "the broker closes the connection at once"
        + (settings.tls
          ? "; it may want a certificate: mqtt.cert and mqtt.key"
          : "; if \(settings.host):\(settings.port) is a port of TLS, write mqtts://"))
    return try answer(type: 2, silence: silence, ended: ended) { body in try? ConnectAnswer(body, version: version) }
  }

  /// Subscribes at QoS 0. Returns the refusal of each filter, or `nil`.
  mutating func subscribe(_ filters: [String]) throws(ProbeFailure) -> [String?] {
    identifier += 1
    outbound.subscribe(filters, identifier: identifier, qos: 0, version: version)
    let (version, identifier) = (version, identifier)
    let codes: [UInt8] = try answer(type: 9, step: "subscribe") { body in
      guard let answer = try? SubscribeAnswer(body, version: version), answer.identifier == identifier else {
        return nil
      }
      return Array(answer.codes)
    }
    return filters.indices.map { index in
      guard codes.indices.contains(index), codes[index] >= 0x80 else { return nil }
      return ReasonCode.text(codes[index])
    }
  }

  /// Publishes at QoS 1. Returns the broker's refusal; MQTT 3.1.1 has none.
  mutating func publish(_ topic: String, payload: String) throws(ProbeFailure) -> String? {
    identifier += 1
    outbound.publish(topic, payload: payload, identifier: identifier, version: version)
    let identifier = identifier
    let code: UInt8 = try answer(type: 4, step: "publish") { body in
      var reader = PacketReader(body)
      guard (try? reader.short()) == identifier else { return nil }
      return reader.isAtEnd ? 0 : (try? reader.byte()) ?? 0
    }
    return code >= 0x80 ? ReasonCode.text(code) : nil
  }

  /// Returns whether a message comes on a topic in time.
  mutating func waits(for topic: String, seconds: Double) throws(ProbeFailure) -> Bool {
    let deadline = SystemClock.monotonic() + Int64(seconds * 1e9)
    while !topics.contains(topic), SystemClock.monotonic() < deadline {
      _ = try packet(until: deadline, step: "publish") { _ in nil as Bool? }
    }
    return topics.contains(topic)
  }

  /// Returns the filters on which messages come in a time; ends earlier if all have one.
  mutating func listens(for filters: [String], seconds: Double) throws(ProbeFailure) -> Set<String> {
    let deadline = SystemClock.monotonic() + Int64(seconds * 1e9)
    var heard: Set<String> = []
    while heard.count < filters.count, SystemClock.monotonic() < deadline {
      for topic in topics {
        for filter in filters where !heard.contains(filter) && Self.matches(topic, filter: filter) {
          heard.insert(filter)
        }
      }
      topics.removeAll(keepingCapacity: true)
      _ = try packet(until: deadline, step: "subscribe") { _ in nil as Bool? }
    }
    return heard
  }

  /// Ends the session in an orderly way.
  mutating func end() {
    outbound.disconnect()
    _ = outbound.send(over: stream)
  }

  /// Returns whether a topic matches a filter, as in MQTT.
  static func matches(_ topic: String, filter: String) -> Bool {
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    let wanted = filter.split(separator: "/", omittingEmptySubsequences: false)
    if topic.hasPrefix("$"), wanted.first == "+" || wanted.first == "#" { return false }
    for (position, level) in wanted.enumerated() {
      if level == "#" { return true }
      guard position < levels.count, level == "+" || level == levels[position] else { return false }
    }
    return levels.count == wanted.count
  }

  // MARK: Answers

  private mutating func answer<Answer>(
    type: UInt8, step: String, read: (UnsafeRawBufferPointer) -> Answer?
  ) throws(ProbeFailure) -> Answer {
    try answer(
      type: type, silence: ProbeFailure(step: step, words: "the broker does not answer in time"),
      ended: .ended(step), read: read)
  }

  private mutating func answer<Answer>(
    type: UInt8, silence: ProbeFailure, ended: ProbeFailure, read: (UnsafeRawBufferPointer) -> Answer?
  ) throws(ProbeFailure) -> Answer {
    let deadline = SystemClock.monotonic() + Int64(Self.patience * 1e9)
    while SystemClock.monotonic() < deadline {
      do throws(ProbeFailure) {
        let found = try packet(until: deadline, step: ended.step) { packet in
          packet.type == type ? read(packet.body) : nil
        }
        if let found { return found }
      } catch {
        throw error.isEnd ? ended : error
      }
    }
    throw silence
  }

  /// Sends what waits, reads what is there, and hands each packet over. Topics of messages are kept.
  private mutating func packet<Answer>(
    until deadline: Int64, step: String, read: (InboundBuffer.Packet) -> Answer?
  ) throws(ProbeFailure) -> Answer? {
    if outbound.send(over: stream) != nil { throw ProbeFailure.ended(step) }
    var found: Answer?
    switch stream.read(into: inbound.room()) {
    case .bytes(let count): inbound.filled(count)
    case .ended: throw ProbeFailure.ended(step)
    case .later: wait(until: deadline)
    }
    do throws(MalformedPacket) {
      while let packet = try inbound.next() {
        if packet.type == 3 { keepTopic(packet) }
        if packet.type == 14 { throw MalformedPacket() }
        if found == nil { found = read(packet) }
      }
    } catch {
      throw ProbeFailure.ended(step)
    }
    return found
  }

  private mutating func keepTopic(_ packet: InboundBuffer.Packet) {
    var reader = PacketReader(packet.body)
    guard topics.count < 10_000, let topic = try? reader.field() else { return }
    topics.append(String(decoding: topic, as: UTF8.self))
  }

  private func wait(until deadline: Int64) {
    let left = Int32(clamping: max(0, (deadline - SystemClock.monotonic()) / 1_000_000))
    var entry = pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, min(left, 200))
  }
}
