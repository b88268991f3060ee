/// The plants of one worker among several.
///
/// A hash of a plant's name decides, so that a plant stays with its worker whatever other plants come and go.
public struct PlantShare: Hashable, Sendable {
  /// Which share, 0..<``count``.
  public let number: Int
  /// How many shares there are, at least one.
  public let count: Int

  /// All plants.
  public static let whole = PlantShare(0, of: 1)

  /// The share with a number, 0..<`count`.
  public init(_ number: Int, of count: Int) {
    self.count = max(1, count)
    self.number = min(max(0, number), self.count - 1)
  }

  /// Whether a plant belongs to the share.
  public func has(_ plant: String) -> Bool { PlantShare.number(of: plant, among: count) == number }

  /// The share of a plant, 0..<`count`: FNV-1a (Fowler, Noll and Vo) of its name, 64 bits.
  ///
  /// Worked value: the hash of `a` is 0xAF63DC4C8601EC8C, which is 0 among 2 and 2 among 3.
  public static func number(of plant: String, among count: Int) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in plant.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(hash % UInt64(max(1, count)))
  }
}
