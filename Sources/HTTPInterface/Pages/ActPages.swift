import Accounts
import Pipeline
import PlantModel
import Settings
import SystemCore
import WattlineTime
import WebServer

/// Small pages on which people act: what boards cannot do. They have no scripts.
///
/// A login on the page is a session like any other. Its access token is in a cookie that scripts cannot read. Links of
/// other sites, such as boards, send it; their forms do not, and a form must come from a page of this server.
struct ActPages: Sendable {
  let api: API
  let gate: Gate
  let isEncrypted: Bool

  private static let html = "text/html; charset=utf-8"
  private static let cookie = "wattline"
  /// Names of the query that choose what the page shows.
  private static let choices = ["alert", "command", "plant"]

  var endpoints: [Endpoint] {
    [
      Endpoint(
        path: "/act", id: "getActPage", group: "pages", summary: "a page on which people act",
        details: "It asks for a login, then shows alerts, commands, scenarios and the source with what can be done. "
          + "`alert` or `command` shows one alone; boards link there.",
        parameters: [
          .init(name: "alert", meaning: "identifier of an alert"),
          .init(name: "command", meaning: "identifier of a command"),
          .init(name: "plant", meaning: "only of this plant"),
          .init(name: "note", meaning: "what was done last"),
        ],
        responses: [.init(status: 200, meaning: "The page.", contentTypes: [Self.html])],
        answer: { call in page(call) }),
      Endpoint(
        method: "POST", path: "/act", id: "postActPage", group: "pages", summary: "what a form of the page does",
        details: "It leads back to the page.",
        body: .init(
          contentTypes: ["application/x-www-form-urlencoded"],
          schema: .object([
            "do": .string, "id": .optional(.string), "plant": .optional(.string), "for": .optional(.string),
            "events": .optional(.string), "username": .optional(.string), "password": .optional(.string),
            "only_alert": .optional(.string), "only_command": .optional(.string), "only_plant": .optional(.string),
          ])),
        responses: [
          .init(status: 303, meaning: "It is done, or the page says why not.", contentTypes: [Self.html])
        ],
        problems: [403],
        answer: { call throws(Problem) in try act(call) }),
    ]
  }

  // MARK: Acting

  private func act(_ call: Call) throws(Problem) -> HTTPResponse {
    guard Self.isOwnForm(call.request) else { throw Problem(403, "the form is on a page of another site") }
    let form = FormBody(call.request.body)
    if form.text("do") == "login" { return logIn(form, call: call) }
    guard let principal = principal(of: call.request) else { return redirect("Log in first.", form: form) }
    let known = { (name: String, id: String?) in
      Call(request: call.request, parameters: id.map { [name: $0] } ?? [:], principal: principal)
    }
    do throws(Problem) {
      switch form.text("do") ?? "" {
      case "logout": return try logOut(principal, call: call)
      case "acknowledge", "unshelve", "shelve":
        let action = form.text("do") ?? ""
        var own = known("id", form.text("id"))
        if action == "shelve" {
          own = own.with(body: JSONText.object(["for": form.text("for") ?? "1h"]))
        }
        try perform("\(action)Alert", call: own, path: "/api/v1/alerts/\(form.text("id") ?? "")/\(action)")
        return redirect("Done: \(action).", form: form)
      case "confirm", "reject":
        let action = form.text("do") ?? ""
        let own = known("id", form.text("id")).with(query: form.text("plant").map { [("plant", $0)] } ?? [])
        try perform("\(action)Command", call: own, path: "/api/v1/commands/\(form.text("id") ?? "")/\(action)")
        return redirect("Done: \(action).", form: form)
      case "start", "stop":
        let action = form.text("do") ?? ""
        try perform("\(action)Source", call: known("source", "mqtt"), path: "/api/v1/sources/mqtt/\(action)")
        return redirect(action == "stop" ? "The source is stopped." : "The source is started.", form: form)
      case "scenario":
        let events = (form.text("events") ?? "").split(separator: ",").map(String.init)
        let own = known("plant", form.text("plant")).with(body: JSONText.object(["events": events]))
        try perform("runScenario", call: own, path: "/api/v1/plants/\(form.text("plant") ?? "")/scenarios")
        return redirect("The scenario runs; its result appears below and on the board What-if.", form: form)
      default: return redirect("The page knows no such action.", form: form)
      }
    } catch {
      return redirect("Not done: \(error.detail)", form: form)
    }
  }

