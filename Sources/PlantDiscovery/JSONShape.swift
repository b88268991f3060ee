/// What the JSON documents of one topic, or of several of one pattern, have in common.
struct JSONShape {
  /// A place with what stands there.
  struct Leaf {
    var tokens: [String]
    /// The numbers, truth values among them.
    var numbers: [Double] = []
    /// Texts that are no numbers, few of them.
    var texts: Set<String> = []
    /// Whether all numbers have been texts with a unit.
    var statesUnit = false
    /// Whether truth values or words of switches stand there.
    var isSwitch = false
    /// The unit that stands beside it.
    var unitText: String?

    var name: String { tokens.last ?? "" }
    /// The place as a JSON pointer.
    var pointer: String { JSONShape.pointer(tokens) }
    var range: ClosedRange<Double>? {
      guard let low = numbers.min(), let high = numbers.max() else { return nil }
      return low...high
    }

    /// Whether it is the time of its record: called so, with values that are times.
    var isTime: Bool {
      guard NameWords.isTime(name) else { return false }
      if !numbers.isEmpty { return numbers.allSatisfy { TimeGuess.isEpoch($0) } }
      return !texts.isEmpty && texts.allSatisfy { TimeGuess.isReadable($0) }
    }

    /// Whether its place has braces, which are placeholders in a plant file.
    var isUnwritable: Bool {
      tokens.contains { $0.contains { "{}".contains($0) } || $0.unicodeScalars.contains { $0.value < 0x20 } }
    }

    /// Whether it is a time in letters that no one reads without being told.
    var isStrangeTime: Bool {
      NameWords.isTime(name) && numbers.isEmpty && !texts.isEmpty && !isTime
        && texts.allSatisfy { $0.contains { $0.isNumber } }
    }
  }

  /// An array of records.
  struct List {
    /// Where its elements are: `/meterValue/*/sampledValue`.
    var each: String
    var records = JSONShape()
    /// The member that names what is measured, with the member of its value.
    var named: (name: String, value: String)?
    /// The member that names a record's unit.
    var unitMember: String?
    /// The member that names a record's device.
    var deviceMember: String?
    /// The member that tells the parts of a device apart, if records differ in it.
    var partMember: String?
    /// Whether records are arrays of a time and a value.
    var arePairs = false
    /// Whether the name of the record's member is the device.
    var keyIsDevice = false
    /// Places around the records that had numbers of their own, which are not taken.
    var leftOut: [String] = []

    var timePlace: String? {
      let own = records.leaves.first { $0.isTime }?.tokens
      guard let own, own.count > 1 || !NameWords.isUsualTime(own[0]) else { return nil }
      return JSONShape.pointer(own)
    }
    /// What the names say, each once.
    var names: [String] {
      guard let named, let leaf = records.leaves.first(where: { $0.tokens == [named.name] }) else { return [] }
      return leaf.texts.sorted()
    }
  }

  private(set) var leaves: [Leaf] = []
  private(set) var lists: [List] = []
  private var positions: [[String]: Int] = [:]

