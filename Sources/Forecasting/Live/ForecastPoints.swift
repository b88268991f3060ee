import PlantModel
import PointSchema
import StreamCore
import WattlineTime

extension PointBatch {
  /// Writes the latest issue of a series to `forecast` and `forecast_latest`.
  ///
  /// - Parameters:
  ///   - forecaster: Forecaster of the series.
  ///   - series: The series.
  ///   - issued: Time of issue.
  ///   - onlyLasting: `true` writes only the points that the next issue does not replace.
  mutating func writeIssue(
    of forecaster: SeriesForecaster, series: SeriesIndex, issued: String, onlyLasting: Bool
  ) {
    guard let first = forecaster.issuedSlot else { return }
    for bucket in LeadBucket.allCases {
      let key = PointKey(.forecast, .series(series), bucket.name)
      for offset in onlyLasting ? bucket.offsets.prefix(1) : bucket.offsets {
        begin(key, at: QuarterHour.start(of: first + offset))
        fields(of: forecaster.issue, offset: offset, model: forecaster.label(offset))
        field(.issued, text: issued)
      }
    }
    let key = PointKey(.forecastLatest, .series(series))
    for offset in onlyLasting ? 0..<1 : 0..<LeadBucket.horizon {
      begin(key, at: QuarterHour.start(of: first + offset))
      fields(of: forecaster.issue, offset: offset, model: forecaster.label(offset))
    }
  }

  /// Writes a scored forecast to `forecast_eval`.
  ///
  /// The field `covered` is 0 or 1, so that its mean is the coverage. The field `skill` is rolling, and exists only for
  /// the model in charge.
  ///
  /// - Parameters:
  ///   - evaluation: The scored forecast.
  ///   - series: The series.
  ///   - model: Name of the model.
  ///   - time: Start of the slot.
  mutating func write(
    _ evaluation: SeriesForecaster.Evaluation, of series: SeriesIndex, model: String, at time: Timestamp
  ) {
    let forecast = evaluation.forecast
    begin(PointKey(.forecastEvaluation, .series(series), model, evaluation.bucket.name), at: time)
    field(.actual, evaluation.actual)
    field(.p50, forecast.p50)
    field(.absoluteError, (evaluation.actual - forecast.p50).magnitude)
    field(.pinball, forecast.pinball(evaluation.actual))
    field(.covered, integer: forecast.covers(evaluation.actual) ? 1 : 0)
    field(.skill, evaluation.skill)
  }

  private mutating func fields(of track: QuantileTrack, offset: Int, model: String) {
    field(.p10, track.p10[offset])
    field(.p50, track.p50[offset])
    field(.p90, track.p90[offset])
    field(.model, text: model)
  }
}
