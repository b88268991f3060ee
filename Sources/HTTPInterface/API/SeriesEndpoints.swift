import Accounts
import InfluxSink
import PlantModel
import PointSchema
import SystemCore
import WattlineTime
import WebServer

/// Points of a plant from the database.
struct SeriesEndpoints: Sendable {
  let api: API

  private static let longest = 100_000
  private static let types = ["application/json", "text/csv", "application/x-ndjson"]

  var endpoints: [Endpoint] {
    [
      Endpoint(
        path: "/api/v1/plants/{plant}/series", id: "getSeries", group: "series", summary: "points of a plant in a span",
        details: "Names of measurements, tags and fields are those of the page Series. In `clean` the quality stands "
          + "beside each value. An absent value is missing, never zero. The header `accept` chooses JSON, CSV or NDJSON. "
          + "`next`, in CSV and NDJSON the header `x-next-cursor`, is the `cursor` of the next page.",
        access: .action(.readSeries),
        parameters: [
          .init(
            name: "measurement", meaning: "the measurement, clean if it is missing",
            schema: .word(Self.measurements.map(\.name))),
          .init(name: "asset", meaning: "only of this asset"), .init(name: "sensor", meaning: "only of this sensor"),
          .init(name: "window", meaning: "only windows of this length, such as 15m"),
          .init(name: "quality", meaning: "`good` leaves out what is not of quality 0", schema: .word(["good"])),
          .init(
            name: "from",
            meaning:
              "first time: a date or time of the plant's zone, a time with a zone, or a span before now; -1d if it "
              + "is missing"),
          .init(name: "to", meaning: "time at which the span ends, itself left out; now if it is missing"),
          .init(
            name: "limit", meaning: "largest number of points, 10000 if it is missing", schema: .within(1...100_000)),
          .cursor,
        ],
        responses: [
          .init(
            status: 200, meaning: "The points, oldest first.", contentTypes: Self.types,
            schema: .page(.map(.any)))
        ],
        problems: [406, 503],
        answer: { call throws(Problem) in try points(call) })
    ]
  }

  /// Measurements that belong to a plant.
  private static var measurements: [Measurement] { Measurement.all.filter { $0.tags.contains(.plant) } }

