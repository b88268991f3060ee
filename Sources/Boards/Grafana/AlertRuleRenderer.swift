/// Rules of alerts as a file of Grafana's provisioning.
enum AlertRuleRenderer {
  static func render(_ rules: [AlertRule]) -> JSON {
    let group: JSON = [
      "orgId": 1, "name": "wattline", "folder": "Wattline", "interval": "30s", "rules": .list(rules.map(rule)),
    ]
    return ["apiVersion": 1, "groups": [group]]
  }

  private static func rule(_ rule: AlertRule) -> JSON {
    [
      "uid": .text("wattline-\(rule.id)"), "title": .text(rule.title), "condition": "C",
      "data": [
        step(
          "A", "wattline-influxdb", ["query": .text(rule.query.text), "rawQuery": true, "resultFormat": "time_series"]),
        step(
          "B", "__expr__", ["type": "reduce", "expression": "A", "reducer": "last", "settings": ["mode": "dropNN"]]),
        step(
          "C", "__expr__",
          [
            "type": "threshold", "expression": "B",
            "conditions": [["evaluator": ["type": rule.isAbove ? "gt" : "lt", "params": [.number(rule.limit)]]]],
          ]),
      ],
      // A database that does not answer keeps the state; the first rule tells of silence.
      "noDataState": .text(rule.silence.rawValue),
      "execErrState": rule.silence == .alarm ? "Alerting" : "KeepLast", "for": .text(rule.pending),
      "annotations": [
        "summary": .text(rule.summary), "board": .text("/d/wattline-\(rule.board)"),
      ], "labels": ["severity": .text(rule.severity)], "isPaused": false,
    ]
  }

  private static func step(_ name: String, _ source: String, _ model: JSON) -> JSON {
    var model = model
    model["refId"] = .text(name)
    return [
      "refId": .text(name), "relativeTimeRange": ["from": 86_400, "to": 0], "datasourceUid": .text(source),
      "model": model,
    ]
  }
}
