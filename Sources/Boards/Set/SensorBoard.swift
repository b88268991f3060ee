import PointSchema

/// The board Sensor.
enum SensorBoard {
  static let board = Board(
    id: "sensor", title: "Sensor", question: "What did a sensor do?",
    variables: [.plant(), .asset(), .find, .sensors],
    annotations: Annotation.all,
    rows: [
      Row(panels: [clean, raw, quality, qualities, arrivals, windows, energy, goodShare])
    ])

  private static let here: [Condition] = [.chosen(.plant), .chosen(.asset), .chosen(.sensor)]

  private static let clean = Panel(
    "Cleaned",
    """
    Cleaned readings of the last two days, means of hours before, and of days before two months. Red dots are readings \
    that are not good.
    """, size: (24, 9),
    .lines(
      Lines(
        format: .number(.none),
        series: [
          Lines.Series(name: "^(?!not good)", color: Palette.blue, isPattern: true),
          Lines.Series(name: "not good", color: Palette.red, isPoints: true),
        ])), Readings.targets(here))

  private static let raw = Panel(
    "Raw: as it arrived", "Readings as they arrived, in the sensor's own unit.", size: (12, 8),
    .lines(Lines(format: .number(.none), series: [Lines.Series(name: ".*", color: Palette.text, isPattern: true)])),
    [
      Target(
        "$tag_sensor [$tag_unit]",
        Query(
          [field(.value).mean], from: .raw, where: here, in: .rangeWithin("7d"), by: [.sensor, .unit],
          every: .automatic, fill: .null))
    ])

  private static let quality = Panel(
    "Worst quality",
    """
    0 good, 1 imputed, 2 out of range, 3 rate, 4 spike, 5 stuck, 6 duplicate, 7 late, 9 future: the greatest code of \
    each interval.
    """, size: (12, 8),
    .lines(
      Lines(
        format: .number(.none, decimals: 0), style: .points,
        series: [Lines.Series(name: ".*", color: Palette.text, isPoints: true, isPattern: true)], fromZero: true)),
    [
      Target(
        "$tag_sensor",
        Query(
          [field(.quality).maximum], from: .clean, where: here, in: .rangeWithin("7d"), by: [.sensor],
          every: .automatic))
    ])

  private static let qualities = Panel(
    "Readings, and how many are not good",
    "Number of readings of the last week of the time range, how many were not good, and how many were estimated.",
    size: (12, 7),
    .table([
      Column("Sensor", "sensor"), Column("Unit", "unit", width: 70),
      Column("Readings", "readings", .number(.none, decimals: 0), width: 100),
      Column("Not good", "bad", .number(.none, decimals: 0), width: 100),
      Column(
        "Share", "share", .number(.share, decimals: 2, threshold: .above(amber: 0.01, red: 0.5)), width: 90),
      Column("Last", "last", .number(.none), width: 100),
    ]),
    [
      Target(
        Query(
          [
            column("bad").sum.named("bad"), column("bad").count.named("readings"),
            (column("bad").sum / column("bad").count).named("share"),
          ],
          from: Query(
            [(field(.quality) / 10).ceiling.named("bad")], from: .clean, where: here, in: .rangeWithin("7d"),
            by: [.sensor, .unit]), by: [.sensor, .unit])),
      Target(
        Query(
          [field(.value).last.named("last")], from: .clean, where: here, in: .rangeWithin("7d"), by: [.sensor, .unit])),
    ])

  private static let arrivals = Panel(
    "Readings in each interval", "How many readings arrived. A gap is an interval without any.", size: (12, 7),
    .lines(
      Lines(
        format: .number(.none, decimals: 0), style: .bars,
        series: [Lines.Series(name: ".*", color: Palette.text, isPattern: true)], fromZero: true)),
    [
      Target(
        "$tag_sensor",
        Query(
          [field(.value).count], from: .clean, where: here, in: .rangeWithin("7d"), by: [.sensor], every: .automatic))
    ])

  private static let windows = Panel(
    "Windows of a quarter of an hour", "Mean of each window, between its least and greatest value.", size: (12, 8),
    .lines(
      Lines(
        format: .number(.none),
        series: [
          Lines.Series(name: "least", color: Palette.blue, width: 0),
          Lines.Series(name: "greatest", color: Palette.blue, fillsDownTo: "least", width: 0),
          Lines.Series(name: "mean", color: Palette.blue),
        ])),
    [
      Target(
        "$col",
        Query(
          [
            field(.minimum).minimum.named("least"), field(.mean).mean.named("mean"),
            field(.maximum).maximum.named("greatest"),
          ], from: .feature, where: here + [.tag(.window, is: "15m")], every: .automatic))
    ])

  private static let energy = Panel(
    "Energy in each hour", "Of a power or a counter: energy of each hour by the plant's clock.", size: (6, 8),
    .lines(
      Lines(
        format: .number(.kilowattHour), style: .bars,
        series: [Lines.Series(name: ".*", color: Palette.blue, isPattern: true)], fromZero: true)),
    [
      Target(
        "$tag_sensor",
        Query([field(.energy).sum], from: .cleanHourly, where: here, by: [.sensor], every: .fixed("1h")))
    ])

  private static let goodShare = Panel(
    "Share of good readings", "Of each hour by the plant's clock.", size: (6, 8),
    .lines(
      Lines(
        format: .number(.share, decimals: 0),
        series: [Lines.Series(name: ".*", color: Palette.green, isPattern: true)], fromZero: true)),
    [
      Target(
        "$tag_sensor",
        Query([field(.goodShare).mean], from: .cleanHourly, where: here, by: [.sensor], every: .automatic))
    ])
}