  private func points(_ call: Call) throws(Problem) -> HTTPResponse {
    let plant = try api.plant(of: call, for: .readSeries)
    let type = try Self.contentType(accepting: call.request.headers["accept"])
    let query = try SeriesQuery(call, plant: plant, measurements: Self.measurements)
    let reader = try api.reader()
    let table: QueryTable
    do throws(ReadError) { table = try reader.table(query.statement) } catch { throw API.problem(error) }
    let next = query.cursor(after: table)
    switch type {
    case "text/csv": return Self.page(query.csv(table), type: "text/csv; charset=utf-8", next: next)
    case "application/x-ndjson": return Self.page(query.lines(table), type: type, next: next)
    default:
      var body = Array(#"{"items":["#.utf8)
      query.append(table, separator: ",", to: &body)
      body += Array("]".utf8)
      if let next { body += Array(#","next":"\#(next)""#.utf8) }
      body += Array("}".utf8)
      return HTTPResponse(200, contentType: "application/json", body: body)
    }
  }

  private static func page(_ body: [UInt8], type: String, next: String?) -> HTTPResponse {
    var response = HTTPResponse(200, contentType: type, body: body)
    if let next { response.headers.append(("x-next-cursor", next)) }
    return response
  }

  /// Returns the type that a header `accept` prefers; JSON without one.
  static func contentType(accepting header: String?) throws(Problem) -> String {
    if let type = AcceptHeader.best(header, of: types) { return type }
    throw Problem(406, "points are written as \(types.joined(separator: ", "))")
  }
}

/// A query for points of a plant, and the form of its answer.
private struct SeriesQuery {
  let statement: String
  private let measurement: Measurement
  private let limit: Int
  private let start: (time: Int64, skipped: Int)

  init(_ call: Call, plant: Plant, measurements: [Measurement]) throws(Problem) {
    let name = call.argument("measurement") ?? Measurement.clean.name
    guard let measurement = measurements.first(where: { $0.name == name }) else {
      let names = measurements.map(\.name)
      throw Problem(
        400, "there is no measurement '\(name.prefix(100))' of a plant; there are \(names.joined(separator: ", "))")
    }
    self.measurement = measurement
    limit = try call.count("limit", in: 1...100_000, default: 10_000)
    var conditions = ["\(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name))"]
    for tag in [Tag.asset, .sensor, .window] {
      guard let value = call.argument(tag.name) else { continue }
      guard measurement.tags.contains(tag) else { throw Problem(400, "\(name) has no \(tag.name)") }
      conditions.append("\(tag.quoted) = \(DatabaseReader.quoted(value))")
    }
    if let quality = call.argument("quality") {
      guard quality == "good" else { throw Problem(400, "quality is good, not '\(quality.prefix(100))'") }
      let key = FieldKey<Int64>.quality
      guard measurement.declaration(of: key.name) != nil else { throw Problem(400, "\(name) has no quality") }
      conditions.append("\(key.quoted) = 0")
    }
    var calendar = LocalCalendar(identifier: plant.location.timezone) ?? .utc
    let now = SystemClock.now()
    func time(_ name: String, usual: Timestamp) throws(Problem) -> Timestamp {
      guard let text = call.argument(name) else { return usual }
      guard let time = TimeText.timestamp(text, calendar: &calendar, now: now) else {
        throw Problem(
          400,
          "\(name) must be a date such as 2026-10-25, a time such as 2026-10-25T14:00:00Z, or a span such as -7d, "
            + "not '\(text.prefix(100))'")
      }
      return min(max(time, Self.times.lowerBound), Self.times.upperBound)
    }
    let (from, to) = (try time("from", usual: now - .day), try time("to", usual: now))
    guard from < to else { throw Problem(400, "from must be before to, but \(from) is not before \(to)") }
    start = try Self.cursor(call) ?? (from.nanoseconds, 0)
    conditions.append("time >= \(start.time) AND time < \(to.nanoseconds)")
    statement =
      "SELECT * FROM \(measurement.quoted) WHERE \(conditions.joined(separator: " AND ")) ORDER BY time "
      + "LIMIT \(limit)" + (start.skipped > 0 ? " OFFSET \(start.skipped)" : "")
  }

  /// Times that the database has.
  private static let times =
    Timestamp(nanoseconds: -9_223_372_036_854_775_806)...Timestamp(nanoseconds: .max - 1)

  private static func cursor(_ call: Call) throws(Problem) -> (time: Int64, skipped: Int)? {
    guard let text = call.argument("cursor") else { return nil }
    let parts = text.split(separator: ".")
    guard parts.count == 2, let time = Int64(parts[0]), let skipped = Int(parts[1]), (0...1_000_000).contains(skipped),
      times.contains(Timestamp(nanoseconds: time))
    else { throw Problem(400, "cursor must be the `next` of the page before") }
    return (time, skipped)
  }

  /// Returns the cursor of the next page: the last time, and how many of its points are in the pages so far.
  func cursor(after table: QueryTable) -> String? {
    guard let last = table.times.last, table.count >= limit || table.isPartial else { return nil }
    let count = table.times.reversed().prefix { $0 == last }.count
    let skipped = last == start.time && count == table.count ? start.skipped : 0
    return "\(last).\(count + skipped)"
  }

  /// Columns of the answer in the order of the schema: tags, then fields.
  private func columns(_ table: QueryTable) -> [Int] {
    let tags = measurement.tags.compactMap { tag in table.columns.firstIndex(of: tag.name) }
    let fields = table.columns.indices.filter { measurement.declaration(of: table.columns[$0]) != nil }
    let order = Dictionary(
      measurement.fields.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    return tags + fields.sorted { order[table.columns[$0]] ?? .max < order[table.columns[$1]] ?? .max }
  }

  func csv(_ table: QueryTable) -> [UInt8] {
    var text = CSVText(times: .utc)
    let columns = columns(table)
    for name in ["time"] + columns.map({ table.columns[$0] }) { text.append(text: name.utf8) }
    text.endRow()
    for row in 0..<table.count {
      text.append(Timestamp(nanoseconds: table.times[row]))
      for column in columns { text.append(table.cell(row: row, column: column), of: table) }
      text.endRow()
    }
    return text.bytes
  }

  func lines(_ table: QueryTable) -> [UInt8] {
    var bytes: [UInt8] = []
    append(table, separator: "\n", to: &bytes)
    if table.count > 0 { bytes.append(0x0A) }
    return bytes
  }

  /// Appends each row as a JSON object. Absent values are left out.
  func append(_ table: QueryTable, separator: String, to bytes: inout [UInt8]) {
    let columns = columns(table).map { (place: $0, name: Array("\"\(table.columns[$0])\":".utf8)) }
    for row in 0..<table.count {
      if row > 0 { bytes.append(contentsOf: separator.utf8) }
      bytes.append(contentsOf: #"{"time":""#.utf8)
      bytes.append(contentsOf: Timestamp(nanoseconds: table.times[row]).description.utf8)
      bytes.append(UInt8(ascii: "\""))
      for column in columns {
        let cell = table.cell(row: row, column: column.place)
        if cell.kind == .null { continue }
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: column.name)
        if cell.kind == .text {
          JSONText.append(table.bytes(of: cell), to: &bytes)
        } else {
          bytes.append(contentsOf: table.bytes(of: cell))
        }
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}
