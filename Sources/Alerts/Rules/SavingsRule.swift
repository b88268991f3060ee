import PlantModel
import StreamCore

extension AlertRuleID {
  /// A meter whose savings are verified deviates from its operational model.
  static let savingsDeviation = AlertRuleID("savings_deviation")
  /// Nothing is known of a meter whose savings are verified.
  static let savingsSilence = AlertRuleID("savings_silence", concernsData: true)
}

/// Rule about meters whose savings are verified. They are judged once a day outside of the stages, by the database; the
/// verdict comes through the journal.
struct SavingsRule: AlertRule {
  static let ids = [AlertRuleID.savingsDeviation, .savingsSilence]
  static let guide = [
    AlertGuide(
      "a closed month, or the days since a change, deviate from what the operational model of a meter of `savings` "
        + "expects by 5 % (critical: 10 %) and by more than their own interval; cleared when the last days track and "
        + "differ from the deviation by twice their interval, when confirmed events explain it, or when the model is "
        + "recalibrated",
      remedy: "Look at the candidates of its investigation (wattline savings investigations), and assign the cause."),
    AlertGuide(
      "a meter of `savings` has no model, or no day with use and temperature for a week; cleared when it has",
      remedy: "Look at the text for what is missing, and at the meter and the weather station."),
  ]

  /// Raises or clears the alert about a meter.
  ///
  /// - Parameters:
  ///   - news: The news, or its end.
  ///   - context: State shared by all rules.
  ///   - frame: Receives the points, transitions and notices.
  ///   - register: The plant's register.
  static func report(
    _ news: SavingsNews, context: inout AlertContext, into frame: inout Frame, in register: PlantRegister
  ) {
    let rule = news.kind == .deviation ? AlertRuleID.savingsDeviation : .savingsSilence
    let asset = register.asset(named: news.asset)
    let series = asset.flatMap { asset in news.sensor.flatMap { register.series(of: asset, sensor: $0) } }
    // A sensor may become known while its alert stands under the asset.
    let keys = [AlertKey(rule: rule, asset: asset, series: series), AlertKey(rule: rule, asset: asset)]
    let key = keys.first { context.book.alerts[$0]?.isActive == true } ?? keys[0]
    guard news.isStanding else {
      return context.book.clear(key, at: frame.received, text: news.text, value: news.value, into: &frame)
    }
    context.book.raise(
      key, severity: news.severity, at: frame.received,
      message: AlertMessage(title: news.title, text: news.text, value: news.value), into: &frame, in: register)
  }
}
