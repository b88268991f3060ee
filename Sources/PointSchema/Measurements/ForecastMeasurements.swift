extension Tag {
  /// Class of the time from issue to target.
  public static let lead = Tag("lead", meaning: "class of the time ahead: `1h`, `3h`, `6h`, `12h` or `24h`")
  /// Model that was scored.
  public static let model = Tag("model", meaning: "name of the model")
}

extension FieldKey where Value == Double {
  /// Actual value [canonical unit].
  public static var actual: Self { Self("actual") }
  /// Absolute error of the median [canonical unit].
  public static var absoluteError: Self { Self("abs_err") }
  /// Mean pinball loss of the quantiles [canonical unit].
  public static var pinball: Self { Self("pinball") }
  /// Recent improvement over `naive`, at most 1.
  public static var skill: Self { Self("skill") }
}

extension FieldKey where Value == Int64 {
  /// 1 if what came was between p10 and p90, else 0.
  public static var covered: Self { Self("covered") }
}

extension FieldKey where Value == String {
  /// Time of issue.
  public static var issued: Self { Self("issued") }
}

extension Measurement {
  /// Forecasts, by how far ahead they were issued.
  public static let forecast = Measurement(
    "forecast",
    contents: "forecasts by time ahead; time is the time that the forecast is about",
    tags: [.plant, .asset, .sensor, .lead],
    fields: [
      .float(.p10, "10 % quantile [canonical unit]"),
      .float(.p50, "median [canonical unit]"),
      .float(.p90, "90 % quantile [canonical unit]"),
      .text(.model, "model in charge"),
      .text(.issued, "time of issue"),
    ])
}

extension Measurement {
  /// The latest forecasts.
  public static let forecastLatest = Measurement(
    "forecast_latest",
    contents: "the latest forecast; time is the time that the forecast is about",
    tags: [.plant, .asset, .sensor],
    fields: [
      .float(.p10, "10 % quantile [canonical unit]"),
      .float(.p50, "median [canonical unit]"),
      .float(.p90, "90 % quantile [canonical unit]"),
      .text(.model, "model in charge"),
    ])
}

extension Measurement {
  /// Scores of forecasts.
  public static let forecastEvaluation = Measurement(
    "forecast_eval",
    contents: "forecasts whose time has come, with what came",
    tags: [.plant, .asset, .sensor, .model, .lead],
    fields: [
      .float(.actual, "what came [canonical unit]"),
      .float(.p50, "median of the forecast [canonical unit]"),
      .float(.absoluteError, "absolute error of the median [canonical unit]"),
      .float(.pinball, "mean pinball loss [canonical unit]"),
      .integer(.covered, "1 between p10 and p90, else 0"),
      .float(.skill, "recent improvement over `naive`, at most 1", when: "of the model in charge"),
    ])
}
