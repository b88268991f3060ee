/// Damages texts and byte strings at random, the same way in every run: for tests of readers.
public struct ByteMutator: Sendable {
  /// Source of the choices.
  public var random: SplitMix
  /// Pieces that are put in now and then, such as words of the language that is read.
  private let pieces: [[UInt8]]

  /// Creates a mutator.
  ///
  /// - Parameters:
  ///   - seed: Seed of the choices.
  ///   - pieces: Pieces that are put in now and then.
  public init(seed: UInt64, pieces: [String] = []) {
    random = SplitMix(state: seed)
    self.pieces = pieces.map { Array($0.utf8) } + [[0], [0xFF], [0xED, 0xA0, 0x80], Array("\u{301}".utf8)]
  }

  /// Returns whether something with a probability happens.
  public mutating func happens(_ probability: Double) -> Bool { random.uniform(0...1) < probability }

  /// Returns one of some elements, of which there is at least one.
  public mutating func choice<Element>(_ elements: [Element]) -> Element {
    elements[random.index(below: elements.count)]
  }

  /// Returns bytes with one to four damages.
  public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.index(below: 4) { damage(&bytes) }
    return bytes
  }

  /// Returns a text with one to four damages; broken UTF-8 is repaired.
  public mutating func damaged(_ text: String) -> String { String(decoding: damaged(Array(text.utf8)), as: UTF8.self) }

  private mutating func damage(_ bytes: inout [UInt8]) {
    let place = random.index(below: bytes.count + 1)
    let length = min(bytes.count - place, random.index(below: 9))
    switch random.index(below: 7) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.index(below: 8))
    case 1 where place < bytes.count: bytes[place] = UInt8(random.index(below: 256))
    case 2: bytes.insert(UInt8(random.index(below: 256)), at: place)
    case 3: bytes.removeSubrange(place..<place + length)
    case 4: bytes.insert(contentsOf: bytes[place..<place + length], at: random.index(below: bytes.count + 1))
    case 5: bytes.removeLast(min(bytes.count, random.index(below: 20)))
    default: bytes.insert(contentsOf: choice(pieces), at: place)
    }
  }
}
