#if HTTP
  import Foundation
  import LocalServers
  import Settings
  import WattlineTime

  @testable import Accounts

  /// A folder with a file of accounts, whose hashes cost little.
  final class AccountFolder {
    let path: String
    let store: AccountStore
    /// A time in November 2026.
    static let now = Timestamp(seconds: 1_795_000_000)
    static let password = Secret("correct horse battery")
    let cli = Requester(user: "cli:root", address: "")

    init() throws {
      path = try TemporaryFolder(prefix: "wattline-accounts").path
      store = try AccountStore(path: path + "/accounts.sqlite", cost: .least)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Adds an account with the usual password.
    func add(_ name: String, _ role: Role, plants: PlantScope = .all) throws {
      try store.add(
        Account(name: name, role: role, plants: plants), password: Self.password, by: cli, at: Self.now)
    }

    /// Entries of the audit, oldest first, as `user action target result`.
    func audit() throws -> [String] {
      try store.audit(limit: 1_000).entries.reversed().map { "\($0.user) \($0.action) \($0.target) \($0.result)" }
    }
  }

  extension Result {
    /// The reason of a failure.
    var refusal: Failure? { if case .failure(let refusal) = self { refusal } else { nil } }
  }
#endif
