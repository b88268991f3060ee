import PointSchema

/// A panel in the form that Grafana 11 to 13 load, without its place.
struct PanelRenderer {
  let panel: Panel
  let board: Board

  var rendered: JSON {
    var json: JSON = [
      "type": .text(type), "title": .text(panel.title), "description": .text(panel.description),
      "datasource": BoardRenderer.source, "targets": .list(targets), "fieldConfig": fieldConfig, "options": options,
    ]
    if case .table(let columns, _) = panel.kind { json["transformations"] = transformations(columns) }
    if let cut = panel.cut {
      json["transformations"] = [
        ["id": "renameByRegex", "options": ["regex": .text(cut), "renamePattern": ""]]
      ]
    }
    if case .lines = panel.kind, panel.targets.contains(where: { $0.query.measurement == .kpi }) {
      // Powers come each minute; between them shorter intervals have gaps, and no line is drawn.
      json["interval"] = "1m"
    }
    if let span = panel.ownSpan { json["timeFrom"] = .text(span) }
    if let shift = panel.shift {
      json["timeShift"] = .text(shift)
      json["hideTimeOverride"] = true
    }
    if let repeated = panel.repeated {
      json["repeat"] = .text(repeated)
      json["repeatDirection"] = "h"
      json["maxPerRow"] = .integer(max(1, 24 / panel.size.width))
    }
    return json
  }

  private var type: String {
    switch panel.kind {
    case .figures: "stat"
    case .lines: "timeseries"
    case .table: "table"
    case .words: "text"
    }
  }

  private var targets: [JSON] {
    zip(panel.targets, "ABCDEFGHIJKLMNOPQRSTUVWXYZ").map { target, letter in
      var json: JSON = [
        "refId": .text(String(letter)), "datasource": BoardRenderer.source, "query": .text(target.query.text),
        "rawQuery": true, "resultFormat": .text(target.alias == nil ? "table" : "time_series"),
      ]
      json["alias"] = target.alias.map { .text($0) }
      return json
    }
  }

  private var fieldConfig: JSON {
    switch panel.kind {
    case .figures(let format, _, let levels):
      let overrides = levels.map { name, level -> JSON in
        [
          "matcher": ["id": "byName", "options": .text(name)],
          "properties": [property("color", FormatRenderer.fixed(Palette.ground(level)))],
        ]
      }
      return ["defaults": FormatRenderer(format).members, "overrides": .list(overrides)]
    case .lines(let lines): return LinesRenderer(lines: lines).fieldConfig
    case .table(let columns, _): return table(columns)
    case .words: return ["defaults": [:], "overrides": []]
    }
  }

  private var options: JSON {
    switch panel.kind {
    case .figures(let format, let naming, _):
      [
        "colorMode": format.threshold == nil ? "none" : "background", "graphMode": "none",
        "textMode": naming ? "value_and_name" : "value", "justifyMode": "center", "orientation": "auto",
        "reduceOptions": ["calcs": ["lastNotNull"], "fields": "", "values": false],
      ]
    case .lines:
      [
        "legend": ["displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []],
        "tooltip": ["mode": "multi", "sort": "none"],
      ]
    case .table(_, let sort):
      [
        "showHeader": true, "cellHeight": "sm",
        "sortBy": .list(sort.map { ["displayName": .text($0.column), "desc": .truth($0.descending)] }),
      ]
    case .words(let text): ["mode": "markdown", "content": .text(text)]
    }
  }

  private func table(_ columns: [Column]) -> JSON {
    [
      "defaults": [
        "noValue": .text(panel.empty ?? "–"),
        "custom": ["align": "left", "cellOptions": ["type": "auto"], "inspect": false],
      ],
      "overrides": .list(
        columns.map { column in
          [
            "matcher": ["id": "byName", "options": .text(column.title)],
            "properties": .list(properties(of: column)),
          ]
        }),
    ]
  }

  private func properties(of column: Column) -> [JSON] {
    var format = column.format
    format.missing = format.missing ?? "–"
    var properties = FormatRenderer(format).properties
    if column.isWrapped {
      properties.append(property("custom.cellOptions", ["type": "auto", "wrapText": true]))
    } else if column.format.threshold != nil {
      properties.append(property("custom.cellOptions", ["type": "color-background", "mode": "basic"]))
    }
    if let width = column.width { properties.append(property("custom.width", .integer(width))) }
    if let link = column.link {
      let address: JSON = ["title": .text(link.title), "url": .text(link.address(from: board)), "targetBlank": false]
      properties.append(property("links", [address]))
    }
    if let page = column.page {
      let address: JSON = ["title": .text(page.title), "url": .text(page.address), "targetBlank": true]
      properties.append(property("links", [address]))
    }
    return properties
  }

  /// The columns of all answers beside each other, in the order and with the titles of the panel.
  private func transformations(_ columns: [Column]) -> JSON {
    let names = columns.map(\.source)
    let filter: JSON = [
      "id": "filterFieldsByName", "options": ["include": ["names": .list(names.map { .text($0) })]],
    ]
    let merge: JSON = ["id": "merge", "options": [:]]
    let order: JSON = [
      "id": "organize",
      "options": [
        "indexByName": .object(names.enumerated().map { ($0.element, .integer($0.offset)) }),
        "renameByName": .object(columns.map { ($0.source, .text($0.title)) }), "excludeByName": [:],
      ],
    ]
    return panel.targets.count > 1 ? [filter, merge, order] : [filter, order]
  }
}

/// Returns a property of a series or column that differs from the others.
private func property(_ id: String, _ value: JSON) -> JSON { ["id": .text(id), "value": value] }

/// How a number is shown, as members of a field's defaults and as properties of an override.
struct FormatRenderer {
  let format: Format

