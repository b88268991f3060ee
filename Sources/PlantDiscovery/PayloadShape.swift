/// Common shape of the JSON documents of one topic, or of the topics of one pattern.
struct PayloadShape {
  /// A place in the documents with the values found there.
  struct Leaf {
    var tokens: [String]
    /// Numbers; truth values count as 1 and 0.
    var numbers: [Double] = []
    /// Texts that are not numbers; only the first ones are kept.
    var texts: Set<String> = []
    /// Whether numbers came as texts with a unit.
    var statesUnit = false
    /// Whether truth values or switch words were found.
    var isSwitch = false
    /// Unit stated beside the value.
    var unitText: String?

    var name: String { tokens.last ?? "" }
    /// The place as a JSON pointer.
    var pointer: String { PayloadShape.pointer(tokens) }
    var range: ClosedRange<Double>? {
      guard let low = numbers.min(), let high = numbers.max() else { return nil }
      return low...high
    }

    /// Whether this is the time of its record, by its name and its values.
    var isTime: Bool {
      guard NameWords.isTime(name) else { return false }
      if !numbers.isEmpty { return numbers.allSatisfy { TimeGuess.isEpoch($0) } }
      return !texts.isEmpty && texts.allSatisfy { TimeGuess.isReadable($0) }
    }

    /// Whether the place cannot be written in a plant file: braces are placeholders there, and control characters are
    /// refused.
    var isUnwritable: Bool {
      tokens.contains { $0.contains { "{}".contains($0) } || $0.unicodeScalars.contains { $0.value < 0x20 } }
    }

    /// Whether this is a textual time in a format that is not recognized.
    var isStrangeTime: Bool {
      NameWords.isTime(name) && numbers.isEmpty && !texts.isEmpty && !isTime
        && texts.allSatisfy { $0.contains { $0.isNumber } }
    }
  }

  /// An array of records.
  struct List {
    /// Place of the elements, such as `/meterValue/*/sampledValue`.
    var each: String
    var records = PayloadShape()
    /// Member that names the measured quantity, and member of its value.
    var named: (name: String, value: String)?
    /// Member that names a record's unit.
    var unitMember: String?
    /// Member that names a record's device.
    var deviceMember: String?
    /// Member that distinguishes the parts of a device, if records differ in it.
    var partMember: String?
    /// Whether records are arrays of a time and a value.
    var arePairs = false
    /// Whether the name of a record's member is the device.
    var keyIsDevice = false
    /// Places outside the records that also had numbers, which are not read.
    var leftOut: [String] = []

    var timePlace: String? {
      let own = records.leaves.first { $0.isTime }?.tokens
      guard let own, own.count > 1 || !NameWords.isUsualTime(own[0]) else { return nil }
      return PayloadShape.pointer(own)
    }
    /// Distinct names of measured quantities.
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

  /// Adds a document.
  mutating func read(_ document: JSONNode) { visit(document, path: []) }

  private mutating func visit(_ node: JSONNode, path: [String]) {
    switch node {
    case .object(let members):
      if Self.areDevices(members, path: path) {
        let list = list(at: Self.pointer(path))
        lists[list].keyIsDevice = true
        for member in members { add(member.value, toList: list, around: path) }
        return
      }
      let unit = Self.unit(of: members)
      for member in members {
        visit(member.value, path: path + [member.name])
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
        for (index, element) in elements.prefix(32).enumerated() { visit(element, path: path + ["\(index)"]) }
      }
    default: observe(node, at: path)
    }
  }

