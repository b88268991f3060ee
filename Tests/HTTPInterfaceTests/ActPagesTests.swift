#if HTTP
  import Foundation
  import LocalServers
  import Pipeline
  import PlantConfig
  import Settings
  import Testing
  import WattlineTime
  import WebServer

  @testable import Accounts
  @testable import HTTPInterface

  @Suite("Pages on which people act")
  final class ActPagesTests {
    private let folder: TemporaryFolder
    private let interface: Interface

    init() throws {
      folder = try TemporaryFolder(prefix: "act")
      let store = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      try store.add(
        Account(name: "olga", role: .operator, plants: .all), password: Secret("a long password"),
        by: Requester(user: "cli:test", address: ""), at: Timestamp(seconds: 1_796_061_600))
      let loaded = ConfigurationLoader.load(files: [], environment: [:], readFile: { _ in nil })
      interface = try Interface(
        settings: HTTPSettings(address: "127.0.0.1", port: 0), program: ProgramFacts(version: "1", commit: "a"),
        pipeline: PipelineAccess(status: { PipelineStatus() }, configuration: { loaded }),
        accounts: try Authenticator(store, issuers: []) { _ in }, services: .none)
    }

    deinit {
      interface.stop()
      folder.remove()
    }

    private func post(_ form: String, headers: [String: String] = [:]) -> HTTPResponse {
      var request = HTTPRequest(method: "POST", path: "/act", address: "192.0.2.1")
      request.headers["content-type"] = "application/x-www-form-urlencoded"
      request.headers["host"] = "wattline.example:8080"
      for (name, value) in headers { request.headers[name] = value }
      request.body = Array(form.utf8)
      return interface.answer(request)
    }

    private static func value(_ name: String, of response: HTTPResponse) -> String {
      response.headers.first { $0.name == name }?.value ?? ""
    }

    @Test(arguments: [
      (headers: ["origin": "http://wattline.example:8080"], isOwn: true),
      (headers: ["origin": "https://wattline.example:8080"], isOwn: true),
      (headers: ["sec-fetch-site": "same-origin", "origin": "http://wattline.example:8080"], isOwn: true),
      (headers: [:], isOwn: true),
      (headers: ["origin": "http://elsewhere.example"], isOwn: false),
      (headers: ["origin": "null"], isOwn: false),
      (headers: ["sec-fetch-site": "cross-site", "origin": "http://wattline.example:8080"], isOwn: false),
      (headers: ["sec-fetch-site": "same-site"], isOwn: false),
    ])
    func `a form acts if it is on a page of this server, as browsers tell`(
      headers: [String: String], isOwn: Bool
    ) {
      let response = post("do=login&username=olga&password=a+long+password", headers: headers)
      #expect(response.status == (isOwn ? 303 : 403))
      #expect(Self.value("set-cookie", of: response).isEmpty == !isOwn)
    }

    @Test func `the page has a policy with which browsers tell the origin of its own forms`() {
      let page = interface.answer(HTTPRequest(method: "GET", path: "/act", address: "192.0.2.1"))
      #expect(Self.value("referrer-policy", of: page) == "same-origin")
    }

    @Test func `a login leads back to the alert that a board links to`() {
      var request = HTTPRequest(method: "GET", path: "/act", address: "192.0.2.1")
      request.query = [("alert", "first/pv1/\"range\"")]
      let page = String(decoding: interface.answer(request).body, as: UTF8.self)
      #expect(page.contains("name=\"only_alert\" value=\"first/pv1/&quot;range&quot;\""))
      let login = post("do=login&username=olga&password=a+long+password&only_alert=first%2Fpv1%2Frange")
      #expect(Self.value("location", of: login).hasPrefix("/act?alert=first%2Fpv1%2Frange"))
      let cookie = String(Self.value("set-cookie", of: login).prefix { $0 != ";" })
      request.headers["cookie"] = cookie
      let shown = String(decoding: interface.answer(request).body, as: UTF8.self)
      #expect(shown.contains("This alert does not stand any more.") && shown.contains("olga"))
    }

    @Test func `a wrong password is said on the page, and gives no session`() {
      let refused = post("do=login&username=olga&password=wrong")
      #expect(refused.status == 303 && Self.value("set-cookie", of: refused).isEmpty)
      #expect(Self.value("location", of: refused).contains("note=Not"))
    }
  }
#endif
