import Accounts
import Forecasting
import InfluxSink
import Pipeline
import PlantModel
import PointSchema
import WattlineTime
import WebServer

/// Forecasts of a plant and how good they have been.
struct ForecastEndpoints: Sendable {
  let api: API

  /// A slot of a forecast.
  private struct Slot: Encodable {
    var time: String
    var p10, p50, p90: Double?

    static let schema = Schema.object([
      "time": .time, "p10": .optional(.number), "p50": .optional(.number), "p90": .optional(.number),
    ])
  }

  private struct Forecast: Encodable {
    var asset, sensor, model, issued: String
    var unit: String?
    var stepSeconds: Int
    var slots: [Slot]

    static let schema = Schema.object([
      "asset": .string, "sensor": .string, "model": .string, "issued": .time, "unit": .optional(.string),
      "step_seconds": .integer, "slots": .array(Slot.schema),
    ])
  }

  private struct Score: Encodable {
    var asset, sensor, model, lead: String
    var count: Int
    var mae, bias, pinball, coverage: Double?

    static let schema = Schema.object([
      "asset": .string, "sensor": .string, "model": .string, "lead": .string, "count": .integer,
      "mae": .optional(.number), "bias": .optional(.number), "pinball": .optional(.number),
      "coverage": .optional(.number),
    ])
  }

  var endpoints: [Endpoint] { [latest, scores, models, train] }

