extension BinaryInteger {
  /// The number before a noun whose plural ends in s: `1 row`, `2 rows`, `0 rows`.
  public func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
