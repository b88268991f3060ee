/// One step of a message through its chain of routes: the rule that reads it, and what the topic determines for it.
struct RouteStep {
  /// Position of the route.
  private(set) var route = 0
  /// Position of the compiled rule.
  private(set) var rule = 0
  /// Position of the plant in the share.
  private(set) var plant = 0
  /// First slot of the topic.
  private(set) var firstSlot = 0
  /// Number of slots of the topic.
  private(set) var slotCount = 0
  /// Names from the topic, if names depend on the record.
  var names: TopicNames?
  /// Bit mask of the rule's values in the message, for the first 64.
  var seen: UInt64 = 0

  /// Begins a step. ``names`` stay, because most messages need none.
  ///
  /// - Parameters:
  ///   - route: position of the route.
  ///   - plan: plan of the route.
  ///   - firstSlot: first slot of the topic.
  mutating func begin(_ route: Int, plan: RoutePlan, firstSlot: Int) {
    self.route = route
    rule = plan.rule
    plant = plan.plant
    self.firstSlot = firstSlot
    slotCount = plan.slotCount
    seen = 0
  }

  /// Returns the slot of the rule's value at a position, for names determined by the topic.
  func slot(_ value: Int) -> Int { firstSlot + value }

  /// Records that the message has the rule's value at a position; -1 and positions from 64 on are ignored.
  mutating func markSeen(_ value: Int) {
    if value >= 0, value < 64 { seen |= 1 << UInt64(value) }
  }
}
