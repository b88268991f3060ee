#if HTTP
  import Foundation
  import Settings
  import SystemCore
  import Testing
  import WattlineTime

  @testable import Accounts

  @Suite("logins, tokens and keys")
  struct AuthenticatorTests {
    private let now = AccountFolder.now
    private let right = AccountFolder.password
    private let address = "192.0.2.7"

    @Test func `a login gives tokens that prove who asks`() throws {
      let folder = try AccountFolder()
      try folder.add("otto", .operator, plants: .some(["A"]))
      let gate = try Authenticator(folder.store)
      let tokens = try gate.login("otto", password: right, from: address, at: now).get()
      #expect(tokens.expires == now + .minutes(15) && tokens.refreshExpires == now + .days(30))
      #expect("\(tokens)".contains("•••") && !"\(tokens)".contains(tokens.access.text))
      let found = try gate.authenticate(authorization: "Bearer \(tokens.access.text)", from: address, at: now).get()
      #expect(
        found.name == "otto" && found.role == .operator && found.plants == .some(["A"]) && found.method == .session)
      // Another process on the same file accepts it, until it ends.
      let other = try Authenticator(try AccountStore(path: folder.path + "/accounts.sqlite"))
      #expect(try other.authenticate(tokens.access, from: address, at: now).get() == found)
      #expect(other.authenticate(tokens.access, from: address, at: now + .minutes(15)).refusal == .expired)
      #expect(
        try folder.audit() == [
          "cli:root user.add otto done", "otto login otto done", " access  refused: the token has expired",
        ])
    }

    @Test func `a wrong name takes as long as a wrong password`() throws {
      let folder = try AccountFolder()
      let store = try AccountStore(path: folder.path + "/usual.sqlite")
      try store.add(Account(name: "anna", role: .admin), password: right, by: folder.cli, at: now)
      let gate = try Authenticator(store)
      func time(_ name: String) -> Int64 {
        let start = SystemClock.threadTime()
        #expect(gate.login(name, password: Secret("wrong wrong wrong"), from: "::1", at: now).refusal == .wrong)
        return SystemClock.threadTime() - start
      }
      let (known, unknown) = (min(time("anna"), time("anna")), min(time("nobody"), time("nobody")))
      #expect(Double(unknown) / Double(known) > 0.5 && Double(unknown) / Double(known) < 2)
    }

    @Test func `failures of a name from an address lock it there for a growing time, until a success`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let gate = try Authenticator(folder.store)
      var time = now
      func attempt(_ password: Secret, _ address: String) -> LoginRefusal? {
        gate.login("anna", password: password, from: address, at: time).refusal
      }
      let wrong = Secret("wrong wrong wrong")
      for _ in 0..<4 { #expect(attempt(wrong, address) == .wrong) }
      for wait in [1, 2, 4, 8] {
        #expect(attempt(wrong, address) == .locked(wait))
        // Also the right password waits.
        #expect(attempt(right, address) == .locked(wait))
        time += .seconds(Int64(wait))
      }
      #expect(attempt(right, address) == nil)
      #expect(attempt(wrong, address) == .wrong)
      #expect(Lockout.pair.wait(after: 1_000) == .minutes(15) && Lockout.address.wait(after: 1_000) == .hour)
    }

    @Test func `a stranger's failures lock a name's owner out only once they are many, from many addresses`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let gate = try Authenticator(folder.store)
      let wrong = Secret("wrong wrong wrong")
      for number in 0..<8 {
        _ = gate.login("anna", password: wrong, from: "192.0.2.9", at: now + .seconds(Int64(number)))
      }
      #expect(gate.login("anna", password: wrong, from: "192.0.2.9", at: now + .seconds(8)).refusal != .wrong)
      #expect(gate.login("anna", password: right, from: address, at: now + .seconds(8)).refusal == nil)
      for number in 0..<100 {
        _ = gate.login("anna", password: wrong, from: "192.0.3.\(number)", at: now + .seconds(9))
      }
      #expect(gate.login("anna", password: right, from: address, at: now + .seconds(9)).refusal == .locked(1))
    }

    @Test func `each entry of the audit is announced once it is stored, also of logins and of refusals`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let announced = Locked<[String]>([])
      folder.store.observeAudit { entry in announced.with { $0.append("\(entry.action) \(entry.result)") } }
      let gate = try Authenticator(folder.store)
      _ = gate.login("anna", password: Secret("wrong wrong wrong"), from: address, at: now)
      _ = gate.login("anna", password: right, from: address, at: now)
      _ = gate.authenticate(Secret("forged"), from: address, at: now)
      #expect(throws: AccountError.self) { try folder.add("anna", .viewer) }
      #expect(announced.value.count == 3 && announced.value[0] == "login refused: wrong", "\(announced.value)")
      #expect(announced.value[1] == "login done" && announced.value[2].hasPrefix("access refused"))
    }

    @Test func `failures of an address lock it, whatever the names, also names that are not there`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let gate = try Authenticator(folder.store)
      for number in 0..<19 {
        #expect(gate.login("n\(number)", password: right, from: address, at: now).refusal == .wrong)
      }
      #expect(gate.login("n19", password: right, from: address, at: now).refusal == .locked(1))
      #expect(gate.login("anna", password: right, from: address, at: now).refusal == .locked(1))
      #expect(gate.login("anna", password: right, from: "192.0.2.8", at: now).refusal == nil)
      // The lock outlives the process.
      let other = try Authenticator(try AccountStore(path: folder.path + "/accounts.sqlite"))
      #expect(other.login("anna", password: right, from: address, at: now).refusal == .locked(1))
    }

    @Test func `a password is the same from every keyboard`() throws {
      let folder = try AccountFolder()
      try folder.store.add(
        Account(name: "anna", role: .admin), password: Secret("grüne Wiesen im Mai"), by: folder.cli, at: now)
      let gate = try Authenticator(folder.store)
      #expect(gate.login("anna", password: Secret("gru\u{308}ne Wiesen im Mai"), from: address, at: now).refusal == nil)
      let long = String(repeating: "x", count: 1 << 20)
      #expect(gate.login(long, password: Secret(long), from: address, at: now).refusal == .wrong)
      #expect(try folder.store.audit().entries.allSatisfy { $0.user.count <= 100 })
    }

    @Test func `a client of IPv6 is its network, since it has that as a whole`() {
      #expect(NetworkAddress.network("2001:db8:1:2:3:4:5:6") == "20010db800010002/64")
      #expect(NetworkAddress.network("2001:db8:1:2::") == NetworkAddress.network("2001:db8:1:2:ffff::1"))
      #expect(NetworkAddress.network("2001:db8:1:3::") != NetworkAddress.network("2001:db8:1:2::"))
      #expect(NetworkAddress.network("192.0.2.7") == "192.0.2.7" && NetworkAddress.network("x:y") == "x:y")
    }

    @Test func `a refresh token is good for one renewal, and its second use ends the session`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let gate = try Authenticator(folder.store)
      let first = try gate.login("anna", password: right, from: address, at: now).get()
      let second = try gate.refresh(first.refresh, from: address, at: now + .hour).get()
      #expect(gate.authenticate(second.access, from: address, at: now + .hour).refusal == nil)
      #expect(gate.refresh(first.refresh, from: "198.51.100.1", at: now + .hour).refusal == .token)
      #expect(gate.authenticate(second.access, from: address, at: now + .hour).refusal == .ended)
      #expect(gate.refresh(second.refresh, from: address, at: now + .hour).refusal == .token)
      let third = try gate.login("anna", password: right, from: address, at: now).get()
      #expect(gate.refresh(third.refresh, from: address, at: now + .days(31)).refusal == .token)
      for text in ["", ".", "a.b", "..", String(repeating: "x", count: 10_000)] {
        #expect(gate.refresh(Secret(text), from: address, at: now).refusal == .token)
      }
    }

    @Test func `a logout ends the access token too`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let gate = try Authenticator(folder.store)
      let (one, other) = (
        try gate.login("anna", password: right, from: address, at: now).get(),
        try gate.login("anna", password: right, from: address, at: now).get()
      )
      let principal = try gate.authenticate(one.access, from: address, at: now).get()
      #expect(try gate.logout(principal, from: address, at: now))
      #expect(try !gate.logout(principal, from: address, at: now))
      #expect(gate.authenticate(one.access, from: address, at: now).refusal == .ended)
      #expect(gate.refresh(one.refresh, from: address, at: now).refusal == .token)
      #expect(gate.authenticate(other.access, from: address, at: now).refusal == nil)
    }

    @Test func `a change by another process ends the sessions of an account at once`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      try folder.add("otto", .operator)
      let gate = try Authenticator(folder.store)
      let outside = try AccountStore(path: folder.path + "/accounts.sqlite", cost: .least)
      func tokens() throws -> TokenPair { try gate.login("otto", password: right, from: address, at: now).get() }
      let first = try tokens()
      try outside.change(Account(name: "otto", role: .viewer), by: folder.cli, at: now)
      #expect(gate.authenticate(first.access, from: address, at: now).refusal == .ended)
      let second = try tokens()
      #expect(try gate.authenticate(second.access, from: address, at: now).get().role == .viewer)
      try outside.setPassword(right, of: "otto", by: folder.cli, at: now)
      #expect(gate.authenticate(second.access, from: address, at: now).refusal == .ended)
      let third = try tokens()
      try outside.remove("otto", by: folder.cli, at: now)
      #expect(gate.authenticate(third.access, from: address, at: now).refusal == .ended)
      #expect(gate.login("otto", password: right, from: address, at: now).refusal == .wrong)
    }

    @Test func `a key acts for its owner within its scopes and plants until it ends`() throws {
      let folder = try AccountFolder()
      let store = folder.store
      try store.add(
        Account(name: "meter", role: .service, plants: .some(["A", "B"])), password: nil, by: folder.cli, at: now)
      let made = try store.addKey(
        "gateway", owner: "meter", scopes: [.writeReadings], plants: .some(["A"]), expires: now + .day, by: folder.cli,
        at: now)
      #expect(made.secret.text.hasPrefix("wl_") && made.secret.text.count == 46)
      let gate = try Authenticator(store)
      let found = try gate.authenticate(authorization: nil, apiKey: made.secret.text, from: address, at: now).get()
      #expect(found.name == "meter" && found.plants == .some(["A"]) && found.method == .key)
      #expect(gate.allows(found, to: .writeReadings, on: "A", from: address, at: now))
      #expect(!gate.allows(found, to: .writeReadings, on: "B", from: address, at: now))
      #expect(!gate.allows(found, to: .readSeries, on: "A", from: address, at: now))
      #expect(gate.authenticate(made.secret, from: address, at: now + .day).refusal?.kind == .invalid)
      #expect(gate.authenticate(Secret(made.secret.text + "x"), from: address, at: now).refusal == .unknownKey)
      #expect(try store.keys().map(\.id) == [made.key.id])
      try store.removeKey(made.key.id, by: folder.cli, at: now)
      #expect(gate.authenticate(made.secret, from: address, at: now).refusal == .unknownKey)
      #expect(try folder.audit().contains("meter readings.write B refused: not allowed"))
      // The file has no secret.
      let bytes = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
        try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0))
      }
      #expect(bytes.allSatisfy { $0.range(of: Data(made.secret.text.utf8)) == nil })
    }

    @Test func `a key has no more than its owner`() throws {
      let folder = try AccountFolder()
      try folder.add("vera", .viewer, plants: .some(["A"]))
      func refusal(_ scopes: Set<Scope>, _ plants: PlantScope = .all, expires: Timestamp? = nil) -> AccountError? {
        do {
          _ = try folder.store.addKey(
            "k", owner: "vera", scopes: scopes, plants: plants, expires: expires, by: folder.cli, at: now)
        } catch { return error }
        return nil
      }
      #expect(refusal([.read, .control])?.description == "role viewer of 'vera' has no scope control; it has read")
      #expect(refusal([.read], .some(["B"]))?.description == "'vera' has no plant B")
      #expect(refusal([])?.kind == .invalid)
      #expect(refusal([.read], expires: now)?.kind == .invalid)
      #expect(refusal([.read]) == nil)
      #expect(refusal([.read])?.kind == .exists)
    }

    @Test func `a request without credentials is told how to give them`() throws {
      let gate = try Authenticator(try AccountFolder().store)
      for header in [nil, "", "Basic YW5uYTpwdw==", "Bearer"] {
        let refusal = gate.authenticate(authorization: header, from: address, at: now).refusal
        #expect(refusal == .missing && refusal?.challenge == "Bearer realm=\"wattline\"")
      }
      let refusal = gate.authenticate(authorization: "bearer x", from: address, at: now).refusal
      #expect(
        refusal?.challenge
          == "Bearer realm=\"wattline\", error=\"invalid_token\", error_description=\"the token cannot be read\"")
    }

    @Test func `a refusal that is repeated within a minute is one entry`() throws {
      let folder = try AccountFolder()
      let gate = try Authenticator(folder.store)
      for second in 0..<90 { _ = gate.authenticate(Secret("x"), from: address, at: now + .seconds(Int64(second))) }
      #expect(try folder.audit().count == 2)
    }
  }
#endif
