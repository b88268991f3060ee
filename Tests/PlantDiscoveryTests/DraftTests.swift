import PlantDiscovery
import PlantTesting
import Testing

@Suite("A draft says what it guesses and what it cannot tell")
struct DraftTests {
  @Test func `devices and quantities become placeholders, and further devices of a pattern land too`() {
    let broker = DraftedBroker([
      ("site/pv1/power", "4.2"), ("site/pv2/power", "4.1"), ("site/pv1/voltage", "620"), ("site/pv2/voltage", "610"),
    ])
    #expect(broker.lines("- match:") == [#"- match: "site/{asset}/{sensor}""#])
  }

  @Test func `a pattern never begins with a placeholder, so that it takes no topics of others`() {
    let broker = DraftedBroker([
      ("a/power", "1"), ("b/power", "2"), ("pump_power", "3"), ("x1/events/rpc", #"{"p": 3}"#),
    ])
    #expect(broker.lines("- match: \"{").isEmpty)
    #expect(broker.draft.trial.failures.isEmpty)
    #expect(Set(broker.draft.trial.series.map(\.asset)) == ["a", "b", "pump", "x1"])
  }

  @Test func `a watt that is a guess is marked with the values that speak for it`() {
    let broker = DraftedBroker([("site/press/power", "170"), ("site/press/power", "2310")])
    let line = broker.lines("- {match: press.power")
    #expect(
      line == ["- {match: press.power, unit: W}  # a guess: values from 170 to 2310; kW if that is what it sends"])
  }

  @Test func `a kilowatt that is a guess is marked too`() {
    let broker = DraftedBroker([("site/press/power", "0.215"), ("site/press/power", "3.25")])
    #expect(broker.lines("# press.power: a guess, kW: values from 0.215 to 3.25").count == 1, "\(broker.draft.text)")
  }

  @Test(arguments: ["current_speed", "currently_delivered"])
  func `a word that only resembles a quantity gives no unit`(name: String) {
    let broker = DraftedBroker([("site/fan", "{\"\(name)\": 12.5, \"power\": 3}")])
    #expect(broker.landed.contains("fan.\(name) 12.5"), "\(broker.landed)")
  }

