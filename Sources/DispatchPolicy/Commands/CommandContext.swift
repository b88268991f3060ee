import PlantModel
import WattlineTime

/// The state of the plant in one step, as commands need it.
struct CommandContext {
  /// The grid connection: its exchange, prices and limits.
  struct Grid {
    /// Exchange, positive import [kW]; NaN if unknown.
    var exchange: Double
    /// Import price [currency/kWh].
    var importPrice: Double
    /// Payment for export [currency/kWh].
    var exportPrice: Double
    /// Import limit [kW]; infinite if there is none.
    var importLimit: Double
    /// Export limit [kW]; infinite if there is none.
    var exportLimit: Double
  }

  var now: Timestamp
  /// Time between decisions of dispatch.
  var interval: TimeSpan
  /// Recommendations of dispatch in this step, the latest last.
  var decisions: [DispatchDecision]
  /// Measured power of an asset, in its own direction [kW].
  var power: (AssetIndex) -> Double?
  /// State of charge of a battery, 0...1.
  var stateOfCharge: (AssetIndex) -> Double?
  /// Health index of each asset [0...100].
  var health: [AssetIndex: Double]
  var grid: Grid
}
