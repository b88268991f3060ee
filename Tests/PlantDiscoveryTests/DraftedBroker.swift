import PlantDiscovery
import PlantModel

/// Messages, what is drafted of them, and where they land by the draft.
struct DraftedBroker {
  let draft: DraftPlant

  /// Drafts a plant of messages.
  init(_ messages: [(topic: String, payload: String)], name: String = "site") {
    var survey = TopicSurvey()
    for (topic, payload) in messages { survey.add(topic: topic, payload: Array(payload.utf8)) }
    draft = DraftPlant(survey, options: DraftPlant.Options(name: name, timezone: "Europe/Berlin"))
  }

  /// Sensors with the last of their values in the sensor's own unit: `roof.power 4.2 kW`.
  var landed: Set<String> {
    Set(
      draft.trial.series.map { series in
        let number = series.numbers.last ?? .nan
        let text = "\((number * 1e6).rounded() / 1e6)"
        let unit = series.unit.map { " \($0)" } ?? ""
        return "\(series.asset).\(series.sensor) \(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)\(unit)"
      })
  }

  /// Lines of the draft that begin with a text, white space aside.
  func lines(_ start: String) -> [String] {
    draft.text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix(start) }.map(String.init)
  }
}
