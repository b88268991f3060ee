import PlantModel
import PlantPhysics

/// The batteries of a plant as one: decided on together, and served in proportion to what each can do.
struct BatteryFleet: Sendable {
  /// A battery whose sizes are known.
  struct Member: Sendable {
    var asset: AssetIndex
    var battery: BatteryModel
    var reserve: Double
    var rampKilowattsPerHour: Double
    var wearPrice: Double
  }

  /// In the order of the plant's file; at least one.
  let members: [Member]
  /// All of them in one: energies and powers added, shares weighted by energy.
  let battery: BatteryModel
  /// Mean wear by energy [currency/kWh].
  let wearPrice: Double

  /// The batteries of a list of assets that tell their sizes, all or some of them; `nil` where none does.
  init?(_ assets: [Asset], only positions: Set<Int>? = nil) {
    let members = assets.enumerated().compactMap { position, asset -> Member? in
      guard asset.kind.role == .storage, positions?.contains(position) ?? true, let battery = BatteryModel(asset) else {
        return nil
      }
      return Member(
        asset: AssetIndex(position), battery: battery, reserve: asset.reserveStateOfCharge ?? 0,
        rampKilowattsPerHour: asset.rampKilowattsPerMinute.map { 60 * $0 } ?? .infinity,
        wearPrice: asset.wearPrice ?? 0)
    }
    guard let first = members.first else { return nil }
    self.init(first, members.dropFirst())
  }

  /// A fleet of one or more.
  init(_ first: Member, _ others: ArraySlice<Member> = []) {
    members = [first] + others
    guard !others.isEmpty else {
      // Means would round.
      (battery, wearPrice) = (first.battery, first.wearPrice)
      return
    }
    let energy = members.reduce(0) { $0 + $1.battery.energyKilowattHours }
    let all = members
    func mean(_ share: (Member) -> Double) -> Double {
      all.reduce(0) { $0 + share($1) * $1.battery.energyKilowattHours } / energy
    }
    battery = BatteryModel(
      energyKilowattHours: energy, powerKilowatts: members.reduce(0) { $0 + $1.battery.powerKilowatts },
      efficiency: mean(\.battery.efficiency), minimumStateOfCharge: mean(\.battery.minimumStateOfCharge),
      maximumStateOfCharge: mean(\.battery.maximumStateOfCharge))
    wearPrice = mean(\.wearPrice)
  }

  /// The state of charge of all in one, 0...1; `nil` unless every one is known.
  func stateOfCharge(_ of: (AssetIndex) -> Double?) -> Double? {
    var energy = 0.0
    for member in members {
      guard let soc = of(member.asset) else { return nil }
      energy += soc * member.battery.energyKilowattHours
    }
    // One battery's charge is to be exactly what it said.
    return members.count == 1 ? of(members[0].asset) : energy / battery.energyKilowattHours
  }

  /// A sum over all; `nil` unless every one is known.
  func sum(_ of: (AssetIndex) -> Double?) -> Double? {
    members.reduce(0) { sum, member in sum.flatMap { sum in of(member.asset).map { sum + $0 } } }
  }

  /// What each can do in a step, by their states of charge and powers before; a power that is not known binds nothing.
  func headrooms(_ statesOfCharge: [Double], previous: [Double], hours: Double) -> [Headroom] {
    members.indices.map { place in
      Headroom(
        members[place].battery, reserve: members[place].reserve, stateOfCharge: statesOfCharge[place], hours: hours,
        previous: previous[place], rampKilowattsPerHour: members[place].rampKilowattsPerHour)
    }
  }

  /// Splits a power that all can give together: in proportion to what each can do, as far as its ramp and reserve let it.
  ///
  /// Worked value: 30 kW among two that can give 50 and 10 kW are 25 and 5 kW.
  static func split(_ power: Double, among headrooms: [Headroom]) -> [Double] {
    let total = headrooms.reduce(Headroom(), +)
    let tolerance = 1e-9 * max(1, total.discharge, total.charge)
    // The narrowest limits that leave room for all of it.
    let keepsRamps = power > total.low - tolerance && power < total.high + tolerance
    let keepsReserves = keepsRamps && power < total.aboveReserve + tolerance
    let ranges = headrooms.map { one in
      keepsReserves ? (one.low, one.aboveReserve) : keepsRamps ? (one.low, one.high) : (-one.charge, one.discharge)
    }
    let shares = headrooms.map { power < 0 ? $0.charge : keepsReserves ? max(0, $0.aboveReserve) : $0.discharge }
    let sum = shares.reduce(0, +)
    var powers = zip(shares, ranges).map { share, range in
      min(range.1, max(range.0, sum > 0 ? power * (share / sum) : 0))
    }
    let rest = power - powers.reduce(0, +)
    let rooms = zip(powers, ranges).map { rest > 0 ? $1.1 - $0 : $0 - $1.0 }
    let room = rooms.reduce(0, +)
    if room > 0 { for place in powers.indices { powers[place] += rest * (rooms[place] / room) } }
    return powers
  }
}
