/// Identity of an alert rule, with the facts that other modules need.
///
/// Each rule declares its own constant. Identities are compared by constant, not by name.
public struct AlertRuleID: Sendable, Hashable, CustomStringConvertible {
  private final class Facts: Sendable {
    let name: String
    let concernsData: Bool
    let isFaultOfAsset: Bool

    init(name: String, concernsData: Bool, isFaultOfAsset: Bool) {
      (self.name, self.concernsData, self.isFaultOfAsset) = (name, concernsData, isFaultOfAsset)
    }
  }

  /// Unmanaged and never released, so that reading a fact costs no reference counting.
  private let facts: Unmanaged<Facts>

  /// Creates an identity. To be called once per rule: two calls make two different rules.
  ///
  /// - Parameters:
  ///   - name: Value of the tag `rule` in the database.
  ///   - concernsData: Whether the rule is about measurements and thus no reason to shut the asset down.
  ///   - isFaultOfAsset: Whether the rule reports a fault of the asset itself, not of its sensors, network or use.
  public init(_ name: String, concernsData: Bool = false, isFaultOfAsset: Bool = false) {
    facts = .passRetained(Facts(name: name, concernsData: concernsData, isFaultOfAsset: isFaultOfAsset))
  }

  /// Value of the tag `rule` in the database.
  public var name: String { facts._withUnsafeGuaranteedRef { $0.name } }
  /// Whether the rule is about measurements and thus no reason to shut the asset down.
  public var concernsData: Bool { facts._withUnsafeGuaranteedRef { $0.concernsData } }
  /// Whether the rule reports a fault of the asset itself, not of its sensors, network or use.
  public var isFaultOfAsset: Bool { facts._withUnsafeGuaranteedRef { $0.isFaultOfAsset } }
  /// Same as ``name``.
  public var description: String { name }

  /// Returns whether both are the same constant; two rules of equal name differ.
  public static func == (a: AlertRuleID, b: AlertRuleID) -> Bool { a.facts.toOpaque() == b.facts.toOpaque() }

  /// Hashes the identity of the constant.
  public func hash(into hasher: inout Hasher) { hasher.combine(facts.toOpaque()) }
}
