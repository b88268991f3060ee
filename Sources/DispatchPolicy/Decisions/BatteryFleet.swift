package import PlantModel
package import PlantPhysics

/// The batteries of a plant, treated as one. A decision applies to all and is divided in proportion to what each can
/// contribute.
package struct BatteryFleet: Sendable {
  /// A battery with known sizes.
  package struct Member: Sendable {
    var asset: AssetIndex
    var battery: BatteryModel
    var reserve: Double
    var rampKilowattsPerHour: Double
    var wearPrice: Double
  }

  /// The batteries in the order of the plant file; at least one.
  package let members: [Member]
  /// The equivalent single battery: energies and powers are sums, shares are means weighted by energy.
  package let battery: BatteryModel
  /// Mean wear price, weighted by energy [currency/kWh].
  package let wearPrice: Double

  /// Creates the fleet of the batteries with known sizes among `assets`, or among those at `positions`; `nil` if there
  /// are none.
  package init?(_ assets: [Asset], only positions: Set<Int>? = nil) {
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
    self.init(first, others: members.dropFirst())
  }

  /// Creates a fleet of one or more batteries.
  package init(_ first: Member, others: ArraySlice<Member> = []) {
    members = [first] + others
    guard !others.isEmpty else {
      // Weighted means would introduce rounding.
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

  /// Returns the state of charge of the equivalent battery, 0...1; `nil` unless all are known.
  package func stateOfCharge(_ of: (AssetIndex) -> Double?) -> Double? {
    var energy = 0.0
    for member in members {
      guard let soc = of(member.asset) else { return nil }
      energy += soc * member.battery.energyKilowattHours
    }
    // A single battery keeps its reported value without rounding.
    return members.count == 1 ? of(members[0].asset) : energy / battery.energyKilowattHours
  }

  /// Returns the sum of a value over all batteries; `nil` unless all are known.
  package func sum(_ of: (AssetIndex) -> Double?) -> Double? {
    members.reduce(0) { sum, member in sum.flatMap { sum in of(member.asset).map { sum + $0 } } }
  }

  /// Returns the power limits of each battery in a step.
  ///
  /// - Parameters:
  ///   - statesOfCharge: state of charge of each battery, 0...1.
  ///   - previous: power of each battery before the step [kW]; NaN if unknown, which disables the ramp limit.
  ///   - hours: length of the step [h].
  func headrooms(_ statesOfCharge: [Double], previous: [Double], hours: Double) -> [Headroom] {
    members.indices.map { place in
      Headroom(
        members[place].battery, reserve: members[place].reserve, stateOfCharge: statesOfCharge[place], hours: hours,
        previous: previous[place], rampKilowattsPerHour: members[place].rampKilowattsPerHour)
    }
  }

  /// Splits a power that all batteries can deliver together. Each contributes in proportion to its limits, within its
  /// ramp and reserve as far as possible.
  ///
  /// Worked value: 30 kW split between limits of 50 and 10 kW give 25 and 5 kW.
  static func split(_ power: Double, among headrooms: [Headroom]) -> [Double] {
    let total = headrooms.reduce(Headroom(), +)
    let tolerance = 1e-9 * max(1, total.discharge, total.charge)
    // Uses the narrowest limits that allow the whole power.
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
