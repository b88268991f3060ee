/// Comparison of a detector's scores and alarms with labels, over one recording or several together.
///
/// Worked value: labels 0 0 1 1, scores 1 3 2 4, alarm above 2.5: AUC 0.75, FAR 0.5, MAR 0.5; the one labelled run is
/// detected after 1 sample.
public struct DetectionScore: Sendable {
  private var labels: [Bool] = []
  private var scores: [Double] = []
  private var alarms: [Bool] = []
  /// Number of labelled runs that ended without an alarm.
  public private(set) var missedRuns = 0
  /// Delay of the first alarm after the start of each detected run [s].
  public private(set) var delays: [Double] = []

  /// Creates an empty comparison.
  public init() {}

  /// Creates the comparison of one recording.
  ///
  /// - Parameters:
  ///   - labels: Whether each sample is anomalous.
  ///   - scores: Score of each sample.
  ///   - alarms: Whether each sample has an alarm.
  ///   - times: Time of each sample [s].
  public init(labels: [Bool], scores: [Double], alarms: [Bool], times: [Double]) {
    self.labels = labels
    self.scores = scores
    self.alarms = alarms
    var start: Int?
    var isSeen = false
    for sample in labels.indices {
      if labels[sample] {
        if start == nil { (start, isSeen) = (sample, false) }
        if alarms[sample], !isSeen {
          isSeen = true
          delays.append(times[sample] - times[start ?? sample])
        }
      }
      let ends = labels[sample] && (sample == labels.count - 1 || !labels[sample + 1])
      if ends {
        if !isSeen { missedRuns += 1 }
        start = nil
      }
    }
  }

  /// Adds another recording.
  public mutating func add(_ other: DetectionScore) {
    labels += other.labels
    scores += other.scores
    alarms += other.alarms
    missedRuns += other.missedRuns
    delays += other.delays
  }

  /// Share of samples labelled ordinary that have an alarm; `nil` if there are none.
  public var falseAlarmRate: Double? { share(of: false) { alarms[$0] } }

  /// Share of samples labelled anomalous that have no alarm; `nil` if there are none.
  public var missedAlarmRate: Double? { share(of: true) { !alarms[$0] } }

  /// Probability that an anomalous sample scores above an ordinary one, ties counted half (H. Mann and D. Whitney,
  /// 1947); `nil` unless there are both.
  public var areaUnderCurve: Double? {
    let order = labels.indices.sorted { scores[$0] < scores[$1] }
    var rankSum = 0.0
    var positives = 0
    var first = 0
    while first < order.count {
      var end = first
      while end < order.count, scores[order[end]] == scores[order[first]] { end += 1 }
      let tied = order[first..<end].filter { labels[$0] }.count
      // Ranks count from 1; equal scores share their mean rank.
      rankSum += Double(tied) * Double(first + 1 + end) / 2
      positives += tied
      first = end
    }
    let negatives = labels.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    return (rankSum - Double(positives * (positives + 1)) / 2) / (Double(positives) * Double(negatives))
  }

  /// Returns the false-alarm rate of the highest threshold that misses at most a share of the anomalous samples.
  ///
  /// - Parameter share: Share of missed samples, 0..<1.
  /// - Returns: A rate, 0...1; `nil` unless there are both kinds of sample.
  public func falseAlarmRate(missing share: Double) -> Double? {
    let anomalous = labels.indices.filter { labels[$0] }.map { scores[$0] }.sorted()
    guard !anomalous.isEmpty, share >= 0, share < 1 else { return nil }
    let threshold = anomalous[Int(share * Double(anomalous.count))]
    return self.share(of: false) { scores[$0] >= threshold }
  }

  private func share(of label: Bool, holds: (Int) -> Bool) -> Double? {
    let members = labels.indices.filter { labels[$0] == label }
    return members.isEmpty ? nil : Double(members.filter(holds).count) / Double(members.count)
  }
}
