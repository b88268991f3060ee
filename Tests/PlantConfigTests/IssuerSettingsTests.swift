import PlantModel
import Settings
import Testing

@testable import PlantConfig

@Suite("http.issuers")
struct IssuerSettingsTests {
  private static func load(_ text: String) -> LoadedConfiguration {
    ConfigurationLoader.load(
      files: [("wattline.yaml", Array("http: {listen: \"127.0.0.1:0\", issuers: \(text)}".utf8))], environment: [:]
    ) { _ in nil }
  }

  @Test func `an issuer has its name, audience, claims and roles`() throws {
    let loaded = Self.load(
      """
      [{url: "https://idp.example.com/realms/plant", audience: wattline, role_claim: realm_access.roles,
      plants_claim: plants, roles: {wattline-admins: admin, staff: viewer}, ca: /etc/ca.pem},
      {url: "http://127.0.0.1:8090", audience: a, roles: {x: operator}}]
      """)
    #expect(loaded.isValid, "\(loaded.diagnostics)")
    let issuers = try #require(loaded.settings.http).issuers
    var first = HTTPSettings.Issuer(url: "https://idp.example.com/realms/plant", audience: "wattline")
    (first.roleClaim, first.plantsClaim, first.caFile) = ("realm_access.roles", "plants", "/etc/ca.pem")
    first.roles = ["wattline-admins": .admin, "staff": .viewer]
    #expect(issuers.first == first)
    #expect(issuers.last?.roleClaim == "roles" && issuers.last?.plantsClaim == nil)
  }

  @Test(arguments: [
    ("{}", "'issuers' is a list"), ("[{audience: a, roles: {x: viewer}}]", "an issuer needs 'url'"),
    ("[{url: \"https://a.example\", roles: {x: viewer}}]", "an issuer needs 'audience'"),
    ("[{url: \"https://a.example\", audience: a}]", "an issuer needs 'roles'"),
    ("[{url: \"https://a.example\", audience: a, roles: {x: root}}]", "'x' must be one of admin, operator, viewer"),
    ("[{url: \"http://a.example\", audience: a, roles: {x: viewer}}]", "'url' must be like https://"),
    ("[{url: \"http://127.0.0.1.a.example\", audience: a, roles: {x: viewer}}]", "'url' must be like https://"),
    ("[{url: \"http://localhost@a.example\", audience: a, roles: {x: viewer}}]", "'url' must be like https://"),
    ("[{url: \"https://a.example?x\", audience: a, roles: {x: viewer}}]", "'url' must be like https://"),
    ("[{url: \"https://a.example\", audience: a, role: x, roles: {x: viewer}}]", "did you mean 'roles'?"),
  ])
  func `a faulty issuer is refused with what would be right`(text: String, words: String) {
    let messages = Self.load(text).diagnostics.map(\.message)
    #expect(messages.contains { $0.contains(words) }, "\(messages)")
  }

  @Test func `an issuer stands once`() {
    let one = "{url: \"https://a.example\", audience: a, roles: {x: viewer}}"
    #expect(
      Self.load("[\(one), \(one)]").diagnostics.map(\.message) == [
        "the issuer https://a.example stands twice; keep one"
      ])
  }
}
