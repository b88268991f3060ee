import CCurl
import PlantModel
import StreamCore

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
  let settings: WebhookSettings

  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome {
    guard let parcel = parcels.first else { return .delivered }
    var headers = ["Content-Type: application/json", "Expect:"]
    if let token = settings.token { headers.append("Authorization: Bearer \(token.text)") }
    let answer = CurlTransfer(url: settings.url, caFile: settings.caFile, shouldAbort: shouldStop)?
      .post(parcel.body, headers: headers)
    switch answer {
    case nil: return .later("libcurl cannot start")
    case .failed(_, let words): return .later(words)
    case .answered(let status, let body):
      if (200..<300).contains(status) { return .delivered }
      let words = "status \(status)\(body.isEmpty ? "" : ": \(body)")"
      // Most 4xx answers are permanent. The listed ones can be remedied or pass, as can server errors and redirects.
      // Redirects are not followed, because the token is meant for the configured address only.
      let mayPass = [401, 403, 404, 408, 425, 429].contains(status) || !(400..<500).contains(status)
      return mayPass ? .later(words) : .refused(words)
    }
  }
}

/// Channel that sends notices by e-mail.
struct MailChannel: AlertChannel {
  let name = "email"
  let batch = 1
  let settings: EmailSettings

  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome {
    guard let parcel = parcels.first else { return .delivered }
    let answer = CurlTransfer(url: settings.url, caFile: settings.caFile, shouldAbort: shouldStop)?.mail(
      parcel.body, from: settings.from, to: parcel.recipients, username: settings.username,
      password: settings.password)
    switch answer {
    case nil: return .later("libcurl cannot start")
    case .answered: return .delivered
    case .failed(let status, let words):
      // 550 to 569 refuse this mail, except that 530, 534, 535 and 538 concern credentials, which can be corrected.
      let isFinal = (550..<570).contains(status)
      return isFinal
        ? .refused("\(words), status \(status)") : .later(status > 0 ? "\(words), status \(status)" : words)
    }
  }
}
