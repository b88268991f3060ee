import PayloadDecoding
import PlantModel

/// A topic with the common shape of its samples.
struct ShapedTopic {
  /// Vendors whose conventions determine names and units.
  enum Vendor {
    case tasmota, shelly, zigbee, victron, homeAssistant, other
  }

  /// Common form of a topic's payloads.
  enum Kind {
    /// A single value. In an object, it is at one of the usual places.
    case lone(unitPlace: String?, timePlace: String?)
    /// An object with several values.
    case values(PayloadShape)
    /// JSON records.
    case records(PayloadShape.List)
    case line(LineShape)
    case columns([[String]], separator: Character)
    case pairs([PayloadShape.Leaf])
    case senml
    case sparkplug
    /// Payloads that no rule can read, with the reason.
    case unread(String)
  }

  /// Index in the survey.
  var position: Int
  var name: String
  var levels: [String]
  var messages: Int
  var kind: Kind
  var vendor: Vendor
  /// Whether the payloads state the units of their values.
  var statesUnit = false

  /// Whether a rule can be made for the topic.
  var isRead: Bool { if case .unread = kind { false } else { true } }

  init(_ topic: SurveyedTopic, position: Int) {
    self.position = position
    name = topic.name
    levels = topic.name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    messages = topic.messages
    vendor = Self.vendor(levels)
    kind = .unread("no payload was kept")
    if levels[0] == "spBv1.0" {
      let isKnown = PayloadFormats.named("sparkplug") != nil
      kind = levels.count >= 4 && isKnown ? .sparkplug : .unread("Sparkplug B without metrics")
      statesUnit = true
      return
    }
    if !topic.name.unicodeScalars.allSatisfy(DraftText.isPlain) || topic.name.contains("${") {
      kind = .unread("the topic has characters that a plant file cannot have")
      return
    }
    if Self.isCommand(levels) {
      kind = .unread("a command or a configuration, no reading")
      return
    }
    let forms = topic.samples.map { PayloadForm($0) }
    let name = levels.last ?? ""
    let numbers = forms.map(\.oneNumber)
    if !numbers.isEmpty, !NameWords.isQuantity(name), numbers.allSatisfy({ $0.map { TimeGuess.isEpoch($0) } ?? false })
    {
      kind = .unread("looks like a time")
      return
    }
    kind = shape(forms, topic: topic)
    if vendor == .other, case .values(let shape) = kind {
      if shape.isOfTasmota { vendor = .tasmota } else if shape.isOfShelly { vendor = .shelly }
    }
  }

  private static func isCommand(_ levels: [String]) -> Bool {
    if levels.count < 2 { return false }
    let isRequest = ["R", "W"].contains(levels[0]) && levels.count >= 3 && NameWords.isSerial(levels[1])
    return isRequest || levels[0] == "cmnd"
      || ["set", "command", "cmd", "config", "setpoint_set"].contains(levels[levels.count - 1].lowercased())
  }

  private static func vendor(_ levels: [String]) -> Vendor {
    if levels[0] == "N", levels.count >= 5 { return .victron }
    if levels[0] == "zigbee2mqtt" { return .zigbee }
    if levels[0] == "homeassistant" { return .homeAssistant }
    if levels.contains(where: { $0.lowercased().hasPrefix("shell") }) { return .shelly }
    if levels.contains("tele"), ["SENSOR", "STATE"].contains(levels.last) { return .tasmota }
    return .other
  }

  private mutating func shape(_ forms: [PayloadForm], topic: SurveyedTopic) -> Kind {
    var documents: [JSONNode] = []
    var rows: [[String]] = []
    var separator: Character = ","
    var pairs: [[(key: String, value: String)]] = []
    var (numbers, words, lines, texts, others, measured) = (0, 0, 0, 0, Set<String>(), false)
    for form in forms {
      switch form {
      case .number: numbers += 1
      case .measured: (numbers, measured) = (numbers + 1, true)
      case .word: words += 1
      case .json(let node): documents.append(node)
      case .line: lines += 1
      case .columns(let cells, let mark): (separator, rows) = (mark, rows + [cells])
      case .pairs(let found): pairs.append(found)
      case .text: texts += 1
      case .presence: others.insert("a word that tells whether a device is there")
      case .missing, .empty: others.insert("no value came")
      case .compressed: others.insert("compressed; write a rule for what it unpacks to")
      case .binary: others.insert("binary")
      }
    }
    let counts = [numbers + words, documents.count, lines, rows.count, pairs.count, texts]
    switch counts.max() {
    case 0, nil:
      return .unread(
        others.sorted().first ?? (topic.tooLong > 0 ? "longer than samples may be" : "no payload was kept"))
    case numbers + words:
      statesUnit = measured
      return .lone(unitPlace: nil, timePlace: nil)
    case documents.count: return json(documents)
    case lines: return .line(LineShape(topic.samples))
    case rows.count: return .columns(rows, separator: separator)
    case pairs.count: return .pairs(Self.leaves(pairs))
    default: return .unread("text")
    }
  }

  private static func leaves(_ pairs: [[(key: String, value: String)]]) -> [PayloadShape.Leaf] {
    var shape = PayloadShape()
    for line in pairs {
      for (key, value) in line { shape.observe(.text(value), at: [key]) }
    }
    return shape.leaves.filter { !$0.numbers.isEmpty }
  }

  private mutating func json(_ documents: [JSONNode]) -> Kind {
    var shape = PayloadShape()
    if let records = PayloadShape.senMLRecords(in: documents) {
      statesUnit = records
      return .senml
    }
    for document in documents { shape.read(document) }
    if let list = shape.mainList {
      statesUnit = list.unitMember != nil
      return .records(list)
    }
    if let lone = shape.lone(ofSensor: vendor == .victron || vendor == .homeAssistant) {
      statesUnit = lone.statesUnit
      return .lone(unitPlace: lone.unitPlace, timePlace: lone.timePlace)
    }
    if shape.taken.isEmpty { return .unread(shape.leaves.isEmpty ? "no value came" : "JSON without numbers") }
    return .values(shape)
  }
}
