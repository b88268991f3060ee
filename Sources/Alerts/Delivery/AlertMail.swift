import Foundation
import PlantModel
import StreamCore
import WattlineTime

/// Rendering of a notice as an e-mail (RFC 5322, with RFC 2045 and 2047 for non-ASCII text).
enum AlertMail {
  /// Returns headers and body with CR LF line ends. Mails about one alert form one thread.
  ///
  /// - Parameters:
  ///   - notice: the notice; one without alerts gives an empty text.
  ///   - from: the sender's address.
  ///   - to: the recipients' addresses.
  ///   - register: the plant's register.
  static func text(_ notice: AlertNotice, from: String, to: [String], in register: PlantRegister) -> String {
    guard let first = notice.alerts.first else { return "" }
    let word = first.status == .cleared ? "over" : notice.severity.rawValue
    let thread = "<\(hash(first.id))@wattline>"
    let words =
      NoticeDocument.text(notice) + "\n\nAlert \(first.id)\nAcknowledge it on "
      + TopicName.join(["wattline", register.plant.name, "alerts", "set"])
      + " with {\"id\": …, \"action\": \"acknowledge\", \"by\": …}.\n"
    var headers = [
      "Date: \(date(first.time))", "From: \(from)", "To: \(to.joined(separator: ",\r\n "))",
      "Subject: \(encoded("[\(word)] \(register.plant.name): \(first.title)"))", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated",
    ]
    if first.status == .raised {
      headers.append("Message-ID: \(thread)")
    } else {
      let own = hash("\(first.id) \(first.status.rawValue) \(first.time.nanoseconds)")
      headers += ["Message-ID: <\(own)@wattline>", "In-Reply-To: \(thread)", "References: \(thread)"]
    }
    let body = Data(words.utf8).base64EncodedString(options: [
      .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
    ])
    return (headers + ["", body, ""]).joined(separator: "\r\n")
  }

  /// Returns a header value as encoded words (RFC 2047), one per line of at most 76 characters. Control and non-ASCII
  /// characters therefore cannot break the header.
  static func encoded(_ text: String) -> String {
    var words: [String] = []
    var part: [UInt8] = []
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if part.count + bytes.count > 39 {
        words.append("=?UTF-8?B?\(Data(part).base64EncodedString())?=")
        part = []
      }
      part += bytes
    }
    words.append("=?UTF-8?B?\(Data(part).base64EncodedString())?=")
    return words.joined(separator: "\r\n ")
  }

  /// Returns a date of RFC 5322. Example: 1,700,000,000 s give `Tue, 14 Nov 2023 22:13:20 +0000`.
  static func date(_ time: Timestamp) -> String {
    let civil = CivilTime(utc: time)
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let clock = [civil.hour, civil.minute, civil.second].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    let (day, month) = (days[(civil.weekday - 1) % 7], months[(civil.month - 1) % 12])
    return "\(day), \(civil.day) \(month) \(civil.year) \(clock) +0000"
  }

  /// Returns the FNV-1a hash (Fowler, Noll and Vo), 64 bits in hexadecimal.
  private static func hash(_ text: String) -> String {
    let value = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return String(value, radix: 16)
  }
}
