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

  @Test(arguments: [
    "time,a\n2025-01-01 00:00,1\n9999-12-31 23:59,1\n0001-01-01 00:00,1\n", "t,a\n45809,1\n199999,1\n99999999,1\n",
    "ts,a\n1748728800,1\n9e300,1\n-9e18,1\n4e9,1\n",
    "ts,a\n1748728800000000000,1\n-3999999999999999999,1\n9223372036854775807,1\n",
    "t,a\n1900-01-01,1\n2100-12-31T24:00-18:00,1\n1950-01-01,1\n",
  ])
  func `moments beyond all recordings are refused row by row`(text: String) throws {
    let read = try recording(text, options: options(zone: "Europe/Berlin"))
    #expect(read.count >= 1 && read.count + read.tally.unreadable == text.split(separator: "\n").count - 1)
    #expect(read.kilowatts(0).values.count == read.count && read.intervals().count == read.count)
  }

  @Test(arguments: 0..<6)
  func `they are read or refused without a crash, in any zone, and nothing is made up`(seed: Int) {
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
