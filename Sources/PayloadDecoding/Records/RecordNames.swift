/// The names in the current record, and texts composed of them.
struct RecordNames {
  /// A name that a record must have.
  enum Part: String {
    case asset, sensor
  }

  private let plan: RecordNamePlan
  /// Asset in the record; empty if topic or rule name it.
  private(set) var asset: [UInt8] = []
  /// Sensor in the record; empty if topic, rule or payload name it.
  private(set) var sensor: [UInt8] = []

  init(_ plan: RecordNamePlan) { self.plan = plan }

  /// Reads the names from the record.
  ///
  /// - Parameters:
  ///   - source: the record.
  ///   - topic: the names from the topic.
  /// - Returns: the missing name, if any.
  mutating func read<Source: RecordSource>(_ source: inout Source, topic: TopicNames?) -> Part? {
    asset.removeAll(keepingCapacity: true)
    sensor.removeAll(keepingCapacity: true)
    if let wanted = plan.asset,
      !plan.compose(wanted, source: &source, asset: [], sensor: [], topic: topic, into: &asset)
    {
      return .asset
    }
    if let wanted = plan.sensor,
      !plan.compose(wanted, source: &source, asset: asset, sensor: [], topic: topic, into: &sensor)
    {
      return .sensor
    }
    return nil
  }

  /// Composes a text. Returns `false` if a part is missing.
  ///
  /// - Parameters:
  ///   - wanted: the text's source.
  ///   - source: the record.
  ///   - topic: the names from the topic.
  ///   - target: destination, replaced.
  func compose<Source: RecordSource>(
    _ wanted: TextSource, source: inout Source, topic: TopicNames?, into target: inout [UInt8]
  ) -> Bool {
    target.removeAll(keepingCapacity: true)
    return plan.compose(wanted, source: &source, asset: asset, sensor: sensor, topic: topic, into: &target)
  }
}

extension RecordNamePlan {
  /// Appends a text. Returns `false` if a part is missing. The rule's `strip` prefix is removed from the start.
  ///
  /// - Parameters:
  ///   - wanted: the text's source.
  ///   - source: the record.
  ///   - asset: asset in the record; empty if there is none.
  ///   - sensor: sensor in the record; empty if there is none.
  ///   - topic: the names from the topic.
  ///   - target: destination; the text is appended.
  fileprivate func compose<Source: RecordSource>(
    _ wanted: TextSource, source: inout Source, asset: [UInt8], sensor: [UInt8], topic: TopicNames?,
    into target: inout [UInt8]
  ) -> Bool {
    switch wanted {
    case .place(let place):
      guard source.append(source.value(at: place, outwards: true), to: &target) else { return false }
      strip(&target)
    case .template(let pieces):
      for piece in pieces {
        switch piece {
        case .literal(let text): target.append(contentsOf: text.utf8)
        case .topic("asset") where !asset.isEmpty: target.append(contentsOf: asset)
        case .topic("sensor") where !sensor.isEmpty: target.append(contentsOf: sensor)
        case .topic(let name):
          guard let text = topic?[name] else { return false }
          target.append(contentsOf: text.utf8)
        case .key(let level):
          guard source.append(source.memberName(level: level), to: &target) else { return false }
          if pieces.count == 1 { strip(&target) }
        case .measurement: if !source.append(source.tag(""), to: &target) { return false }
        case .tag(let name): if !source.append(source.tag(name), to: &target) { return false }
        }
      }
    }
    return !target.isEmpty
  }
}
