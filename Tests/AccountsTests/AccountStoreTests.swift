#if HTTP
  import Foundation
  import Settings
  import Testing
  import WattlineTime

  @testable import Accounts

  @Suite("the file of accounts")
  struct AccountStoreTests {
    @Test func `accounts are kept with role, plants and time`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      try folder.add("otto", .operator, plants: .some(["Nord \"1\", West", "Süd"]))
      try folder.store.add(Account(name: "meter", role: .service), password: nil, by: folder.cli, at: AccountFolder.now)
      let again = try AccountStore(path: folder.path + "/accounts.sqlite")
      let accounts = try again.accounts()
      #expect(accounts.map(\.name) == ["anna", "meter", "otto"])
      #expect(accounts.map(\.hasPassword) == [true, false, true])
      #expect(accounts[2].plants == .some(["Nord \"1\", West", "Süd"]) && accounts[2].role == .operator)
      #expect(accounts[0].created == AccountFolder.now)
      #expect(try again.account(named: "nobody") == nil)
    }

    @Test func `the files are for their owner alone`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names == ["accounts.sqlite", "accounts.sqlite-shm", "accounts.sqlite-wal"])
      for name in names {
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)[.posixPermissions]
        #expect(mode as? Int == 0o600, "\(name)")
      }
    }

    @Test func `what is wrong is refused with the remedy`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let store = folder.store
      func refusal(_ body: () throws -> Void) -> AccountError? {
        do { try body() } catch { return error as? AccountError }
        return nil
      }
      func add(_ account: Account, _ password: String?) -> AccountError? {
        refusal { try store.add(account, password: password.map { Secret($0) }, by: folder.cli, at: AccountFolder.now) }
      }
      let long = "correct horse battery"
      #expect(add(Account(name: "anna", role: .viewer), long)?.kind == .exists)
      #expect(add(Account(name: "x y", role: .viewer), long)?.kind == .invalid)
      #expect(
        add(Account(name: "otto", role: .viewer), "too short")?.description
          == "a password has at least 12 characters; a sentence is good")
      #expect(add(Account(name: "otto", role: .viewer), nil)?.kind == .invalid)
      #expect(add(Account(name: "otto", role: .admin, plants: .some(["A"])), long)?.kind == .invalid)
      #expect(add(Account(name: "otto", role: .viewer, plants: .some([])), long)?.kind == .invalid)
      #expect(refusal { try store.remove("nobody", by: folder.cli, at: AccountFolder.now) }?.kind == .missing)
      #expect(
        refusal { try store.setPassword(Secret(long), of: "nobody", by: folder.cli, at: AccountFolder.now) }?.kind
          == .missing)
      #expect(try folder.audit() == ["cli:root user.add anna done"])
    }

    @Test func `the last admin stays, unless that is said`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let now = AccountFolder.now
      #expect(throws: AccountError(.lastAdmin, "'anna' is the last admin; add another one first")) {
        try folder.store.remove("anna", by: folder.cli, at: now)
      }
      #expect(throws: AccountError.self) {
        try folder.store.change(Account(name: "anna", role: .viewer), by: folder.cli, at: now)
      }
      try folder.add("berta", .admin)
      try folder.store.remove("anna", by: folder.cli, at: now)
      try folder.store.remove("berta", by: folder.cli, at: now, evenLastAdmin: true)
      #expect(try folder.store.accounts().isEmpty)
    }

    @Test func `the audit cannot be changed, and shrinks by a recorded pruning alone`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let database = try Database(folder.path + "/accounts.sqlite")
      for sql in [
        "UPDATE audit SET user = 'x'", "DELETE FROM audit", "INSERT OR REPLACE INTO audit SELECT * FROM audit",
      ] {
        #expect(throws: AccountError.self) { try database.execute(sql) }
      }
      #expect(try folder.audit() == ["cli:root user.add anna done"])
      let later = AccountFolder.now + .day
      try folder.store.record(AuditEntry(later, by: folder.cli, action: "plants.manage", target: "Nord"))
      #expect(try folder.store.pruneAudit(before: later, by: folder.cli, at: later) == 1)
      #expect(
        try folder.audit() == [
          "cli:root plants.manage Nord done", "cli:root audit.prune before \(later): 1 done",
        ])
      #expect(throws: AccountError.self) { try database.execute("DELETE FROM audit") }
    }

    @Test func `the audit is read in pages, by user, action and time`() throws {
      let folder = try AccountFolder()
      for number in 0..<25 {
        try folder.store.record(
          AuditEntry(
            AccountFolder.now + .seconds(Int64(number)), by: Requester(user: "u\(number % 2)", address: "::1"),
            action: number < 20 ? "login" : "logout", target: "\(number)"))
      }
      var (targets, cursor): ([String], Int64?) = ([], nil)
      repeat {
        let page = try folder.store.audit(after: cursor, limit: 10)
        targets += page.entries.map(\.target)
        cursor = page.next
      } while cursor != nil
      #expect(targets == (0..<25).reversed().map(String.init))
      var filter = AuditFilter()
      (filter.user, filter.action) = ("u1", "logout")
      #expect(try folder.store.audit(filter).entries.map(\.target) == ["23", "21"])
      filter = AuditFilter()
      (filter.start, filter.end) = (AccountFolder.now + .seconds(3), AccountFolder.now + .seconds(5))
      let entries = try folder.store.audit(filter).entries
      #expect(entries.map(\.target) == ["4", "3"])
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      #expect(
        String(decoding: try encoder.encode(entries[0]), as: UTF8.self)
          == #"{"action":"login","address":"::1","result":"done","target":"4","time":"\#(entries[0].time)","user":"u0"}"#
      )
    }

    @Test func `a newer or foreign file is refused with the reason`() throws {
      let folder = try AccountFolder()
      let path = folder.path + "/accounts.sqlite"
      try Database(path).execute("PRAGMA user_version = 9")
      #expect {
        try AccountStore(path: path)
      } throws: { "\($0)".hasPrefix("\(path) has version 9 of the accounts, and this program knows 1; ") }
      let other = folder.path + "/other.sqlite"
      try Database(other).execute("CREATE TABLE other (x)")
      #expect { try AccountStore(path: other) } throws: { "\($0)" == "\(other) is no file of accounts; move it away" }
      let text = folder.path + "/text"
      try String(repeating: "no database\n", count: 100).write(toFile: text, atomically: false, encoding: .utf8)
      #expect { try AccountStore(path: text) } throws: { "\($0)".contains("is damaged or no file of accounts") }
    }

    @Test func `a copy is whole while others write`() async throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let store = folder.store
      let writer = Task.detached {
        for number in 0..<100 {
          try store.record(
            AuditEntry(AccountFolder.now, by: Requester(user: "w", address: ""), action: "x", target: "\(number)"))
        }
      }
      let copy = folder.path + "/copy.sqlite"
      try AccountStore.copy(folder.path + "/accounts.sqlite", to: copy)
      try await writer.value
      let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try AccountStore(path: copy).accounts().map(\.name) == ["anna"])
    }

    @Test func `a copy lets no one in by a session or a token of before`() throws {
      let folder = try AccountFolder()
      try folder.add("anna", .admin)
      let gate = try Authenticator(folder.store)
      let tokens = try gate.login("anna", password: AccountFolder.password, from: "::1", at: AccountFolder.now).get()
      let copy = folder.path + "/copy.sqlite"
      try AccountStore.copy(folder.path + "/accounts.sqlite", to: copy)
      let secret = try folder.store.tokenSecret()
      #expect(try Data(contentsOf: URL(fileURLWithPath: copy)).range(of: Data(secret)) == nil)
      let other = try Authenticator(try AccountStore(path: copy))
      #expect(other.authenticate(tokens.access, from: "::1", at: AccountFolder.now).refusal == .forged)
      #expect(other.refresh(tokens.refresh, from: "::1", at: AccountFolder.now).refusal == .token)
      #expect(other.login("anna", password: AccountFolder.password, from: "::1", at: AccountFolder.now).refusal == nil)
    }
  }
#endif
