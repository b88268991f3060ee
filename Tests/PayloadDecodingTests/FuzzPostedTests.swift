import Foundation
import PlantModel
import PlantTesting
import Testing
import WattlineTime

@testable import PayloadDecoding

/// Damaged bodies of posted readings: all rows of a body are read, or none.
struct FuzzPostedTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let types = ["application/json", "text/csv", "text/plain"]
  private static let seeds = [
    [
      #"[{"asset":"pv1","sensor":"power","time":"2026-01-01T00:00:00Z","value":12.5,"unit":"kW"},{"asset":"b","sensor":"s","value":true}]"#,
      #"{"asset":"pv1","sensor":"energy","time":1767225600123,"value":-3e2,"unit":null,"x":{"y":["z"]}}"#,
    ],
    [
      "time,asset,sensor,value\n2026-01-01T00:00:00Z,\"a \"\"1\"\"\",b,1\n,pv1,power,2\n",
      "\u{FEFF}value,unit,sensor,asset,time\r\n1e3,kW,power,pv1,1767225600\r\n-0,,x,y,\r\n",
    ],
    [
      "m,asset=pv1,sensor=power,unit=kW value=12.5 1767225600000000000\nm,asset=a\\ b x=1i,y=t,z=-2u 1767225600\n",
      "# note\ntemp,asset=b value=20.5\n\n",
    ],
  ]

  /// Number of rows that a body has, told by other means; `nil` where only the reader knows.
  private static func rows(_ body: [UInt8], _ type: String) -> ClosedRange<Int>? {
    if type == types[0] {
      let tree = try? JSONSerialization.jsonObject(with: Data(body))
      return (tree as? [Any]).map { $0.count...$0.count } ?? (tree is [String: Any] ? 1...1 : nil)
    }
    let text = String(decoding: body, as: UTF8.self)
    if text.contains(where: { "\"\\".contains($0) }) { return nil }
    let spaces = CharacterSet(charactersIn: " \t\u{0B}\u{0C}\r")
    let lines = text.unicodeScalars.split { $0 == "\n" }.map { String($0).trimmingCharacters(in: spaces) }
    let filled = lines.count { !$0.isEmpty && !$0.hasPrefix("#") }
    // A row of line protocol has a reading for each field.
    return type == types[1] ? 1...max(1, lines.count - 1) : filled...max(filled, text.utf8.count { $0 == 0x3D })
  }

  @Test func `every row of a damaged body is read, or none, and each can be in the journal`() throws {
    var plant = Plant(name: "south", location: Location(latitude: 48, longitude: 11, timezone: "Europe/Berlin"))
    plant.assets = [Asset(name: "pv1", kind: .pv)]
    var mutator = ByteMutator(
      seed: 7,
      pieces: ["\"", ",", "\n", "\\u0000", "1e999", "-", "asset", "value=", "{", "[", "]", "}", "\"\"", "NaN", "\r"])
    var read = 0
    for round in 0..<FuzzDecoderTests.rounds / 5 {
      let kind = round % 3
      let body = mutator.damaged(Array(mutator.choice(Self.seeds[kind]).utf8))
      let found = PostedReadings.read(body, contentType: Self.types[kind], plant: plant, now: Self.now)
      guard case .success(let readings) = found else { continue }
      read += 1
      if let rows = Self.rows(body, Self.types[kind]) {
        #expect(rows.contains(readings.count), "\(readings.count) of \(rows): \(String(decoding: body, as: UTF8.self))")
      }
      for reading in readings {
        #expect(reading.value.isFinite && !reading.asset.isEmpty && !reading.sensor.isEmpty)
        if let time = reading.time { #expect((31_536_000...7_258_118_400).contains(time.seconds)) }
        let line = PostedTopic.line(of: reading, at: Self.now)
        #expect(!line.utf8.contains(0x0A))
        let kept = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(kept?["asset"] as? String == reading.asset && kept?["sensor"] as? String == reading.sensor, "\(line)")
        #expect((kept?["value"] as? NSNumber)?.doubleValue == reading.value, "\(line)")
      }
    }
    #expect(read > FuzzDecoderTests.rounds / 100)
  }

  @Test func `a damaged request to publish is read or names what is wrong, and its parts are parts of it`() {
    let seeds = [
      #"{"id":7,"topic":"a/b","payload":{"t":1767225600000000001,"v":[1.0,"\u00e4"]}}"#,
      #"{"topic":"a/b","payload":"1\u0032.5","id":"x\"1"}"#, #"{"topic":"a/b","payload_base64":"AP8="}"#,
      #"{"plant":"p","readings":[{"asset":"a","sensor":"s","value":1}],"id":null}"#,
    ]
    var mutator = ByteMutator(seed: 8, pieces: ["\"", "{", "}", "[", "]", "\\", "\"id\":", ",", "=", "#", "\\ud800"])
    var taken = 0
    for _ in 0..<FuzzDecoderTests.rounds / 5 {
      let text = mutator.damaged(Array(mutator.choice(seeds).utf8))
      do throws(PublishRequest.Mistake) {
        let request = try PublishRequest(text)
        taken += 1
        #expect(request.id.utf8.count <= 128)
        switch request.content {
        case .message(let topic, _): #expect(!topic.isEmpty && !topic.contains("#") && !topic.hasPrefix("$"))
        case .readings(_, let json): #expect(Data(text).range(of: Data(json)) != nil)
        }
      } catch { #expect(!error.reason.isEmpty && error.id.utf8.count <= 128) }
    }
    #expect(taken > FuzzDecoderTests.rounds / 100)
  }
}
