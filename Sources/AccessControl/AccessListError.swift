/// Names and topics that mosquitto's files of users and rights cannot express.
public struct AccessListError: Error, CustomStringConvertible, Sendable {
  /// Most levels of a filter that mosquitto accepts.
  static let mostLevels = 200

  /// One sentence for each fault, with the remedy.
  public let faults: [String]

  /// The sentences, one a line.
  public var description: String { faults.joined(separator: "\n") }

  /// Returns the faults of a plant's name as the name of a user.
  ///
  /// - Parameters:
  ///   - name: Name of the plant.
  ///   - user: User of the process.
  static func faults(of name: String, user: String) -> [String] {
    var faults: [String] = []
    if name == user || name == AccessList.operatorName {
      faults.append("plant '\(name)' has the name of another user of the broker; give the plant another name")
    }
    if name.contains(":") {
      faults.append("plant '\(name)' has a ':', which ends the name in mosquitto's password file; leave it out")
    }
    if name.hasPrefix("#") {
      faults.append("plant '\(name)' begins with '#', a comment in mosquitto's password file; begin it otherwise")
    }
    if hasOuterBlank(name) {
      faults.append("plant '\(name)' begins or ends with a blank, which mosquitto drops; remove it")
    }
    return faults
  }

  /// Returns the faults of a plant's filters.
  ///
  /// - Parameters:
  ///   - filters: The filters.
  ///   - plant: Name of the plant.
  static func faults(of filters: [String], plant: String) -> [String] {
    filters.compactMap { filter in
      if hasOuterBlank(filter) {
        return "topic '\(filter)' of plant '\(plant)' begins or ends with a blank, which mosquitto's ACL drops; "
          + "let its devices publish to another topic"
      }
      if TopicFilter.levels(filter).count > mostLevels {
        return "topic '\(filter.prefix(40))…' of plant '\(plant)' has more than \(mostLevels) levels, which mosquitto "
          + "refuses"
      }
      return nil
    }
  }

  private static func hasOuterBlank(_ text: String) -> Bool { text.hasPrefix(" ") || text.hasSuffix(" ") }
}
