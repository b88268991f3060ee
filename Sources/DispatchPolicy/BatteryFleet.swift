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
  /// Mean reserve by energy, 0...1.
  let reserve: Double
  /// Sum of the ramps [kW/h]; infinite where one has none.
  let rampKilowattsPerHour: Double
  /// Mean wear by energy [currency/kWh].
  let wearPrice: Double

  /// The batteries of a list of assets that tell their sizes, all or some of them; `nil` where none does.
  init?(_ assets: [Asset], only positions: Set<Int>? = nil) {
    let members = assets.enumerated().compactMap { position, asset -> Member? in
      guard asset.kind == .battery, positions?.contains(position) ?? true, let battery = BatteryModel(asset) else {
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
    rampKilowattsPerHour = members.reduce(0) { $0 + $1.rampKilowattsPerHour }
    guard !others.isEmpty else {
      // Means would round.
      (battery, reserve, wearPrice) = (first.battery, first.reserve, first.wearPrice)
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
    reserve = mean(\.reserve)
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

  /// What each can do in a step, by their states of charge.
  func headrooms(_ statesOfCharge: [Double], hours: Double) -> [Headroom] {
    zip(members, statesOfCharge).map { member, soc in
      Headroom(member.battery, reserve: member.reserve, stateOfCharge: soc, hours: hours)
    }
  }

  /// Splits a power that all can give together. What the reserves leave comes first, in proportion to it.
  ///
  /// Worked value: 30 kW among two that can give 50 and 10 kW are 25 and 5 kW.
  static func split(_ power: Double, among headrooms: [Headroom]) -> [Double] {
    let total = headrooms.reduce(Headroom(), +)
    let shares: [Double] =
      if power < 0 {
        headrooms.map(\.charge)
      } else if power <= total.aboveReserve {
        headrooms.map(\.aboveReserve)
      } else {
        headrooms.map(\.discharge)
      }
    let sum = shares.reduce(0, +)
    return shares.map { sum > 0 ? power * ($0 / sum) : 0 }
  }
}