  init(_ format: Format) { self.format = format }

  static func fixed(_ color: String) -> JSON { ["mode": "fixed", "fixedColor": .text(color)] }

  var members: JSON {
    var json: JSON = ["unit": .text(format.unit.id)]
    json["decimals"] = format.decimals.map { .integer($0) }
    json["noValue"] = format.missing.map { .text($0) }
    if !format.words.isEmpty { json["mappings"] = mappings }
    if let threshold = format.threshold {
      json["color"] = ["mode": "thresholds"]
      json["thresholds"] = FormatRenderer.steps(threshold)
    }
    return json
  }

  var properties: [JSON] {
    guard case .object(let members) = members else { return [] }
    return members.map { property($0.name, $0.value) }
  }

  private var mappings: JSON {
    let words = format.words.enumerated().map { position, word in
      (name: String(word.value), value: ["text": .text(word.word), "index": .integer(position)] as JSON)
    }
    return [["type": "value", "options": .object(words)]]
  }

  private static func steps(_ threshold: Threshold) -> JSON {
    let steps = threshold.steps.map { step -> JSON in
      ["color": .text(Palette.ground(step.level)), "value": step.from.map { .number($0) } ?? .null]
    }
    return ["mode": "absolute", "steps": .list(steps)]
  }
}

/// How series are drawn, as fields' defaults and overrides.
private struct LinesRenderer {
  let lines: Lines

  var fieldConfig: JSON {
    var defaults = FormatRenderer(lines.format).members
    defaults["color"] = ["mode": "palette-classic"]
    defaults["thresholds"] = nil
    if lines.fromZero { defaults["min"] = 0 }
    var custom: JSON = [
      "drawStyle": .text(lines.style.rawValue), "lineInterpolation": "linear", "lineWidth": 1.5,
      "fillOpacity": lines.style == .bars ? 70 : 0, "showPoints": lines.style == .points ? "always" : "never",
      "pointSize": 4, "spanNulls": false, "axisPlacement": "auto",
      "stacking": ["mode": lines.isStacked ? "normal" : "none", "group": "A"],
    ]
    // A bar's length is its value, so that its axis has zero.
    if lines.style == .bars { (custom["axisSoftMin"], custom["axisSoftMax"]) = (0, 0) }
    defaults["custom"] = custom
    return ["defaults": defaults, "overrides": .list(lines.series.map(override))]
  }

  private func override(_ series: Lines.Series) -> JSON {
    var properties = [property("color", FormatRenderer.fixed(series.color))]
    if series.width != 1.5 { properties.append(property("custom.lineWidth", .number(series.width))) }
    if series.isDashed { properties.append(property("custom.lineStyle", ["fill": "dash", "dash": [8, 6]])) }
    if series.isStepped { properties.append(property("custom.lineInterpolation", "stepAfter")) }
    if series.isPoints {
      properties += [
        property("custom.drawStyle", "points"), property("custom.showPoints", "always"),
        property("custom.pointSize", 7),
      ]
    }
    if let lower = series.fillsDownTo {
      properties += [property("custom.fillBelowTo", .text(lower)), property("custom.fillOpacity", 15)]
    }
    let matcher: JSON =
      series.isPattern
      ? ["id": "byRegexp", "options": .text("/\(series.name)/")]
      : ["id": "byName", "options": .text(series.name)]
    return ["matcher": matcher, "properties": .list(properties)]
  }
}
