import CCurl
import PlantModel
import StreamCore

/// A way on which messages are delivered, one after the other; used by one thread.
public protocol AlertChannel: Sendable {
  /// The name in counters.
  var name: String { get }
  /// How many messages are taken at a time.
  var batch: Int { get }
  /// Delivers messages in their order. Blocks; gives up soon after `shouldStop` says so.
  func deliver(_ parcels: [AlertParcel], shouldStop: @escaping () -> Bool) -> AlertOutcome
}

/// What became of messages.
public enum AlertOutcome: Sendable, Equatable {
  /// They have arrived.
  case delivered
  /// They have not, and may later; with the reason.
  case later(String)
  /// They never will; with the reason.
  case refused(String)
}

/// Posts notices as JSON.
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
      // A request that is wrong stays wrong; one that comes too often, too slowly, to an ill server or to an address that
      // has moved does not. Nothing is sent to where an answer points: the token is for the address that was configured.
      let mayPass = [401, 403, 404, 408, 425, 429].contains(status) || !(400..<500).contains(status)
      return mayPass ? .later(words) : .refused(words)
    }
  }
}

/// Mails notices.
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
      // 550 and its like are about this mail; 530, 534, 535 and 538 are about credentials, which can be mended.
      let isFinal = (550..<570).contains(status)
      return isFinal
        ? .refused("\(words), status \(status)") : .later(status > 0 ? "\(words), status \(status)" : words)
    }
  }
}
