#if HTTP
  import Accounts
  import Foundation
  import Journal
  import LocalServers
  import PlantTesting
  import Settings
  import SystemCore
  import Testing

  @Suite("wattline user, key and audit")
  struct AccountCommandTests {
    private static let password = "correct horse battery"

    /// Runs `body` with a folder of configuration whose journal is not there yet.
    private func inSite(_ body: (String) throws -> Void) throws {
      let folder = try TemporaryFolder(prefix: "wattline-accounts")
      defer { folder.remove() }
      for (name, text) in ["wattline.yaml": "journal: {path: \"\(folder.path)/journal\"}", "pw": Self.password + "\n"] {
        try text.write(toFile: "\(folder.path)/\(name)", atomically: false, encoding: .utf8)
      }
      try body(folder.path)
    }

    private func run(_ words: String, in folder: String) throws -> Program.Result {
      try Program.run(
        words.split(separator: " ").map(String.init), environment: ["WATTLINE_CONFIG": folder, "SUDO_USER": ""])
    }

    @Test func `the first admin is made before the first start, and can log in`() throws {
      try inSite { folder in
        let before = try run("user list", in: folder)
        #expect(before.code == 1 && before.errors.contains("/journal/accounts.sqlite yet; `wattline user add NAME"))
        let made = try run("user add anna --role admin --password-file \(folder)/pw", in: folder)
        #expect(made.code == 0 && made.output == "added anna, admin of all plants\n", "\(made)")
        let piped = try Program.run(
          ["-c", "echo '\(Self.password)' | '\(Program.path)' user add otto --role operator --plants A,B"],
          of: "/bin/sh", environment: ["WATTLINE_CONFIG": folder, "SUDO_USER": ""])
        #expect(piped.code == 0 && piped.output == "added otto, operator of A,B\n", "\(piped)")
        #expect(try run("user add meter --role service", in: folder).code == 0)
        let list = try run("user list", in: folder)
        #expect(
          list.output == """
            anna   admin     all  password
            meter  service   all  keys alone
            otto   operator  A,B  password

            """)
        let gate = try Authenticator(try AccountStore(path: "\(folder)/journal/accounts.sqlite"))
        let login = gate.login("otto", password: Secret(Self.password), from: "::1", at: SystemClock.now())
        #expect(throws: Never.self) { try login.get() }
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/journal/accounts.sqlite")
        #expect(mode[.posixPermissions] as? Int == 0o600)
      }
    }

    @Test func `accounts change, and every change is in the audit with the user of the command line`() throws {
      try inSite { folder in
        for words in [
          "user add anna --role admin --password-file \(folder)/pw",
          "user add otto --role operator --password-file \(folder)/pw", "user change otto --role viewer --plants A",
          "user password otto --password-file \(folder)/pw", "key add boards --owner otto --expires never",
        ] {
          let result = try run(words, in: folder)
          #expect(result.code == 0, "\(words): \(result)")
        }
        let keys = try run("key list", in: folder).output
        let id = try #require(keys.split(separator: " ").first)
        #expect(keys.hasSuffix("  otto  boards  read  all  no end\n"), "\(keys)")
        #expect(try run("key remove \(id)", in: folder).code == 0)
        #expect(try run("key remove \(id)", in: folder).errors == "wattline key remove: there is no key '\(id)'\n")
        #expect(try run("user remove otto", in: folder).code == 0)
        let last = try run("user remove anna", in: folder)
        #expect(last.code == 1 && last.errors.contains("'anna' is the last admin; add another one first, or say "))
        #expect(try run("user remove anna --last-admin", in: folder).code == 0)
        let audit = try run("audit", in: folder).output.split(separator: "\n").reversed()
        let name = String(cString: getpwuid(getuid()).pointee.pw_name)
        #expect(
          audit.map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
            == [
              "user.add anna", "user.add otto", "user.change otto", "user.password otto", "key.add otto/boards",
              "key.remove otto/boards", "user.remove otto", "user.remove anna",
            ].map { "cli:\(name) - \($0) done" })
        let json = try run("audit --json --action key.add --age 1h", in: folder).output
        let entry = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
        #expect(Set(entry.map { Array($0.keys) } ?? []) == ["time", "user", "address", "action", "target", "result"])
        #expect(try run("audit --prune 1d", in: folder).output.hasPrefix("removed 0 entries"))
      }
    }

    @Test func `the secret of a key is alone on stdout, works, and is in no file`() throws {
      try inSite { folder in
        #expect(try run("user add gateway --role service --plants A", in: folder).code == 0)
        let made = try run("key add k --owner gateway --scopes write:readings,read --expires 90d", in: folder)
        let secret = made.output.trimmingCharacters(in: .newlines)
        #expect(secret.wholeMatch(of: #/wl_[A-Za-z0-9_-]{43}/#) != nil && !made.errors.contains(secret), "\(made)")
        let gate = try Authenticator(try AccountStore(path: "\(folder)/journal/accounts.sqlite"))
        let found = try gate.authenticate(
          authorization: nil, apiKey: secret, from: "::1", at: SystemClock.now()
        ).get()
        #expect(found.name == "gateway" && found.may(.writeReadings, on: "A") && !found.may(.writeReadings, on: "B"))
        let document = try run("key list --json", in: folder).output
        #expect(document.contains("\"write:readings\"") && !document.contains(secret))
      }
    }

    @Test(arguments: [
      ("user add anna", 2, "user add needs --role, one of admin, operator, viewer, service"),
      ("user add anna --role root", 2, "--role is one of admin, operator, viewer, service, not 'root'"),
      ("user add a@b --role viewer", 2, "a name has 1 to 64 letters, digits"),
      ("user add anna --role viewer", 1, "standard input has no password; write it there, or name a file"),
      ("user add anna --role viewer --password-file /nowhere", 1, "/nowhere cannot be read; --password-file names"),
      ("user add anna --role admin --plants A --password-file FOLDER/pw", 1, "an admin has all plants"),
      ("user add anna --role viewer --password-file FOLDER/short", 1, "a password has at least 12 characters"),
      ("user add anna --role viewer --password secret", 2, "user add does not know --password"),
      ("user change anna", 2, "user change needs --role, --plants or both"),
      ("user change anna --role viewer", 1, "there is no account 'anna'; `wattline user list` has them"),
      ("user password anna", 1, "there is no account 'anna'; `wattline user list` has them"),
      ("user remove anna", 1, "there is no account 'anna'"),
      ("user add meter --role service", 1, "there is an account 'meter' already; `wattline user change` changes it"),
      ("user", 2, "there is no command 'user'"),
      ("key add k", 2, "key add needs --owner"), ("key add k --owner anna", 1, "there is no account 'anna'"),
      ("key add k --owner anna --scopes all", 2, "--scopes has read, write:readings, "),
      ("key add k --owner anna --expires soon", 2, "--expires needs a time such as 90d or 2027-06-30, or never"),
      ("audit --age soon", 2, "--age needs a time such as 7d, not 'soon'"),
      ("user list --config /nowhere", 1, "/nowhere"),
    ])
    func `a command that cannot be done says what would be right`(words: String, code: Int32, hint: String) throws {
      try inSite { folder in
        try "too short".write(toFile: folder + "/short", atomically: false, encoding: .utf8)
        #expect(try run("user add meter --role service", in: folder).code == 0)
        let result = try run(words.replacing("FOLDER", with: folder), in: folder)
        #expect(result.code == code && result.output == "" && result.errors.contains(hint), "\(result)")
        #expect(!result.errors.contains(Self.password))
      }
    }

    @Test func `several processes make accounts in a new file at once`() throws {
      try inSite { folder in
        let children = try (0..<6).map { number in
          try ChildProcess(
            program: Program.path,
            arguments: [
              "user", "add", "u\(number)", "--role", "viewer", "--password-file", folder + "/pw", "--config", folder,
            ], log: "\(folder)/log\(number)")
        }
        for (number, child) in children.enumerated() {
          let log = try? String(contentsOfFile: "\(folder)/log\(number)", encoding: .utf8)
          #expect(child.wait() == 0, "\(log ?? "")")
        }
        #expect(try run("user list", in: folder).output.split(separator: "\n").count == 6)
        #expect(try run("audit", in: folder).output.split(separator: "\n").count == 6)
      }
    }

    @Test func `an account of a backup logs in after the restore`() throws {
      try inSite { folder in
        #expect(try run("user add anna --role admin --password-file \(folder)/pw", in: folder).code == 0)
        _ = try Journal(directory: folder + "/journal")
        // The process that uses the file meanwhile has changes that are in the log of SQLite alone.
        let store = try AccountStore(path: "\(folder)/journal/accounts.sqlite")
        let requester = Requester(user: "anna", address: "::1")
        try store.add(
          Account(name: "vera", role: .viewer), password: Secret(Self.password), by: requester, at: SystemClock.now())
        let taken = try run("backup --out \(folder)/backup --no-database", in: folder)
        #expect(taken.code == 0, "\(taken)")
        let list = try Program.run("restore", folder + "/backup", "--list")
        #expect(list.output.contains("  journal/accounts.sqlite\n") && !list.output.contains("-wal"), "\(list)")
        #expect(!list.output.contains("no file that this version knows"))
        let restored = try Program.run(
          "restore", folder + "/backup", "--config", folder + "/new", "--into", folder + "/elsewhere")
        #expect(restored.code == 0, "\(restored)")
        let gate = try Authenticator(try AccountStore(path: "\(folder)/elsewhere/accounts.sqlite"))
        for name in ["anna", "vera"] {
          let login = gate.login(name, password: Secret(Self.password), from: "::1", at: SystemClock.now())
          #expect(throws: Never.self) { try login.get() }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("partial") }
        #expect(left.isEmpty)
      }
    }
  }
#endif
