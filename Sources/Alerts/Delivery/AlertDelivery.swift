public import PlantModel
public import Settings
public import StreamCore
import Synchronization
public import SystemCore
public import WattlineTime

/// Delivery of alerts on channels. Each channel has a queue in the outbox and a dedicated thread, so that neither other
/// channels nor the stages wait for it. A failed message is retried without limit, with a back-off of 1 s to 5 min. A
/// queue beyond its capacity loses its oldest messages, which are counted.
///
/// A message is normally delivered once. It is delivered twice if the process is killed after the delivery and before
/// the outbox is saved.
public final class AlertDelivery: Sendable {
  /// Maximum number of waiting messages per channel.
  public static let capacity = 1_000

  /// Counters of received, delivered and waiting messages, and of dropped ones by channel.
  public let counters: StageCounters
  private let settings: AlertSettings
  private let outbox: AlertOutbox
  private let threads: [BlockingThread]
  private let webhook: Renewable<WebhookSettings>?
  private let email: Renewable<EmailSettings>?
  private let note: @Sendable (LogEntry) -> Void

  /// Starts to deliver the messages that wait in the file.
  ///
  /// - Parameters:
  ///   - settings: recipients and channels.
  ///   - publisher: the channel of transitions, each with its topic.
  ///   - path: the outbox's file; its folder is created if missing.
  ///   - journalEnd: the end of the journal at the start.
  ///   - capacity: maximum number of waiting messages per channel.
  ///   - firstPause: back-off after the first failure of a channel; doubled with each further one up to 5 minutes.
  ///   - note: receives log messages, on any thread.
  /// - Throws: `SystemError` if a thread cannot be started.
  public init(
    settings: AlertSettings, publisher: any AlertChannel, path: String, journalEnd: UInt64,
    capacity: Int = AlertDelivery.capacity, firstPause: TimeSpan = .second, note: @escaping @Sendable (LogEntry) -> Void
  ) throws(SystemError) {
    self.settings = settings
    self.note = note
    var channels = [publisher]
    webhook = settings.webhook.map(Renewable.init)
    email = settings.email.map(Renewable.init)
    if let webhook { channels.append(WebhookChannel(webhook)) }
    if let email { channels.append(MailChannel(email)) }
    let names = channels.map(\.name)
    let counters = StageCounters(stage: "alerts", reasons: names.flatMap { ["\($0)_full", "\($0)_refused"] })
    let outbox = AlertOutbox(
      path: path, channels: names, capacity: capacity, journalEnd: journalEnd, note: note)
    counters.input.add(outbox.count)
    counters.queue.set(outbox.count)
    self.counters = counters
    self.outbox = outbox
    transitions = publisher.name
    var threads: [BlockingThread] = []
    for channel in channels {
      threads.append(
        try BlockingThread(name: "alerts-\(channel.name)") {
          AlertDelivery.serve(channel, outbox: outbox, counters: counters, firstPause: firstPause, note: note)
        })
    }
    self.threads = threads
  }

  private let transitions: String

  deinit { stop() }

  /// Queues the transitions and notices that one journal record caused in a plant. Records that were queued before, by
  /// this process or an earlier one, are ignored. Notices below the minimum severity are left out.
  ///
  /// - Parameters:
  ///   - alerts: the transitions; those that are not published are left out.
  ///   - notices: the notices.
  ///   - register: the plant's register.
  ///   - offset: end of the record in the journal.
  public func submit(
    _ alerts: [AlertTransition], notices: [AlertNotice], of register: PlantRegister, at offset: UInt64
  ) {
    var parcels: [(channel: String, parcel: AlertParcel)] = []
    for alert in alerts where alert.isPublished {
      parcels.append((transitions, AlertDocument(alert, in: register).parcel))
    }
    for notice in notices where notice.severity >= settings.minimumSeverity {
      if settings.webhook != nil {
        parcels.append(("webhook", AlertParcel(body: AlertDocument.json(NoticeDocument(notice, in: register)))))
      }
      if let email = settings.email {
        let to = register.plant.alertRecipients.isEmpty ? email.to : register.plant.alertRecipients
        let mail = AlertMail.text(notice, from: email.from, to: to, in: register)
        parcels.append(("email", AlertParcel(recipients: to, body: mail)))
      }
    }
    let (taken, dropped) = outbox.put(parcels, of: register.plant.name, at: offset)
    counters.input.add(taken)
    for (channel, count) in dropped { counters.drop("\(channel)_full", amount: count) }
    counters.queue.set(outbox.count)
  }

  /// Uses other credentials from the next message on. Recipients and addresses stay.
  public func renew(credentials settings: AlertSettings) {
    if let settings = settings.webhook { webhook?.renew(settings) }
    if let settings = settings.email { email?.renew(settings) }
  }

  /// Returns why a file of waiting messages cannot be read, and what that means; `nil` if it can. Changes nothing.
  public static func mistake(inOutbox path: String) -> String? {
    var words: String?
    _ = AlertOutbox(path: path, channels: [], capacity: 1, journalEnd: .max) { words = $0.message }
    return words
  }

  /// Saves the outbox. Called before a checkpoint, because the journal does not replay the records before it.
  public func keep() {
    if let failure = outbox.save() { note(.error("alerts: the outbox cannot be written: \(failure)")) }
  }

  /// Ends the threads once all messages are delivered or `timeout` is over. The remaining messages are delivered after
  /// the next start.
  public func stop(timeout: TimeSpan = .zero) {
    outbox.waitUntilEmpty(timeout)
    outbox.close()
    for thread in threads { thread.join() }
    keep()
  }

  private static func serve(
    _ channel: any AlertChannel, outbox: AlertOutbox, counters: StageCounters, firstPause: TimeSpan,
    note: (LogEntry) -> Void
  ) {
    var pause = firstPause
    var isFailing = false
    while let (numbers, parcels) = outbox.next(channel.name, atMost: channel.batch) {
      switch channel.deliver(parcels, shouldStop: { outbox.waitUntilClosed(.zero) }) {
      case .delivered:
        if isFailing { note("alerts: \(channel.name): delivering again") }
        (isFailing, pause) = (false, firstPause)
        outbox.remove(numbers, from: channel.name)
        counters.output.add(numbers.count)
      case .refused(let reason):
        note(.error("alerts: \(channel.name): an alert was refused for good: \(reason)"))
        outbox.remove(numbers, from: channel.name)
        counters.drop("\(channel.name)_refused", amount: numbers.count)
      case .later(let reason):
        if !isFailing, !outbox.waitUntilClosed(.zero) {
          note(.warning("alerts: \(channel.name): \(reason); trying again"))
        }
        isFailing = true
        _ = outbox.waitUntilClosed(pause)
        pause = min(.minutes(5), pause * 2)
        continue
      }
      counters.queue.set(outbox.count)
      if let failure = outbox.save() { note(.error("alerts: the outbox cannot be written: \(failure)")) }
    }
  }
}
