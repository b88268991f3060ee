import CMosquitto
import Foundation
import InfluxSink
import LocalServers
import PointSchema
import Synchronization
import SystemCore

/// Delay under load from publishing a message until its point is visible in the database, and until its alert is
/// published.
public struct Latency: Sendable {
  /// Delays since publication.
  public struct Outcome: Codable, Sendable {
    /// Rate of the concurrent load [messages a second].
    public var rate: Double
    /// Number of probes.
    public var probes: Int
    /// Upper bound of the delay until a query finds the point: median and 99 % [ms].
    ///
    /// It is the end of the first successful query, which began after the point was there.
    public var visible: Quantiles
    /// Lower bound of the same delay [ms]: the start of the last query that did not find the point.
    public var visibleAtLeast: Quantiles
    /// Delay until a subscriber receives the alert [ms].
    public var alert: Quantiles
    /// Number of points and alerts that did not arrive within ten seconds.
    public var missing: Int
  }

  /// Median and 99 % quantile [ms].
  public struct Quantiles: Codable, Sendable {
    /// Median.
    public var p50: Double
    /// 99 % quantile.
    public var p99: Double

    init(_ values: [Double]) {
      let sorted = values.sorted()
      func quantile(_ share: Double) -> Double {
        sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] * 1e3
      }
      (p50, p99) = (quantile(0.5), quantile(0.99))
    }
  }

  /// Number of readings out of range that raise an alert.
  private static let readingsToAlert = 5
  private static let plant = """
    plant: probe
    location: {latitude: 48.1, longitude: 11.6, timezone: Europe/Berlin}
    topics: [{match: "probe/{asset}/{sensor}"}]
    sensors: [{match: "gauge.*", range: [0, 100]}]
    """

  private let program: String
  private let load: LoadGenerator.Load
  private let probes: Int

  /// Creates a measurement with a load that lasts as long as the probes.
  ///
  /// - Parameters:
  ///   - program: Path of this executable.
  ///   - load: The concurrent load.
  ///   - probes: Number of probes, at least 1.
  public init(program: String, load: LoadGenerator.Load, probes: Int) {
    (self.program, self.load, self.probes) = (program, load, max(1, probes))
  }

  /// Runs all probes; `progress` receives regular log lines.
  public func run(progress: (String) -> Void) throws -> Outcome {
    let rig = try Rig(
      program: program, setting: Rig.Setting(fleet: load.fleet, qos: load.qos, furtherPlants: ["probe": Latency.plant]))
    defer { rig.stop() }
    _ = try rig.start()
    guard let publisher = RawPublisher(port: rig.broker.port, qos: 1), let watch = AlertWatch(port: rig.broker.port)
    else { throw BenchmarkError(description: "there is no broker") }
    var endless = load
    endless.messages = Int(load.rate * 3_600)
    let child = try rig.offer(endless)
    defer { child.kill() }
    usleep(5_000_000)
    var (visible, atLeast, alerts): ([Double], [Double], [Double]) = ([], [], [])
    for number in 1...probes {
      if let (least, most) = follow(number, publisher: publisher, rig: rig) {
        atLeast.append(least)
        visible.append(most)
      }
      if let time = raise(number, publisher: publisher, watch: watch) { alerts.append(time) }
      if number % 50 == 0 { progress("\(number) of \(probes) probes") }
      usleep(UInt32.random(in: 20_000...120_000))
    }
    return Outcome(
      rate: load.rate, probes: probes, visible: Quantiles(visible), visibleAtLeast: Quantiles(atLeast),
      alert: Quantiles(alerts), missing: 2 * probes - visible.count - alerts.count)
  }

  /// Publishes a number and queries it until it is found.
  ///
  /// - Parameters:
  ///   - number: The number.
  ///   - publisher: Connection to the broker.
  ///   - rig: The running pipeline and database.
  /// - Returns: The times since publication of the start of the last query without it, and of the end of the one with
  ///   it [s].
  private func follow(_ number: Int, publisher: RawPublisher, rig: Rig) -> (least: Double, most: Double)? {
    let sent = Double(SystemClock.monotonic()) / 1e9
    publisher.add(topic: Array("probe/marker/number".utf8), payload: Array("\(number)".utf8))
    guard publisher.send() else { return nil }
    var least = 0.0
    while true {
      let asked = Double(SystemClock.monotonic()) / 1e9 - sent
      let rows = try? rig.influx.query(
        "SELECT last(\(FieldKey.value.quoted)) FROM \(Measurement.raw.quoted) "
          + "WHERE \(Tag.plant.quoted) = 'probe' AND \(Tag.asset.quoted) = 'marker'")
      let answered = Double(SystemClock.monotonic()) / 1e9 - sent
      if rows?.first?.number("last") == Double(number) { return (least, answered) }
      if answered > 10 { return nil }
      least = asked
      usleep(1_000)
    }
  }

  /// Publishes readings that raise an alert of a new sensor.
  ///
  /// - Parameters:
  ///   - number: Number of the sensor.
  ///   - publisher: Connection to the broker.
  ///   - watch: Subscriber to alerts.
  /// - Returns: The time from the reading that raises the alert until its arrival [s].
  private func raise(_ number: Int, publisher: RawPublisher, watch: AlertWatch) -> Double? {
    for _ in 1..<Latency.readingsToAlert {
      publisher.add(topic: Array("probe/gauge/n\(number)".utf8), payload: Array("1000".utf8))
      guard publisher.send() else { return nil }
      usleep(20_000)
    }
    let sent = Double(SystemClock.monotonic()) / 1e9
    publisher.add(topic: Array("probe/gauge/n\(number)".utf8), payload: Array("1000".utf8))
    guard publisher.send() else { return nil }
    var came: Double?
    Waiting.until(seconds: 10, pause: 2) {
      came = watch.time(of: "\"n\(number)\"")
      return came != nil
    }
    return came.map { $0 - sent }
  }
}

/// A subscriber to the alerts of the probes' plant that records their arrival times.
private final class AlertWatch {
  private final class Record: Sendable {
    let alerts = Mutex<[(payload: String, time: Double)]>([])
  }

  private let record = Record()
  private let client: OpaquePointer

  init?(port: Int) {
    mosquitto_lib_init()
    guard let client = mosquitto_new(nil, true, Unmanaged.passUnretained(record).toOpaque()) else { return nil }
    self.client = client
    mosquitto_message_callback_set(client) { _, context, message in
      guard let context, let message, let payload = message.pointee.payload else { return }
      let time = Double(SystemClock.monotonic()) / 1e9
      let bytes = UnsafeRawBufferPointer(start: payload, count: Int(message.pointee.payloadlen))
      Unmanaged<Record>.fromOpaque(context).takeUnretainedValue().alerts.withLock {
        $0.append((String(decoding: bytes, as: UTF8.self), time))
      }
    }
    guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == MOSQ_ERR_SUCCESS.rawValue,
      mosquitto_subscribe(client, nil, "wattline/probe/+/alert", 1) == MOSQ_ERR_SUCCESS.rawValue,
      mosquitto_loop_start(client) == MOSQ_ERR_SUCCESS.rawValue
    else { return nil }
  }

  deinit {
    mosquitto_disconnect(client)
    mosquitto_loop_stop(client, true)
    mosquitto_destroy(client)
  }

  /// Returns the arrival time of the first alert whose document contains a text.
  func time(of text: String) -> Double? {
    record.alerts.withLock { alerts in alerts.first { $0.payload.contains(text) }?.time }
  }
}
