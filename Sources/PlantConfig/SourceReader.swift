import PayloadDecoding
import PlantModel
import WattlineTime

/// Reader of `sources` in a plant's file.
struct SourceReader {
  private let reading: ConfigurationContext
  private let topics: TopicReader

  /// Creates a reader for a plant with the given currency.
  init(_ reading: ConfigurationContext, currency: String) {
    (self.reading, topics) = (reading, TopicReader(reading, currency: currency))
  }

  /// Returns the valid sources of a list's entries.
  func sources(_ nodes: [YAMLNode]) -> [DataSource] {
    var found: [DataSource] = []
    for node in nodes {
      let section = Section(node, name: "the source", reading: reading)
      guard let source = source(section) else { continue }
      if found.contains(where: { $0.name == source.name }) {
        reading.mistake(
          section.place(of: "name"), "a source called '\(source.name)' is above; give each a name of its own")
        continue
      }
      found.append(source)
    }
    return found
  }

  private func source(_ section: Section) -> DataSource? {
    let name = section.requiredText("name", example: "name: utility")
    if let name, let wrong = Self.mistake(inName: name) { reading.mistake(section.place(of: "name"), wrong) }
    let nodes = ["http", "file", "exec"].compactMap { key in section.node(key).map { (key, $0) } }
    if nodes.count != 1 {
      let words = nodes.isEmpty ? "needs one" : "has \(Words.list(nodes.map(\.0))), and takes one"
      reading.mistake(
        section.mark,
        "the source \(words) of http: {url: …}, file: {path: \"inbox/*.csv\"} and exec: {command: [program]}")
    }
    var access: DataSource.Access?
    if let (key, node) = nodes.first {
      access = self.access(key, Section(node, name: "'\(key)'", reading: reading))
    }
    let (rule, hasHeadings) = rule(section, access: access)
    var source = DataSource(name: name ?? "", access: access ?? .file(FileAccess(path: "")), rule: rule)
    source.hasHeadings = hasHeadings
    if case .file = access { source.schedule = .every(.seconds(2)) }
    if case .exec(let exec) = access, exec.isKept { source.schedule = .every(.second) }
    readTimes(section, into: &source)
    section.finish()
    return access == nil || name.map { Self.mistake(inName: $0) != nil } ?? true ? nil : source
  }

