/// Share of the plants that one of several workers processes.
///
/// It is chosen by a hash of the plant's name, so a plant stays with its worker when other plants are added or removed.
public struct Shard: Hashable, Sendable {
  /// Number of the share, 0..<``count``.
  public let number: Int
  /// Number of shares, at least one.
  public let count: Int

  /// Share of a single worker: all plants.
  public static let whole = Shard(0, of: 1)

  /// Creates the share of a number, clamped to 0..<`count`.
  public init(_ number: Int, of count: Int) {
    self.count = max(1, count)
    self.number = min(max(0, number), self.count - 1)
  }

  /// Returns whether a plant belongs to the share.
  public func has(_ plant: String) -> Bool { Shard.number(of: plant, among: count) == number }

  /// Returns the share of a plant, 0..<`count`: the 64-bit FNV-1a hash (Fowler, Noll and Vo) of its name, modulo
  /// `count`.
  ///
  /// Worked value: the hash of `a` is 0xAF63DC4C8601EC8C, which is 0 among 2 and 2 among 3.
  public static func number(of plant: String, among count: Int) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in plant.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(hash % UInt64(max(1, count)))
  }
}
