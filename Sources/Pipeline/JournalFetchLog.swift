import DataSources
import Journal
import PayloadDecoding
import StreamCore
import WattlineTime

/// The journal as the log of fetched readings.
final class JournalFetchLog: FetchLog {
  private let intake: Intake
  private let journal: any RecordLog

  init(intake: Intake, journal: any RecordLog) { (self.intake, self.journal) = (intake, journal) }

  var endOffset: UInt64 { journal.endOffset }

  func append(_ payloads: [[UInt8]], topic: String) -> String? {
    var messages: [PostedMessage] = []
    var size = 0
    // An append has a longest size; what was appended before a failure is known by the next fetch.
    for payload in payloads {
      if size + payload.count > Self.mostBytes, !messages.isEmpty {
        if let reason = reason(intake.append(messages)) { return reason }
        (messages, size) = ([], 0)
      }
      messages.append(PostedMessage(topic: topic, payload: payload))
      size += payload.count
    }
    return reason(intake.append(messages))
  }

  private static let mostBytes = 1 << 20

  private func reason(_ outcome: AppendOutcome) -> String? {
    switch outcome {
    case .accepted: nil
    case .full: "it is full"
    case .failed(let words): words
    }
  }

  func bringToDisk() -> String? {
    do throws(JournalError) {
      try journal.bringToDisk()
      return nil
    } catch { return "\(error)" }
  }

  func forEachFetched(from offset: UInt64, _ body: (String, UnsafeRawBufferPointer, UInt64) -> Void) {
    let end = journal.endOffset
    let reader = journal.reader(from: max(offset, journal.startOffset))
    while let record = try? reader.next(), record.endOffset <= end {
      guard record.kind == .messages else { continue }
      record.withBody { bytes in
        var cursor = MessageFrameCursor(bytes)
        while let message = cursor.next() {
          guard PostedTopic.isFetched(message.topic) else { continue }
          body(String(decoding: message.topic, as: UTF8.self), message.payload, record.endOffset)
        }
      }
    }
  }
}
