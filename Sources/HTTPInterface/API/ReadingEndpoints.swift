import Accounts
import PayloadDecoding
import Pipeline
import PlantModel
import SystemCore
import WebServer

/// Readings that are posted, and the live feed.
struct ReadingEndpoints: Sendable {
  let api: API

  private struct Taken: Encodable {
    var appended: Int
    var repeated: Int

    static let schema = Schema.object(["appended": .integer, "repeated": .integer])
  }

  var endpoints: [Endpoint] { [post, live] }

  private static let reading = Schema.object([
    "asset": .text(1...200), "sensor": .text(1...200), "time": .optional(.any), "value": .number,
    "unit": .optional(.string),
  ])

  private var post: Endpoint {
    Endpoint(
      method: "POST", path: "/api/v1/plants/{plant}/readings", id: "postReadings", group: "readings",
      summary: "takes readings of a plant",
      details:
        "JSON: a list of `{asset, sensor, time, value, unit}`; CSV with the columns time, asset, sensor, value and "
        + "perhaps unit; or line protocol with the tags asset and sensor. All are taken or none, at most 10,000. Without "
        + "a time it is now. What was posted before is not taken again. They are safe once this answers, as over MQTT.",
      access: .action(.writeReadings),
      body: .init(
        contentTypes: ["application/json", "text/csv", "text/plain", "application/vnd.influx.lp"],
        schema: .array(Self.reading)),
      responses: [.json("They are in the journal.", Taken.schema)], problems: [422, 503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .writeReadings)
        let now = SystemClock.now()
        let read = PostedReadings.read(
          call.request.body, contentType: call.request.headers["content-type"], plant: plant, now: now)
        switch read {
        case .failure(.mediaType(let words)): throw Problem(415, words)
        case .failure(.malformed(let words)): throw Problem(400, words)
        case .failure(.rows(let errors, let count)):
          let first = errors.map { "row \($0.row): \($0.reason)" }.joined(separator: "\n")
          throw Problem(422, "none is taken, because of \(count) that cannot be:\n\(first)")
        case .success(let readings):
          switch api.pipeline.append(readings, plant.name, now) {
          case .accepted(let appended, let repeated):
            return .json(Taken(appended: appended, repeated: repeated))
          case .full: throw Problem(503, "the journal is full; send them again later")
          case .failed(let words): throw Problem(503, words)
          }
        }
      })
  }

  private var live: Endpoint {
    Endpoint(
      path: PathTemplate(LiveEndpoint.path), id: "openLiveFeed", group: "readings",
      summary: "what happens in the plants, as it happens",
      details: "A WebSocket. Messages are JSON with a `kind`: `reading` (plant, asset, sensor, time, value, quality), "
        + "`alert`, `command`, `dispatch`; `lost` tells how many a slow reader missed. The token is in `authorization`, or "
        + "a subprotocol `bearer.TOKEN`. Devices publish with `{\"id\", \"topic\", \"payload\"}` and get `ack` once it is "
        + "safe.",
      access: .known,
      parameters: [
        .plants,
        .init(name: "kinds", meaning: "readings, alerts, commands, dispatch, with commas; all if it is missing"),
      ],
      responses: [
        .init(status: 101, meaning: "The WebSocket is open.", contentTypes: [])
      ],
      problems: [404, 426],
      answer: { _ throws(Problem) in
        var problem = Problem(426, "this is a WebSocket; send the headers `upgrade: websocket` and those with it")
        problem.headers.append(("upgrade", "websocket"))
        throw problem
      })
  }
}
