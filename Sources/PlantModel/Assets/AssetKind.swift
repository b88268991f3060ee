/// What an asset is. Everything that the pipeline does differently from kind to kind is a trait of it.
///
/// A kind is one file in this folder: a constant with its ``AssetTraits``. It takes effect by its line in ``allCases``.
/// No other code asks for a particular kind; it asks for the trait that matters to it.
public struct AssetKind: Sendable, Hashable, CaseIterable, RawRepresentable {
  /// Every kind, in the order in which messages list them.
  public static let allCases: [AssetKind] = [
    .pv, .battery, .evCharger, .load, .grid, .wind, .meter, .heatPump, .weather, .generic,
  ]

  /// The traits are never released, so reading one costs no reference counting.
  private let reference: Unmanaged<AssetTraits>

  /// A kind with its traits. Call it once for each kind: two calls make two kinds.
  init(_ traits: AssetTraits) { reference = .passRetained(traits) }

  /// The kind that plant files call `rawValue`; `nil` if none is called so.
  public init?(rawValue: String) {
    guard let kind = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = kind
  }

  /// The name in plant files.
  public var rawValue: String { traits.name }

  /// What is different from kind to kind.
  public var traits: AssetTraits { reference._withUnsafeGuaranteedRef { $0 } }

  /// How the asset's positive power enters the plant's balance.
  public var role: PowerRole { traits.role }

  /// Whether two constants are the same kind.
  public static func == (a: AssetKind, b: AssetKind) -> Bool { a.reference.toOpaque() == b.reference.toOpaque() }

  /// Feeds the kind's identity into a hash.
  public func hash(into hasher: inout Hasher) { hasher.combine(reference.toOpaque()) }
}

/// The part that an asset's power has in `grid = Σ consumption − Σ generation − Σ battery`.
public enum PowerRole: Sendable {
  /// Positive power is drawn from the plant.
  case consumption
  /// Positive power is fed into the plant.
  case generation
  /// Positive power is discharge, fed into the plant.
  case storage
  /// Positive power is import from the grid.
  case gridExchange
  /// No power.
  case none
}
