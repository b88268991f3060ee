import PlantModel
import StreamCore

extension AlertRuleID {
  /// The database accepts no points, and all points wait on disk until a person acts.
  static let database = AlertRuleID("database")
}

/// Rule about failures of the database. The alert is raised for every plant, because the points of every plant wait.
struct DatabaseRule: AlertRule {
  static let ids = [AlertRuleID.database]
  static let guide = [
    AlertGuide(
      "the database takes no points for a reason that a person has to remove; cleared when it takes points",
      remedy: "Remove the reason that the alert names. Nothing is lost while there is room on the disk.")
  ]

  /// Raises the alert that the database accepts no points, or clears it.
  ///
  /// - Parameters:
  ///   - trouble: the reason and the database's message; `nil` if the database accepts points.
  ///   - context: state shared by all rules.
  ///   - frame: receives the points, transitions and notices.
  ///   - register: the plant's register.
  static func report(
    _ trouble: (reason: String, words: String)?, context: inout AlertContext, into frame: inout Frame,
    in register: PlantRegister
  ) {
    let key = AlertKey(rule: .database)
    let title = trouble.map { "The database takes nothing: \($0.reason)" }
    // Another reason needs another remedy, so it is a new alert.
    if let alert = context.book.alerts[key], alert.message.title != title {
      let words = trouble == nil ? "It takes points again." : "It is another reason now."
      context.book.clear(key, at: frame.received, text: words, into: &frame)
    }
    guard let title, let words = trouble?.words else { return }
    let text =
      "Points wait on disk and nothing is lost while there is room. The database says: \(words). It is tried again "
      + "every half minute."
    let message = AlertMessage(title: title, text: text)
    context.book.raise(key, severity: .critical, at: frame.received, message: message, into: &frame, in: register)
  }
}
