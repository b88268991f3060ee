import PlantModel

/// The readings of one series in the order of time, so that what arrives late is taken in as if it had come in time.
///
/// All figures are pure functions of what is in here: the order of arrival makes no difference. The cost of a reading at
/// the end is constant, that of an earlier one proportional to the readings behind it.
public struct SampleHistory: Sendable, Equatable {
  /// Readings before `head` are gone; their room is given back from time to time.
  private var samples: [MeterSample] = []
  private var head = 0

  /// No reading.
  public init() {}

  /// How many readings there are.
  public var count: Int { samples.count - head }
  /// Whether there is none.
  public var isEmpty: Bool { count == 0 }

  /// A reading by its place in the order of time, from 0.
  public subscript(place: Int) -> MeterSample { samples[head + place] }

  /// The first place whose reading is not before `time`; ``count`` where there is none.
  public func place(notBefore time: Timestamp) -> Int {
    var low = head
    var high = samples.count
    // Most questions are about the end.
    if high - low > 64, samples[high - 64].time < time { low = high - 63 }
    while low < high {
      let middle = (low + high) / 2
      if samples[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low - head
  }

  /// Takes in a reading; one that is there at its very time is replaced.
  ///
  /// - Returns: The reading's place; `nil` where it was there already.
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
    // A reading counts for more than its own silence, and what came again unchanged is no news.
    let isSame = known.value == sample.value && known.isUsed == sample.isUsed
    if isSame || (sample.standing == .offline && known.isUsed) { return nil }
    samples[head + place] = sample
    return place
  }

  /// Forgets the first `number` readings.
  public mutating func removeFirst(_ number: Int) {
    head += min(max(0, number), count)
    guard head > 256, head > samples.count / 2 else { return }
    samples.removeFirst(head)
    head = 0
  }

  /// The place of the last reading that counts before a place; `nil` where there is none.
  public func used(before place: Int) -> Int? {
    var place = place - 1
    while place >= 0 {
      if self[place].isUsed { return place }
      place -= 1
    }
    return nil
  }

  /// The place of the first reading that counts from a place on; `nil` where there is none.
  public func used(from place: Int) -> Int? {
    var place = max(0, place)
    while place < count {
      if self[place].isUsed { return place }
      place += 1
    }
    return nil
  }

  /// The usual time between readings at a place: the median of the last seven gaps that end there or before.
  ///
  /// - Returns: The median and how many gaps it is of; zero of none.
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
