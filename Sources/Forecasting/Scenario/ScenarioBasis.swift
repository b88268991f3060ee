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
  /// Import price [currency/kWh].
  let price: [Double]
  let exportPrice: Double
  let isNeverNegative: Bool
  /// With the events, before heat and chargers [kW].
  private(set) var loadChange: [Double]
  private(set) var storageAfter: [Double]
  /// Generation with the events over that without.
  private(set) var generationFactor: [Double]
  /// What heat adds to the load: first as learnt, then variants [kW].
  var heatChanges: [[Double]] = []
  private let recording: ScenarioRecording
  private let first: Int
  private var generationAfter: [Double]

  init(_ recording: ScenarioRecording, span: Range<Int>, generation: [Double]) {
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
    exportPrice = recording.exportPrice
    isNeverNegative = input.isNeverNegative(before: .max)
    loadChange = Array(repeating: 0, count: span.count)
    storageAfter = storage
    generationFactor = Array(repeating: 1, count: span.count)
    generationAfter = self.generation
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
    for power in recording.powers where power.asset == asset {
      for slot in slots {
        let place = slot - first
        let value = power.values[slot - recording.input.first]
        guard value.isFinite else { continue }
        switch power.role {
        case .consumption: loadChange[place] += share * value
        case .storage: storageAfter[place] += share * value
        case .generation where !power.isWithin:
          generationAfter[place] = max(0, generationAfter[place] + share * value)
          generationFactor[place] = generation[place] > 0 ? generationAfter[place] / generation[place] : 1
        case .generation, .gridExchange, .none: break
        }
      }
    }
  }
}
