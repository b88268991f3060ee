extension BinaryInteger {
  /// Returns the number before a noun with a plural in s: `1 row`, `2 rows`, `0 rows`.
  public func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
