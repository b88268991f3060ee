import CommandChannel
import Foundation
import PlantConfig
import PlantDiscovery
import PlantModel
import Settings
import StreamCore
import Synchronization
import WattlineTime

/// `wattline discover`: listens to a broker and drafts a plant file.
enum DiscoverCommand {
  static let description = CommandDescription(
    name: "discover", summary: "listens to a broker and prints a draft plant file",
    options: [
      Option(name: "--url", value: "URL", help: "the broker (default: mqtt://127.0.0.1:1883)"),
      Option(name: "--for", value: "TIME", help: "how long to listen: 30s, 10m (default: 60s)"),
      Option(name: "--username", value: "U", help: "user name, if the broker wants one"),
      Option(name: "--password-file", value: "FILE", help: "file that has the password"),
      Option(name: "--ca", value: "FILE", help: "certificate authorities of the broker (PEM), for mqtts"),
      Option(name: "--filter", value: "F", help: "topics to listen to, may be given several times (default: '#')"),
      Option(name: "--plant", value: "NAME", help: "name of the plant (default: draft)"),
      Option(name: "--timezone", value: "TZ", help: "IANA time zone (default: this machine's)"),
      Option(name: "--output", value: "FILE", help: "a new file for the draft (default: standard output)"),
    ],
    details: """
      Topics that are alike become one pattern, devices become assets, and kinds and units are guessed from names, makers'
      conventions and values. Every guess is marked in a comment, and so is what could not be told; $SYS and wattline/# are
      left out. The draft is a valid plant file. Before it is printed all that was heard is decoded by it, and stderr says
      how many topics have readings and which have not. Listen for as long as the slowest device takes to speak; Ctrl-C
      drafts what was heard until then. Nothing is published.
      """,
    examples: [
      "wattline discover --for 2m > pipelines/site.yaml",
      "wattline discover --url mqtts://broker.example:8883 --username ops --password-file secret",
      "wattline discover --filter 'tele/#' --filter 'shellies/#' --output pipelines/hall.yaml",
    ])

  private static let longest = TimeSpan.day

  static func run(_ arguments: Arguments) throws {
    let signals = SignalWatch()
    let settings = try broker(arguments)
    let span = try span(arguments.text("--for") ?? "60s")
    let timezone = arguments.text("--timezone") ?? TimeZone.current.identifier
    if LocalCalendar(identifier: timezone) == nil {
      throw Misuse(message: "there is no time zone '\(timezone)'; write an IANA name such as Europe/Berlin")
    }
    let output = arguments.text("--output")
    if let output, FileManager.default.fileExists(atPath: output) {
      throw Failure(description: "\(output) is there already; give --output the name of a new file")
    }
    let filters = arguments.texts("--filter")
    let survey = try listen(settings, filters: filters.isEmpty ? ["#"] : filters, span: span, signals: signals)
    guard !survey.topics.isEmpty else {
      throw Failure(
        description:
          "no message came within \(span); listen longer with --for, or see whether the user may read the topics"
      )
    }
    let origin = "\(settings.tls ? "mqtts" : "mqtt")://\(settings.host):\(settings.port)"
    let draft = DraftPlant(
      survey,
      options: DraftPlant.Options(name: arguments.text("--plant") ?? "draft", timezone: timezone, origin: origin))
    if let output {
      try OutputFile.write(draft.text, to: output)
    } else {
      Console.print(String(draft.text.dropLast()))
    }
    report(draft)
    if !draft.trial.mistakes.isEmpty {
      try Console.finish()
      exit(ExitCode.failed)
    }
  }

  /// Returns the broker's settings, read from a generated `wattline.yaml` so that all rules for settings apply.
  private static func broker(_ arguments: Arguments) throws -> BrokerSettings {
    func line(_ key: String, text: String?) -> String {
      guard let text else { return "" }
      let quoted = text.replacingOccurrences(of: "'", with: "''").filter { !$0.isNewline }
      return "  \(key): '\(quoted)'\n"
    }
    let environment = ProcessInfo.processInfo.environment
    let url = arguments.text("--url") ?? environment["WATTLINE_MQTT_URL"] ?? "mqtt://127.0.0.1:1883"
    let file =
      "mqtt:\n" + line("url", text: url) + line("username", text: arguments.text("--username"))
      + line("password_file", text: arguments.text("--password-file")) + line("ca", text: arguments.text("--ca"))
    let loaded = ConfigurationLoader.load(files: [("wattline.yaml", Array(file.utf8))], environment: environment) {
      try? String(contentsOfFile: $0, encoding: .utf8)
    }
    if let mistake = loaded.diagnostics.first { throw Misuse(message: mistake.message) }
    return loaded.settings.mqtt
  }

  private static func span(_ text: String) throws -> TimeSpan {
    let span = TimeSpan(text) ?? Double(text).flatMap { TimeSpan("\($0)s") }
    guard let span, span > .zero, span <= longest else {
      throw Misuse(message: "--for needs a time above 0 and up to 24h, such as 60s or 10m, not '\(text)'")
    }
    return span
  }

  private static func listen(
    _ settings: BrokerSettings, filters: [String], span: TimeSpan, signals: SignalWatch
  ) throws -> TopicSurvey {
    let heard = Heard()
    let publisher = try BrokerAccess.publisher(
      settings, as: "discover", filters: filters, hint: "--url, --username, --password-file and --ca",
      onMessage: { heard.record($0) })
    defer { publisher.stop(timeout: .zero) }
    let start = Date()
    var progress = ProgressBar("listening", total: span.inSeconds)
    while true {
      let left = span.inSeconds - Date().timeIntervalSince(start)
      guard left > 0 else { break }
      let (messages, topics) = heard.counts
      progress.update(
        span.inSeconds - left, note: "\(messages.counted("message")) on \(topics.counted("topic"))")
      if signals.wait(seconds: min(left, 0.25)) == .stop { break }
    }
    progress.finish()
    return heard.survey
  }

  /// Survey of the received messages, written by the connection's thread.
  private final class Heard: Sendable {
    private let kept = Mutex(TopicSurvey())

    func record(_ message: PublishedMessage) {
      kept.withLock { $0.add(topic: message.topic, payload: message.payload, retained: message.retain) }
    }
    var counts: (messages: Int, topics: Int) { kept.withLock { ($0.messages, $0.topics.count) } }
    var survey: TopicSurvey { kept.withLock { $0 } }
  }

  private static func report(_ draft: DraftPlant) {
    let trial = draft.trial
    for mistake in trial.mistakes { Console.report("the draft has a mistake: \(mistake)") }
    let assets = Set(trial.series.map(\.asset)).count
    let tried = trial.landed + trial.failures.count
    Console.report(
      "\(trial.landed) of \(tried.counted("topic")) with values are read: \(trial.series.count.counted("sensor")) of "
        + "\(assets.counted("asset"))")
    for failure in trial.failures.prefix(20) {
      Console.report("not read: \(failure.topic): \(failure.reason)")
    }
    if trial.failures.count > 20 { Console.report("… and \(trial.failures.count - 20) more; see the end of the draft") }
  }
}
