extension Tag {
  /// The action that was done or refused.
  public static let action = Tag("action", meaning: "what was done or refused, such as `login` or `alerts.handle`")
}

extension FieldKey where Value == String {
  /// Name of the account.
  public static var user: Self { Self("user") }
  /// Address of the client.
  public static var address: Self { Self("address") }
  /// The object of the action.
  public static var target: Self { Self("target") }
  /// Whether it was done.
  public static var result: Self { Self("result") }
}

extension Measurement {
  /// Actions of people and programs over HTTP. The accounts' own file has the same, and is the one that counts.
  public static let audit = Measurement(
    "audit",
    contents: "each change, login and refusal at the HTTP interface",
    tags: [.instance, .action],
    fields: [
      .text(.user, "name of the account; empty if nobody is known"), .text(.address, "address of the client"),
      .text(.target, "what it was done to"), .text(.result, "`done`, or `refused:` and why"),
    ])
}
