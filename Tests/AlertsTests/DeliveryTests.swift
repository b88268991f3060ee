import Foundation
import LocalServers
import PlantModel
import PlantTesting
import Settings
import StreamCore
import Synchronization
import Testing
import WattlineTime

@testable import Alerts

@Suite("Delivery of alerts")
struct DeliveryTests {
  @Test func `a transition is published on its asset's topic with its names and without what it has not`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    var alert = site.alert()
    alert.cause = "alert-0"
    let parcel = AlertDocument(alert, in: site.register).parcel
    #expect(parcel.recipients == ["wattline/riverside/Hall 3%2F4/alert"])
    #expect(
      parcel.body
        == #"{"asset":"Hall 3/4","cause":"alert-0","id":"alert-1","plant":"riverside","rule":"limit","sensor":"power","#
        + #""severity":"warning","state":"unacknowledged","status":"raised","text":"It carries 1 kW. Shed load.","#
        + #""time":"2023-11-14T22:13:20Z","title":"Hall 3/4 is above its import limit","value":1}"#)
    (alert.asset, alert.series, alert.cause, alert.value) = (nil, nil, nil, .nan)
    let whole = AlertDocument(alert, in: site.register)
    #expect(whole.topic == "wattline/riverside/_plant/alert")
    #expect(["cause", "sensor", "value"].allSatisfy { !whole.parcel.body.contains("\"\($0)\"") })
  }

  @Test func `the list of alerts has the worst first, at most two hundred, and says how many there are`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let alerts = (0..<300).map { site.alert($0, severity: $0 == 299 ? .critical : .warning) }
    let list = AlertDocument.list(alerts, in: site.register)
    #expect(list.hasPrefix(#"{"alerts":[{"asset":"Hall 3/4","id":"alert-299","#) && list.hasSuffix(#""count":300}"#))
    #expect(list.components(separatedBy: "\"id\"").count == 201)
    #expect(AlertDocument.list([], in: site.register) == #"{"alerts":[],"count":0}"#)
  }

  @Test func `what is not delivered while the other side is away is delivered in order when it is back`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let channel = RecordingChannel(batch: 2, isAway: true)
    let delivery = try site.delivery(channel)
    for number in 1...5 { delivery.submit([site.alert(number)], notices: [], of: site.register, at: UInt64(number)) }
    var hidden = site.alert(6)
    hidden.isPublished = false
    delivery.submit([hidden], notices: [], of: site.register, at: 6)
    #expect(channel.ids.isEmpty)
    channel.comeBack()
    #expect(Waiting.until(seconds: 30) { channel.ids.count == 5 })
    delivery.stop()
    #expect(channel.ids == (1...5).map { "alert-\($0)" })
    let counts = delivery.counters.snapshot()
    #expect(counts.input == 5 && counts.output == 5 && counts.queue == 0 && counts.dropped.isEmpty)
  }

  @Test func `over a restart nothing is lost and nothing comes twice, though the journal brings it again`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let before = RecordingChannel()
    let first = try site.delivery(before)
    for number in 1...3 { first.submit([site.alert(number)], notices: [], of: site.register, at: UInt64(10 * number)) }
    #expect(Waiting.until(seconds: 30) { before.ids.count == 3 })
    first.stop()
    let away = RecordingChannel(isAway: true)
    let second = try site.delivery(away)
    for number in 2...6 { second.submit([site.alert(number)], notices: [], of: site.register, at: UInt64(10 * number)) }
    second.stop()
    let after = RecordingChannel()
    let third = try site.delivery(after)
    third.submit([site.alert(6)], notices: [], of: site.register, at: 60)
    third.submit([site.alert(7)], notices: [], of: site.register, at: 70)
    #expect(Waiting.until(seconds: 30) { after.ids.count >= 4 })
    third.stop()
    #expect(after.ids == (4...7).map { "alert-\($0)" })
  }

  @Test func `a process that is killed after a checkpoint has lost nothing of what came before it`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let away = RecordingChannel(isAway: true)
    let killed = try site.delivery(away)
    killed.submit([site.alert(1)], notices: [], of: site.register, at: 10)
    killed.keep()
    let copy = try #require(FileManager.default.contents(atPath: site.path))
    killed.submit([site.alert(2)], notices: [], of: site.register, at: 20)
    killed.stop()
    try copy.write(to: URL(fileURLWithPath: site.path))
    let channel = RecordingChannel()
    let delivery = try site.delivery(channel)
    // From the checkpoint on the journal is read again.
    delivery.submit([site.alert(2)], notices: [], of: site.register, at: 20)
    #expect(Waiting.until(seconds: 30) { channel.ids.count >= 2 })
    delivery.stop()
    #expect(channel.ids == ["alert-1", "alert-2"])
  }

  @Test func `a queue that is full loses its oldest messages, and counts them`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let channel = RecordingChannel(isAway: true)
    let delivery = try site.delivery(channel, capacity: 3)
    for number in 1...8 { delivery.submit([site.alert(number)], notices: [], of: site.register, at: UInt64(number)) }
    #expect(delivery.counters.snapshot().queue == 3)
    channel.comeBack()
    #expect(Waiting.until(seconds: 30) { channel.ids.count == 3 })
    delivery.stop()
    let counts = delivery.counters.snapshot()
    #expect(channel.ids == ["alert-6", "alert-7", "alert-8"])
    #expect(counts.input == 8 && counts.output == 3)
    #expect(counts.dropped.map(\.reason) == ["mqtt_full"] && counts.dropped.map(\.count) == [5])
  }

  @Test
  func `a journal that has lost its end with the machine's power brings other records at the same offsets`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let first = try site.delivery(RecordingChannel())
    first.submit([site.alert(1)], notices: [], of: site.register, at: 900)
    first.stop(timeout: .seconds(30))
    let channel = RecordingChannel()
    let second = try site.delivery(channel, journalEnd: 500)
    second.submit([site.alert(2)], notices: [], of: site.register, at: 600)
    #expect(Waiting.until(seconds: 30) { channel.ids == ["alert-2"] })
    second.stop()
  }

  @Test func `an outbox that is cut or changed anywhere is told of and begins anew, without a crash`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let first = try site.delivery(RecordingChannel(isAway: true))
    first.submit([site.alert(1)], notices: [], of: site.register, at: 900)
    first.stop()
    let whole = try #require(FileManager.default.contents(atPath: site.path))
    for length in stride(from: 0, to: whole.count, by: 7) {
      try whole.prefix(length).write(to: URL(fileURLWithPath: site.path))
      let notes = Mutex<[String]>([])
      let outbox = AlertOutbox(path: site.path, channels: ["mqtt"], capacity: 9, journalEnd: 1_000) { note in
        notes.withLock { $0.append("\(note)") }
      }
      #expect(notes.withLock { $0.count } == 1 && outbox.count == 0)
    }
  }
}

