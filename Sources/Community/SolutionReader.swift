import Foundation

/// Reads what `wattline community solve` has written, back as readings of members' meters.
public enum SolutionReader {
  /// Returns import less export of each member at each step [kW], after curtailment.
  ///
  /// - Parameters:
  ///   - folder: Folder of the results.
  ///   - instance: The instance that was solved.
  /// - Throws: ``InstanceError`` with the file, the line, and what would be right.
  public static func meters(_ folder: String, of instance: CommunityInstance) throws(InstanceError) -> [[Double]] {
    let count = instance.members.count
    var meters = (0..<count).map { member in
      (0..<instance.steps).map { step in
        instance.load[step * count + member] - instance.generation[step * count + member]
      }
    }
    let name = "schedule.csv"
    var text = try TableText(folder: folder, name: name)
    var places: [Int] = []
    for column in ["member", "step", "charge_kw", "discharge_kw", "ev_kw", "flexible_kw"] {
      places.append(try text.column(column))
    }
    try text.forEachLine { line, fields throws(InstanceError) in
      let values = places.map { fields[$0] }
      guard let member = Int(exactly: values[0]), meters.indices.contains(member),
        let step = Int(exactly: values[1]), (0..<instance.steps).contains(step)
      else {
        throw InstanceError(
          name, line: line, "'member' must be below \(count) and 'step' below \(instance.steps), as in the instance")
      }
      guard values[2...4].allSatisfy(\.isFinite) else {
        throw InstanceError(name, line: line, "a power is no number; expected kW")
      }
      meters[member][step] += values[2] - values[3] + values[4]
      // An empty field means that demand is as it is.
      if values[5].isFinite {
        meters[member][step] +=
          values[5] - instance.members[member].flexibleShare * instance.load[step * count + member]
      }
    }
    try close(&meters, folder: folder, instance: instance)
    return meters
  }

  /// Applies curtailment, and checks that the sums are the flows of the connection.
  private static func close(
    _ meters: inout [[Double]], folder: String, instance: CommunityInstance
  ) throws(InstanceError) {
    let name = "community.csv"
    var text = try TableText(folder: folder, name: name)
    var places: [Int] = []
    for column in ["step", "import_kw", "export_kw", "curtail_kw"] { places.append(try text.column(column)) }
    var flows: [(net: Double, curtailed: Double)] = []
    try text.forEachLine { line, fields throws(InstanceError) in
      let values = places.map { fields[$0] }
      guard values.allSatisfy(\.isFinite), values[0] == Double(flows.count) else {
        throw InstanceError(name, line: line, "expected step \(flows.count) and powers in kW")
      }
      flows.append((values[1] - values[2], values[3]))
    }
    guard flows.count == instance.steps else {
      throw InstanceError(name, "there are \(flows.count) steps; the instance has \(instance.steps)")
    }
    CommunitySolution.curtail(&meters, by: flows.map(\.curtailed))
    for (step, flow) in flows.enumerated() {
      let sum = meters.reduce(0) { $0 + $1[step] }
      guard abs(sum - flow.net) <= 1e-4 * Double(max(10, meters.count)) else {
        throw InstanceError(
          name,
          "step \(step): members sum to \(sum) kW and the connection to \(flow.net) kW; the results are not "
            + "those of this instance")
      }
    }
  }
}

extension InstanceReader {
  /// Returns the times of steps as `series.csv` has them; `nil` without a column `time`.
  ///
  /// - Parameter folder: Path of the folder.
  /// - Throws: ``InstanceError`` if the file cannot be read.
  public static func times(_ folder: String) throws(InstanceError) -> [String]? {
    let name = "series.csv"
    guard let place = try? TableText(folder: folder, name: name).column("time") else { return nil }
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
      throw InstanceError(name, "the file cannot be read")
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst()
    return lines.compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      return fields.count > place ? fields[place].trimmingCharacters(in: CharacterSet(charactersIn: " \t\"")) : nil
    }
  }
}
