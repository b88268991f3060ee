import InfluxSink
import LocalServers

/// The points of a measurement by sensor, each with its time [ms], as the database has them.
struct StoredPoints {
  struct Point {
    var value: Double?
    var quality: Int
  }

  private(set) var bySensor: [String: [Int64: Point]] = [:]

  init(_ measurement: String, fields: String, in influx: LocalInflux) throws {
    let rows = try influx.query(
      "SELECT \(fields) FROM \"\(measurement)\" WHERE \"asset\" = 'device' GROUP BY \"plant\", \"sensor\"")
    for row in rows {
      guard let sensor = row.text("sensor"), let time = row.number("time") else { continue }
      let quality = Int(row.number("quality") ?? 0)
      bySensor[sensor, default: [:]][Int64(time)] = Point(value: row.number("value"), quality: quality)
    }
  }

  subscript(sensor: String) -> [Int64: Point] { bySensor[sensor] ?? [:] }

  /// How many points there are.
  var count: Int { bySensor.values.reduce(0) { $0 + $1.count } }
}
