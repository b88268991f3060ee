import PlantModel
import StreamCore

extension AlertRuleID {
  /// The database takes nothing, and all points wait on disk until a person acts.
  static let database = AlertRuleID("database")
}

/// Follows the trouble of the database. The alert is every plant's, since every plant's points wait.
struct DatabaseRule: AlertRule {
  static let ids = [AlertRuleID.database]
  static let guide = [
    AlertGuide(
      "the database takes no points for a reason that a person has to remove; cleared when it takes points",
      remedy: "Remove the reason that the alert names. Nothing is lost while there is room on the disk.")
  ]

  /// Raises the alert with a reason and the words of the database, or clears it.
  ///
  /// - Parameter trouble: `nil` if the database takes points.
  static func report(
    _ trouble: (reason: String, words: String)?, _ context: inout AlertContext, _ frame: inout Frame,
    _ register: PlantRegister
  ) {
    let key = AlertKey(rule: .database)
    let title = trouble.map { "The database takes nothing: \($0.reason)" }
    // Another reason asks for another remedy.
    if let alert = context.book.alerts[key], alert.message.title != title {
      let words = trouble == nil ? "It takes points again." : "It is another reason now."
      context.book.clear(key, at: frame.received, words, &frame)
    }
    guard let title, let words = trouble?.words else { return }
    let text =
      "Points wait on disk and nothing is lost while there is room. The database says: \(words). It is tried again "
      + "every half minute."
    let message = AlertMessage(title: title, text: text)
    context.book.raise(key, .critical, at: frame.received, message, &frame, register)
  }
}