  static func pointer(_ tokens: [String]) -> String {
    tokens.reduce(into: "") { text, token in
      text +=
        "/"
        + token.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
        .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
  }

  // MARK: Gathering

  /// Takes a document in.
  mutating func read(_ document: JSONNode) { visit(document, []) }

  private mutating func visit(_ node: JSONNode, _ path: [String]) {
    switch node {
    case .object(let members):
      if Self.areDevices(members, path) {
        let list = list(at: Self.pointer(path))
        lists[list].keyIsDevice = true
        for member in members { add(member.value, toList: list, around: path) }
        return
      }
      let unit = Self.unit(of: members)
      for member in members {
        visit(member.value, path + [member.name])
        if let unit, !member.value.isContainer { setUnit(unit, at: path + [member.name]) }
      }
    case .array(let elements):
      if elements.allSatisfy(\.isObject), Self.areRecords(elements) {
        let list = list(at: Self.pointer(path))
        for element in elements { add(element, toList: list, around: path) }
      } else if Self.areTimedPairs(elements) {
        let list = list(at: Self.pointer(path))
        lists[list].arePairs = true
        for element in elements { lists[list].records.read(element) }
      } else {
        for (index, element) in elements.prefix(32).enumerated() { visit(element, path + ["\(index)"]) }
      }
    default: note(node, at: path)
    }
  }

  /// Takes a record in; records inside of it become a list of their own.
  private mutating func add(_ record: JSONNode, toList list: Int, around path: [String]) {
    var inner = JSONShape()
    inner.read(record)
    for leaf in inner.leaves { lists[list].records.merge(leaf) }
    let base = path.isEmpty ? "/*" : Self.pointer(path) + "/*"
    for nested in inner.lists {
      let deeper = self.list(at: base + (nested.each == "/" ? "" : nested.each))
      for leaf in nested.records.leaves { lists[deeper].records.merge(leaf) }
      lists[deeper].arePairs = nested.arePairs
      lists[deeper].keyIsDevice = lists[deeper].keyIsDevice || nested.keyIsDevice
    }
  }

  private mutating func list(at place: String) -> Int {
    let each = place.isEmpty ? "/" : place
    if let known = lists.firstIndex(where: { $0.each == each }) { return known }
    lists.append(List(each: each))
    return lists.count - 1
  }

  /// Takes a scalar in.
  mutating func note(_ node: JSONNode, at path: [String]) {
    let leaf = position(of: path)
    switch node {
    case .number(let number): keep(number, leaf)
    case .truth(let isOn):
      leaves[leaf].isSwitch = true
      keep(isOn ? 1 : 0, leaf)
    case .text(let text):
      switch PayloadForm(scalar: text.trimmedOfSpace) {
      case .number(let number): keep(number, leaf)
      case .measured(let number, _):
        leaves[leaf].statesUnit = true
        keep(number, leaf)
      case .missing: break
      case .word: leaves[leaf].isSwitch = true; keep(text, leaf)
      default: keep(text, leaf)
      }
    case .null, .array, .object: break
    }
  }

  private mutating func keep(_ number: Double, _ leaf: Int) {
    if leaves[leaf].numbers.count < 64 { leaves[leaf].numbers.append(number) }
  }

  private mutating func keep(_ text: String, _ leaf: Int) {
    if leaves[leaf].texts.count < 64 { leaves[leaf].texts.insert(String(text.prefix(200))) }
  }

  private mutating func setUnit(_ unit: String, at path: [String]) {
    if let known = positions[path] { leaves[known].unitText = unit }
  }

  private mutating func position(of path: [String]) -> Int {
    if let known = positions[path] { return known }
    positions[path] = leaves.count
    leaves.append(Leaf(tokens: path))
    return leaves.count - 1
  }

  /// Takes in what another shape has.
  mutating func merge(_ other: JSONShape) { other.leaves.forEach { merge($0) } }

  private mutating func merge(_ leaf: Leaf) {
    let own = position(of: leaf.tokens)
    leaves[own].numbers = Array((leaves[own].numbers + leaf.numbers).prefix(256))
    if leaves[own].texts.count < 256 { leaves[own].texts.formUnion(leaf.texts) }
    leaves[own].statesUnit = leaves[own].statesUnit || leaf.statesUnit
    leaves[own].isSwitch = leaves[own].isSwitch || leaf.isSwitch
    leaves[own].unitText = leaves[own].unitText ?? leaf.unitText
  }

  // MARK: What it means

  /// The unit that a member of an object names for its neighbours.
  private static func unit(of members: [JSONNode.Member]) -> String? {
    members.first { NameWords.unitMembers.contains($0.name) }?.value.text
  }

  /// Whether the elements of an array are told apart by a name or a time, so that their places mean nothing.
  private static func areRecords(_ elements: [JSONNode]) -> Bool {
    guard !elements.isEmpty else { return false }
    return elements.allSatisfy { element in
      element.members.contains { member in
        switch member.value {
        case .text(let text):
          NameWords.nameMembers.contains(member.name) || NameWords.isIdentity(member.name)
            || (NameWords.isTime(member.name) && TimeGuess.isReadable(text))
        case .number(let number): NameWords.isTime(member.name) && TimeGuess.isEpoch(number)
        default: false
        }
      }
    }
  }

  /// Whether an array has arrays that each begin with a time.
  private static func areTimedPairs(_ elements: [JSONNode]) -> Bool {
    !elements.isEmpty
      && elements.allSatisfy { element in
        guard case .array(let pair) = element, pair.count == 2, pair[1].number != nil else { return false }
        return pair[0].number.map { TimeGuess.isEpoch($0) } ?? pair[0].text.map { TimeGuess.isReadable($0) } ?? false
      }
  }

  /// Whether the members of an object are devices: objects alike that each say which device they are, or are called so.
  private static func areDevices(_ members: [JSONNode.Member], _ path: [String]) -> Bool {
    guard !members.isEmpty, members.allSatisfy({ !$0.value.members.isEmpty }) else { return false }
    if path.last == "ZbReceived" { return true }
    guard members.count > 1, members.allSatisfy({ !NameWords.isIndex($0.name) && !NameWords.isQuantity($0.name) })
    else {
      return false
    }
    let names = members.map { Set($0.value.members.filter { !$0.value.isContainer }.map(\.name)) }
    let shared = names.dropFirst().reduce(names[0]) { $0.intersection($1) }.filter(NameWords.isQuantity)
    return !shared.isEmpty && members.contains { NameWords.isSerial($0.name) }
  }

  /// Whether documents are SenML (RFC 8428), and if so, whether all records have units; `nil` if not.
  static func senMLRecords(in documents: [JSONNode]) -> Bool? {
    var hasUnits = true
    for document in documents {
      guard case .array(let records) = document, !records.isEmpty else { return nil }
      var isNamed = false
      for record in records {
        let labels = Set(record.members.map(\.name))
        let all: Set<String> = [
          "bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut",
        ]
        guard !labels.isEmpty, labels.isSubset(of: all) else { return nil }
        isNamed = isNamed || labels.contains("bn")
        if labels.contains("v"), !labels.contains("u"), records[0]["bu"] == nil { hasUnits = false }
      }
      if !isNamed && !records.allSatisfy({ $0["n"] != nil && $0["u"] != nil }) { return nil }
    }
    return documents.isEmpty ? nil : hasUnits
  }

  /// The list that has most of the numbers, ready to be read; `nil` if most stand outside of lists.
  var mainList: List? {
    let own = taken.reduce(0) { $0 + $1.numbers.count }
    func weight(_ list: List) -> Int { list.records.leaves.reduce(0) { $0 + $1.numbers.count } }
    guard var best = lists.max(by: { weight($0) < weight($1) }), weight(best) > 0, weight(best) >= own else {
      return nil
    }
    best.leftOut = taken.map(\.pointer)
    if best.arePairs { return best }
    let texts = best.records.leaves.filter { $0.tokens.count == 1 && !$0.texts.isEmpty && $0.numbers.isEmpty }
    let value = NameWords.valueNames.first { name in
      best.records.leaves.contains { $0.tokens == [name] && !$0.numbers.isEmpty }
    }
    let name = NameWords.nameMembers.first { name in texts.contains { $0.name == name } }
    if let value, let name { best.named = (name, value) }
    best.unitMember = NameWords.unitMembers.first { name in texts.contains { $0.name == name } }
    best.deviceMember =
      texts.first { $0.name != best.named?.name && NameWords.isIdentity($0.name) && !$0.isTime }?.name
    if best.named == nil, best.records.taken.isEmpty || best.each.contains("{") { return nil }
    best.partMember = NameWords.nameMembers.first { name in texts.contains { $0.name == name && $0.texts.count > 1 } }
    return best
  }

  /// The leaves that are readings.
  var taken: [Leaf] {
    leaves.filter { leaf in
      // `by_minute` are Shelly's last minutes, which the total has too.
      guard !leaf.isTime, !leaf.tokens.isEmpty, !leaf.tokens.contains("by_minute"), !leaf.isUnwritable else {
        return false
      }
      if leaf.numbers.isEmpty {
        let switches: Set<String> = ["state", "power", "output", "relay", "switch", "contact", "enabled", "ison"]
        let name = leaf.name.lowercased()
        let stem = String(name.reversed().drop { $0.isNumber }.reversed())
        return leaf.isSwitch && switches.contains(stem)
          && leaf.texts.allSatisfy { PayloadForm(scalar: $0)?.lone != nil }
      }
      return leaf.texts.isEmpty && !NameWords.isBookkeeping(leaf.name) && !NameWords.isIdentity(leaf.name)
    }
  }

  /// Whether the object has only one value, at a usual place.
  func lone(ofSensor isSensorNamed: Bool) -> (statesUnit: Bool, unitPlace: String?, timePlace: String?)? {
    guard let name = NameWords.valueNames.first(where: { positions[[$0]] != nil }), let place = positions[[name]]
    else { return nil }
    let value = leaves[place]
    guard !value.numbers.isEmpty || (value.isSwitch && name.lowercased() == "state") else { return nil }
    let sides: Set<String> = ["max", "min", "quality", "q", "unit", "retain"]
    let others = taken.filter { $0.tokens != [name] && !sides.contains($0.name) }
    guard isSensorNamed || others.isEmpty else { return nil }
    let unit = NameWords.unitMembers.first { member in
      positions[[member]].map { !leaves[$0].texts.isEmpty } ?? false
    }
    let time = leaves.first { $0.isTime }
    let isUsual = time.map { $0.tokens.count == 1 && NameWords.isUsualTime($0.name) } ?? true
    return (
      value.statesUnit || unit != nil, unit.map { Self.pointer([$0]) }, isUsual ? nil : time?.pointer
    )
  }

  /// Whether it has Tasmota's `ENERGY` beside its `Time`.
  var isOfTasmota: Bool { leaves.contains { $0.tokens.first == "ENERGY" } }

  /// Whether the sender calls itself a Shelly.
  var isOfShelly: Bool {
    leaves.contains { $0.tokens == ["src"] && $0.texts.contains { $0.lowercased().hasPrefix("shelly") } }
  }

  /// The member that says which device it is about, if messages of one topic name several.
  func deviceMember(always: Bool) -> Leaf? {
    let found = leaves.filter { leaf in
      leaf.tokens.count <= 2 && NameWords.isIdentity(leaf.name) && !leaf.isSwitch
        && (!leaf.texts.isEmpty || leaf.numbers.contains { $0 >= 1000 })
    }
    if let several = found.first(where: { $0.texts.count + Set($0.numbers).count > 1 }) { return several }
    let certain: Set<String> = ["serial", "sn", "serial_number", "serialnumber", "device", "device_id", "deviceid"]
    return always ? found.first { certain.contains(NameWords.words(of: $0.name).joined(separator: "_")) } : nil
  }
}

/// Times as devices write them, as far as a look at samples tells.
enum TimeGuess {
  /// Whether a number is a time since 1970 in seconds, milliseconds, microseconds or nanoseconds, from 2001 to 2100.
  static func isEpoch(_ number: Double) -> Bool {
    [1.0, 1e3, 1e6, 1e9].contains { (978_307_200 * $0...4_102_444_800 * $0).contains(number) }
  }

  /// Whether a text begins like `2026-11-14`, or is an epoch.
  static func isReadable(_ text: String) -> Bool {
    if let number = Double(text) { return isEpoch(number) }
    let start = Array(text.utf8.prefix(10))
    guard start.count == 10 else { return false }
    let isDigit = start.map { (0x30...0x39).contains($0) }
    let isDate = isDigit == [true, true, true, true, false, true, true, false, true, true]
    return (isDate && start[4] == start[7] && "-./".utf8.contains(start[4]))
      || (isDigit.prefix(8).allSatisfy { $0 } && start[8] == UInt8(ascii: "T"))
  }
}
