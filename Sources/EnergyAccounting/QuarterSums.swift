import PlantModel
import WattlineTime

/// Sums of a quarter-hour, added up minute by minute.
struct QuarterSums {
  /// Number of assets of a role, their energy in the minute, and the smallest known share of the minute among them.
  typealias Role = (members: Int, cell: EnergyCell, share: Double)

  private static let leastShare = 0.5
  private static let minute = 1.0 / Double(MinuteCells.count)

  private var imported = 0.0
  private var exported = 0.0
  private var exchangeShare = 0.0
  private var generation = (energy: 0.0, share: 0.0, members: 0)
  private var load = (energy: 0.0, share: 0.0)
  private var storage = (discharged: 0.0, charged: 0.0, share: 0.0, members: 0)
  /// Generation and export, in minutes in which both are known [kWh].
  private var used = (generation: 0.0, exported: 0.0)
  private var cost = 0.0
  private var priced = 0.0
  private var unpriced = 0.0
  private var isPriced = false
  private var carbon: Double?

  /// Adds one minute.
  ///
  /// - Parameters:
  ///   - minute: Position within the quarter-hour, 0..<15.
  ///   - load: Assets that consume.
  ///   - generation: Assets that generate.
  ///   - storage: Assets that store.
  ///   - grid: Measured exchange; `nil` if unknown.
  ///   - prices: Prices of the quarter-hour.
  mutating func add(
    minute: Int, load: Role, generation: Role, storage: Role, grid: EnergyCell?, prices: PriceMinutes
  ) {
    let isWhole = { (role: Role) in role.members == 0 || role.share >= Self.leastShare }
    let local = generation.cell.net + storage.cell.net
    self.generation.energy += generation.cell.net
    self.generation.share += Self.minute * min(1, generation.share)
    self.generation.members = max(self.generation.members, generation.members)
    self.storage.discharged += storage.cell.positive
    self.storage.charged += storage.cell.negative
    self.storage.share += Self.minute * min(1, storage.share)
    self.storage.members = max(self.storage.members, storage.members)
    var exchange: (imported: Double, exported: Double, known: Double)?
    if let grid {
      exchange = (grid.positive, grid.negative, grid.known * 60)
    } else if load.members > 0, isWhole(load), isWhole(generation), isWhole(storage) {
      let net = load.cell.net - local
      exchange = (max(0, net), max(0, -net), min(load.share, generation.share, storage.share))
    }
    if load.members > 0 {
      self.load.energy += load.cell.net
      self.load.share += Self.minute * min(1, load.share)
    } else if let exchange, isWhole(generation), isWhole(storage) {
      self.load.energy += exchange.imported - exchange.exported + local
      self.load.share += Self.minute * min(1, exchange.known, generation.share, storage.share)
    }
    guard let exchange else { return }
    imported += exchange.imported
    exported += exchange.exported
    exchangeShare += Self.minute * min(1, exchange.known)
    if generation.members > 0, isWhole(generation) {
      used.generation += generation.cell.net
      used.exported += exchange.exported
    }
    pay(exchange.imported, exported: exchange.exported, minute: minute, prices: prices)
  }

  private mutating func pay(_ imported: Double, exported: Double, minute: Int, prices: PriceMinutes) {
    let (importPrice, exportPrice) = (prices.importPrices[minute], prices.exportPrices[minute])
    for (energy, price, sign) in [(imported, importPrice, 1.0), (exported, exportPrice, -1)] where energy > 0 {
      if price.isNaN {
        unpriced += energy
      } else {
        priced += energy
        cost += sign * energy * price
        isPriced = true
      }
    }
    // Without any flow, either known price settles the cost at zero.
    if imported <= 0, exported <= 0, !importPrice.isNaN || !exportPrice.isNaN { isPriced = true }
    let intensity = prices.carbon[minute]
    if !intensity.isNaN { carbon = (carbon ?? 0) + imported * intensity }
  }

  /// Returns the sums as the quarter-hour that begins at `start`; costs have a coverage only if the plant has prices.
  func quarter(_ start: Timestamp, hasPrices: Bool) -> EnergyQuarter {
    var quarter = EnergyQuarter(start: start)
    if exchangeShare > 0 {
      (quarter.imported, quarter.exported) = (imported, exported)
      quarter.exchangeShare = min(1, exchangeShare)
      if isPriced { quarter.cost = cost }
      if hasPrices {
        quarter.costCoverage = priced + unpriced > 0 ? priced / (priced + unpriced) : isPriced ? 1 : 0
      }
      quarter.carbon = carbon
    }
    if generation.members > 0, generation.share > 0 {
      quarter.generation = generation.energy
      quarter.generationShare = min(1, generation.share)
    }
    if load.share > 0 {
      quarter.load = load.energy
      quarter.loadShare = min(1, load.share)
    }
    if storage.members > 0, storage.share > 0 {
      (quarter.discharged, quarter.charged) = (storage.discharged, storage.charged)
      quarter.batteryShare = min(1, storage.share)
    }
    if used.generation > 1e-9 {
      quarter.selfConsumption = min(1, max(0, (used.generation - used.exported) / used.generation))
    }
    return quarter
  }
}
