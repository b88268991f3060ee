import PayloadDecoding
public import PlantModel

/// Filters of the topics on which a plant's devices publish.
public struct PlantTopics: Sendable {
  let plant: String
  /// Filters without shared-subscription prefixes and duplicates.
  let filters: [String]
  /// Topics that keep devices publishing.
  let keepalives: [String]

  /// Derives the filters of a plant's rules, with `+` for each level that has a placeholder.
  public init(_ plant: Plant) {
    self.plant = plant.name
    keepalives = plant.keepalives.map(\.topic)
    let instructions = [Instruction.filter(plant: plant.name), "wattline/+/+/set"]
    var seen: Set<String> = []
    filters = SubscriptionPlan.filters(of: [plant], connections: 1).joined()
      .filter { !instructions.contains($0) }
      .map { String(SharedSubscription.unshared($0)) }
      .filter { seen.insert($0).inserted }
  }

  /// Rights that follow from the plant's rules alone: what its devices publish and what they are sent.
  public var deviceGrants: [AccessList.Grant] {
    let written = filters.map { AccessList.Grant(access: .write, filter: $0) }
    let sparkplug = filters.compactMap(SparkplugLevels.init).flatMap {
      [$0.nodeCommands, $0.deviceCommands, $0.states].map { AccessList.Grant(access: .read, filter: $0) }
    }
    let victron = filters.compactMap(VictronLevels.init).map { AccessList.Grant(access: .read, filter: $0.requests) }
    let woken = keepalives.filter { topic in !victron.contains { TopicFilter.matches(topic, filter: $0.filter) } }
      .map { AccessList.Grant(access: .read, filter: $0) }
    return (written + sparkplug + victron + woken).withoutDuplicates()
  }

  /// Returns the rights of the plant's user.
  ///
  /// - Parameters:
  ///   - others: Names of the other plants.
  ///   - isPrefixFree: Whether no other plant publishes below this plant's name.
  /// - Returns: The rights, with those that are denied first.
  func grants(others: some Sequence<String>, isPrefixFree: Bool) -> [AccessList.Grant] {
    let encoded = TopicName.encode(plant)
    var grants: [AccessList.Grant] = []
    if filters.contains(where: { TopicFilter.overlap($0, "wattline/#") }) {
      // A filter that begins with a wildcard must not let devices speak for Wattline, other plants or people.
      grants += (["status"] + others.map { TopicName.encode($0) }).map {
        AccessList.Grant(access: .deny, filter: "wattline/\($0)/#")
      }
      grants.append(AccessList.Grant(access: .deny, filter: "wattline/\(encoded)/+/set"))
    }
    let prefix = isPrefixFree ? ownPrefix : nil
    if let prefix { grants.append(AccessList.Grant(access: .write, filter: prefix)) }
    grants += deviceGrants.filter { grant in
      grant.access != .write || prefix.map { !TopicFilter.covers($0, grant.filter) } ?? true
    }
    grants.append(AccessList.Grant(access: .read, filter: "wattline/\(encoded)/#"))
    return grants.withoutDuplicates()
  }

  /// Filter of everything below the plant's name; `nil` if its name allows none.
  var ownPrefix: String? {
    let prefix = plant + "/#"
    if plant.contains(where: { "+#".contains($0) }) || plant.hasPrefix("$") || plant.hasPrefix("wattline/") {
      return nil
    }
    return TopicFilter.levels(prefix).count <= AccessListError.mostLevels ? prefix : nil
  }
}

/// Levels of a Sparkplug B filter: group and edge node.
struct SparkplugLevels {
  private let group: Substring
  private let edge: Substring

  /// Splits a filter; `nil` if it is not of the namespace.
  init?(_ filter: String) {
    let levels = TopicFilter.levels(filter)
    guard levels.count >= 3, levels[0] == "spBv1.0", levels[1] != "STATE" else { return nil }
    group = levels[1]
    edge = levels.count > 3 && levels[3] != "#" ? levels[3] : "+"
  }

  /// Commands to edge nodes, such as a rebirth.
  var nodeCommands: String { "spBv1.0/\(group)/NCMD/\(edge)" }
  /// Commands to devices.
  var deviceCommands: String { "spBv1.0/\(group)/DCMD/\(edge)/+" }
  /// States of host applications.
  var states: String { "spBv1.0/STATE/+" }
}

/// Levels of a filter of Victron's `N/{portal}/…`.
struct VictronLevels {
  private let portal: Substring

  /// Splits a filter; `nil` if it is not of the namespace.
  init?(_ filter: String) {
    let levels = TopicFilter.levels(filter)
    guard levels.count >= 3, levels[0] == "N", levels[1] != "#" else { return nil }
    portal = levels[1]
  }

  /// Topic that keeps the portal publishing.
  var keepAlive: String { "R/\(portal)/keepalive" }
  /// Topics that the portal is sent.
  var requests: String { "R/\(portal)/#" }
}
