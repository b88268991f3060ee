import PlantModel

/// A plant file made of what a broker's clients say: rules, assets with guessed kinds, units with what speaks for them,
/// and what could not be told.
///
/// It is pure: the same survey gives the same draft.
public struct DraftPlant: Sendable {
  /// What is written apart from what was heard.
  public struct Options: Sendable {
    /// The plant's name.
    public var name: String
    /// An IANA time zone.
    public var timezone: String
    /// How the survey came about, for the first lines: `mqtt://127.0.0.1:1883, 60 s`.
    public var origin: String

    /// A name, a time zone and an origin.
    public init(name: String = "draft", timezone: String = "UTC", origin: String = "") {
      (self.name, self.timezone, self.origin) = (name, timezone, origin)
    }
  }

  /// The YAML text of the plant file.
  public private(set) var text: String
  /// What came of decoding every sample by the draft.
  public private(set) var trial: DraftTrial

  /// Drafts a plant, and tries the draft with all samples of the survey.
  public init(_ survey: TopicSurvey, options: Options = Options()) {
    let topics = survey.topics.enumerated().map { ShapedTopic($1, position: $0) }
    let builder = DraftBuilder(topics)
    var file = DraftText(options: options, survey: survey, rules: builder.rules)
    file.assetCount = builder.assetNames.count
    file.assets = builder.parts.map { ($0.name, $0.kind, "a guess by the names of its values") }
    var first = DraftTrial(text: file.text, survey, topics)
    let shared = DraftPlant.sharedRoots(first, topics)
    if !shared.isEmpty {
      for number in file.rules.indices { file.rules[number].prefixAsset(ifOf: shared) }
      first = DraftTrial(text: file.text, survey, topics)
    }
    let unread = DraftPlant.unread(topics, first)
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
    // Powers of one device, or of one pattern, have one unit most of the time.
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
    var trial = DraftTrial(text: file.text, survey, topics)
    if !trial.mistakes.isEmpty {
      // What one guess spoils must not spoil the draft.
      file.sensors = []
      trial = DraftTrial(text: file.text, survey, topics)
    }
    text = file.text
    self.trial = trial
  }

  /// First levels of topics whose devices are called like others elsewhere: of those that share a sensor all but the one
  /// with most topics.
  private static func sharedRoots(_ trial: DraftTrial, _ topics: [ShapedTopic]) -> Set<String> {
    let counts = Dictionary(topics.map { ($0.levels[0], 1) }, uniquingKeysWith: +)
    var shared: Set<String> = []
    for series in trial.series where series.roots.count > 1 {
      let open = series.roots.subtracting(shared).sorted { (counts[$1] ?? 0, $0) < (counts[$0] ?? 0, $1) }
      shared.formUnion(open.dropFirst())
    }
    return shared
  }

  /// Topics without readings, with the reason.
  private static func unread(_ topics: [ShapedTopic], _ trial: DraftTrial) -> [(topic: String, reason: String)] {
    let failed = Dictionary(trial.failures.map { ($0.topic, $0.reason) }) { first, _ in first }
    return topics.compactMap { topic in
      if case .unread(let reason) = topic.kind { return (topic.name, reason) }
      return failed[topic.name].map { (topic.name, $0) }
    }
  }

  /// What stands on topics that tell the unit of the topic beside them, as Home Assistant has them.
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
  /// Whether all that came on it are words of switches.
  func isSwitch(_ survey: TopicSurvey) -> Bool {
    survey.topics[position].samples.allSatisfy { if case .word = PayloadForm($0) { true } else { false } }
  }
}
