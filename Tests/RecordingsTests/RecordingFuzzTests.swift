import PlantModel
import PlantPhysics
import Testing

@testable import Recordings

@Suite("Recordings of random bytes")
struct RecordingFuzzTests {
  private static let seeds = [
    "time,a.b,c.d\n2016-08-01T07:00:00Z,1,2\n2016-08-01T08:00:00Z,1,2\n",
    "sep=;\nDatum;Zeit;kWh\n01.06.2025;00:15;1,5\n02.06.2025;24:00;1.234,5\n",
    "x\n\nDate|" + (1...96).map(String.init).joined(separator: "|") + "\n26/10/2025|"
      + String(repeating: "1|", count: 96) + "\n",
    "Zeit;A\n45809,5;1\n45810;2\n", "ts\tv\n1748728800000\t1\n1748728800001\t2\n",
    "Date,Hour,P\n" + (1...25).map { "2025-10-26,\($0),1\n" }.joined(),
  ]

  @Test("they are read or refused without a crash, in any zone, and nothing is made up", arguments: 0..<6)
  func random(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed) + 40)
    let alphabet = Array("\",;|\t\n\r 0123456789-+:/.TZeE#'()[]kWhAM\u{0}é€".utf8)
    func any(_ count: Int) -> Int { Int(generator.uniform() * Double(count)) }
    for round in 0..<400 {
      var bytes = round % 4 == 0 ? [] : Array(Self.seeds[seed].utf8)
      for _ in 0..<any(40) {
        let byte =
          generator.uniform() < 0.9 ? alphabet[any(alphabet.count)] : UInt8(truncatingIfNeeded: generator.next())
        let place = any(bytes.count + 1)
        switch any(3) {
        case 0: bytes.insert(byte, at: place)
        case 1 where place < bytes.count: bytes[place] = byte
        default: if place < bytes.count { bytes.remove(at: place) } else { bytes.append(byte) }
        }
      }
      if round % 7 == 0 { bytes = [0xFF, 0xFE] + bytes }
      var given = RecordingOptions()
      given.zone = ["Europe/Berlin", "UTC", "Australia/Lord_Howe", nil][round % 4]
      if round % 3 == 0 { (given.dates, given.decimal) = (.monthFirst, .comma) }
      given.needsTimes = round % 5 != 0
      guard let file = try? RecordingFile(name: "f", contents: bytes, options: given) else { continue }
      let read = file.rows(of: Array(file.columns.indices))
      let sorted = read.ordered()
      #expect(sorted.times.isEmpty || zip(sorted.times, sorted.times.dropFirst()).allSatisfy { $0 < $1 })
      #expect(read.values.allSatisfy { $0.count == read.count } && read.times.count % max(1, read.count) == 0)
      for column in sorted.columns.indices { #expect(sorted.kilowatts(column).values.count == sorted.count) }
      #expect(!file.explanation(sorted).isEmpty)
    }
  }
}
