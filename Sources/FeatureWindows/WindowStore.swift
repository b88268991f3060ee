import PlantModel
import StreamCore
import WattlineTime

/// The traits and windows of every series of a plant.
///
/// A series without energy that has been silent for long is reduced to its highest time.
struct WindowStore {
  /// Silence after which the state of a series without energy is reduced.
  static let quietAfter = TimeSpan.hours(25)

  var kinds = TraitTable()
  /// States of series without energy.
  var states = SeriesStates<SeriesWindows>()
  /// States of series that carry energy.
  var meters = SeriesStates<MeteredSeries>()
  /// Highest times of series whose state has been dropped.
  var quiet: [Int32: Timestamp] = [:]
  /// Limits full scans for windows of silent series.
  var look = ScanSchedule()

  /// Adds series that are new in the register.
  mutating func follow(_ register: PlantRegister, lateness: TimeSpan) {
    states.grow(to: register.series.count)
    kinds.follow(register, lateness: lateness)
    // Plants without energy reserve no memory for it.
    if kinds.hasEnergy { meters.grow(to: register.series.count) }
  }

  /// Returns the traits of a series, including whether its values hold at present.
  func traits(of position: Int) -> SeriesTraits {
    var own = kinds[position]
    if let place = states.place(of: position) { own.holds = states[place].isHeld }
    return own
  }

  /// Returns the place of the state of a series without energy, which is created or woken if there is none.
  @inline(__always)
  mutating func place(of position: Int) -> Int { states.place(of: position) ?? add(position) }

  @inline(never)
  private mutating func add(_ position: Int) -> Int {
    var state = SeriesWindows()
    if let highest = quiet.removeValue(forKey: Int32(truncatingIfNeeded: position)) { state.highest = highest }
    return states.add(state, to: position)
  }

  /// Reduces the state of a series to its highest time.
  mutating func drop(_ position: Int) {
    guard let place = states.place(of: position) else { return }
    quiet[Int32(truncatingIfNeeded: position)] = states[place].highest
    states.drop(position)
  }

  /// Returns the sum of a period's closed windows that may still change.
  ///
  /// - Parameters:
  ///   - series: The series.
  ///   - length: Length of the windows.
  ///   - period: The period [min since the epoch].
  ///   - window: A window to be left out.
  func unsettled(
    _ series: SeriesIndex, length: WindowLength, period: Range<Int32>, but window: FeatureWindow?
  ) -> Contribution {
    var total = Contribution()
    if let place = meters.place(of: series.position) {
      var scratch: [Double] = []
      meters[place].forEachClosed(
        length, in: period, traits: kinds[series.position], scratch: &scratch
      ) {
        if $0.start != window?.start { total.add(Contribution($0)) }
      }
      return total
    }
    guard let place = states.place(of: series.position) else { return total }
    states[place].windows.forEachClosed(length, traits: traits(of: series.position)) { other in
      if period.contains(other.start.minute), other.start != window?.start { total.add(Contribution(other)) }
    }
    return total
  }
}
