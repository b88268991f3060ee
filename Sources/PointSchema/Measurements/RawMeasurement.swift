extension Measurement {
  /// Readings as they arrive.
  public static let raw = Measurement(
    "raw",
    contents: "each reading as it arrived",
    tags: [.plant, .asset, .sensor, .unit],
    fields: [
      .float(.value, "value in the sensor's unit")
    ])
}
