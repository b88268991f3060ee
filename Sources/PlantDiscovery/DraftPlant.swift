import PlantModel

/// A plant file drafted from the messages of a broker: rules, assets with guessed kinds, units with reasons, and open
/// points.
///
/// The draft is deterministic: the same survey gives the same draft.
public struct DraftPlant: Sendable {
  /// Content of the file that does not come from the survey.
  public struct Options: Sendable {
    /// Name of the plant.
    public var name: String
    /// IANA time zone.
    public var timezone: String
    /// Origin of the survey, for the first lines of the file: `mqtt://127.0.0.1:1883, 60 s`.
    public var origin: String

    /// Creates options.
    ///
    /// - Parameters:
    ///   - name: Name of the plant.
    ///   - timezone: IANA time zone.
    ///   - origin: Origin of the survey.
    public init(name: String = "draft", timezone: String = "UTC", origin: String = "") {
      (self.name, self.timezone, self.origin) = (name, timezone, origin)
    }
  }

  /// YAML text of the plant file.
  public private(set) var text: String
  /// Result of decoding every sample by the draft.
  public private(set) var trial: DraftTrial

  /// Drafts a plant, and tries the draft with all samples of the survey.
  public init(_ survey: TopicSurvey, options: Options = Options()) {
    let topics = survey.topics.enumerated().map { ShapedTopic($1, position: $0) }
    let builder = DraftBuilder(topics)
    var file = DraftText(options: options, survey: survey, rules: builder.rules)
    file.assetCount = builder.assetNames.count
    file.assets = builder.parts.map { ($0.name, $0.kind, "a guess by the names of its values") }
    var first = DraftTrial(text: file.text, survey: survey, topics: topics)
    let shared = DraftPlant.sharedRoots(first, topics: topics)
    if !shared.isEmpty {
      for number in file.rules.indices { file.rules[number].prefixAsset(ifOf: shared) }
      first = DraftTrial(text: file.text, survey: survey, topics: topics)
    }
    let unread = DraftPlant.unread(topics, trial: first)
    file.unread = unread
    let units = DraftPlant.unitTopics(survey)
    var sensors: [String: Set<String>] = [:]
    for series in first.series { sensors[series.asset, default: []].insert(series.sensor) }
    let parts = Dictionary(builder.parts.map { ($0.name, $0.kind) }) { first, _ in first }
    var kinds: [String: AssetKind] = parts
    for series in first.series where kinds[series.asset] == nil && series.asset != Plant.wholePlant {
      guard file.assets.count < DraftText.mostAssets, DraftText.isName(series.asset) else { continue }
      let guess = KindGuess(asset: series.asset, sensors: sensors[series.asset] ?? [])
      kinds[series.asset] = guess.kind
      file.assets.append((series.asset, guess.kind, guess.note))
    }
    let ruleOfTopic = Dictionary(
      builder.rules.enumerated().flatMap { number, rule in rule.topics.map { ($0, number) } }
    ) { first, _ in first }
    // Powers of one device, or of one pattern, usually have the same unit.
    var powers: [String: [Double]] = [:]
    for series in first.series where UnitGuess.isPower(series.sensor) && !topics[series.topic].isSwitch(survey) {
      powers["asset " + series.asset, default: []] += series.numbers
      if let rule = ruleOfTopic[series.topic] { powers["rule \(rule)", default: []] += series.numbers }
    }
    for series in first.series where DraftText.isName(series.asset) && DraftText.isName(series.sensor) {
      let topic = topics[series.topic]
      guard let number = ruleOfTopic[series.topic], !topic.statesUnit else { continue }
      let rule = builder.rules[number]
      if !rule.values.isEmpty, rule.values[0].name != "{sensor}" { continue }
      if topic.isSwitch(survey) { continue }
      let source = rule.rename.first { $0.to == series.sensor }?.from ?? series.sensor
      var guess = UnitGuess.of(
        sensor: series.sensor, source: source, numbers: series.numbers, vendor: topic.vendor,
        unitText: units[DraftPlant.parent(topic.name)], kind: kinds[series.asset] ?? .generic,
        powers: powers["rule \(number)", default: []] + powers["asset " + series.asset, default: []])
      let isNegative = series.numbers.contains { $0 < 0 } && !series.numbers.contains { $0 > 0 }
      if kinds[series.asset] == .pv, UnitGuess.isPower(series.sensor), isNegative {
        let scale = "negative: generation is positive here, so write `scale: {\(source): -1}` in its rule"
        guess.note = (guess.note.map { $0 + "; " } ?? "") + scale
      }
      file.sensors.append((series.asset, series.sensor, guess))
    }
    var trial = DraftTrial(text: file.text, survey: survey, topics: topics)
    if !trial.mistakes.isEmpty {
      // A single wrong guess must not invalidate the draft.
      file.sensors = []
      trial = DraftTrial(text: file.text, survey: survey, topics: topics)
    }
    text = file.text
    self.trial = trial
  }

  /// Returns first levels of topics whose devices have names that occur under other first levels as well.
  ///
  /// Of the levels that share a sensor, the one with the most topics is left out.
  private static func sharedRoots(_ trial: DraftTrial, topics: [ShapedTopic]) -> Set<String> {
    let counts = Dictionary(topics.map { ($0.levels[0], 1) }, uniquingKeysWith: +)
    var shared: Set<String> = []
    for series in trial.series where series.roots.count > 1 {
      let open = series.roots.subtracting(shared).sorted { (counts[$1] ?? 0, $0) < (counts[$0] ?? 0, $1) }
      shared.formUnion(open.dropFirst())
    }
    return shared
  }

  /// Returns the topics without readings, with the reason.
  private static func unread(_ topics: [ShapedTopic], trial: DraftTrial) -> [(topic: String, reason: String)] {
    let failed = Dictionary(trial.failures.map { ($0.topic, $0.reason) }) { first, _ in first }
    return topics.compactMap { topic in
      if case .unread(let reason) = topic.kind { return (topic.name, reason) }
      return failed[topic.name].map { (topic.name, $0) }
    }
  }

  /// Returns the units that separate topics state for the topics beside them, as in Home Assistant.
  private static func unitTopics(_ survey: TopicSurvey) -> [String: String] {
    var units: [String: String] = [:]
    for topic in survey.topics where topic.name.hasSuffix("/unit_of_measurement") {
      guard let sample = topic.samples.last else { continue }
      let text = String(decoding: sample, as: UTF8.self).trimmedOfSpace.filter { $0 != "\"" }
      units[parent(topic.name)] = text
    }
    return units
  }

  private static func parent(_ topic: String) -> String {
    topic.lastIndex(of: "/").map { String(topic[..<$0]) } ?? topic
  }
}

extension ShapedTopic {
  /// Returns whether all samples of the topic are switch words.
  func isSwitch(_ survey: TopicSurvey) -> Bool {
    survey.topics[position].samples.allSatisfy { if case .word = PayloadForm($0) { true } else { false } }
  }
}
