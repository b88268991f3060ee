import PlantModel
public import WattlineTime

/// The readings of one series in chronological order, so that late readings count as if they had arrived in time.
///
/// All values are pure functions of the content; the order of arrival makes no difference. Adding a reading at the end
/// costs constant time, adding an earlier one time proportional to the readings after it.
public struct SampleHistory: Sendable, Equatable {
  /// Readings before `head` are discarded; their memory is released from time to time.
  private var samples: [MeterSample] = []
  private var head = 0

  /// Creates a history without readings.
  public init() {}

  /// Number of readings.
  public var count: Int { samples.count - head }
  /// Whether there are no readings.
  public var isEmpty: Bool { count == 0 }

  /// The reading at a place in chronological order, from 0.
  public subscript(place: Int) -> MeterSample { samples[head + place] }

  /// Returns the first place whose reading is not before `time`; ``count`` if there is none.
  public func place(notBefore time: Timestamp) -> Int {
    var low = head
    var high = samples.count
    // Most searches concern the last readings.
    if high - low > 64, samples[high - 64].time < time { low = high - 63 }
    while low < high {
      let middle = (low + high) / 2
      if samples[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low - head
  }

  /// Adds a reading, or replaces the one with the same time.
  ///
  /// - Returns: The reading's place; `nil` if nothing changed.
  public mutating func insert(_ sample: MeterSample) -> Int? {
    guard let last = samples.last, head < samples.count, last.time >= sample.time else {
      samples.append(sample)
      return count - 1
    }
    let place = place(notBefore: sample.time)
    let known = samples[head + place]
    guard known.time == sample.time else {
      samples.insert(sample, at: head + place)
      return place
    }
    // A reading outweighs an offline mark at the same time. An unchanged repetition changes nothing.
    let isSame = known.value == sample.value && known.isUsed == sample.isUsed
    if isSame || (sample.standing == .offline && known.isUsed) { return nil }
    samples[head + place] = sample
    return place
  }

  /// Discards the first `number` readings.
  public mutating func removeFirst(_ number: Int) {
    head += min(max(0, number), count)
    guard head > 256, head > samples.count / 2 else { return }
    samples.removeFirst(head)
    head = 0
  }

  /// Returns the place of the last reading that counts before `place`; `nil` if there is none.
  public func used(before place: Int) -> Int? {
    var place = place - 1
    while place >= 0 {
      if self[place].isUsed { return place }
      place -= 1
    }
    return nil
  }

  /// Returns the place of the first reading that counts at or after `place`; `nil` if there is none.
  public func used(from place: Int) -> Int? {
    var place = max(0, place)
    while place < count {
      if self[place].isUsed { return place }
      place += 1
    }
    return nil
  }

  /// Returns the usual time between readings at a place: the lower median of up to seven gaps that end there or before.
  ///
  /// - Returns: The median and the number of gaps; both zero if there are none.
  func typicalGap(endingAt place: Int) -> (span: TimeSpan, gaps: Int) {
    var gaps: InlineArray<7, Int64> = .init(repeating: 0)
    var number = 0
    var later = place
    while number < 7, later > 0 {
      var earlier = later - 1
      while earlier >= 0, self[earlier].standing == .offline { earlier -= 1 }
      if earlier < 0 { break }
      let gap = (self[later].time - self[earlier].time).nanoseconds
      var hole = number
      while hole > 0, gaps[hole - 1] > gap {
        gaps[hole] = gaps[hole - 1]
        hole -= 1
      }
      gaps[hole] = gap
      number += 1
      later = earlier
    }
    return number == 0 ? (.zero, 0) : (TimeSpan(nanoseconds: gaps[(number - 1) / 2]), number)
  }
}
