import PlantModel
import Testing
import WattlineTime

@testable import PayloadDecoding

@Suite("Posted readings")
struct PostedReadingsTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let time = Timestamp(seconds: 1_767_225_600)

  private static var plant: Plant {
    var plant = Plant(name: "south", location: Location(latitude: 48, longitude: 11, timezone: "Europe/Berlin"))
    plant.assets = [Asset(name: "pv1", kind: .pv)]
    return plant
  }

  private static func read(_ body: String, _ type: String?) -> Result<[PostedReading], PostedRefusal> {
    PostedReadings.read(Array(body.utf8), contentType: type, plant: plant, now: now)
  }

  private static func rows(_ body: String, _ type: String?) -> [RowError]? {
    guard case .failure(.rows(let errors, let count)) = read(body, type), count == errors.count else { return nil }
    return errors
  }

  @Test func `JSON, CSV and line protocol give the same readings`() {
    let wanted = [
      PostedReading(asset: "pv1", sensor: "power", time: Self.time, value: 12.5, unit: "kW"),
      PostedReading(asset: "pv1", sensor: "energy", time: Self.time, value: -3, unit: nil),
    ]
    let json = #"""
      [{"asset":"pv1","sensor":"power","time":"2026-01-01T00:00:00Z","value":12.5,"unit":"kW"},
       {"value":-3,"time":1767225600,"sensor":"energy","asset":"pv1","unit":null,"note":{"by":["me"]}}]
      """#
    #expect(Self.read(json, "application/json; charset=utf-8") == .success(wanted))
    let csv =
      "time,asset,sensor,value,unit\r\n2026-01-01T01:00:00+01:00,pv1,power,12.5,kW\r\n\r\n"
      + "1767225600000,pv1,energy,-3,\n"
    #expect(Self.read(csv, "text/csv") == .success(wanted))
    let line =
      "m,asset=pv1,sensor=power,unit=kW value=12.5 1767225600000000000\n# note\n"
      + "m,asset=pv1 energy=-3i 1767225600000000000"
    #expect(Self.read(line, "text/plain") == .success(wanted))
    let one = #"{"asset":"pv1","sensor":"state","value":true}"#
    #expect(Self.read(one, nil) == .success([PostedReading(asset: "pv1", sensor: "state", time: nil, value: 1)]))
    let quoted = "\u{FEFF}asset,value,sensor,time\n\"Hall \"\"3\"\", north\",1,a b,\n"
    #expect(
      Self.read(quoted, "text/csv")
        == .success([PostedReading(asset: "Hall \"3\", north", sensor: "a b", time: nil, value: 1)]))
  }

  @Test func `every wrong row is named with its number, and none is taken`() {
    let json = #"""
      [{"asset":"pv1","sensor":"power","value":1}, 7, {"sensor":"power","value":1}, {"asset":"pv1","sensor":"power"},
       {"asset":"pv1","sensor":"power","value":"1"}, {"asset":"pv1","sensor":"power","value":1e999},
       {"asset":"pv1","sensor":"power","value":1,"time":"yesterday"},
       {"asset":"pv1","sensor":"power","value":1,"time":"2026-01-01T00:00:00"},
       {"asset":"pv1","sensor":"power","value":1,"unit":"furlong"},
       {"asset":"pv1","sensor":"power","value":1,"unit":"V"}, {"asset":"","sensor":"power","value":1},
       {"asset":3,"sensor":"power","value":1}, {"asset":"pv1","asset":"pv2","sensor":"power","value":1},
       {"asset":"pv1","sensor":"power","value":NaN}]
      """#
    let errors = Self.rows(json, nil)
    #expect(errors?.map(\.row) == Array(2...14))
    #expect(errors?[0].reason == "a row is an object with asset, sensor, time and value")
    #expect(errors?[1].reason == "asset is missing")
    #expect(errors?[3].reason == "value is a number, not a text")
    #expect(errors?[5].reason.hasPrefix("time \"yesterday\" is not one of 1971 to 2200") == true)
    #expect(errors?[8].reason == "unit V does not fit pv1.power, which is in kW")
    let csv = "time,asset,sensor,value\n,pv1,power,1\n,pv1,power\n,pv1,power,x\n1767225600,,power,1\n"
    #expect(Self.rows(csv, "text/csv")?.map(\.row) == [3, 4, 5])
    let line = "m,asset=pv1 power=1\nm power=1\nm,asset=pv1,sensor=a b=1\nm,asset=pv1 power=\"x\"\nnonsense\n"
    #expect(Self.rows(line, "text/plain")?.map(\.row) == [2, 3, 4, 5])
  }

  @Test func `a body that cannot be read at all is refused as a whole`() {
    func words(_ body: String, _ type: String?) -> String {
      switch Self.read(body, type) {
      case .failure(.malformed(let words)), .failure(.mediaType(let words)): words
      default: ""
      }
    }
    #expect(words("[{]", nil).hasPrefix("the body is not JSON (RFC 8259); the error is at byte"))
    #expect(words("7", nil) == "the body is a list of objects with asset, sensor, time and value, or one of them")
    #expect(words("[]", nil) == "there is no reading in the body")
    #expect(words("", "text/csv") == "the body is empty")
    #expect(words("a,b\n", "text/csv").hasPrefix("the header has no column time"))
    #expect(words("x", "application/xml").hasPrefix("application/xml is not read"))
    let broken = PostedReadings.read([0xFF], contentType: nil, now: Self.now)
    #expect(broken == .failure(.malformed("the body is not UTF-8")))
  }

  @Test func `errors are counted beyond those that are named, and rows are bounded`() {
    let many = "time,asset,sensor,value\n" + String(repeating: ",pv1,power,x\n", count: 150)
    guard case .failure(.rows(let errors, let count)) = Self.read(many, "text/csv") else { return #expect(Bool(false)) }
    #expect(errors.count == 100 && count == 150)
    let long = "time,asset,sensor,value\n" + String(repeating: ",pv1,power,1\n", count: 10_002)
    #expect(Self.rows(long, "text/csv")?.first?.row == 10_002)
  }

  @Test func `random bodies are read or refused`() {
    var state: UInt64 = 88_172_645_463_325_252
    func random(_ below: UInt64) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % below)
    }
    let seeds = [
      #"[{"asset":"pv1","sensor":"power","time":"2026-01-01T00:00:00Z","value":12.5,"unit":"kW"}]"#,
      "time,asset,sensor,value\n2026-01-01T00:00:00Z,\"a\",b,1\n", "m,asset=pv1,sensor=power value=12.5 17672256000\n",
    ]
    for round in 0..<6_000 {
      var body = Array(seeds[round % 3].utf8)
      for _ in 0..<1 + random(4) {
        let position = random(UInt64(body.count))
        if random(3) == 0 { body.remove(at: position) } else { body[position] = UInt8(random(256)) }
      }
      for type in ["application/json", "text/csv", "text/plain"] {
        _ = PostedReadings.read(body, contentType: type, plant: Self.plant, now: Self.now)
      }
      _ = try? PublishRequest(body)
    }
  }

  @Test func `a request to publish has its payload as it was written`() throws {
    func content(_ text: String) throws -> PublishRequest.Content { try PublishRequest(Array(text.utf8)).content }
    #expect(
      try content(#"{"id":7,"topic":"a/b","payload":{"t": 1767225600000000001, "v":[1.0,"\u00e4"]} }"#)
        == .message(topic: "a/b", payload: Array(#"{"t": 1767225600000000001, "v":[1.0,"\u00e4"]}"#.utf8)))
    #expect(
      try content(#"{"topic":"a/b","payload":"1\u0032.5"}"#) == .message(topic: "a/b", payload: Array("12.5".utf8)))
    #expect(try content(#"{"topic":"a/b","payload_base64":"AP8="}"#) == .message(topic: "a/b", payload: [0, 255]))
    #expect(
      try content(#"{"plant":"p","readings":[ {} ]}"#) == .readings(plant: "p", json: Array("[ {} ]".utf8)))
    #expect(try PublishRequest(Array(#"{"id":"x\"1","topic":"a","payload":1}"#.utf8)).id == #""x\"1""#)
  }

  @Test(arguments: [
    ("null", "[]"), ("null", "x"), ("7", #"{"id":7,"payload":1}"#), ("7", #"{"id":7,"topic":"a"}"#),
    ("7", ##"{"id":7,"topic":"a/#","payload":1}"##), ("7", #"{"id":7,"topic":"$wattline/readings/p","payload":1}"#),
    ("7", #"{"id":7,"topic":"a","payload_base64":"A"}"#),
    ("7", #"{"id":7,"topic":"a","payload":1,"payload_base64":"AA=="}"#),
    ("null", #"{"id":[1],"topic":"a","payload":1}"#), ("7", #"{"id":7,"readings":[]}"#),
  ])
  func `a request that cannot be carried out names itself`(id: String, text: String) {
    #expect { _ = try PublishRequest(Array(text.utf8)) } throws: { ($0 as? PublishRequest.Mistake)?.id == id }
  }

  @Test func `a topic belongs to the plant whose rule matches it, an instruction to the plant that it names`() {
    var plant = Self.plant
    plant.topics = [TopicRule(match: "site/{asset}/{sensor}")]
    let owner = TopicOwner(plants: [plant])
    #expect(owner.owner(of: "site/pv1/power")?.plant == "south")
    #expect(owner.owner(of: "wattline/south/commands/set")?.use == .instruction(subject: "commands"))
    #expect(owner.owner(of: "wattline/north/commands/set") == nil && owner.owner(of: "other/pv1/power") == nil)
    #expect(owner.owner(of: PostedTopic.topic(plant: "south")) == nil)
  }
}
