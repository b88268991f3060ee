import PointSchema

/// The board Alerts.
enum AlertsBoard {
  static let board = Board(
    id: "alerts", title: "Alerts", question: "What do I do now?", refresh: "10s",
    variables: [
      Variable(
        name: "plant", label: "Plant", description: "Plants that have data in the time range",
        kind: .values(of: .plant, in: .clean, where: [], limit: nil), isMultiple: true, offersAll: true),
      Variable(
        name: "alert", label: "Alert", description: "Id of an alert; a click on an id below puts it here", kind: .box),
      Variable(
        name: "of", label: "of plant", description: "Plant of that alert; a click on an id below puts it here",
        kind: .box),
      Variable(
        name: "whole", label: "Whole text", description: "What was seen and what to do, of that alert",
        kind: .value(
          Query(
            [field(.text).last], from: .alerts,
            where: [.chosen(.plant, by: "of"), field(.id).matches("^${alert:regex}$")], in: .recent("90d"))),
        isHidden: true),
    ],
    rows: [
      Row(panels: [causes, answer, page, followers]),
      Row(title: "Set aside, and over but not acknowledged", panels: [shelved, returned]),
      Row(title: "What came and went", isCollapsed: true, panels: [history]),
      Row(title: "Load on operators, by EEMUA 191", panels: [rates, rateOverTime]),
    ])

  private static let here: [Condition] = [.chosen(.plant)]

  private static let causes = Standing.table(
    "Act on these, from the top",
    """
    Alerts that stand and follow from no other: severity first, then what nobody has acknowledged. A click on an id \
    shows how to acknowledge it; a click on an asset opens it.
    """, size: (24, 12), of: here, where: [Standing.isActive, field(.cause) == ""], without: ["Follows from"])

  private static let answer = Panel(
    "Acknowledge or shelve", "The whole text of the alert whose id was clicked on, and the line that answers it.",
    size: (17, 8),
    .words(
      """
      **${whole:raw}**

      Click on an id above: its whole text appears here, and it and its plant in these lines. Put in your name, and \
      run one of them. In the topic, `/ + # %` of a plant's name are written as `%2F %2B %23 %25`.

      ```
      mosquitto_pub -q 1 -t 'wattline/${of:raw}/alerts/set' -m '{"id": "${alert:raw}", \
      "action": "acknowledge", "by": "NAME"}'
      mosquitto_pub -q 1 -t 'wattline/${of:raw}/alerts/set' -m '{"id": "${alert:raw}", \
      "action": "shelve", "for": "2h", "by": "NAME"}'
      ```
      """), [])

  private static let page = ActPage.panel(
    "Acknowledge or shelve", query: "alert=${alert:percentencode}&plant=${of:percentencode}", size: (7, 8))

  private static let followers = Standing.table(
    "What follows from them",
    "Alerts that stand and follow from another; they end with it. None needs action of its own.",
    size: (24, 8), of: here, where: [Standing.isActive, field(.cause) != ""])

  private static let shelved = Standing.table(
    "Shelved", "Alerts that a person has set aside for a time. Nobody is notified of them.", size: (24, 5), of: here,
    where: [field(.state) == "shelved"], without: ["State", "Follows from"])

  private static let returned = Standing.table(
    "Over, and not acknowledged", "Alerts whose condition is over and that nobody has acknowledged.", size: (24, 5),
    of: here, where: [field(.state) == "returned"], without: ["State", "Follows from"])

  private static let history = Panel(
    "Changes, newest first", "Every change of an alert in the time range, at most 200 of each asset.", size: (24, 12),
    .table(
      [
        Column("Time", "Time", .text, width: 160),
        Column("Plant", "plant", width: 110),
        Column("Asset", "asset", width: 110),
        Column("Severity", "rank", .severity, width: 95),
        Column("Change", "status", width: 110),
        Column("What", "title", width: 220),
        Column("Follows from", "cause_title", width: 170),
        Column("What was seen, and what to do", "text", isWrapped: true),
      ], sort: [("Time", true)]),
    [
      Target(
        Query(
          [field(.rank), field(.status), field(.title), field(.causeTitle), field(.text)], from: .alerts, where: here,
          by: [.plant, .asset], newest: 200))
    ])

  private static let rates = Panel(
    "Alert rates of each plant",
    """
    Alerts raised in ten minutes, on average and at most in a day, and what stands. EEMUA 191: on average less than 1 \
    is acceptable and 10 are not; 10 standing are too many; what stands for a day is stale.
    """, size: (14, 9),
    .table(
      [
        Column("Plant", "plant", link: Link("This plant", to: "plant", [("plant", .cell)])),
        Column(
          "Average in 10 min", "average", .number(.none, decimals: 2, threshold: .above(amber: 1, red: 10)),
          width: 140),
        Column(
          "Most in 10 min", "peak", .number(.none, decimals: 0, threshold: .above(amber: 10, red: 100)), width: 130),
        Column("Standing", "standing", .number(.none, decimals: 0, threshold: .above(amber: 10)), width: 100),
        Column("Stale", "stale", .number(.none, decimals: 0, threshold: .above(amber: 1)), width: 90),
        Column("Shelved", "shelved", .number(.none, decimals: 0), width: 90),
        Column("Chattering", "chattering", .number(.none, decimals: 0, threshold: .above(amber: 1)), width: 100),
      ], sort: [("Average in 10 min", true)]),
    [
      Target(
        Query(
          [
            field(.average).last.named("average"), field(.peak).named("peak"), field(.standing).named("standing"),
            field(.stale).named("stale"), field(.shelved).named("shelved"), field(.chattering).named("chattering"),
          ], from: .alertRate, where: here, in: .recent("1d"), by: [.plant]))
    ])

  private static let rateOverTime = Panel(
    "Alerts raised in ten minutes", "Most alerts that were raised in ten minutes, by plant.", size: (10, 9),
    .lines(Lines(format: .number(.none, decimals: 0), style: .bars, fromZero: true)),
    [
      Target(
        "$tag_plant",
        Query([field(.raised).maximum], from: .alertRate, where: here, by: [.plant], every: .fixed("10m"), fill: .none))
    ])
}