  /// Returns what is wrong with a source's name; `nil` if it is valid.
  static func mistake(inName name: String) -> String? {
    let isPlain = name.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || "-_.".utf8.contains($0)
    }
    if isPlain, (1...100).contains(name.utf8.count), !name.hasPrefix(".") {
      return name == "mqtt" ? "'name' is 'mqtt', which is the broker; write another, such as utility" : nil
    }
    return "'name' is '\(name)'; write 1 to 100 letters, digits, '-', '_' and '.', such as utility"
  }

  // MARK: Rule

  private func rule(_ section: Section, access: DataSource.Access?) -> (rule: TopicRule, hasHeadings: Bool) {
    var format = topics.format(section)
    if !section.has("payload") { format = self.format(of: access) ?? format }
    let hasHeadings = format.name == .csv
    if hasHeadings { format = HeadingFormat.self }
    if format.name == .sparkplug {
      reading.mistake(section.place(of: "payload"), "Sparkplug comes over MQTT; write json, csv or line")
    }
    let rule = topics.rule(
      section, match: DataSource.topic, place: section.place(of: "name"), format: format)
    if hasHeadings, rule.values.isEmpty {
      reading.mistake(section.mark, "a table needs 'values', such as values: {roof.power: \"P_AC\"}")
    }
    return (rule, hasHeadings)
  }

  /// Returns the format that the name of files tells.
  private func format(of access: DataSource.Access?) -> (any PayloadFormat.Type)? {
    switch access {
    case .file(let file):
      var path = file.path.lowercased()
      for ending in [".gz", ".zst", "*"] where path.hasSuffix(ending) { path.removeLast(ending.count) }
      let word = path.hasSuffix("json") || path.hasSuffix("jsonl") ? "json" : path.hasSuffix("lp") ? "line" : "csv"
      return PayloadFormats.named(PayloadFormatName(rawValue: word))
    default: return nil
    }
  }

  // MARK: Times

  private func readTimes(_ section: Section, into source: inout DataSource) {
    if section.has("every"), section.has("at") {
      reading.mistake(section.place(of: "at"), "'every' and 'at' are both there; keep one")
    }
    if let span = span(section, key: "every", range: .second ... .days(7), example: "a time from 1s to 7d, such as 15m")
    {
      source.schedule = .every(span)
    }
    if let text = section.text("at") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) ?? -1 }
      if parts.count == 2, (0...23).contains(parts[0]), (0...59).contains(parts[1]) {
        source.schedule = .daily(.minutes(parts[0] * 60 + parts[1]))
      } else {
        reading.mistake(section.place(of: "at"), "'at' is '\(text)'; write a local time from \"00:00\" to \"23:59\"")
      }
    }
    source.backfill =
      span(section, key: "backfill", range: .zero ... .days(3_660), example: "a time up to 3660d, such as 30d")
      ?? source.backfill
    source.overlap =
      span(section, key: "overlap", range: .zero ... .days(60), example: "a time up to 60d, such as 4d")
      ?? source.overlap
  }

  private func span(
    _ section: Section, key: String, range: ClosedRange<TimeSpan>, example: String
  ) -> TimeSpan? {
    guard let text = section.text(key) else { return nil }
    if let span = TimeSpan(text), range.contains(span) { return span }
    reading.mistake(section.place(of: key), "'\(key)' is '\(text)'; write \(example)")
    return nil
  }

  // MARK: Access

  private func access(_ key: String, _ section: Section) -> DataSource.Access? {
    defer { section.finish() }
    switch key {
    case "http": return http(section).map { .http($0) }
    case "file":
      guard let path = section.requiredText("path", example: "path: \"inbox/*.csv\"") else { return nil }
      if path.isEmpty || path.hasSuffix("/") || path.contains("\0") {
        reading.mistake(section.place(of: "path"), "'path' is '\(path)'; name files, such as \"inbox/*.csv\"")
        return nil
      }
      return .file(FileAccess(path: path))
    case "exec": return exec(section).map { .exec($0) }
    default: return nil
    }
  }

  private func http(_ section: Section) -> HTTPAccess? {
    let example = "url: \"https://portal.example/api/meter?from={since:iso}&to={until:iso}\""
    guard let url = section.requiredText("url", example: example) else { return nil }
    let place = section.place(of: "url")
    if let wrong = Self.mistake(inAddress: url) { reading.mistake(place, wrong) }
    checkTemplate(url, key: "url", at: place)
    var access = HTTPAccess(url: url)
    if let node = section.node("headers") {
      access.headers = texts(node, key: "headers", noun: "header", example: "X-Key: {file: portal-key}") { name in
        name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
      }
    }
    access.body = section.text("body")
    if let body = access.body { checkTemplate(body, key: "body", at: section.place(of: "body"), allowsBraces: true) }
    access.next = section.text("next")
    if let next = access.next, !next.hasPrefix("/") {
      reading.mistake(section.place(of: "next"), "'next' is '\(next)'; write a place in the answer, such as \"/next\"")
    }
    access.cursor = section.name("cursor")
    if access.cursor != nil, access.next == nil {
      reading.mistake(section.place(of: "cursor"), "'cursor' needs 'next', the place of its value in the answer")
    }
    if let name = section.name("page") { access.counter = .page(name) }
    if let name = section.name("offset") { access.counter = .offset(name) }
    let ways = ["next", "page", "offset"].filter { section.has($0) }
    if ways.count > 1 {
      reading.mistake(section.place(of: ways[1]), "\(Words.list(ways)) are ways to the next page; keep one")
    }
    if let node = section.node("oauth2") { access.oauth = oauth(Section(node, name: "oauth2", reading: reading)) }
    access.caFile = section.file("ca_file")
    access.timeout =
      span(section, key: "timeout", range: .second ... .minutes(10), example: "a time from 1s to 10m, such as 60s")
      ?? access.timeout
    if let size = section.number("limit_mb", in: 0.001...256, meaning: "megabytes from 0.001 to 256") {
      access.longestPage = Int(size * 1_000_000)
    }
    return access
  }

  private func oauth(_ section: Section) -> OAuthAccess? {
    defer { section.finish() }
    guard let url = section.requiredText("token_url", example: "token_url: \"https://portal.example/oauth/token\"")
    else {
      return nil
    }
    if let wrong = Self.mistake(inAddress: url) {
      reading.mistake(section.place(of: "token_url"), wrong.replacing("'url'", with: "'token_url'"))
    }
    var access = OAuthAccess(
      tokenURL: url, clientID: section.requiredText("client_id", example: "client_id: plant") ?? "")
    func secret(_ key: String) -> StatedText? {
      guard let node = section.node(key) else { return nil }
      let own = Section(node, name: "'\(key)'", reading: reading)
      defer { own.finish() }
      _ = own.requiredText("file", example: "file: portal-secret")
      _ = own.file("file", isSecret: true)
      return own.given("file").map { .file($0) }
    }
    access.secret = secret("client_secret")
    access.refreshToken = secret("refresh_token")
    access.scope = section.given("scope")
    access.isSecretInBody = section.boolean("secret_in_body") ?? false
    if access.secret == nil, access.refreshToken == nil {
      reading.mistake(section.mark, "oauth2 needs 'client_secret' or 'refresh_token', such as {file: portal-secret}")
    }
    return access
  }

  /// Returns what is wrong with an address; `nil` if it is valid.
  static func mistake(inAddress url: String) -> String? {
    let example = "write one such as https://portal.example/api/meter?from={since:iso}"
    guard let scheme = ["https://", "http://"].first(where: { url.lowercased().hasPrefix($0) }) else {
      return "'url' is '\(Words.visible(url))', which begins with neither https:// nor http://; \(example)"
    }
    let host = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    if host.isEmpty || host.hasPrefix(":") { return "'url' names no server; \(example)" }
    if host.contains("@") {
      return "'url' has a user name or password; write headers: {Authorization: {file: portal-login}}"
    }
    if url.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) {
      return "'url' has a blank or control character; write %20 for a blank"
    }
    return nil
  }

  private func checkTemplate(_ text: String, key: String, at place: Mark, allowsBraces: Bool = false) {
    do throws(TimeTemplate.Mistake) { _ = try TimeTemplate(text, allowsBraces: allowsBraces) } catch {
      reading.mistake(place, "'\(key)': \(error.description)")
    }
  }

  private func exec(_ section: Section) -> ExecAccess? {
    let example = "command: [python3, portal.py, --since, \"{since:iso}\"]"
    guard let node = section.node("command") else {
      reading.mistake(section.mark, "'exec' needs 'command', the program and its arguments, such as \(example)")
      return nil
    }
    guard case .sequence(let nodes) = node.content, !nodes.isEmpty else {
      reading.mistake(
        node.mark, "'command' must be a list, since no shell reads it, such as \(example), not \(node.form)")
      return nil
    }
    var access = ExecAccess(command: [])
    for node in nodes {
      guard let text = node.text, !text.contains("\0") else {
        reading.mistake(node.mark, "an argument must be a text, not \(node.form)")
        continue
      }
      checkTemplate(text, key: "command", at: node.mark, allowsBraces: true)
      access.command.append(reading.expanded(text, at: node.mark))
    }
    if access.command.first?.isEmpty ?? true {
      reading.mistake(node.mark, "'command' names no program; write \(example)")
    }
    access.isKept = section.boolean("keep_running") ?? false
    if access.isKept, section.has("timeout") {
      reading.mistake(section.place(of: "timeout"), "'timeout' is of programs that end; leave it or 'keep_running' out")
    }
    access.timeout =
      span(section, key: "timeout", range: .second ... .hours(6), example: "a time from 1s to 6h, such as 5m")
      ?? access.timeout
    if let size = section.number("memory_mb", in: 1...1_048_576, meaning: "megabytes from 1, such as 512") {
      access.mostMemory = Int(size) << 20
    }
    if let node = section.node("environment") {
      access.environment = texts(
        node, key: "environment", noun: "variable", example: "PORTAL_PASSWORD: {file: portal-password}"
      ) { name in
        name.utf8.allSatisfy {
          $0 == 0x5F || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A
        }
      }
    }
    return access.command.isEmpty ? nil : access
  }

  /// Returns texts by name, each in the file or in a file of its own.
  private func texts(
    _ node: YAMLNode, key: String, noun: String, example: String, isName: (String) -> Bool
  ) -> [String: StatedText] {
    var texts: [String: StatedText] = [:]
    for entry in Section(node, name: key, reading: reading).entries {
      if entry.key.isEmpty || !isName(entry.key) {
        reading.mistake(entry.mark, "'\(Words.visible(entry.key))' is no \(noun); write one such as \(example)")
      }
      if let text = entry.value.text {
        let text = reading.expanded(text, at: entry.value.mark)
        if text.unicodeScalars.contains(where: { $0.value < 0x20 && $0.value != 9 || $0.value == 0x7F }) {
          reading.mistake(entry.value.mark, "'\(entry.key)' has a control character or a line end; write one line")
        }
        texts[entry.key] = .text(text)
        continue
      }
      guard case .mapping = entry.value.content else {
        reading.mistake(
          entry.value.mark, "'\(entry.key)' must be a text, or a file as in \(example), not \(entry.value.form)")
        continue
      }
      let section = Section(entry.value, name: "\(noun) '\(entry.key)'", reading: reading)
      _ = section.requiredText("file", example: "file: portal-key")
      _ = section.file("file", isSecret: true)
      if let path = section.given("file") { texts[entry.key] = .file(path) }
      section.finish()
    }
    return texts
  }
}
