/// The identity of an alert rule, with what others than the alerts need to know of it.
///
/// The rule itself declares it. Identities are compared by the constant, not by the name.
public struct AlertRuleID: Sendable, Hashable, CustomStringConvertible {
  private final class Facts: Sendable {
    let name: String
    let concernsData: Bool
    let isFaultOfAsset: Bool

    init(name: String, concernsData: Bool, isFaultOfAsset: Bool) {
      (self.name, self.concernsData, self.isFaultOfAsset) = (name, concernsData, isFaultOfAsset)
    }
  }

  /// The facts are never released, so reading one costs no reference counting.
  private let facts: Unmanaged<Facts>

  /// An identity. Call it once for each rule: two calls make two rules.
  ///
  /// - Parameters:
  ///   - name: The tag `rule` in the database.
  ///   - concernsData: Whether it is about measurements rather than the asset: no reason to shut the asset down.
  ///   - isFaultOfAsset: Whether it is a fault of the asset itself, rather than of its sensors, its network or its use.
  public init(_ name: String, concernsData: Bool = false, isFaultOfAsset: Bool = false) {
    facts = .passRetained(Facts(name: name, concernsData: concernsData, isFaultOfAsset: isFaultOfAsset))
  }

  /// The tag `rule` in the database.
  public var name: String { facts._withUnsafeGuaranteedRef { $0.name } }
  /// Whether it is about measurements rather than the asset: no reason to shut the asset down.
  public var concernsData: Bool { facts._withUnsafeGuaranteedRef { $0.concernsData } }
  /// Whether it is a fault of the asset itself, rather than of its sensors, its network or its use.
  public var isFaultOfAsset: Bool { facts._withUnsafeGuaranteedRef { $0.isFaultOfAsset } }
  /// The name.
  public var description: String { name }

  /// Whether two constants are the same rule.
  public static func == (a: AlertRuleID, b: AlertRuleID) -> Bool { a.facts.toOpaque() == b.facts.toOpaque() }

  /// Feeds the identity into a hash.
  public func hash(into hasher: inout Hasher) { hasher.combine(facts.toOpaque()) }
}
