package import PlantModel
package import WattlineTime

/// The state of the plant in one step, as commands need it.
package struct CommandContext {
  /// The grid connection: its exchange, prices and limits.
  package struct Grid {
    /// Exchange, positive import [kW]; NaN if unknown.
    package var exchange: Double
    /// Import price [currency/kWh].
    package var importPrice: Double
    /// Payment for export [currency/kWh].
    package var exportPrice: Double
    /// Import limit [kW]; infinite if there is none.
    package var importLimit: Double
    /// Export limit [kW]; infinite if there is none.
    package var exportLimit: Double

    /// Creates the state of a grid connection.
    ///
    /// - Parameters:
    ///   - exchange: Exchange, positive import [kW]; NaN if unknown.
    ///   - importPrice: Import price [currency/kWh].
    ///   - exportPrice: Payment for export [currency/kWh].
    ///   - importLimit: Import limit [kW]; infinite if there is none.
    ///   - exportLimit: Export limit [kW]; infinite if there is none.
    package init(
      exchange: Double, importPrice: Double, exportPrice: Double, importLimit: Double, exportLimit: Double
    ) {
      self.exchange = exchange
      self.importPrice = importPrice
      self.exportPrice = exportPrice
      self.importLimit = importLimit
      self.exportLimit = exportLimit
    }
  }

  package var now: Timestamp
  /// Time between decisions of dispatch.
  package var interval: TimeSpan
  /// Recommendations of dispatch in this step, the latest last.
  package var decisions: [DispatchDecision]
  /// Measured power of an asset, in its own direction [kW].
  package var power: (AssetIndex) -> Double?
  /// State of charge of a battery, 0...1.
  package var stateOfCharge: (AssetIndex) -> Double?
  /// Health index of each asset [0...100].
  package var health: [AssetIndex: Double]
  package var grid: Grid

  /// Creates the state of a plant in one step.
  ///
  /// - Parameters:
  ///   - now: Time of the step.
  ///   - interval: Time between decisions of dispatch.
  ///   - decisions: Recommendations of dispatch in this step, the latest last.
  ///   - power: Measured power of an asset, in its own direction [kW].
  ///   - stateOfCharge: State of charge of a battery, 0...1.
  ///   - health: Health index of each asset [0...100].
  ///   - grid: The grid connection.
  package init(
    now: Timestamp, interval: TimeSpan, decisions: [DispatchDecision], power: @escaping (AssetIndex) -> Double?,
    stateOfCharge: @escaping (AssetIndex) -> Double?, health: [AssetIndex: Double], grid: Grid
  ) {
    self.now = now
    self.interval = interval
    self.decisions = decisions
    self.power = power
    self.stateOfCharge = stateOfCharge
    self.health = health
    self.grid = grid
  }
}
