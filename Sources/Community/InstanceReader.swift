import Foundation

/// Reads folders of community instances: `community.json`, `members.csv`, `ev.csv`, `series.csv`, `load.csv`, `pv.csv`.
public enum InstanceReader {
  /// Contents of `community.json`.
  private struct Document: Decodable {
    let members: Int
    let steps: Int
    let stepHours: Double
    let importLimitKw: Double
    let exportLimitKw: Double
    let overloadPrice: Double
    let carbonPrice: Double
    let referencePrice: Double
    let incentiveBudgetDaily: Double?
    let flexibleMin: Double?
    let flexibleMax: Double?
  }

  /// Reads an instance.
  ///
  /// - Parameter folder: Path of the folder.
  /// - Throws: ``InstanceError`` with the file, the line, and what would be right.
  public static func read(_ folder: String) throws(InstanceError) -> CommunityInstance {
    let document = try document(folder)
    let steps = document.steps
    let series = try series(folder, steps: steps)
    let members = try members(folder, count: document.members)
    let sessions = try sessions(folder, members: members.count, steps: steps)
    let terms = CommunityInstance.Terms(
      importLimit: document.importLimitKw, exportLimit: document.exportLimitKw,
      overloadPrice: document.overloadPrice, carbonPrice: document.carbonPrice,
      incentiveBudgetDaily: document.incentiveBudgetDaily ?? 0,
      referencePrice: document.referencePrice,
      flexibleShares: (document.flexibleMin ?? 1)...(document.flexibleMax ?? 1))
    return CommunityInstance(
      stepHours: document.stepHours, terms: terms, series: series, members: members,
      sessions: sessions,
      load: try table(folder, name: "load.csv", steps: steps, members: members.count),
      generation: try table(folder, name: "pv.csv", steps: steps, members: members.count))
  }

