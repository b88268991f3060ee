/// Grafana's versions that boards are written for.
public enum GrafanaVersion: String, CaseIterable, Sendable {
  /// Grafana 11 to 13.
  case current
  /// Grafana 7.5.
  case seven = "7"
}

/// The files of all boards and rules of alerts.
public enum BoardFiles {
  /// Name of the file with the rules of alerts.
  public static let alertRules = "wattline-rules.json"

  /// Returns the boards: name of the file and contents.
  ///
  /// - Parameter version: Version of Grafana that is to load them.
  public static func boards(for version: GrafanaVersion) -> [(name: String, contents: String)] {
    Board.all.map { board in
      let current = BoardRenderer.render(board, among: Board.all)
      let json = version == .seven ? Grafana7.derive(current) : current
      return (board.id + ".json", json.rendered() + "\n")
    }
  }

  /// Returns the rules of alerts as a file of Grafana's provisioning; Grafana 9 and later read it.
  public static var rules: String { AlertRuleRenderer.render(AlertRule.all).rendered() + "\n" }
}
