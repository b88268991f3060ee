/// Kind of an asset. Every difference between kinds in the pipeline is one of its traits.
///
/// A kind is one file in this folder: a constant with its ``AssetTraits``. It takes effect by its entry in
/// ``allCases``.
/// No other code checks for a particular kind; it checks the trait that matters to it.
public struct AssetKind: Sendable, Hashable, CaseIterable, RawRepresentable,
  CustomStringConvertible
{
  /// All kinds, in the order in which messages list them.
  public static let allCases: [AssetKind] = [
    .pv, .battery, .evCharger, .load, .grid, .wind, .meter, .heatPump, .electrolyser, .weather, .generic,
  ]

  /// Unmanaged and never released, so that reading a trait costs no reference counting.
  private let reference: Unmanaged<AssetTraits>

  /// Creates a kind with its traits. To be called once per kind: two calls make two different kinds.
  init(_ traits: AssetTraits) { reference = .passRetained(traits) }

  /// Creates the kind that plant files call `rawValue`; `nil` if there is none of that name.
  public init?(rawValue: String) {
    guard let kind = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = kind
  }

  /// Name in plant files.
  public var rawValue: String { traits.name }

  /// Name in plant files.
  public var description: String { traits.name }

  /// Properties in which the kind differs from others.
  public var traits: AssetTraits { reference._withUnsafeGuaranteedRef { $0 } }

  /// Role of the asset's positive power in the plant's balance.
  public var role: PowerRole { traits.role }

  /// Returns whether both are the same constant.
  public static func == (a: AssetKind, b: AssetKind) -> Bool { a.reference.toOpaque() == b.reference.toOpaque() }

  /// Hashes the identity of the constant.
  public func hash(into hasher: inout Hasher) { hasher.combine(reference.toOpaque()) }
}

/// Role of an asset's power in the balance `grid = Σ consumption − Σ generation − Σ battery`.
public enum PowerRole: Sendable {
  /// Positive power is drawn from the plant.
  case consumption
  /// Positive power is fed into the plant.
  case generation
  /// Positive power is discharge, fed into the plant.
  case storage
  /// Positive power is import from the grid.
  case gridExchange
  /// The asset has no power.
  case none
}
