import PlantModel
import PlantPhysics

/// The nesting of assets behind each other's meters, and the resulting powers.
struct AssetNesting {
  /// Power of each asset in its own direction, including assets within it [kW].
  private(set) var power: [Double]
  /// The balance over assets that are not within another.
  private(set) var balance = PowerBalance()

  private let parents: [Int?]
  private let topLevel: [Bool]
  /// Positions with children before their parents.
  private let order: [Int]
  private var draws: [Double]

  init(_ assets: [Asset]) {
    var positions: [String: Int] = [:]
    for (position, asset) in assets.enumerated() where positions[asset.name] == nil {
      positions[asset.name] = position
    }
    let named = assets.map { $0.within.flatMap { positions[$0] } }
    let depths = assets.indices.map { AssetNesting.depth(of: $0, parents: named) }
    // The members of a circular chain have no parent.
    let parents = assets.indices.map { depths[$0] == nil ? nil : named[$0] }
    self.parents = parents
    topLevel = assets.map { $0.within == nil }
    order = assets.indices.sorted { (depths[$0] ?? 0, $0) > (depths[$1] ?? 0, $1) }
    power = Array(repeating: 0, count: assets.count)
    draws = power
  }

  private static func depth(of position: Int, parents: [Int?]) -> Int? {
    var depth = 0
    var next = parents[position]
    while let parent = next {
      depth += 1
      if depth > parents.count { return nil }
      next = parents[parent]
    }
    return depth
  }

  /// Returns the rated power of an asset less that of assets of its role within it, because they are part of it [kW].
  func ownSize(of position: Int, among assets: [Asset]) -> Double {
    let role = assets[position].kind.role
    let inner = assets.indices.filter { parents[$0] == position && assets[$0].kind.role == role }
    return max(
      0,
      inner.reduce(AssetModel.defaultSize(of: assets[position])) {
        $0 - AssetModel.defaultSize(of: assets[$1])
      })
  }

  /// Sums the powers of all assets.
  mutating func sum(_ assets: [AssetModel]) {
    for position in assets.indices {
      let own = assets[position].ownPower
      draws[position] =
        switch assets[position].asset.kind.role {
        case .consumption: own
        case .generation, .storage: -own
        case .gridExchange, .none: 0
        }
    }
    for position in order {
      if let parent = parents[position] { draws[parent] += draws[position] }
    }
    balance = PowerBalance()
    for position in assets.indices {
      let role = assets[position].asset.kind.role
      power[position] = role == .consumption || draws[position] == 0 ? draws[position] : -draws[position]
      if topLevel[position] { balance.add(power[position], as: role) }
    }
  }
}
