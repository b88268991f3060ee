/// Files of a solution, as CSV: schedules of members, flows of the community, and the settlement.
public struct SolutionText {
  private let solution: CommunitySolution
  private let instance: CommunityInstance

  /// Names a solution and its instance.
  ///
  /// - Parameters:
  ///   - solution: The solution.
  ///   - instance: The instance of the solution.
  public init(_ solution: CommunitySolution, of instance: CommunityInstance) {
    self.solution = solution
    self.instance = instance
  }

  /// Tells `schedule.csv`: a line for each member and step in which a number differs from its default.
  ///
  /// - Parameter write: Receives the text in parts.
  public func schedule(write: (borrowing [UInt8]) throws -> Void) rethrows {
    var text = DecimalText()
    text.append("member,step,charge_kw,discharge_kw,ev_kw,flexible_kw\n")
    let schedule = solution.schedule
    let steps = instance.steps
    var sessions = instance.members.map { _ in [Int]() }
    for (stay, session) in instance.sessions.enumerated() { sessions[session.member].append(stay) }
    let elastic = solution.flexiblePrice == nil ? nil : ElasticDemand(instance)
    var car = Array(repeating: 0.0, count: steps)
    for (number, member) in instance.members.enumerated() {
      for stay in sessions[number] { add(stay, to: &car) }
      let row = schedule.row(of: number)
      for step in 0..<steps {
        let charge = row.map { schedule.charge[$0 * steps + step] } ?? 0
        let discharge = row.map { schedule.discharge[$0 * steps + step] } ?? 0
        let isFlexible = elastic != nil && member.flexibleShare > 0
        guard isFlexible || charge > 5e-8 || discharge > 5e-8 || car[step] > 5e-8 else { continue }
        text.append(number)
        text.append(",")
        text.append(step)
        for power in [charge, discharge, car[step]] {
          text.append(",")
          text.append(power)
        }
        text.append(",")
        if isFlexible, let elastic, let price = solution.flexiblePrice?[step] {
          let reference =
            instance.load[step * instance.members.count + number] * member.flexibleShare
          text.append(elastic.share(price, elasticity: member.elasticity) * reference)
        }
        text.append("\n")
      }
      for stay in sessions[number] { clear(stay, in: &car) }
      if text.bytes.count > 1 << 16 {
        try write(text.bytes)
        text.bytes.removeAll(keepingCapacity: true)
      }
    }
    try write(text.bytes)
  }

  private func add(_ stay: Int, to car: inout [Double]) {
    let start = solution.schedule.sessionStarts[stay]
    let session = instance.sessions[stay]
    for step in session.arrival..<session.departure {
      car[step] += solution.schedule.car[start + step - session.arrival]
    }
  }

  private func clear(_ stay: Int, in car: inout [Double]) {
    let session = instance.sessions[stay]
    for step in session.arrival..<session.departure { car[step] = 0 }
  }

  /// `community.csv`: flows of the connection and the price, a line a step.
  public var community: [UInt8] {
    var text = DecimalText()
    text.append("step,import_kw,export_kw,curtail_kw,price\n")
    for step in 0..<instance.steps {
      text.append(step)
      for value in [
        solution.imported[step], solution.exported[step], solution.curtailed[step],
        solution.price[step],
      ] {
        text.append(",")
        text.append(value)
      }
      text.append("\n")
    }
    return text.bytes
  }

  /// Returns `settlement.csv`: bill and credit of each member.
  public func settlement(_ settlement: CommunitySettlement) -> [UInt8] {
    var text = DecimalText()
    text.append("member,bill,credit,gain\n")
    for member in instance.members.indices {
      text.append(member)
      for value in [settlement.bills[member], settlement.credits[member], settlement.gains[member]] {
        text.append(",")
        text.append(value)
      }
      text.append("\n")
    }
    return text.bytes
  }
}

/// Numbers as text with at most eight decimals.
struct DecimalText {
  var bytes: [UInt8] = []

  mutating func append(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func append(_ number: Int) {
    var digits: (UInt64, Int) = (UInt64(number.magnitude), 1)
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    while digits.0 / UInt64(digits.1) >= 10 { digits.1 *= 10 }
    while digits.1 > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(digits.0 / UInt64(digits.1) % 10))
      digits.1 /= 10
    }
  }

  /// Appends a number below 10^10 with eight decimals, without zeros at its end; a greater one as Swift writes it.
  mutating func append(_ number: Double) {
    guard number.magnitude < 1e10 else {
      bytes.append(contentsOf: "\(number)".utf8)
      return
    }
    let scaled = Int((number.magnitude * 1e8).rounded())
    if number < 0, scaled > 0 { bytes.append(UInt8(ascii: "-")) }
    append(scaled / 100_000_000)
    var rest = scaled % 100_000_000
    guard rest > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    var unit = 10_000_000
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
      rest %= unit
      unit /= 10
    }
  }
}
