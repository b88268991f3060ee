extension AssetKind {
  /// Weather station or forecast feed; has no power.
  public static let weather = AssetKind(
    AssetTraits(
      name: "weather", role: .none, powerRange: .unbounded,
      sensors: ["temperature", "humidity", "irradiance", "diffuse_irradiance", "direct_irradiance", "wind_speed"],
      // Air temperature changes by at most some 10 K per minute.
      temperatureRange: -60...60, temperatureRate: 0.2, temperatureFollowsWeather: true,
      deviceWords: ["weather", "outdoor", "wetter", "meteo", "pyranometer"], isForecast: false,
      hasOneDirection: false, simulation: .weatherStation, simulatedSize: 0))
}
