import PayloadDecoding
public import PlantModel

/// Users of the broker and what each may do, derived from the topics of the plants.
///
/// Each plant is a user called as the plant. The process is a user, and so are the people of the control room
/// (`operator`). The text is that of mosquitto's `acl_file`.
public struct AccessList: Sendable {
  /// Right of a user to topics.
  public struct Grant: Hashable, Sendable {
    /// Kind of right. `deny` takes precedence over the others.
    public enum Access: String, Sendable { case read, write, readwrite, deny }

    /// Kind of right.
    public var access: Access
    /// Topic filter.
    public var filter: String

    /// Line of mosquitto's `acl_file`.
    ///
    /// Example: `topic write tele/+/SENSOR`.
    public var line: String { "topic \(access.rawValue) \(filter)" }
  }

  /// User of the broker with its rights.
  public struct Account: Sendable {
    /// Name of the user.
    public var user: String
    /// Meaning of the account, one sentence.
    public var purpose: String
    /// Rights in the order of the file.
    public var grants: [Grant]

    /// Returns whether the user may publish on a topic.
    public func mayPublish(_ topic: String) -> Bool {
      let matching = grants.filter { TopicFilter.matches(topic, filter: $0.filter) }
      if matching.contains(where: { $0.access == .deny }) { return false }
      return matching.contains { $0.access == .write || $0.access == .readwrite }
    }
  }

  /// User of the people of the control room.
  public static let operatorName = "operator"

  /// Accounts: the process, the plants in their order, and the operator.
  public let accounts: [Account]
  /// Rights that are wider than the plant files, because mosquitto knows only whole levels.
  public let warnings: [String]

  /// Derives the accounts.
  ///
  /// - Parameters:
  ///   - plants: All plants.
  ///   - user: User of the process at the broker.
  ///   - clientID: Client id of the process, which is its Sparkplug host id.
  /// - Throws: ``AccessListError`` with every name and topic that mosquitto's files cannot express.
  public init(plants: [Plant], user: String, clientID: String) throws(AccessListError) {
    let topics = plants.map(PlantTopics.init)
    let faults =
      topics.flatMap { AccessListError.faults(of: $0.plant, user: user) }
      + topics.flatMap { AccessListError.faults(of: $0.filters + $0.keepalives, plant: $0.plant) }
    guard faults.isEmpty else { throw AccessListError(faults: faults) }
    let process = Account(
      user: user, purpose: "Wattline reads all plants and publishes its own topics.",
      grants: AccessList.processGrants(topics, clientID: clientID))
    let people = Account(
      user: AccessList.operatorName,
      purpose:
        "People of the control room read what Wattline says, answer alerts, confirm commands and decide about savings.",
      grants: [
        Grant(access: .read, filter: "wattline/#"), Grant(access: .write, filter: "wattline/+/alerts/set"),
        Grant(access: .write, filter: "wattline/+/commands/set"),
        Grant(access: .write, filter: "wattline/+/savings/set"),
      ])
    let overlaps = FilterOverlaps(topics)
    let own = topics.enumerated().map { position, own in
      Account(
        user: own.plant, purpose: "The devices of plant '\(own.plant)'.",
        grants: own.grants(
          others: topics.lazy.map(\.plant).filter { $0 != own.plant },
          isPrefixFree: !overlaps.takenPrefixes.contains(position)))
    }
    accounts = [process] + own + [people]
    warnings = overlaps.shared.map { one, two in
      "the users '\(topics[one.plant].plant)' and '\(topics[two.plant].plant)' may publish some topics of each other "
        + "('\(topics[one.plant].filters[one.filter])' and '\(topics[two.plant].filters[two.filter])'), because mosquitto "
        + "grants whole levels only; give each plant a level of its own"
    }
  }

  /// Names of the users, in the order of the accounts.
  public var users: [String] { accounts.map(\.user) }

  /// Text of mosquitto's `acl_file`.
  public var text: String {
    var lines = ["# Made by `wattline acl` from the topics of the plants. A change is lost when it is made again."]
    for account in accounts {
      lines += ["", "# \(account.purpose)", "user \(account.user)"] + account.grants.map(\.line)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func processGrants(_ topics: [PlantTopics], clientID: String) -> [Grant] {
    var grants = [Grant(access: .read, filter: "#"), Grant(access: .readwrite, filter: "wattline/#")]
    let all = topics.flatMap(\.filters)
    // `#` does not include topics that begin with `$`.
    grants += all.filter { $0.hasPrefix("$") }.map { Grant(access: .read, filter: $0) }
    let sparkplug = all.compactMap(SparkplugLevels.init)
    if !sparkplug.isEmpty {
      grants.append(Grant(access: .write, filter: TopicName.join(["spBv1.0", "STATE", clientID])))
    }
    grants += sparkplug.map { Grant(access: .write, filter: $0.nodeCommands) }
    grants += all.compactMap(VictronLevels.init).map { Grant(access: .write, filter: $0.keepAlive) }
    let granted = grants
    grants += topics.flatMap(\.keepalives).filter { topic in
      !granted.contains { $0.access == .write && TopicFilter.matches(topic, filter: $0.filter) }
    }.map { Grant(access: .write, filter: $0) }
    return grants.withoutDuplicates()
  }
}

extension [AccessList.Grant] {
  func withoutDuplicates() -> [AccessList.Grant] {
    var seen: Set<AccessList.Grant> = []
    return filter { seen.insert($0).inserted }
  }
}