  private static func document(_ folder: String) throws(InstanceError) -> Document {
    let name = "community.json"
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
      throw InstanceError(
        name, "there is no such file in \(folder); a folder of `wattline community` has one")
    }
    let document: Document
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      document = try decoder.decode(Document.self, from: data)
    } catch let DecodingError.keyNotFound(key, _) {
      throw InstanceError(name, "'\(snakeCase(key.stringValue))' is missing; expected a number")
    } catch let DecodingError.typeMismatch(_, context) {
      let key = context.codingPath.last.map { snakeCase($0.stringValue) } ?? "the document"
      throw InstanceError(name, "'\(key)' is not what is expected: \(context.debugDescription)")
    } catch {
      throw InstanceError(
        name, "it is no JSON object of numbers such as members, steps and step_hours")
    }
    try check(document, name: name)
    return document
  }

  /// Returns a name of the code as the file has it.
  private static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
  }

  private static func check(_ document: Document, name: String) throws(InstanceError) {
    func need(_ holds: Bool, _ key: String, _ right: String) throws(InstanceError) {
      if !holds { throw InstanceError(name, "'\(key)' must be \(right)") }
    }
    try need(
      (1...1_000_000).contains(document.members), "members", "a whole number from 1 to 1000000")
    try need((1...10_000).contains(document.steps), "steps", "a whole number from 1 to 10000")
    try need(
      document.stepHours > 0 && document.stepHours <= 24, "step_hours", "above 0 and at most 24")
    try need(document.importLimitKw >= 0, "import_limit_kw", "at least 0")
    try need(document.exportLimitKw >= 0, "export_limit_kw", "at least 0")
    try need(document.overloadPrice >= 0, "overload_price", "at least 0")
    try need(document.carbonPrice >= 0, "carbon_price", "at least 0")
    try need(document.referencePrice > 0, "reference_price", "above 0")
    try need(document.incentiveBudgetDaily ?? 0 >= 0, "incentive_budget_daily", "at least 0")
    let (least, most) = (document.flexibleMin ?? 1, document.flexibleMax ?? 1)
    try need(
      least >= 0 && least <= 1 && most >= 1, "flexible_min",
      "from 0 to 1, and flexible_max at least 1")
  }

  private static func series(_ folder: String, steps: Int) throws(InstanceError)
    -> CommunityInstance.Series
  {
    var text = try TableText(folder: folder, name: "series.csv")
    let names = ["import_price", "export_price", "carbon"]
    var places: [Int] = []
    for name in names { places.append(try text.column(name)) }
    var columns = names.map { _ in [Double]() }
    try text.forEachLine { line, values throws(InstanceError) in
      for (name, place) in places.enumerated() {
        guard values[place].isFinite else {
          throw InstanceError(
            "series.csv", line: line, "'\(names[name])' is no number; expected one such as 0.21")
        }
        columns[name].append(values[place])
      }
    }
    guard columns[0].count == steps else {
      throw InstanceError(
        "series.csv", "there are \(columns[0].count) steps; community.json says \(steps)")
    }
    return CommunityInstance.Series(
      importPrice: columns[0], exportPrice: columns[1], carbon: columns[2])
  }

  private static func members(_ folder: String, count: Int) throws(InstanceError)
    -> [CommunityMember]
  {
    let name = "members.csv"
    var text = try TableText(folder: folder, name: name)
    let names = [
      "member", "battery_kwh", "battery_kw", "efficiency", "wear", "soc_min", "soc_start",
      "flexible_share",
      "elasticity",
    ]
    var places: [Int] = []
    for column in names { places.append(try text.column(column)) }
    var members = [CommunityMember?](repeating: nil, count: count)
    try text.forEachLine { line, fields throws(InstanceError) in
      let values = places.map { fields[$0] }
      if let place = values.firstIndex(where: { !$0.isFinite }) {
        throw InstanceError(name, line: line, "'\(names[place])' is no number")
      }
      guard let number = Int(exactly: values[0]), members.indices.contains(number),
        members[number] == nil
      else {
        throw InstanceError(name, line: line, "'member' must be each of 0 to \(count - 1) once")
      }
      members[number] = try member(values, line: line)
    }
    guard let missing = members.firstIndex(of: nil) else { return members.compactMap { $0 } }
    throw InstanceError(name, "member \(missing) is missing; community.json says \(count) members")
  }

  /// Reads the values of a member in the order of the columns, and says which of them cannot be.
  private static func member(_ values: [Double], line: Int) throws(InstanceError) -> CommunityMember {
    func need(_ holds: Bool, _ message: String) throws(InstanceError) {
      if !holds { throw InstanceError("members.csv", line: line, message) }
    }
    try need(values[7] >= 0 && values[7] <= 1, "'flexible_share' must be from 0 to 1")
    try need(values[7] == 0 || values[8] > 0, "'elasticity' must be above 0")
    var member = CommunityMember(flexibleShare: values[7], elasticity: max(values[8], 1e-6))
    try need(values[1] >= 0, "'battery_kwh' must be at least 0; 0 means no battery")
    guard values[1] > 0 else { return member }
    try need(values[2] >= 0, "'battery_kw' must be at least 0")
    try need(values[3] > 0 && values[3] <= 1, "'efficiency' must be above 0 and at most 1")
    try need(values[4] >= 0, "'wear' must be at least 0")
    try need(
      values[5] >= 0 && values[5] <= values[6] && values[6] <= 1,
      "'soc_min' and 'soc_start' must be shares from 0 to 1, the start at least the minimum")
    member.battery = HomeBattery(
      capacity: values[1], power: values[2], efficiency: values[3], wear: values[4],
      minimum: values[5] * values[1],
      start: values[6] * values[1])
    return member
  }

  private static func sessions(_ folder: String, members: Int, steps: Int) throws(InstanceError)
    -> [CarSession]
  {
    let name = "ev.csv"
    var text = try TableText(folder: folder, name: name)
    let names = ["member", "arrive", "depart", "kwh", "kw", "efficiency"]
    var places: [Int] = []
    for column in names { places.append(try text.column(column)) }
    var sessions: [CarSession] = []
    try text.forEachLine { line, fields throws(InstanceError) in
      func need(_ holds: Bool, _ message: String) throws(InstanceError) {
        if !holds { throw InstanceError(name, line: line, message) }
      }
      let values = places.map { fields[$0] }
      if let place = values.firstIndex(where: { !$0.isFinite }) {
        try need(false, "'\(names[place])' is no number")
      }
      guard let member = Int(exactly: values[0]), (0..<members).contains(member) else {
        throw InstanceError(name, line: line, "'member' must be from 0 to \(members - 1)")
      }
      guard let arrival = Int(exactly: values[1]), let departure = Int(exactly: values[2]),
        arrival >= 0,
        arrival < departure, departure <= steps
      else {
        throw InstanceError(
          name, line: line, "'arrive' must be before 'depart', both steps from 0 to \(steps)")
      }
      try need(values[3] >= 0, "'kwh' must be at least 0")
      try need(values[4] > 0, "'kw' must be above 0")
      try need(values[5] > 0 && values[5] <= 1, "'efficiency' must be above 0 and at most 1")
      sessions.append(
        CarSession(
          member: member, arrival: arrival, departure: departure, energy: values[3],
          power: values[4],
          efficiency: values[5]))
    }
    return sessions
  }

  /// Reads a table of a line a step and a column a member, in the order of steps and members.
  private static func table(
    _ folder: String, name: String, steps: Int, members: Int
  ) throws(InstanceError) -> [Double] {
    var text = try TableText(folder: folder, name: name)
    guard text.header.count == members + 1 else {
      throw InstanceError(
        name, line: 1,
        "there are \(text.header.count) columns; expected the step and \(members) members")
    }
    var table: [Double] = []
    table.reserveCapacity(steps * members)
    try text.forEachLine { line, values throws(InstanceError) in
      for member in 1...members {
        guard values[member].isFinite else {
          throw InstanceError(
            name, line: line, "the value of member \(member - 1) is no number; expected kW")
        }
        table.append(values[member])
      }
    }
    guard table.count == steps * members else {
      throw InstanceError(
        name, "there are \(table.count / members) steps; community.json says \(steps)")
    }
    return table
  }
}