  /// Adds a record; records inside it become a separate list.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - list: Index of the list.
  ///   - path: Place of the list.
  private mutating func add(_ record: JSONNode, toList list: Int, around path: [String]) {
    var inner = PayloadShape()
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

  /// Adds a scalar.
  mutating func observe(_ node: JSONNode, at path: [String]) {
    let leaf = position(of: path)
    switch node {
    case .number(let number): keep(number, leaf: leaf)
    case .truth(let isOn):
      leaves[leaf].isSwitch = true
      keep(isOn ? 1 : 0, leaf: leaf)
    case .text(let text):
      switch PayloadForm(scalar: text.trimmedOfSpace) {
      case .number(let number): keep(number, leaf: leaf)
      case .measured(let number, _):
        leaves[leaf].statesUnit = true
        keep(number, leaf: leaf)
      case .missing: break
      case .word: leaves[leaf].isSwitch = true; keep(text, leaf: leaf)
      default: keep(text, leaf: leaf)
      }
    case .null, .array, .object: break
    }
  }

  private mutating func keep(_ number: Double, leaf: Int) {
    if leaves[leaf].numbers.count < 64 { leaves[leaf].numbers.append(number) }
  }

  private mutating func keep(_ text: String, leaf: Int) {
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

  /// Adds the leaves of another shape.
  mutating func merge(_ other: PayloadShape) { other.leaves.forEach { merge($0) } }

  private mutating func merge(_ leaf: Leaf) {
    let own = position(of: leaf.tokens)
    leaves[own].numbers = Array((leaves[own].numbers + leaf.numbers).prefix(256))
    if leaves[own].texts.count < 256 { leaves[own].texts.formUnion(leaf.texts) }
    leaves[own].statesUnit = leaves[own].statesUnit || leaf.statesUnit
    leaves[own].isSwitch = leaves[own].isSwitch || leaf.isSwitch
    leaves[own].unitText = leaves[own].unitText ?? leaf.unitText
  }

  // MARK: Interpretation

  /// Returns the unit that a member of an object states for its neighbours.
  private static func unit(of members: [JSONNode.Member]) -> String? {
    members.first { NameWords.unitMembers.contains($0.name) }?.value.text
  }

  /// Returns whether the elements of an array are distinguished by a name or a time, so that their order means nothing.
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

  /// Returns whether an array consists of pairs that begin with a time.
  private static func areTimedPairs(_ elements: [JSONNode]) -> Bool {
    !elements.isEmpty
      && elements.allSatisfy { element in
        guard case .array(let pair) = element, pair.count == 2, pair[1].number != nil else { return false }
        return pair[0].number.map { TimeGuess.isEpoch($0) } ?? pair[0].text.map { TimeGuess.isReadable($0) } ?? false
      }
  }

  /// Returns whether the members of an object are devices.
  ///
  /// They are in Tasmota's `ZbReceived`, and if the objects share quantities and one is named by a serial number.
  private static func areDevices(_ members: [JSONNode.Member], path: [String]) -> Bool {
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

  /// Returns whether all records of SenML documents (RFC 8428) have units; `nil` if the documents are not SenML.
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

  /// The list with most of the numbers, ready for a rule; `nil` if most numbers are outside lists.
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

  /// Leaves that are readings.
  var taken: [Leaf] {
    leaves.filter { leaf in
      // Shelly's `by_minute` holds the last minutes, which the total includes.
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

  /// Returns the single value of the object, if it has only one at a usual place.
  ///
  /// - Parameter isSensorNamed: Whether the topic names the sensor, so that other values in the object do not matter.
  /// - Returns: Whether the unit is stated, its place, and the place of an unusual time; `nil` if there is no single
  ///   value.
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

  /// Whether the documents have Tasmota's object `ENERGY`.
  var isOfTasmota: Bool { leaves.contains { $0.tokens.first == "ENERGY" } }

  /// Whether the sender identifies itself as a Shelly.
  var isOfShelly: Bool {
    leaves.contains { $0.tokens == ["src"] && $0.texts.contains { $0.lowercased().hasPrefix("shelly") } }
  }

  /// Returns the member that identifies the device, if messages of one topic name several.
  ///
  /// - Parameter always: Whether to return a certain identifier even if all messages name the same device.
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

/// Recognition of times in samples.
enum TimeGuess {
  /// Returns whether a number is a time since 1970 in seconds, milliseconds, microseconds or nanoseconds, from 2001 to
  /// 2100.
  static func isEpoch(_ number: Double) -> Bool {
    [1.0, 1e3, 1e6, 1e9].contains { (978_307_200 * $0...4_102_444_800 * $0).contains(number) }
  }

  /// Returns whether a text begins like `2026-11-14` or `20261114T`, or is a time since 1970.
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