  @Test func `a name that may mean mega or milli is not guessed`() {
    let broker = DraftedBroker([("site/press", #"{"power_mw": 12, "voltage": 230}"#)])
    #expect(broker.draft.text.contains("may be in MW or in mW"))
    #expect(!broker.draft.text.contains("unit: MW}"))
  }

  @Test(arguments: [
    ("site/roof/power", "pv"), ("site/inverter2/power", "pv"), ("site/bess/power", "battery"),
    ("site/x/soc", "battery"), ("site/gridmeter/power", "grid"), ("site/wallbox1/power", "ev_charger"),
    ("site/heatpump/power", "heat_pump"), ("site/weather/temperature", "weather"), ("site/house/power", "load"),
    ("site/blorb/power", "generic"), ("N/ab12cd34/solarcharger/279/Power", "pv"),
  ])
  func `kinds are guessed by names and sensors`(topic: String, kind: String) {
    let broker = DraftedBroker([(topic, "4.2")])
    #expect(broker.draft.text.contains(": {kind: \(kind)}  # "), "\(broker.draft.text)")
  }

  @Test func `what cannot be read is a comment with its reason`() {
    var survey = TopicSurvey()
    survey.add(topic: "cam/front", payload: [0xFF, 0xD8, 0xFF, 0xE0])
    survey.add(topic: "log/a", payload: Array("started up fine".utf8))
    survey.add(topic: "dev/last_success", payload: Array("1672155690".utf8))
    survey.add(topic: "cmnd/plug/POWER", payload: Array("ON".utf8))
    let draft = DraftPlant(survey)
    #expect(draft.trial.mistakes.isEmpty)
    let wanted = [
      "cam/front: binary", "log/a: text", "dev/last_success: looks like a time", "cmnd/plug/POWER: a command",
    ]
    for line in wanted { #expect(draft.text.contains("#   " + line), "\(draft.text)") }
    #expect(draft.trial.series.isEmpty)
  }

  @Test func `a time in letters that are not known is told`() {
    let broker = DraftedBroker([("dev/press", #"{"Zeit": "14.08.2026 12:00:00", "Leistung": 3.25}"#)])
    #expect(broker.landed == ["press.power 3.25 kW"])
    #expect(broker.draft.text.contains("time_format"))
  }

  @Test func `topics of one pattern with other payloads have rules of their own`() {
    let broker = DraftedBroker([
      ("tele/a/SENSOR", #"{"ENERGY":{"Power":170}}"#), ("tele/b/SENSOR", #"{"ENERGY":{"Power":180}}"#),
      ("tele/c/SENSOR", #"{"ZbReceived": {"Kitchen": {"Temperature": 21.5}}}"#),
    ])
    #expect(broker.landed == ["a.power 0.17 kW", "b.power 0.18 kW", "Kitchen.temperature 21.5 °C"])
  }

  @Test func `devices of one name below different first levels stay apart`() {
    let broker = DraftedBroker([
      ("hall/battery/soc", "55.5"), ("hall/battery/power", "2.25"), ("shed/battery/Soc", "71.5"),
      ("shed/battery/temperature", "21.5"),
    ])
    #expect(
      broker.landed == [
        "battery.soc 55.5 %", "battery.power 2.25 kW", "shed_battery.soc 71.5 %", "shed_battery.temperature 21.5 °C",
      ])
  }

  @Test func `a draft has no more than a plant file may have, and says what it leaves out`() {
    let broker = DraftedBroker(
      (0..<200).map { device in
        let members = (0..<60).map { "\"quantity_of_number_\(device)_\($0)\": \($0)" }
        return ("kind\(device)/only/data\(device)", "{\(members.joined(separator: ", "))}")
      })
    #expect(broker.draft.trial.mistakes.isEmpty, "\(broker.draft.trial.mistakes.prefix(2))")
    #expect(broker.draft.text.utf8.count < 1 << 20)
    #expect(
      broker.draft.text.contains(" more, for which a plant file has no room"), "\(broker.draft.text.utf8.count)"
    )
  }

  @Test func `many first levels with the same rest are devices of one pattern`() {
    let broker = DraftedBroker((0..<30).map { ("box\($0)/events/rpc", "{\"power\": \(1000 + $0), \"voltage\": 230}") })
    #expect(broker.lines("- match:") == [#"- match: "{asset}/events/rpc""#])
    #expect(broker.landed.count == 60)
    #expect(broker.landed.contains("box7.power 1.007 kW"))
  }

  @Test func `Sparkplug B is one rule for nodes and devices`() {
    func bytes(_ hexadecimal: String) -> [UInt8] {
      stride(from: 0, to: hexadecimal.count, by: 2).compactMap { offset in
        UInt8(hexadecimal.dropFirst(offset).prefix(2), radix: 16)
      }
    }
    var survey = TopicSurvey()
    survey.add(
      topic: "spBv1.0/hall/NBIRTH/gw",
      payload: bytes("0880d095ffbc3112120a0562645365711880d095ffbc312004580012300a0e537570706c7920566f6c7461676518")
        + bytes("80d095ffbc3120094a100a07656e67556e69741205080c42015665000048411800"))
    survey.add(
      topic: "spBv1.0/hall/DBIRTH/gw/pv1",
      payload: bytes("0880d095ffbc3112360a0e496e7665727465722f506f77657210011880d095ffbc31200a4a100a07656e67556e697412")
        + bytes("05080c4201576900000000007097401801"))
    survey.add(topic: "spBv1.0/STATE/host", payload: Array("{}".utf8))
    let draft = DraftPlant(survey)
    #expect(draft.trial.mistakes.isEmpty, "\(draft.text)")
    #expect(draft.trial.series.map { "\($0.asset).\($0.sensor)" } == ["gw.Supply Voltage", "pv1.Inverter/Power"])
    #expect(draft.text.contains(#"match: "spBv1.0/{group}/+/{edge}/{device}""#))
  }

  @Test func `marks of good records are told, and a level that is a quantity is no device`() {
    let broker = DraftedBroker([
      ("gate/power", #"{"values": [{"id": "power", "v": 6.315, "q": true}, {"id": "voltage", "v": 231, "q": false}]}"#)
    ])
    #expect(broker.landed == ["gate.power 6.315 kW", "gate.voltage 231 V"])
    #expect(broker.draft.text.contains(#"`where: {"/q": true}`"#), "\(broker.draft.text)")
  }

  @Test func `a draft of nothing is a valid plant file`() {
    let draft = DraftPlant(TopicSurvey())
    #expect(draft.trial.mistakes.isEmpty)
    #expect(draft.text.contains("topics: []"))
  }

  @Test(arguments: [
    "site/{odd}/power", "site/a\"b/power", "site/on/power", "site//power", "site/ünï 👍/power", "/power", "power", "/",
    "site/a: b #c/power", "site/${HOME}/power", "site/a\\b/power", "site/%2Fx/power", "site/*/power", "site/x/{y",
    "site/\u{2028}/power", "site/a/\u{85}", "site/yes/no", "~", "- a/power", "site/_plant/power",
  ])
  func `names that YAML, patterns or comments would take for something else do no harm`(_ topic: String) {
    let broker = DraftedBroker([
      (topic, "5"), (topic + "x", #"{"a{b": 1, "power": 5, "x y": 2, "": 3, "a/b~c": 4, "e.f": 5, "n\"q": 6}"#),
    ])
    #expect(broker.draft.trial.mistakes.isEmpty, "\(broker.draft.text)")
  }

  @Test func `whatever comes, the draft is valid`() {
    var random = SplitMix(state: 13)
    let pieces = [
      "{", "}", "[", "]", "\"", ":", ",", "power", "1", "-2.5", "1e400", "null", "NaN", "/", " ", "=", "a", "id", "ts",
      "value", "1700000000", "\\u00", "true", "{key}", "${X}", "\n", "x,t=1 f=2", "\u{FEFF}", "soc", "'", "#", "*",
    ]
    for _ in 0..<60 {
      var messages: [(topic: String, payload: String)] = []
      for _ in 0..<12 {
        let topic = (0..<Int(random.next() % 4) + 1).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
        let payload = (0..<Int(random.next() % 14)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
        messages.append((topic.joined(separator: "/"), payload.joined()))
      }
      let broker = DraftedBroker(messages)
      #expect(broker.draft.trial.mistakes.isEmpty, "\(messages)\n\(broker.draft.text)")
    }
  }
}

@Suite("A survey keeps within its bounds")
struct TopicSurveyTests {
  @Test func `topics of the broker and of Wattline are none of the plant`() {
    var survey = TopicSurvey()
    for topic in ["$SYS/broker/uptime", "wattline/status", "wattlines/a"] { survey.add(topic: topic, payload: [0x31]) }
    #expect(survey.topics.map(\.name) == ["wattlines/a"])
    #expect(survey.messages == 1)
  }

  @Test func `topics beyond the limit are counted, and known ones go on being heard`() {
    var limits = TopicSurvey.Limits()
    limits.topics = 2
    var survey = TopicSurvey(limits: limits)
    for topic in ["a", "b", "c", "a"] { survey.add(topic: topic, payload: [0x31]) }
    #expect(survey.topics.map(\.messages) == [2, 1])
    #expect(survey.beyondLimits == 1)
  }

  @Test func `samples are the first payloads and the last ones, each once`() {
    var limits = TopicSurvey.Limits()
    limits.samples = 4
    var survey = TopicSurvey(limits: limits)
    for byte in [0, 0, 1, 2, 3, 4, 5] as [UInt8] { survey.add(topic: "a", payload: [byte], retained: byte == 0) }
    #expect(survey.topics[0].samples == [[0], [1], [4], [5]])
    #expect(survey.topics[0].retained == 2)
  }

  @Test func `long payloads and too many bytes are not kept`() {
    var limits = TopicSurvey.Limits()
    limits.sampleBytes = 4
    limits.totalBytes = 6
    var survey = TopicSurvey(limits: limits)
    survey.add(topic: "a", payload: [1, 2, 3, 4, 5])
    survey.add(topic: "a", payload: [1, 2, 3, 4])
    survey.add(topic: "b", payload: [1, 2, 3, 4])
    #expect(survey.topics.map(\.samples.count) == [1, 0])
    #expect(survey.topics[0].tooLong == 1)
  }
}
