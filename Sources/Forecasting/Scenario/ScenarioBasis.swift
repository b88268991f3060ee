import PlantModel
import PlantPhysics

/// A span as it was recorded, and what events add to it for certain.
struct ScenarioBasis {
  let times: [Timestamp]
  let hours: Double
  /// Recorded, slot by slot of the span [kW]; NaN where something is missing.
  let load: [Double]
  let generation: [Double]
  let storage: [Double]
  /// As it was forecast the day before [kW].
  private(set) var expectedLoad: [Double]
  private(set) var expectedGeneration: [Double]
  /// Import price [currency/kWh].
  let price: [Double]
  /// Payment for export [currency/kWh].
  let exportPrice: [Double]
  let isNeverNegative: Bool
  /// With the events, before heat and chargers [kW].
  private(set) var loadChange: [Double]
  /// Load and generation with the events over those without, beside ``loadChange``.
  private(set) var loadFactor: [Double]
  private(set) var storageAfter: [Double]
  private(set) var generationFactor: [Double]
  /// What heat adds to the load: first as learnt, then variants [kW].
  var heatChanges: [[Double]] = []
  private let recording: ScenarioRecording
  private let first: Int

  /// A span, and the medians of its forecasts by the day's number; where there are none, what was recorded stands.
  init(
    _ recording: ScenarioRecording, span: Range<Int>, generation: [Double], medians: [Int: ForecastErrorDays.Day]
  ) {
    let input = recording.input
    let places = (span.lowerBound - input.first)..<(span.upperBound - input.first)
    self.recording = recording
    first = span.lowerBound
    times = span.map { input.grid.start(of: $0) }
    hours = input.grid.span.inHours
    load = Array(input.target[places])
    self.generation = Array(generation[places])
    storage = Array(ScenarioRecording.sum(recording.powers, .storage, input.target.count)[places]).map {
      $0.isNaN ? 0 : $0
    }
    price = Array(recording.prices[places])
    exportPrice = Array(recording.exportPrices[places])
    isNeverNegative = input.isNeverNegative(before: .max)
    loadChange = Array(repeating: 0, count: span.count)
    storageAfter = storage
    loadFactor = Array(repeating: 1, count: span.count)
    generationFactor = loadFactor
    expectedLoad = load
    expectedGeneration = self.generation
    for slot in span {
      guard let day = medians[input.grid.day(of: slot)] else { continue }
      expectedLoad[slot - span.lowerBound] = day.load[slot - input.grid.startOfDay(slot)]
      expectedGeneration[slot - span.lowerBound] = day.generation[slot - input.grid.startOfDay(slot)]
    }
  }

  /// Whether everything is known of a slot.
  func isWhole(_ slot: Int) -> Bool { load[slot].isFinite && generation[slot].isFinite && price[slot].isFinite }

  /// What of the span is missing, in words.
  var notes: [String] {
    let missing = times.indices.filter { !isWhole($0) }.count
    return missing == 0 ? [] : ["\(missing) of \(times.count) slots have gaps and are left out"]
  }

  /// Lays an event over the span.
  mutating func apply(_ effect: ScenarioEvent.Effect, _ slots: Range<Int>) {
    switch effect {
    case .shutdown(let asset): scale(asset, by: -1, slots)
    case .capacity(let asset, let share): scale(asset, by: share, slots)
    case .charger: break
    case .heat(let kelvin):
      let coefficient = PhotovoltaicModel(inverterKilowatts: 1).temperatureCoefficient
      for power in recording.powers where power.isPhotovoltaic && power.role == .generation && !power.isWithin {
        scale(power.asset, by: max(-1, coefficient * kelvin), slots)
      }
    }
  }

  private mutating func scale(_ asset: String, by share: Double, _ slots: Range<Int>) {
    guard let power = recording.powers.first(where: { $0.asset == asset }) else { return }
    let values = power.values[(first - recording.input.first)...].prefix(times.count).map { $0.isFinite ? $0 : 0 }
    for slot in slots {
      let place = slot - first
      switch power.role {
      case .consumption where power.isWithin: loadChange[place] += share * values[place]
      case .consumption: loadFactor[place] = max(0, loadFactor[place] + share * part(values, of: load))
      case .generation where !power.isWithin:
        generationFactor[place] = max(0, generationFactor[place] + share * part(values, of: generation))
      case .storage: storageAfter[place] += share * values[place]
      case .generation, .gridExchange, .none: break
      }
    }
  }

  /// The share that an asset had in a total over the span.
  private func part(_ values: [Double], of total: [Double]) -> Double {
    let sum = total.reduce(0) { $0 + ($1.isFinite ? $1 : 0) }
    return sum > 0 ? min(1, max(0, values.reduce(0, +) / sum)) : 0
  }
}
