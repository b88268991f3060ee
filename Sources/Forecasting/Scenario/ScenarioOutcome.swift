import PlantModel
public import PointSchema
import StreamCore
public import WattlineTime

/// The result of a scenario.
public struct ScenarioOutcome: Sendable {
  /// Quantiles over the runs.
  public struct Quantiles: Sendable, Equatable, Encodable {
    /// The 10 % quantile.
    public var p10: Double
    /// The median.
    public var p50: Double
    /// The 90 % quantile.
    public var p90: Double

    init(_ values: [Double]) {
      let sorted = values.sorted()
      p10 = EmpiricalQuantile.ofSorted(sorted, probability: 0.1)
      p50 = EmpiricalQuantile.ofSorted(sorted, probability: 0.5)
      p90 = EmpiricalQuantile.ofSorted(sorted, probability: 0.9)
    }
  }

  /// One figure of the span as a whole.
  public struct Figure: Sendable, Encodable {
    /// Value as recorded.
    public var recorded: Double
    /// Value without the events, over the runs.
    public var without: Quantiles
    /// Value with the events, over the runs.
    public var with: Quantiles
    /// Value with the events minus value without, run by run.
    public var change: Quantiles
  }

  /// Values of one slot.
  public struct Slot: Sendable {
    /// Start of the slot.
    public var time: Timestamp
    /// Load as recorded [kW].
    public var recorded: Double
    /// Load with the events [kW].
    public var load: Quantiles
    /// Cost with the events from the start of the span to the end of the slot [currency].
    public var cost: Quantiles
    /// Greatest import with the events from the start of the span to the end of the slot [kW].
    public var peak: Quantiles
    /// Median of the cost without the events over the same time [currency].
    public var costWithout: Double
    /// Median of the greatest import without the events over the same time [kW].
    public var peakWithout: Double
  }

  /// Energy of the load [kWh].
  public var energy: Figure
  /// Cost of import minus payment for export [currency].
  public var cost: Figure
  /// Greatest import in a slot [kW].
  public var peak: Figure
  /// Slots of the span.
  public var slots: [Slot]
  /// Notes for the reader.
  public var notes: [String]

  /// Returns the points of `scenario`, one a slot: load, cost and peak since the start of the span, each with its
  /// quantiles.
  public func points(name: String) -> PointBatch {
    var points = PointBatch()
    let key = PointKey(.scenario, .plant, name)
    for slot in slots {
      points.begin(key, at: slot.time)
      func write(_ values: Quantiles, as key: (Quantile) -> FieldKey<Double>) {
        points.field(key(.p10), values.p10)
        points.field(key(.p50), values.p50)
        points.field(key(.p90), values.p90)
      }
      write(slot.load, as: FieldKey.loadPower(_:))
      write(slot.cost, as: FieldKey.cost(_:))
      write(slot.peak, as: FieldKey.peakPower(_:))
      points.field(.recordedPower, slot.recorded)
      points.field(.costWithout, slot.costWithout)
      points.field(.peakPowerWithout, slot.peakWithout)
    }
    return points
  }
}
