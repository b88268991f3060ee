import PlantModel
import PlantPhysics
import WattlineTime

/// A recorded span and the certain effects of events on it.
///
/// Assets named by a shutdown or a change of capacity follow the recording slot by slot. The rest of the plant follows
/// the forecast and varies from run to run. Such an event therefore changes only the asset's own profile, without any
/// estimate.
struct ScenarioBasis {
  /// Power of named assets by slot [kW].
  struct Named {
    /// Power as recorded.
    var before: [Double]
    /// Power with the events.
    var after: [Double]

    init(count: Int) {
      before = Array(repeating: 0, count: count)
      after = before
    }
  }

  let times: [Timestamp]
  let hours: Double
  /// Recorded values by slot of the span [kW]; NaN if a part is missing.
  let load: [Double]
  let generation: [Double]
  /// Power of the named assets, as load, generation and storage.
  private(set) var namedLoad: Named
  private(set) var namedGeneration: Named
  private(set) var storage: Named
  /// Day-ahead forecast of the rest [kW]; recorded values if there is no forecast.
  let restLoad: [Double]
  let restGeneration: [Double]
  /// Ratio of the rest's generation with the events to that without.
  private(set) var generationFactor: [Double]
  /// Import price [currency/kWh].
  let price: [Double]
  /// Payment for export [currency/kWh].
  let exportPrice: [Double]
  /// Whether the load as a whole, and that of the rest, has never been below zero.
  let isNeverNegative: (load: Bool, rest: Bool)
  /// Local day of each slot, and its time of day in slots.
  let clocks: [(day: Int, place: Int)]
  /// Change of the load by heat [kW]: first of the whole model, then of variants.
  var heatChanges: [[Double]] = []

  /// Creates the basis of a span.
  ///
  /// - Parameters:
  ///   - recording: The recording.
  ///   - span: Slots of the span.
  ///   - events: Effects with their slots.
  ///   - rest: Load and generation without the named assets, over the whole recording.
  ///   - medians: Forecasts of the rest, by slot.
  init(
    _ recording: ScenarioRecording, span: Range<Int>, events: [(effect: ScenarioEvent.Effect, slots: Range<Int>)],
    rest: ScenarioRest, medians: [Int: ForecastErrorDays.Medians]
  ) {
    let input = recording.input
    let places = (span.lowerBound - input.first)..<(span.upperBound - input.first)
    times = span.map { input.grid.start(of: $0) }
    clocks = span.map { input.calendar.clock($0) }
    hours = input.grid.span.inHours
    load = Array(input.target[places])
    generation = Array(ScenarioRecording.sum(recording.powers, role: .generation, count: input.target.count)[places])
    price = Array(recording.prices[places])
    exportPrice = Array(recording.exportPrices[places])
    isNeverNegative = (
      input.isNeverNegative(before: .max), !rest.load.contains { $0 < 0 }
    )
    let recordedLoad = Array(rest.load[places])
    let recordedGeneration = Array(rest.generation[places])
    restLoad = span.map { medians[$0]?.load ?? recordedLoad[$0 - span.lowerBound] }
    restGeneration = span.map { medians[$0]?.generation ?? recordedGeneration[$0 - span.lowerBound] }
    generationFactor = Array(repeating: 1, count: span.count)
    namedLoad = Named(count: span.count)
    namedGeneration = namedLoad
    storage = namedLoad
    for power in recording.powers {
      add(
        power, values: power.values[places].map { $0.isFinite ? $0 : 0 }, isNamed: rest.named.contains(power.asset),
        factors: ScenarioBasis.factors(of: power, events: events, span: span), rest: recordedGeneration)
    }
  }

  /// Adds an asset's power with and without the events.
  ///
  /// - Parameters:
  ///   - power: The asset.
  ///   - values: Its power by slot of the span [kW].
  ///   - isNamed: Whether an event names it.
  ///   - factors: Factors by which events multiply its power.
  ///   - rest: Recorded generation of the rest [kW].
  private mutating func add(
    _ power: ScenarioRecording.Power, values: [Double], isNamed: Bool, factors: [Double], rest: [Double]
  ) {
    func add(to named: inout Named) {
      for place in values.indices {
        named.before[place] += values[place]
        named.after[place] += values[place] * factors[place]
      }
    }
    switch power.role {
    case .consumption where isNamed: add(to: &namedLoad)
    case .generation where isNamed && !power.isWithin: add(to: &namedGeneration)
    case .generation where power.isPhotovoltaic && !power.isWithin:
      for place in values.indices where rest[place] > 0 {
        let part = min(1, max(0, values[place] / rest[place]))
        generationFactor[place] += part * (factors[place] - 1)
      }
    case .storage where !power.isWithin: add(to: &storage)
    case .consumption, .generation, .storage, .gridExchange, .none: break
    }
  }

  /// Returns the factors by which events multiply an asset's power, slot by slot of the span.
  ///
  /// - Parameters:
  ///   - power: Power of the asset.
  ///   - events: Effects with their slots.
  ///   - span: Slots of the span.
  private static func factors(
    of power: ScenarioRecording.Power, events: [(effect: ScenarioEvent.Effect, slots: Range<Int>)], span: Range<Int>
  ) -> [Double] {
    var factors = Array(repeating: 1.0, count: span.count)
    for (effect, slots) in events {
      let factor: Double
      switch effect {
      case .shutdown(power.asset): factor = 0
      case .capacity(power.asset, let share): factor = 1 + share
      case .heat(let kelvin) where power.isPhotovoltaic && power.role == .generation:
        factor = max(0, 1 + PhotovoltaicModel(inverterKilowatts: 1).temperatureCoefficient * kelvin)
      case .shutdown, .capacity, .heat, .charger: continue
      }
      for slot in slots { factors[slot - span.lowerBound] *= factor }
    }
    return factors
  }

  /// Returns whether all values of a slot are known.
  func isWhole(_ slot: Int) -> Bool { load[slot].isFinite && generation[slot].isFinite && price[slot].isFinite }

  /// Notes on missing parts of the span.
  var notes: [String] {
    let missing = times.indices.filter { !isWhole($0) }.count
    return missing == 0 ? [] : ["\(missing) of \(times.count) slots have gaps and are left out"]
  }
}