  /// Returns whether a form is on a page of this server. A form of another site must not act with this one's cookie.
  ///
  /// Browsers tell it by `sec-fetch-site` where the connection is secure, else by `origin`.
  static func isOwnForm(_ request: HTTPRequest) -> Bool {
    if let site = request.headers["sec-fetch-site"] { return site == "same-origin" || site == "none" }
    guard let origin = request.headers["origin"] else { return true }
    guard let host = request.headers["host"] else { return false }
    return origin == "http://\(host)" || origin == "https://\(host)"
  }

  /// Uses an endpoint of the interface for a principal, with its rights and the audit.
  private func perform(_ id: String, call: Call, path: String) throws(Problem) {
    guard let endpoint = api.endpoints.first(where: { $0.id == id }) else { throw Problem(404, "there is no \(id)") }
    var call = call
    call.request.path = path
    if case .action(let action) = endpoint.access, call.principal?.may(action) != true {
      gate.record(endpoint, call: call, response: .problem(403, ""))
      throw Problem(403, "your role may not do this")
    }
    do throws(Problem) {
      gate.record(endpoint, call: call, response: try endpoint.answer(call))
    } catch {
      gate.record(endpoint, call: call, response: error.response)
      throw error
    }
  }

  private func logIn(_ form: FormBody, call: Call) -> HTTPResponse {
    let result = api.accounts.login(
      form.text("username") ?? "", password: Secret(form.text("password") ?? ""), from: call.request.address,
      at: SystemClock.now())
    do throws(Problem) {
      let pair = try AccountEndpoints.pair(result)
      var response = redirect("", form: form)
      let life = Int(Authenticator.accessLife.inSeconds)
      response.headers.append(("set-cookie", cookie(pair.access.text, life: life)))
      return response
    } catch {
      return redirect("Not logged in: \(error.detail)", form: form)
    }
  }

  private func logOut(_ principal: Principal, call: Call) throws(Problem) -> HTTPResponse {
    do throws(AccountError) {
      try api.accounts.logout(principal, from: call.request.address, at: SystemClock.now())
    } catch { throw Problem(error) }
    var response = redirect("Logged out.", form: FormBody([]))
    response.headers.append(("set-cookie", cookie("", life: 0)))
    return response
  }

  private func cookie(_ token: String, life: Int) -> String {
    "\(Self.cookie)=\(token); Path=/act; Max-Age=\(life); HttpOnly; SameSite=Lax" + (isEncrypted ? "; Secure" : "")
  }

  private func principal(of request: HTTPRequest) -> Principal? {
    let parts = (request.headers["cookie"] ?? "").split(separator: ";").map { $0.drop { $0 == " " } }
    guard let token = parts.first(where: { $0.hasPrefix("\(Self.cookie)=") })?.dropFirst(Self.cookie.count + 1),
      !token.isEmpty
    else { return nil }
    let found = api.accounts.authenticate(Secret(String(token)), from: request.address, at: SystemClock.now())
    if case .success(let principal) = found { return principal }
    return nil
  }

