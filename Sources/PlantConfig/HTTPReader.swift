import Settings
import WattlineTime

/// Reader of the section `http` of `wattline.yaml`.
struct HTTPReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Returns the settings; `nil` if the section is faulty.
  func settings(_ section: Section) -> HTTPSettings? {
    let listen = section.requiredText("listen", example: "listen: \"127.0.0.1:8080\"")
    let listener = listen.flatMap(Self.listener)
    if let listen, listener == nil {
      reading.mistake(
        section.place(of: "listen"),
        "'listen' must be an address and a port, such as 127.0.0.1:8080 or \"[::1]:8080\", not '\(listen)'")
    }
    var settings = listener ?? HTTPSettings(address: "127.0.0.1", port: 0)
    switch (section.file("cert"), section.file("key", isSecret: true)) {
    case (let chain?, let key?): settings.certificate = .init(chainFile: chain, keyFile: key)
    case (nil, nil): break
    case (let chain, _):
      reading.mistake(
        section.place(of: chain == nil ? "key" : "cert"),
        "TLS needs both 'cert' and 'key', the files of the certificate and of its key")
    }
    settings.origins = origins(section)
    if let node = section.node("rate") { settings.rate = rate(Section(node, name: "rate", reading: reading)) }
    settings.issuers = IssuerReader(reading).issuers(section)
    if let node = section.node("alerts") {
      settings.alerts = InterfaceBoundsReader(Section(node, name: "alerts", reading: reading), reading: reading)
        .bounds()
    }
    settings.connections = section.number(
      "connections", in: 16...100_000, meaning: "a whole number from 16 to 100000"
    ).map { Int($0) }
    section.finish()
    return listener == nil ? nil : settings
  }

  private func origins(_ section: Section) -> [String] {
    guard let node = section.node("cors") else { return [] }
    let nodes: [YAMLNode]
    if case .sequence(let elements) = node.content { nodes = elements } else { nodes = [node] }
    return nodes.compactMap { node in
      let text = node.text.map { reading.expanded($0, at: node.mark) }
      if let text, Self.isOrigin(text) { return text }
      reading.mistake(
        node.mark,
        "'cors' lists origins such as https://boards.example.com, without a path, not '\(text ?? node.form)'")
      return nil
    }
  }

  private func rate(_ section: Section) -> HTTPSettings.Rate? {
    let requests = section.number("requests", in: 1...1_000_000, meaning: "a whole number from 1 to 1000000")
    let text = section.text("per") ?? "1m"
    let per = TimeSpan(text)
    if per.map({ $0 < .second || $0 > .day }) ?? true {
      reading.mistake(section.place(of: "per"), "'per' must be a time from 1s to 1d, such as 1m, not '\(text)'")
    }
    if requests == nil, section.node("requests") == nil {
      reading.mistake(section.mark, "'rate' needs 'requests', such as {requests: 600, per: 1m}")
    }
    section.finish()
    guard let requests, let per else { return nil }
    return .init(requests: Int(requests), per: per)
  }

  /// Returns the listener of `ADDRESS:PORT`; an IPv6 address is in brackets.
  private static func listener(_ text: String) -> HTTPSettings? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    var address = text[..<colon]
    if address.hasPrefix("["), address.hasSuffix("]") {
      address = address.dropFirst().dropLast()
    } else if address.contains(":") {
      return nil
    }
    let isPlain = address.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" } || address == "localhost"
    guard !address.isEmpty, isPlain else { return nil }
    return HTTPSettings(address: address == "localhost" ? "127.0.0.1" : String(address), port: port)
  }

  private static func isOrigin(_ text: String) -> Bool {
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
    let host = text.dropFirst(scheme.count)
    return !host.isEmpty && !host.contains { "/ ?#*".contains($0) }
  }
}
