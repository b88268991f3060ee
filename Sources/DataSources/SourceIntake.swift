import PayloadDecoding
import PlantModel
import StreamCore
import SystemCore
import WattlineTime

/// The way of what one source fetches: decoded by its rule, compared with what is known, appended to the log.
///
/// Used by the source's thread alone.
final class SourceIntake {
  let plant: Plant
  let source: DataSource
  let log: any FetchLog
  var state: SourceState
  /// Latest reading of the fetch, at most its end.
  private var newest: Timestamp?
  private var end = Timestamp.distantPast
  private let topic: String
  private var registers: [PlantRegister]
  private var batches = [ReadingBatch()]
  private var decoders: [(headings: ColumnHeadings?, decoder: MessageDecoder)] = []
  private var hashes: [UInt64] = []
  /// Words about the last value that was refused beside others.
  private var refusal: String?

  /// Lines of one message.
  private static let linesOfMessage = 500
  /// Readings that are appended at once.
  private static let mostReadings = 10_000

  /// Creates the way of a source's readings.
  ///
  /// - Parameters:
  ///   - source: The source.
  ///   - plant: Its plant.
  ///   - state: What is known of earlier fetches.
  ///   - log: Receives the readings.
  init(_ source: DataSource, plant: Plant, state: SourceState, log: any FetchLog) {
    (self.source, self.plant, self.state, self.log) = (source, plant, state, log)
    topic = PostedTopic.topic(plant: plant.name, source: source.name)
    var register = PlantRegister(plant: plant)
    register.admitDerived()
    registers = [register]
  }

  // MARK: Fetches

  /// Begins a fetch and returns the span that it asks for.
  func beginFetch(at now: Timestamp) -> ClosedRange<Timestamp> {
    state.known.beginFetch()
    (newest, end) = (nil, now)
    let start = state.through.map { $0 - source.overlap } ?? now - source.backfill
    return min(start, now)...now
  }

  /// Ends a fetch that has come to its end.
  func endFetch() {
    if let newest { state.through = max(newest, state.through ?? newest) }
    state.lastSuccess = end
    // A server whose span is of whole days goes further back than it is asked to.
    let start = (state.through ?? end) - source.overlap - .days(2)
    state.known.endFetch(keepingFrom: start)
  }

  /// Records readings of the log that the saved state does not have.
  func recover(_ payload: UnsafeRawBufferPointer) {
    var reader = MessageDecoder(plants: [PostedTopic.reader(of: plant)])
    var register = registers
    var batch = [ReadingBatch()]
    var name = topic
    let outcome = name.withUTF8 { topic in
      let message = MessageView(
        topic: UnsafeRawBufferPointer(topic), payload: payload)
      return reader.decode(message, received: .distantPast, registers: &register, into: &batch)
    }
    guard case .readings = outcome else { return }
    var times: Set<KnownReadings.Key> = []
    for row in 0..<batch[0].count {
      let series = register[0].series[batch[0].series[row].position]
      let asset = register[0].assets[series.asset.position].name
      let key = KnownReadings.Key(
        series: KnownReadings.hash(asset: asset, sensor: series.sensor), time: batch[0].time[row])
      state.known.insert(key, value: batch[0].raw[row])
      times.insert(KnownReadings.Key(series: KnownReadings.hash(asset: asset, sensor: ""), time: key.time))
    }
    state.rows += UInt64(times.count)
  }

  // MARK: Documents

  /// Readings of a document that are new, and the number of its rows that have one.
  struct News {
    var lines: [String] = []
    var keys: [(key: KnownReadings.Key, value: Double)] = []
    var rows = 0
    /// Values that were refused beside others that were taken.
    var refused = 0
    /// Words about the first of them.
    var hint: String?
  }