  private func redirect(_ note: String, form: FormBody) -> HTTPResponse {
    var response = HTTPResponse(303, contentType: Self.html, body: [])
    var query = Self.choices.compactMap { name in form.text("only_\(name)").map { "\(name)=\(URLText.encoded($0))" } }
    // A header has little room, and a note may repeat what somebody sent.
    if !note.isEmpty { query.append("note=\(URLText.encoded(String(note.unicodeScalars.prefix(500))))") }
    response.headers.append(("location", "/act" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))))
    return response
  }

  // MARK: Showing

  private func page(_ call: Call) -> HTTPResponse {
    let note = call.argument("note").map { "<p class=\"note\" role=\"status\">\(HTMLText.escaped($0))</p>" } ?? ""
    let body: String
    if let principal = principal(of: call.request) {
      body = content(Call(request: call.request, parameters: [:], principal: principal))
    } else {
      // A link of a board leads to its alert or command after the login too.
      let kept = Self.choices.compactMap { name in
        call.argument(name).map { "<input type=\"hidden\" name=\"only_\(name)\" value=\"\(HTMLText.escaped($0))\">" }
      }.joined()
      body = """
        <form method="post" action="/act"><input type="hidden" name="do" value="login">\(kept)
        <p><label>Name <input name="username" autocomplete="username" required></label></p>
        <p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
        <p><button>Log in</button></p></form>
        """
    }
    return HTTPResponse(
      200, contentType: Self.html, body: HTMLText.page("Wattline", body: "<h1>Wattline</h1>\n\(note)\n\(body)").utf8)
  }

  private func content(_ call: Call) -> String {
    let wanted = (alert: call.argument("alert"), command: call.argument("command"), plant: call.argument("plant"))
    let isWhole = wanted.alert == nil && wanted.command == nil
    let views = api.pipeline.status().stages.plants.filter { wanted.plant == nil || wanted.plant == $0.name }
    var parts = [
      "<p>\(HTMLText.escaped(call.user)), \(call.principal?.role.rawValue ?? ""). \(button("logout", words: "Log out"))"
        + (isWhole ? "" : " <a href=\"/act\">everything</a>") + "</p>"
    ]
    if wanted.command == nil { parts.append(alerts(views, call: call, only: wanted.alert)) }
    if wanted.alert == nil { parts.append(commands(views, call: call, only: wanted.command)) }
    if isWhole { parts += [scenarios(views, call: call), source(call)] }
    return parts.joined(separator: "\n")
  }

  private func alerts(_ views: [PlantView], call: Call, only id: String?) -> String {
    let all = views.filter { call.may(.readAlerts, on: $0.name) }
      .flatMap { view in view.standing.map { (plant: view.name, alert: $0) } }
      .filter { id == nil || $0.alert.id == id }
      .sorted { ($1.alert.severity, $0.alert.id) < ($0.alert.severity, $1.alert.id) }
    guard !all.isEmpty else {
      return "<h2>Alerts</h2><p>\(id == nil ? "None stands." : "This alert does not stand any more.")</p>"
    }
    return "<h2>Alerts</h2>\n"
      + all.prefix(200).map { plant, alert in
        let mayAct = call.may(.handleAlerts, on: plant)
        var buttons = ""
        if mayAct {
          if alert.state == .unacknowledged || alert.state == .returned {
            buttons += button("acknowledge", id: alert.id, words: "Acknowledge")
          }
          buttons +=
            alert.state == .shelved
            ? button("unshelve", id: alert.id, words: "Unshelve")
            : button(
              "shelve", id: alert.id, words: "Shelve",
              fields: "<select name=\"for\"><option>1h</option><option>8h</option><option>1d</option></select> ")
        }
        return """
          <article><p><strong>\(alert.severity.rawValue)</strong>, \(alert.state.rawValue):
          <strong>\(HTMLText.escaped(alert.title))</strong></p>
          <p>\(HTMLText.escaped(plant)), \(HTMLText.escaped(alert.asset)), since \(alert.since?.description ?? "unknown")</p>
          <p>\(HTMLText.escaped(alert.text))</p><p class="id">\(HTMLText.escaped(alert.id))</p>\(buttons)</article>
          """
      }.joined(separator: "\n")
  }

  private func commands(_ views: [PlantView], call: Call, only id: String?) -> String {
    let all = views.filter { call.may(.readCommands, on: $0.name) }
      .flatMap { view in view.commands.map { (plant: view.name, asset: $0.asset, command: $0.command) } }
      .filter { id == nil || $0.command.id == id }
    guard !all.isEmpty else { return "<h2>Commands</h2><p>None is valid now.</p>" }
    return "<h2>Commands</h2>\n"
      + all.prefix(200).map { plant, asset, command in
        let power = command.setpoint?.known.map { " at \($0) kW" } ?? ""
        var buttons = ""
        if command.state == .awaiting, call.may(.decideCommands, on: plant) {
          let field = "<input type=\"hidden\" name=\"plant\" value=\"\(HTMLText.escaped(plant))\">"
          buttons =
            button("confirm", id: command.id, words: "Confirm", fields: field)
            + button("reject", id: command.id, words: "Reject", fields: field)
        }
        return """
          <article><p><strong>\(command.action.rawValue)\(power)</strong>, \(command.state.rawValue)</p>
          <p>\(HTMLText.escaped(plant)), \(HTMLText.escaped(asset)), until \(command.expires)</p>
          <p>\(HTMLText.escaped(command.reason))</p><p class="id">\(HTMLText.escaped(command.id))</p>\(buttons)</article>
          """
      }.joined(separator: "\n")
  }

  private func scenarios(_ views: [PlantView], call: Call) -> String {
    let plants = views.filter { call.may(.runScenarios, on: $0.name) }.map { HTMLText.escaped($0.name) }
    guard !plants.isEmpty else { return "" }
    let jobs = api.jobs.all.filter { $0.owner == call.user && $0.kind == "scenario" }.suffix(10).reversed()
    let rows = jobs.map { job in
      let result = job.result.map { HTMLText.escaped(String(decoding: $0.prefix(4_000), as: UTF8.self)) } ?? ""
      return """
        <tr><td>\(HTMLText.escaped(job.plant))</td><td>\(job.state.rawValue), \(Int(job.progress * 100)) %</td>
        <td>\(HTMLText.escaped(job.error ?? ""))<details><summary>result</summary><pre>\(result)</pre></details></td></tr>
        """
    }
    return """
      <h2>What if</h2>
      <form method="post" action="/act"><input type="hidden" name="do" value="scenario">
      <label>Plant <select name="plant">\(plants.map { "<option>\($0)</option>" }.joined())</select></label>
      <label>Events <input name="events" value="heat=+6K" size="40" required></label> <button>Run</button></form>
      <p>An event is [asset:]kind[=amount][@onset][+duration]: heat=+6K@2d+3d, chiller:shutdown, charger=22kW,
      pv1:capacity=+50%.</p>
      <table>\(rows.joined(separator: "\n"))</table>
      """
  }

  private func source(_ call: Call) -> String {
    guard call.principal?.may(.controlSource) == true, call.principal?.plants == .all else { return "" }
    let isHeld = api.pipeline.status().intake.isHeld
    return "<h2>Source</h2><p>\(isHeld ? "Stopped: messages wait at the broker." : "Messages are received.")</p>"
      + button(isHeld ? "start" : "stop", words: isHeld ? "Start the source" : "Stop the source")
  }

  private func button(_ action: String, id: String? = nil, words: String, fields: String = "") -> String {
    let field = id.map { "<input type=\"hidden\" name=\"id\" value=\"\(HTMLText.escaped($0))\">" } ?? ""
    return
      "<form method=\"post\" action=\"/act\"><input type=\"hidden\" name=\"do\" value=\"\(action)\">\(field)\(fields)"
      + "<button>\(words)</button></form>"
  }
}

extension Call {
  /// Returns the call with another body.
  func with(body: [UInt8]) -> Call {
    var request = request
    request.body = body
    return Call(request: request, parameters: parameters, principal: principal)
  }

  /// Returns the call with another query.
  func with(query: [(name: String, value: String)]) -> Call {
    var request = request
    request.query = query
    return Call(request: request, parameters: parameters, principal: principal)
  }
}