@Suite("Webhooks and mails")
struct PeopleTests {
  private func settings(webhook: FakeWebhook? = nil, mail: FakeMailServer? = nil) -> AlertSettings {
    var settings = AlertSettings()
    settings.webhook = webhook.map { WebhookSettings(url: $0.url) }
    settings.webhook?.token = Secret("s3cret")
    settings.email = mail.map {
      EmailSettings(url: $0.url, from: "w@example.org", to: ["a@example.org", "b@example.org"])
    }
    return settings
  }

  @Test func `a notice is posted as JSON with its token, again until it is taken, and never twice after that`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let server = try FakeWebhook { $0 < 2 ? 503 : 200 }
    defer { server.stop() }
    let delivery = try site.delivery(RecordingChannel(), settings: settings(webhook: server))
    delivery.submit([], notices: [AlertNotice([site.alert(1), site.alert(2)])], of: site.register, at: 1)
    delivery.submit([], notices: [AlertNotice([site.alert(3, severity: .info)])], of: site.register, at: 2)
    delivery.submit([], notices: [AlertNotice([site.alert(4, severity: .critical)])], of: site.register, at: 3)
    #expect(Waiting.until(seconds: 30) { delivery.counters.snapshot().output == 2 })
    delivery.stop()
    let requests = server.requests
    try #require(requests.count == 4)
    #expect(requests[0].headers.first == "POST /alerts HTTP/1.1")
    #expect(requests[0].headers.contains("Authorization: Bearer s3cret"))
    #expect(requests[0].headers.contains("Content-Type: application/json"))
    #expect(requests[0].body == requests[2].body && requests[3].body.contains("alert-4"))
    let text =
      #""text":"riverside: Hall 3/4 is above its import limit\nIt carries 1 kW. Shed load.\n\nWith it:\n- Hall "#
    #expect(requests[0].body.contains(text) && requests[0].body.contains(#""status":"raised""#))
  }

  @Test func `a notice that the server will never take is dropped and counted, and the next one delivered`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let server = try FakeWebhook { $0 == 0 ? 400 : 204 }
    defer { server.stop() }
    let notes = Mutex<[String]>([])
    let delivery = try site.delivery(RecordingChannel(), settings: settings(webhook: server)) { note in
      notes.withLock { $0.append(note) }
    }
    for number in 1...2 {
      delivery.submit([], notices: [AlertNotice([site.alert(number)])], of: site.register, at: UInt64(number))
    }
    #expect(Waiting.until(seconds: 30) { server.requests.count == 2 && delivery.counters.snapshot().output == 1 })
    delivery.stop()
    #expect(delivery.counters.snapshot().dropped.map(\.reason) == ["webhook_refused"])
    #expect(notes.withLock { $0 } == ["alerts: webhook: an alert was refused for good: status 400: words"])
  }

  @Test(
    "a server that is silent, stops half way, talks without end or hangs up stops neither the process nor other channels",
    arguments: [
      "", "220 fake\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nhalf", "HTTP/1.1 500 Ill\r\n\r\n",
      "250-x\r\n", "bye",
    ])
  func aServerThatIsSilentStopsHalfWayTalksWithoutEndOrHangsUpStopsNeitherThe(_ words: String) throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let server = try ScriptedServer { connection in
      connection.say(words)
      if words == "250-x\r\n" { for _ in 0..<10_000 { connection.say(words) } }
      if words != "bye" { while connection.line() != nil {} }
    }
    defer { server.stop() }
    var settings = AlertSettings()
    settings.webhook = WebhookSettings(url: "http://127.0.0.1:\(server.port)/silent")
    settings.email = EmailSettings(url: "smtp://127.0.0.1:\(server.port)", from: "w@example.org", to: ["a@example.org"])
    let channel = RecordingChannel()
    let delivery = try site.delivery(channel, settings: settings, capacity: 100)
    let took = ContinuousClock().measure {
      for number in 1...200 {
        delivery.submit(
          [site.alert(number)], notices: [AlertNotice([site.alert(number)])], of: site.register, at: UInt64(number))
      }
    }
    // A hundred times less than one of the servers' timeouts for each would be.
    #expect(took < .seconds(30), "\(took)")
    #expect(Waiting.until(seconds: 30) { channel.ids.last == "alert-200" })
    delivery.stop()
    let counts = delivery.counters.snapshot()
    #expect(counts.queue == 200)
    #expect(counts.dropped.contains { $0.reason == "webhook_full" && $0.count >= 99 })
  }

  @Test func `a webhook that has moved is tried again where it was, and its token goes nowhere else`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let server = try FakeWebhook { $0 < 2 ? 302 : 200 }
    defer { server.stop() }
    let delivery = try site.delivery(RecordingChannel(), settings: settings(webhook: server))
    delivery.submit([], notices: [AlertNotice([site.alert(1)])], of: site.register, at: 1)
    #expect(Waiting.until(seconds: 30) { delivery.counters.snapshot().output == 1 })
    delivery.stop()
    #expect(server.requests.count == 3 && server.requests.allSatisfy { $0.headers[0] == "POST /alerts HTTP/1.1" })
  }

  @Test
  func `a message about thousands of alerts names fifty, has two hundred as JSON, and says how many there are`() throws
  {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let notice = AlertNotice((0..<5_000).map { site.alert($0) })
    let document = NoticeDocument(notice, in: site.register)
    #expect(document.count == 5_000 && document.alerts.count == 200)
    #expect(document.text.hasSuffix("- and 4949 more") && document.text.utf8.count < 10_000)
    let mail = AlertMail.text(notice, from: "w@example.org", to: ["a@example.org"], in: site.register)
    #expect(mail.utf8.count < 20_000)
  }

  @Test("a notice is mailed to all, or to those whom the plant names, and a refused recipient keeps nobody from it")
  func aNoticeIsMailedToAllOrToThoseWhomThePlantNamesAndARefusedRecipientKeeps() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let server = try FakeMailServer { $0.hasPrefix("RCPT TO:<b@") ? "550 nobody of that name" : nil }
    defer { server.stop() }
    let delivery = try site.delivery(RecordingChannel(), settings: settings(mail: server))
    delivery.submit([], notices: [AlertNotice([site.alert(1), site.alert(2)])], of: site.register, at: 1)
    var plant = site.register.plant
    plant.alertRecipients = ["plant@example.org"]
    var register = PlantRegister(plant: plant)
    _ = register.admit(asset: "Hall 3/4", sensor: "power")
    delivery.submit(
      [], notices: [AlertNotice([site.alert(3, severity: .critical, status: .cleared)])], of: register, at: 2)
    #expect(Waiting.until(seconds: 30) { delivery.counters.snapshot().output == 2 })
    delivery.stop()
    let mails = server.mails
    try #require(mails.count == 2)
    #expect(mails[0].from.hasPrefix("<w@example.org>") && mails[0].to == ["<a@example.org>"])
    #expect(mails[1].to == ["<plant@example.org>"])
    #expect(
      body(mails[0]).hasPrefix("It carries 1 kW. Shed load.\n\nWith it:\n- Hall 3/4 is above its import limit, since"))
    #expect(body(mails[0]).contains("wattline/riverside/alerts/set"))
    let subject = "Subject: " + AlertMail.encoded("[over] riverside: Hall 3/4 is above its import limit")
    #expect(mails[1].lines.joined(separator: "\r\n").contains(subject))
  }

  private func body(_ mail: FakeMailServer.Mail) -> String {
    let start = (mail.lines.firstIndex(of: "") ?? -1) + 1
    return String(decoding: Data(base64Encoded: mail.lines[start...].joined()) ?? Data(), as: UTF8.self)
  }

  @Test func `a mail server that is busy is tried again; one that will not have the mail is not`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let count = Mutex(0)
    let server = try FakeMailServer { line in
      guard line.hasPrefix("MAIL FROM:") else { return nil }
      let number = count.withLock {
        $0 += 1
        return $0
      }
      return number == 1 ? "451 later" : number == 2 ? "554 no" : nil
    }
    defer { server.stop() }
    let delivery = try site.delivery(RecordingChannel(), settings: settings(mail: server))
    for number in 1...2 {
      delivery.submit([], notices: [AlertNotice([site.alert(number)])], of: site.register, at: UInt64(number))
    }
    #expect(Waiting.until(seconds: 30) { server.mails.count == 1 && delivery.counters.snapshot().queue == 0 })
    delivery.stop()
    #expect(delivery.counters.snapshot().dropped.map(\.reason) == ["email_refused"])
  }

  @Test func `a mail's headers cannot be broken by names, and its subject reads as it was`() throws {
    let site = try DeliverySite(plant: "x\r\nBcc: all@example.org\r\n\r\n")
    defer { site.folder.remove() }
    let title = "Wärmepumpe 🔥 \r\nX: y " + String(repeating: "ü", count: 200)
    let text = AlertMail.text(
      AlertNotice([site.alert(title: title)]), from: "w@example.org", to: ["a@example.org"], in: site.register)
    let lines = text.components(separatedBy: "\r\n")
    let headers = lines.prefix { !$0.isEmpty }
    #expect(headers.allSatisfy { $0.utf8.count <= 78 && !$0.contains("Bcc") && !$0.contains("X: y") })
    #expect(lines.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000"))
    let subject = headers.filter { $0.hasPrefix("Subject: ") || $0.hasPrefix(" =?") }.map { line in
      line.components(separatedBy: "?B?")[1].replacing("?=", with: "")
    }
    let decoded = subject.map { String(decoding: Data(base64Encoded: $0) ?? Data(), as: UTF8.self) }.joined()
    #expect(decoded == "[warning] x\r\nBcc: all@example.org\r\n\r\n: \(title)")
  }

  @Test func `the certificate of a webhook is verified`() throws {
    let site = try DeliverySite()
    defer { site.folder.remove() }
    let (key, certificate) = (site.folder.path + "/key.pem", site.folder.path + "/cert.pem")
    let maker = try ChildProcess(
      program: "/usr/bin/openssl",
      arguments: [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
      ], log: site.folder.path + "/log")
    try #require(maker.wait() == 0)
    let port = try Loopback.freePort()
    let server = try ChildProcess(
      program: "/usr/bin/openssl",
      arguments: ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificate, "-key", key, "-rev"],
      log: site.folder.path + "/server.log")
    defer { server.kill() }
    #expect(Waiting.until(seconds: 30) { Loopback.accepts(port: port) })
    func outcome(_ ca: String?) -> String {
      var settings = WebhookSettings(url: "https://127.0.0.1:\(port)/")
      settings.caFile = ca
      let outcome = WebhookChannel(settings: settings).deliver([AlertParcel(body: "{}")], shouldStop: { false })
      return "\(outcome)"
    }
    #expect(outcome(nil).contains("certificate"))
    // This server does not answer in HTTP: the handshake is done.
    #expect(outcome(certificate).contains("protocol"))
  }
}