  /// Reads a document, and adds what is new in it.
  ///
  /// - Parameters:
  ///   - bytes: The document.
  ///   - headings: Headings of its columns, if it is a row of a table.
  ///   - news: Receives what is new.
  /// - Returns: The reason if the document cannot be read. A document without values is in order.
  func read(_ bytes: UnsafeRawBufferPointer, headings: ColumnHeadings? = nil, into news: inout News) throws(FetchError)
    -> RefusalReason?
  {
    let position = try decoder(for: headings)
    batches[0].removeAll()
    let refusedBefore = decoders[position].decoder.refusedValuesInAll
    var name = DataSource.topic
    let outcome = name.withUTF8 { topic in
      let message = MessageView(
        topic: UnsafeRawBufferPointer(topic), payload: bytes)
      return decoders[position].decoder.decode(message, received: end, registers: &registers, into: &batches)
    }
    let notices = decoders[position].decoder.drainNotices()
    switch outcome {
    case .readings:
      add(to: &news)
      let refused = decoders[position].decoder.refusedValuesInAll &- refusedBefore
      news.refused += Int(refused)
      // The decoder tells each kind of refusal once.
      if refused > 0 {
        refusal = notices.first ?? refusal
        news.hint = news.hint ?? refusal
      }
    case .refused(.missingValue), .refused(.leftOut), .refused(.emptyPayload), .understood, .elsewhere: break
    case .refused(let reason): return reason
    }
    return nil
  }

  private func add(to news: inout News) {
    var rows: Set<KnownReadings.Key> = []
    for row in 0..<batches[0].count {
      let index = batches[0].series[row]
      let series = registers[0].series[index.position]
      let asset = registers[0].assets[series.asset.position].name
      let (time, value) = (batches[0].time[row], batches[0].raw[row])
      if time <= end, batches[0].hasSourceTime[row] { newest = max(newest ?? time, time) }
      let key = KnownReadings.Key(series: hash(of: index, asset: asset, sensor: series.sensor), time: time)
      if state.known.has(key, value: value) { continue }
      let reading = PostedReading(
        asset: asset, sensor: series.sensor, time: time, value: value, unit: series.profile.unit?.symbol)
      news.lines.append(PostedTopic.line(of: reading, at: end))
      news.keys.append((key, value))
      rows.insert(KnownReadings.Key(series: UInt64(series.asset.position), time: time))
    }
    news.rows += rows.count
  }

  private func hash(of index: SeriesIndex, asset: String, sensor: String) -> UInt64 {
    while hashes.count <= index.position { hashes.append(0) }
    if hashes[index.position] == 0 { hashes[index.position] = KnownReadings.hash(asset: asset, sensor: sensor) }
    return hashes[index.position]
  }

  /// Returns the position of the decoder for a table's headings.
  private func decoder(for headings: ColumnHeadings?) throws(FetchError) -> Int {
    if let found = decoders.firstIndex(where: { $0.headings == headings }) { return found }
    var reader = plant
    if let headings {
      do throws(ColumnHeadings.Missing) { reader.topics = [try headings.rule(of: source.rule)] } catch {
        let key = error.heading == "time" && source.rule.time == nil ? "; write time: HEADING" : ""
        throw .passing(
          "there is no column '\(error.heading)'; there are \(headings.names.prefix(30).joined(separator: ", "))\(key)")
      }
    } else {
      reader.topics = [source.rule]
    }
    if decoders.count >= 20 { decoders.removeAll() }
    decoders.append((headings, MessageDecoder(plants: [reader])))
    return decoders.count - 1
  }

  /// Appends what is new to the log. It is known from then on.
  func append(_ news: News) throws(FetchError) {
    for start in stride(from: 0, to: news.lines.count, by: Self.mostReadings) {
      let part = start..<min(start + Self.mostReadings, news.lines.count)
      let payloads = stride(from: part.lowerBound, to: part.upperBound, by: Self.linesOfMessage).map {
        PostedTopic.payload(of: Array(news.lines[$0..<min($0 + Self.linesOfMessage, part.upperBound)]))
      }
      if let reason = log.append(payloads, topic: topic) { throw .passing("the journal takes nothing: \(reason)") }
      for (key, value) in news.keys[part] { state.known.insert(key, value: value) }
    }
    state.rows += UInt64(news.rows)
  }
}

/// Whole lines of a text.
enum TextRows {
  /// Returns the ranges of the whole lines in some bytes, without their ends, and the number of bytes that they take.
  ///
  /// - Parameters:
  ///   - bytes: The bytes.
  ///   - isLast: Whether the text ends here, so that a line without an end is whole.
  /// - Returns: The lines, and the bytes up to the end of the last.
  static func whole(_ bytes: [UInt8], isLast: Bool) -> (lines: [Range<Int>], taken: Int) {
    var lines: [Range<Int>] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      lines.append(start..<(end > start && bytes[end - 1] == 0x0D ? end - 1 : end))
      start = end + 1
    }
    if isLast, start < bytes.count {
      lines.append(start..<bytes.count)
      start = bytes.count
    }
    return (lines, start)
  }
}
