import Settings

/// Reader of `http.issuers` of `wattline.yaml`.
struct IssuerReader {
  private let reading: ConfigurationContext

  init(_ reading: ConfigurationContext) { self.reading = reading }

  /// Returns the issuers of the section `http`, without those that are faulty.
  func issuers(_ section: Section) -> [HTTPSettings.Issuer] {
    guard let node = section.node("issuers") else { return [] }
    guard case .sequence(let elements) = node.content else {
      reading.mistake(
        node.mark, "'issuers' is a list, such as - {url: https://idp.example.com, audience: wattline, roles: {…}}")
      return []
    }
    var found: [HTTPSettings.Issuer] = []
    for element in elements {
      guard let issuer = issuer(Section(element, name: "an issuer", reading: reading)) else { continue }
      if found.contains(where: { $0.url == issuer.url }) {
        reading.mistake(element.mark, "the issuer \(issuer.url) stands twice; keep one")
      } else {
        found.append(issuer)
      }
    }
    return found
  }

  private func issuer(_ section: Section) -> HTTPSettings.Issuer? {
    let url = section.requiredText("url", example: "url: https://idp.example.com/realms/plant")
    let audience = section.requiredText("audience", example: "audience: wattline")
    var issuer = HTTPSettings.Issuer(url: url ?? "", audience: audience ?? "")
    if let url, !Self.isAddress(url) {
      reading.mistake(
        section.place(of: "url"),
        "'url' must be like https://idp.example.com/realms/plant, as tokens have it in 'iss', not '\(url)'; http is for "
          + "this machine")
    }
    if audience?.isEmpty ?? false { reading.mistake(section.place(of: "audience"), "'audience' is empty") }
    issuer.roleClaim = section.given("role_claim") ?? issuer.roleClaim
    issuer.plantsClaim = section.given("plants_claim")
    issuer.roles = roles(section)
    issuer.caFile = section.file("ca")
    section.finish()
    return url == nil || audience == nil ? nil : issuer
  }

  private func roles(_ section: Section) -> [String: Role] {
    guard let node = section.node("roles") else {
      reading.mistake(section.mark, "an issuer needs 'roles', such as {wattline-admins: admin, staff: viewer}")
      return [:]
    }
    var roles: [String: Role] = [:]
    for (name, _, value) in Section(node, name: "roles", reading: reading).entries {
      if let role = value.text.flatMap({ Role(rawValue: reading.expanded($0, at: value.mark)) }) {
        roles[name] = role
      } else {
        let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
        reading.mistake(value.mark, "'\(name)' must be one of \(known), not \(value.form)")
      }
    }
    return roles
  }

  /// Whether a text is an address without query, user and fragment, by TLS or on this machine.
  private static func isAddress(_ text: String) -> Bool {
    let starts = ["https://", "http://127.0.0.1", "http://localhost", "http://[::1]"]
    guard let start = starts.first(where: text.hasPrefix) else { return false }
    let rest = text.dropFirst(start.count)
    if start != "https://", let next = rest.first, next != ":", next != "/" { return false }
    return (start != "https://" || !rest.isEmpty) && !rest.contains { " ?#@".contains($0) || $0.isNewline }
  }
}