  private var latest: Endpoint {
    Endpoint(
      path: "/api/v1/plants/{plant}/forecasts", id: "listForecasts", group: "forecasts",
      summary: "the latest forecast of each series of a plant",
      details:
        "Quantiles of the mean of each slot, in the series' unit: 80 of 100 values are to lie between p10 and p90.",
      access: .action(.readForecasts),
      parameters: [
        .init(name: "asset", meaning: "only of this asset"), .init(name: "sensor", meaning: "only of this sensor"),
        .init(name: "hours", meaning: "how far ahead, all if it is missing", schema: .within(1...168)),
        .init(
          name: "lead", meaning: "only slots in this bucket of lead time",
          schema: .word(["1h", "3h", "6h", "12h", "24h", "48h"])),
        .init(
          name: "confidence", meaning: "`median` leaves the bands out", schema: .word(["median", "0.8"])),
        .limit, .cursor,
      ],
      responses: [.json("The forecasts.", .page(Forecast.schema))],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readForecasts)
        let hours = try call.count("hours", in: 1...168, default: 168)
        let (asset, sensor) = (call.argument("asset"), call.argument("sensor"))
        let isMedian = try Self.isMedian(call)
        let lead = try Self.lead(call)
        let all = api.view(of: plant).forecasts.filter {
          (asset == nil || asset == $0.asset) && (sensor == nil || sensor == $0.sensor)
        }.map { forecast in
          let issue = forecast.issue
          let slots = issue.p50.indices.compactMap { slot -> Slot? in
            let start = issue.issued + issue.step * Int64(slot)
            let end = (start + issue.step - issue.issued).inHours
            guard end <= Double(hours), lead.map({ $0.contains(end) }) ?? true else { return nil }
            return Slot(
              time: start.description, p10: isMedian ? nil : issue.p10[slot].known, p50: issue.p50[slot].known,
              p90: isMedian ? nil : issue.p90[slot].known)
          }
          return Forecast(
            asset: forecast.asset, sensor: forecast.sensor, model: issue.model, issued: issue.issued.description,
            unit: forecast.unit, stepSeconds: Int(issue.step.inSeconds), slots: slots)
        }
        return .json(try Page(all, call: call))
      })
  }

  private static func isMedian(_ call: Call) throws(Problem) -> Bool {
    switch call.argument("confidence") {
    case nil, "0.8": return false
    case "median": return true
    case let text?: throw Problem(400, "confidence is 0.8 or median, not '\(text.prefix(100))'")
    }
  }

  /// Buckets of lead time by their upper edge [h].
  private static let leads = [1.0, 3, 6, 12, 24, 48]

  /// Returns the bucket of `lead`; its lower edge belongs to the one before.
  private static func lead(_ call: Call) throws(Problem) -> ClosedRange<Double>? {
    guard let text = call.argument("lead") else { return nil }
    guard let edge = leads.first(where: { "\(Int($0))h" == text }) else {
      throw Problem(400, "lead is one of \(leads.map { "\(Int($0))h" }.joined(separator: ", "))")
    }
    let before = leads.last { $0 < edge } ?? 0
    return (before + 1e-9)...edge
  }

  private var scores: Endpoint {
    Endpoint(
      path: "/api/v1/plants/{plant}/forecasts/scores", id: "listForecastScores", group: "forecasts",
      summary: "how good the forecasts of a plant have been",
      details:
        "By series, model and lead time, of `forecast_eval` in the span: mean absolute error, bias of the median, "
        + "mean pinball loss, and the share of values between p10 and p90, in the series' unit.",
      access: .action(.readForecasts),
      parameters: [
        .init(name: "days", meaning: "length of the span up to now, 7 if it is missing", schema: .within(1...366)),
        .limit, .cursor,
      ],
      responses: [.json("The scores.", .page(Score.schema))], problems: [503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .readForecasts)
        let days = try call.count("days", in: 1...366, default: 7)
        return .json(try Page(try scores(of: plant, days: days), call: call))
      })
  }

  private func scores(of plant: Plant, days: Int) throws(Problem) -> [Score] {
    let tags = [Tag.asset, .sensor, .model, .lead].map(\.quoted).joined(separator: ", ")
    let (actual, median) = (FieldKey<Double>.actual.quoted, FieldKey<Double>.p50.quoted)
    let statement =
      "SELECT count(\(median)) AS n, mean(\(FieldKey<Double>.absoluteError.quoted)) AS mae, mean(\(median)) AS m, "
      + "mean(\(actual)) AS a, mean(\(FieldKey<Double>.pinball.quoted)) AS loss, "
      + "mean(\(FieldKey<Int64>.covered.quoted)) AS c FROM \(Measurement.forecastEvaluation.quoted) "
      + "WHERE \(Tag.plant.quoted) = \(DatabaseReader.quoted(plant.name)) AND time >= now() - \(days)d GROUP BY \(tags)"
    let reader = try api.reader()
    do throws(ReadError) {
      return try reader.rows(statement).compactMap { row in
        guard let asset = row.text(.asset), let sensor = row.text(.sensor), let model = row.text(.model),
          let lead = row.text(.lead)
        else { return nil }
        let bias: Double? = row.number("m").flatMap { median in row.number("a").map { median - $0 } }
        return Score(
          asset: asset, sensor: sensor, model: model, lead: lead, count: Int(row.number("n") ?? 0),
          mae: row.number("mae")?.known, bias: bias?.known, pinball: row.number("loss")?.known,
          coverage: row.number("c")?.known)
      }
    } catch { throw API.problem(error) }
  }

  private var train: Endpoint {
    struct Taken: Encodable {
      var plant: String
      var asset: String?
      var sensor: String?
    }
    return Endpoint(
      method: "POST", path: "/api/v1/plants/{plant}/forecasts/train", id: "trainForecasts", group: "forecasts",
      summary: "trains the models of a plant anew",
      details:
        "Models train a little each minute, so that no reading waits; the new ones are used from the next local day "
        + "on. Without `asset` and `sensor`, those of all forecast series. They are also trained each week, and when "
        + "their errors grow.",
      access: .action(.runDispatch),
      body: .init(
        contentTypes: ["application/json"],
        schema: .object(["asset": .optional(.text(1...200)), "sensor": .optional(.text(1...200))]), isRequired: false),
      responses: [
        .json(
          "They will train.",
          .object(["plant": .string, "asset": .optional(.string), "sensor": .optional(.string)]), status: 202)
      ],
      problems: [409, 503],
      answer: { call throws(Problem) in
        let plant = try api.plant(of: call, for: .runDispatch)
        let body = try JSONBody(call, members: ["asset", "sensor"])
        let (asset, sensor) = (
          try body.optionalText("asset", longest: 200), try body.optionalText("sensor", longest: 200)
        )
        var members = ["action": "train"]
        (members["asset"], members["sensor"]) = (asset, sensor)
        _ = try api.request(of: plant.name, subject: "forecasts", members: members)
        return .json(Taken(plant: plant.name, asset: asset, sensor: sensor), status: 202)
      })
  }

  private var models: Endpoint {
    struct Model: Encodable {
      var name: String
      var minimumDays: Int
      var isLive: Bool
    }
    return Endpoint(
      path: "/api/v1/forecasts/models", id: "listForecastModels", group: "forecasts", summary: "models that there are",
      details: "A model is used from so many days of history on. Models that are not live compete in backtests only.",
      access: .action(.readForecasts), parameters: [.limit, .cursor],
      responses: [
        .json(
          "The models.", .page(.object(["name": .string, "minimum_days": .integer, "is_live": .boolean])))
      ],
      answer: { call throws(Problem) in
        let all = ForecastModels.registered.map {
          Model(name: $0.model.name, minimumDays: $0.model.minimumDays, isLive: $0.live != nil)
        }
        return .json(try Page(all, call: call))
      })
  }
}
