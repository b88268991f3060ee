import CurlTransport
import PlantModel
import Settings
import StreamCore
import SystemCore
import WattlineTime

/// A delivery channel that handles messages one after another. It is used by one thread.
public protocol AlertChannel: Sendable {
  /// Name of the channel in counters.
  var name: String { get }
  /// Maximum number of messages per delivery.
  var batch: Int { get }
  /// Delivers messages in order. Blocks until done, and aborts soon after `shouldStop` returns `true`.
  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome
}

/// The outcome of a delivery.
public enum AlertOutcome: Sendable, Equatable {
  /// All messages were delivered.
  case delivered
  /// The delivery failed and can be retried; with the reason.
  case later(String)
  /// The delivery was refused for good; with the reason.
  case refused(String)
}

/// Channel that posts notices as JSON.
struct WebhookChannel: AlertChannel {
  let name = "webhook"
  let batch = 1
  let newest: Renewable<WebhookSettings>

  init(_ newest: Renewable<WebhookSettings>) { self.newest = newest }

  init(settings: WebhookSettings) { self.init(Renewable(settings)) }

  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome {
    guard let parcel = parcels.first else { return .delivered }
    let settings = newest.value
    let client = HTTPClient(
      url: settings.url, caFile: settings.caFile, connectTimeout: .seconds(10), totalTimeout: .seconds(30),
      longestBody: 1_000)
    guard let client else { return .later("libcurl cannot start") }
    client.shouldAbort = shouldStop
    let authorization = settings.token.map { Secret("Bearer \($0.text)") }
    var body = parcel.body
    let answer = body.withUTF8 { bytes in
      client.send(
        settings.url, body: UnsafeRawBufferPointer(bytes), contentType: "application/json",
        authorization: authorization)
    }
    if answer.status == 0 { return .later(answer.body) }
    if (200..<300).contains(answer.status) { return .delivered }
    let words = "status \(answer.status)\(answer.body.isEmpty ? "" : ": \(answer.body)")"
    // Most 4xx answers are permanent. The listed ones can be remedied or pass, as can server errors and redirects.
    // Redirects are not followed, because the token is meant for the configured address only.
    let mayPass = [401, 403, 404, 408, 425, 429].contains(answer.status) || !(400..<500).contains(answer.status)
    return mayPass ? .later(words) : .refused(words)
  }
}

/// Channel that sends notices by e-mail.
struct MailChannel: AlertChannel {
  let name = "email"
  let batch = 1
  let newest: Renewable<EmailSettings>

  init(_ newest: Renewable<EmailSettings>) { self.newest = newest }

  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome {
    guard let parcel = parcels.first else { return .delivered }
    let settings = newest.value
    let client = MailClient(
      url: settings.url, caFile: settings.caFile, username: settings.username, password: settings.password)
    switch client.send(parcel.body, from: settings.from, to: parcel.recipients, shouldAbort: shouldStop) {
    case nil: return .later("libcurl cannot start")
    case .accepted: return .delivered
    case .failed(let status, let words):
      // 550 to 569 refuse this mail, except that 530, 534, 535 and 538 concern credentials, which can be corrected.
      let isFinal = (550..<570).contains(status)
      return isFinal
        ? .refused("\(words), status \(status)") : .later(status > 0 ? "\(words), status \(status)" : words)
    }
  }
}
