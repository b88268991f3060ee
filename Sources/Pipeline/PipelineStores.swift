import Backup
import Foundation
import InfluxSink
import Journal
import PlantConfig
import PlantModel
import Settings
import SinkCore
import StreamCore
import SystemCore

/// A restore that did not end, so that the folder of the journal is not complete.
struct InterruptedRestore: Error, CustomStringConvertible {
  let folder: String

  var description: String {
    "\(folder) holds an interrupted restore (\(RestoreJob.staging)); empty the folder and restore the backup again"
  }
}

/// Stores that a pipeline opens before anything runs: the journal, the sink, and the saved state of an earlier run.
struct PipelineStores: Sendable {
  let journal: any RecordLog
  let sink: any Sink
  let checkpoints: CheckpointStore
  let redeliveries: RedeliveryMemory
  /// State at ``resumeOffset``; `nil` if there is none that can be used.
  let saved: SavedState?
  /// Journal offset of the first record to process.
  let resumeOffset: UInt64
  /// End of the journal at the start of the process.
  let startOffset: UInt64
  /// Number of readings that the sink had before the start and that the journal hands over again.
  let redelivered: Int

  /// Opens everything in the folder of the journal.
  ///
  /// - Parameters:
  ///   - settings: Settings of the process.
  ///   - credentials: Credentials that may change.
  ///   - note: Receives log lines.
  /// - Throws: ``InvalidConfiguration`` if the folder cannot be written, or an error of the journal or another file.
  init(
    settings: ProcessSettings, credentials: RenewableCredentials? = nil, note: @escaping RunningPipeline.Note
  ) throws {
    let folder = settings.journal.path
    if let mistake = Self.mistake(inJournalPath: folder) { throw mistake }
    let staging = "\(folder)/\(RestoreJob.staging)"
    if FileManager.default.fileExists(atPath: staging) { throw InterruptedRestore(folder: folder) }
    checkpoints = try CheckpointStore(directory: folder)
    let found = checkpoints.open()
    for damage in found.damage { note(.warning("checkpoint: \(damage)")) }
    saved = Self.saved(found.parts, note: note)
    if found.parts == nil, !found.damage.isEmpty {
      note(.warning("no checkpoint can be used; all that the journal has is worked through again"))
    }
    journal = try Assembly.openLog(for: settings.journal, notBefore: found.parts?.offset ?? 0, note: note)
    // The report of an earlier process is not this one's state.
    ProcessReportFile.remove(in: folder)
    startOffset = journal.endOffset
    resumeOffset = max(found.parts?.offset ?? 0, journal.startOffset)
    sink = try Assembly.makeSink(for: settings, credentials: credentials?.database, note: note) {
      Self.report($0, note: note)
    }
    // Readings that the sink took after the checkpoint are handed over again.
    let (taken, known) = (sink.counts.accounts.submitted.readings, saved?.ledger.readings ?? 0)
    redelivered = Int(clamping: taken > known ? taken - known : 0)
    redeliveries = try RedeliveryMemory(
      journal: journal, directory: folder + "/redelivery", position: resumeOffset)
  }

  /// Returns the mistake of a journal path that cannot be written; checked before anything is read from it.
  static func mistake(
    inJournalPath path: String, mayWrite: (String) -> Bool = FileManager.default.isWritableFile
  ) -> InvalidConfiguration? {
    var place = URL(fileURLWithPath: path).standardizedFileURL
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) { place.deleteLastPathComponent() }
    if mayWrite(place.path) { return nil }
    let words = "'journal.path' is '\(path)', where this user may not write; name another folder"
    return InvalidConfiguration(
      diagnostics: [Diagnostic(file: "wattline.yaml", line: 1, column: 1, message: words)])
  }

  private static func saved(_ parts: CheckpointParts?, note: RunningPipeline.Note) -> SavedState? {
    guard let parts else { return nil }
    do { return try SavedState(parts) } catch {
      note(.warning("the saved state cannot be used (\(error)); windows and models are rebuilt from the journal"))
      return nil
    }
  }

  private static func report(_ state: SinkState, note: RunningPipeline.Note) {
    switch state {
    case .ok: note("database: writing")
    case .away(let words): note(.warning("database: away, points wait on disk: \(words)"))
    case .held(let reason, let words):
      note(
        .error(
          "database: takes nothing (\(reason)), points wait on disk: \(words)", fields: [.reason: reason.rawValue]))
    }
  }
}

// MARK: - Resumption

extension PipelineStores {
  /// Returns a share's processor at the resume offset, from the saved state or rebuilt from the journal.
  ///
  /// - Parameters:
  ///   - fresh: Processor of the share without history.
  ///   - before: Plants of the saved configuration.
  ///   - maximumUnpacked: Maximum size of an unpacked compressed payload [bytes].
  ///   - note: Receives log lines.
  func resumed(
    _ fresh: RecordProcessor, before: [Plant], maximumUnpacked: Int, note: RunningPipeline.Note
  ) -> RecordProcessor {
    guard let saved else { return rebuilt(fresh) }
    let (processor, misfits) = saved.processor(
      configured: before, share: fresh.share, maximumUnpacked: maximumUnpacked)
    if misfits.isEmpty { return processor }
    for name in misfits {
      note(
        .warning(
          "plant \(name): its saved state cannot be used; windows and models are rebuilt from the journal",
          fields: [.plant: name]))
    }
    var again = rebuilt(fresh)
    again.resume(processor.ledger)
    return again
  }

  /// Returns a processor that has processed the journal's history up to the resume offset.
  ///
  /// The points of that history are discarded. Those in the database come from a processor with a longer history, and
  /// stay.
  private func rebuilt(_ fresh: RecordProcessor) -> RecordProcessor {
    var processor = fresh
    let reader = journal.reader(from: journal.startOffset)
    while let record = try? reader.next(), record.endOffset <= resumeOffset {
      _ = record.withBody { processor.process(kind: record.kind, received: record.received, body: $0) }
      processor.encoder.reset()
    }
    processor.resume(Ledger())
    return processor
  }
}
