/// The marginal value of stored energy at a time: the negative slope of the cost-to-go over stored energy.
///
/// The cost-to-go of ``DispatchProblem`` is convex in the stored energy, so the slopes over equal cells of energy fall.
/// One slot backwards in time is the inf-convolution with the slot's ``SlotOffers``. On slopes this is a shift and a
/// clamp. An offer to discharge up to `m` kWh at a gain of `c` gives `λ'(s) = clamp(c, λ(s), λ(s − m))`. Charging has
/// the opposite signs. The result is exact except for the width of a cell.
public struct EnergyValue: Sendable {
  /// Number of cells.
  public let cells: Int
  /// Width of a cell [kWh].
  public let width: Double
  /// `cells` slopes between `cells + 1` values of +∞ and as many of −∞. An empty battery cannot be discharged, and a
  /// full one cannot be charged.
  private var slopes: [Float]
  private var scratch: [Float]
  private static let beyond: Float = 1e9

  /// Creates the value at a time after which every kWh is worth `value`.
  ///
  /// - Parameters:
  ///   - capacity: usable energy [kWh].
  ///   - cells: number of cells, at least 1.
  ///   - value: value of every kWh [currency/kWh].
  public init(capacity: Double, cells: Int, value: Double = 0) {
    let cells = max(1, cells)
    self.cells = cells
    width = max(capacity, 1e-9) / Double(cells)
    slopes =
      Array(repeating: EnergyValue.beyond, count: cells + 1) + Array(repeating: Float(value), count: cells)
      + Array(repeating: -EnergyValue.beyond, count: cells + 1)
    scratch = slopes
  }

  /// Sets the same value for every kWh [currency/kWh].
  public mutating func reset(to value: Double) {
    for cell in cells + 1..<2 * cells + 1 { slopes[cell] = Float(value) }
  }

  /// Copies the values of another over the same cells; does nothing if the number of cells differs.
  public mutating func copy(_ other: EnergyValue) {
    guard other.cells == cells else { return }
    slopes.withUnsafeMutableBufferPointer { mine in
      other.slopes.withUnsafeBufferPointer { theirs in
        for cell in cells + 1..<2 * cells + 1 { mine[cell] = theirs[cell] }
      }
    }
  }

  /// Steps back in time over one slot with the given offers.
  public mutating func stepBack(over offers: SlotOffers) {
    append(offers.discharge.0)
    append(offers.discharge.1)
    append(offers.discharge.2)
    put(offers.charge.0)
    put(offers.charge.1)
    put(offers.charge.2)
  }

  /// Returns the energy up to which a kWh is worth more than `price` [kWh]; below it, charging at that price pays.
  public func level(worthMoreThan price: Double) -> Double {
    let price = Float(price)
    var low = 0
    var high = cells
    while low < high {
      let middle = (low + high) / 2
      if slopes[cells + 1 + middle] > price { low = middle + 1 } else { high = middle }
    }
    return Double(low) * width
  }

  /// Value of each cell's energy [currency/kWh], from empty to full.
  public var values: [Double] {
    get { slopes[cells + 1..<2 * cells + 1].map(Double.init) }
    set { for (cell, value) in newValue.prefix(cells).enumerated() { slopes[cells + 1 + cell] = Float(value) } }
  }

  /// Returns the value of a stored energy [currency].
  public func worth(of energy: Double) -> Double {
    let place = min(max(energy / width, 0), Double(cells))
    let whole = Int(place)
    var sum = 0.0
    for cell in 0..<whole { sum += Double(slopes[cells + 1 + cell]) }
    if whole < cells { sum += (place - Double(whole)) * Double(slopes[cells + 1 + whole]) }
    return sum * width
  }

  /// Returns the best energy at the end of a slot that starts with `energy` [kWh], if this is the value at the slot's
  /// end.
  public func target(from energy: Double, offers: SlotOffers) -> Double {
    SlotLevels(of: offers, at: self).target(from: energy, offers: offers)
  }

  /// Adds another value over the same cells with a weight; does nothing if the number of cells differs.
  public mutating func add(_ other: EnergyValue, weight: Double) {
    guard other.cells == cells else { return }
    let weight = Float(weight)
    slopes.withUnsafeMutableBufferPointer { mine in
      other.slopes.withUnsafeBufferPointer { theirs in
        for cell in cells + 1..<2 * cells + 1 { mine[cell] += weight * theirs[cell] }
      }
    }
  }

