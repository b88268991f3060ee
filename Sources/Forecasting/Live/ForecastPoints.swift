import PlantModel
import StreamCore

extension PointBatch {
  /// Writes the latest issue of a series to `forecast` and `forecast_latest`; with `onlyLasting`, the points alone that
  /// the issue a quarter of an hour later does not replace.
  mutating func writeIssue(
    of forecaster: SeriesForecaster, _ series: SeriesIndex, issued: String, onlyLasting: Bool
  ) {
    guard let first = forecaster.issuedSlot else { return }
    for bucket in LeadBucket.allCases {
      let key = PointKey(.forecast, .series(series), bucket.name)
      for offset in onlyLasting ? bucket.offsets.prefix(1) : bucket.offsets {
        begin(key, at: QuarterHour.start(of: first + offset))
        fields(of: forecaster.issue, offset, forecaster.label(offset))
        field("issued", text: issued)
      }
    }
    let key = PointKey(.forecastLatest, .series(series))
    for offset in onlyLasting ? 0..<1 : 0..<LeadBucket.horizon {
      begin(key, at: QuarterHour.start(of: first + offset))
      fields(of: forecaster.issue, offset, forecaster.label(offset))
    }
  }

  /// Writes a scored forecast to `forecast_eval`. `covered` is 0 or 1, so that its mean is the coverage; `skill` is
  /// rolling, and of the model in charge alone.
  mutating func write(
    _ evaluation: SeriesForecaster.Evaluation, of series: SeriesIndex, model: String, at time: Timestamp
  ) {
    let forecast = evaluation.forecast
    begin(PointKey(.forecastEvaluation, .series(series), model, evaluation.bucket.name), at: time)
    field("actual", evaluation.actual)
    field("p50", forecast.p50)
    field("abs_err", (evaluation.actual - forecast.p50).magnitude)
    field("pinball", forecast.pinball(evaluation.actual))
    field("covered", integer: forecast.covers(evaluation.actual) ? 1 : 0)
    field("skill", evaluation.skill)
  }

  private mutating func fields(of track: QuantileTrack, _ offset: Int, _ model: String) {
    field("p10", track.p10[offset])
    field("p50", track.p50[offset])
    field("p90", track.p90[offset])
    field("model", text: model)
  }
}
