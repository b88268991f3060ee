import PayloadDecoding
import PlantModel
import Settings
import StreamCore
import WattlineTime

/// Decoder of readings that came over HTTP and WebSocket, apart from the rules of the plants.
struct PostedDecoder {
  /// Accounts since they were last drained.
  struct Counts {
    var timesUnusable: UInt64 = 0
    var missingValues: UInt64 = 0
    var beyondLimits: UInt64 = 0
    var refusedValues: [RefusalReason: UInt64] = [:]
  }

  private var decoder: MessageDecoder
  private var drained = Counts()

  /// Creates a decoder for a worker's share of plants.
  ///
  /// - Parameters:
  ///   - plants: All plants.
  ///   - share: The worker's share of them.
  ///   - maximumUnpacked: Maximum size of a decompressed payload [bytes].
  init(plants: [Plant], share: Shard, maximumUnpacked: Int) {
    decoder = MessageDecoder(
      plants: plants.map(PostedTopic.reader), share: share, maximumUnpacked: maximumUnpacked)
  }

  /// Appends the readings of a message to the batch of its plant; see ``PayloadDecoding/MessageDecoder``.
  mutating func decode(
    _ message: MessageView, received: Timestamp, registers: inout [PlantRegister], into batches: inout [ReadingBatch]
  ) -> DecodeOutcome {
    decoder.decode(message, received: received, registers: &registers, into: &batches)
  }

  /// Returns the accounts since the last call. Log lines about places are for writers of rules, and dropped.
  mutating func drain() -> Counts {
    _ = decoder.drainNotices()
    let now = Counts(
      timesUnusable: decoder.timesUnusable, missingValues: decoder.missingValues,
      beyondLimits: decoder.beyondLimitsInAll)
    defer { drained = now }
    return Counts(
      timesUnusable: now.timesUnusable &- drained.timesUnusable,
      missingValues: now.missingValues &- drained.missingValues,
      beyondLimits: now.beyondLimits &- drained.beyondLimits, refusedValues: decoder.drainRefusedValues())
  }
}
