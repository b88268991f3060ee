import PlantModel
import StreamCore
import WattlineTime

/// The traits of a plant's series: each distinct set once, and the index of each series' set.
struct TraitTable {
  private var traits: [SeriesTraits] = []
  private var kinds: [UInt16] = []

  /// Number of series.
  var count: Int { kinds.count }
  /// Whether any series carries energy.
  var hasEnergy: Bool { traits.contains(where: \.hasEnergy) }

  /// Traits of a series, by its position in the register.
  subscript(position: Int) -> SeriesTraits { traits[Int(kinds[position])] }

  /// Adds series that are new in the register.
  mutating func follow(_ register: PlantRegister, lateness: TimeSpan) {
    kinds.reserveCapacity(register.series.count)
    for series in register.series[kinds.count...] {
      let own = SeriesTraits(series.profile, lateness: lateness)
      let known = traits.firstIndex(of: own)
      if known == nil, traits.count <= Int(UInt16.max) { traits.append(own) }
      kinds.append(UInt16(clamping: known ?? traits.count - 1))
    }
  }
}