  /// Applies a discharge offer. It has no effect if even the last kWh is worth more than the gain.
  private mutating func append(_ offer: SlotOffers.Offer) {
    if slopes[2 * cells] < Float(offer.price) { shift(offer, sign: -1) }
  }

  /// Applies a charge offer. It has no effect if even the first kWh is worth less than the cost.
  private mutating func put(_ offer: SlotOffers.Offer) {
    if slopes[cells + 1] > Float(offer.price) { shift(offer, sign: 1) }
  }

  private mutating func shift(_ offer: SlotOffers.Offer, sign: Int) {
    guard offer.energy > 0 else { return }
    let shift = min(offer.energy / width, Double(cells) - 0.001)
    let whole = Int(shift)
    let part = Float(shift - Double(whole))
    let price = Float(offer.price)
    let cells = cells
    slopes.withUnsafeBufferPointer { slopes in
      scratch.withUnsafeMutableBufferPointer { scratch in
        guard let source = slopes.baseAddress, let result = scratch.baseAddress else { return }
        let own = source + (cells + 1)
        let near = own + sign * whole
        let far = near + sign
        let target = result + (cells + 1)
        if sign < 0 {
          for cell in 0..<cells {
            let held = own[cell] > price ? own[cell] : price
            let first = held < near[cell] ? held : near[cell]
            let second = held < far[cell] ? held : far[cell]
            target[cell] = first + part * (second - first)
          }
        } else {
          for cell in 0..<cells {
            let held = own[cell] < price ? own[cell] : price
            let first = held > near[cell] ? held : near[cell]
            let second = held > far[cell] ? held : far[cell]
            target[cell] = first + part * (second - first)
          }
        }
      }
    }
    swap(&slopes, &scratch)
  }
}

/// The policy of one slot: the energy at which each offer stops to pay [kWh].
struct SlotLevels {
  private var discharge: (Double, Double, Double)
  private var charge: (Double, Double, Double)

  /// Prices closer than this count as equal [currency/kWh].
  private static let tolerance = 1e-5

  /// Computes the levels of a slot's offers.
  ///
  /// - Parameters:
  ///   - offers: the offers.
  ///   - value: value at the slot's end.
  ///   - keepsOnTie: whether energy that is worth the same later is kept. An expected value is better used at once,
  ///     because the later use is uncertain. A known value has an error of the width of its cells.
  init(of offers: SlotOffers, at value: EnergyValue, keepsOnTie: Bool = false) {
    func level(_ offer: SlotOffers.Offer, tolerance: Double) -> Double {
      offer.energy > 0 ? value.level(worthMoreThan: offer.price + tolerance) : 0
    }
    let margin = keepsOnTie ? -SlotLevels.tolerance : SlotLevels.tolerance
    // Exporting for exactly the value of the energy gains nothing.
    discharge = (
      level(offers.discharge.0, tolerance: margin), level(offers.discharge.1, tolerance: margin),
      level(offers.discharge.2, tolerance: -SlotLevels.tolerance)
    )
    charge = (
      level(offers.charge.0, tolerance: SlotLevels.tolerance), level(offers.charge.1, tolerance: SlotLevels.tolerance),
      level(offers.charge.2, tolerance: SlotLevels.tolerance)
    )
  }

  func target(from energy: Double, offers: SlotOffers) -> Double {
    func lowered(_ energy: Double, offer: SlotOffers.Offer, level: Double) -> Double {
      offer.energy > 0 && energy > level ? max(level, energy - offer.energy) : energy
    }
    func raised(_ energy: Double, offer: SlotOffers.Offer, level: Double) -> Double {
      offer.energy > 0 && energy < level ? min(level, energy + offer.energy) : energy
    }
    var energy = lowered(energy, offer: offers.discharge.0, level: discharge.0)
    energy = lowered(energy, offer: offers.discharge.1, level: discharge.1)
    energy = lowered(energy, offer: offers.discharge.2, level: discharge.2)
    energy = raised(energy, offer: offers.charge.0, level: charge.0)
    energy = raised(energy, offer: offers.charge.1, level: charge.1)
    return raised(energy, offer: offers.charge.2, level: charge.2)
  }
}
