import Accounts
import Foundation
import Settings
import SystemCore
import WattlineTime

/// The account with which people try the interface of the demo. Its password is new in each run.
struct DemoLogin {
  /// Name of the account.
  let name = "demo"
  /// Its password.
  let password: String

  /// Makes the account in the folder of a journal.
  init(journal: String) throws(AccountError) {
    password = UUID().uuidString.lowercased()
    let store = try AccountStore(journal: journal)
    let (requester, now) = (Requester(user: "demo", address: ""), SystemClock.now())
    if try store.account(named: name) == nil {
      try store.add(Account(name: name, role: .admin), password: Secret(password), by: requester, at: now)
    } else {
      try store.setPassword(Secret(password), of: name, by: requester, at: now)
    }
  }
}
