import PlantModel
import Testing

/// Units in the spellings of devices and of the software in front of them.
struct DeviceUnitTests {
  /// Spellings, and the symbol of the unit that they mean.
  typealias Row = (source: String, spellings: [String: String])

  static let rows: [Row] = [
    (
      "Home Assistant's device classes",
      [
        "VA": "VA", "mVA": "mVA", "kVA": "kVA", "hPa": "hPa", "mbar": "hPa", "inHg": "inHg", "inH₂O": "inH2O",
        "mmHg": "mmHg", "psi": "psi", "kPa": "kPa", "bar": "bar", "A": "A", "mA": "mA", "km": "km", "mi": "mi",
        "d": "d", "h": "h", "min": "min", "s": "s", "ms": "ms", "μs": "µs", "µs": "µs", "J": "J", "kJ": "kJ",
        "MJ": "MJ",
        "GJ": "GJ", "mWh": "mWh", "Wh": "Wh", "kWh": "kWh", "MWh": "MWh", "GWh": "GWh", "TWh": "TWh", "cal": "cal",
        "kcal": "kcal", "Mcal": "Mcal", "Gcal": "Gcal", "kWh/100km": "kWh/100km", "Wh/km": "Wh/km", "Hz": "Hz",
        "kHz": "kHz", "MHz": "MHz", "L": "L", "m³": "m³", "ft³": "ft³", "CCF": "CCF", "MCF": "MCF", "%": "%",
        "lx": "lx", "W/m²": "W/m²", "ppm": "ppm", "ppb": "ppb", "µg/m³": "µg/m³", "μg/m³": "µg/m³", "mg/m³": "mg/m³",
        "mW": "mW", "W": "W", "kW": "kW", "MW": "MW", "GW": "GW", "BTU/h": "BTU/h", "mm/h": "mm/h", "in/h": "in/h",
        "mm/d": "mm/d", "varh": "varh", "kvarh": "kvarh", "var": "var", "kvar": "kvar", "dB": "dB", "dBm": "dBm",
        "m/s": "m/s", "km/h": "km/h", "mph": "mph", "kn": "knot", "ft/s": "ft/s", "°C": "°C", "°F": "°F", "K": "K",
        "V": "V", "mV": "mV", "µV": "µV", "kV": "kV", "mL": "mL", "gal": "gal", "m³/h": "m³/h", "m³/min": "m³/min",
        "m³/s": "m³/s", "ft³/min": "ft³/min", "L/h": "L/h", "L/min": "L/min", "L/s": "L/s", "gal/min": "gal/min",
        "gal/h": "gal/h", "mL/s": "mL/s", "kg": "kg", "g": "g", "lb": "lb", "°": "deg", "EUR/kWh": "/kWh",
        "€/kWh": "/kWh", "gCO2eq/kWh": "g/kWh", "gCO₂eq/kWh": "g/kWh",
      ]
    ),
    (
      "Tasmota, Zigbee2MQTT, Shelly and ESPHome",
      [
        "C": "°C", "F": "°F", "VAR": "var", "VAr": "var", "kVARh": "kvarh", "kVAr": "kvar", "kVAh": "kVAh",
        "ug/m3": "µg/m³", "RPM": "rpm", "pulses": "count", "pulses/min": "", "Lux": "lx", "LUX": "lx", "Watt": "W",
        "Volt": "V", "Amp": "A", "Amps": "A", "L/min": "L/min", "l/min": "L/min", "m³/h": "m³/h", "hpa": "hPa",
        "KWh": "kWh", "Kwh": "kWh", "KWH": "kWh", "kWH": "kWh", "watts": "W", "Ohms": "ohm", "ohms": "ohm", "Ω": "ohm",
        "kΩ": "kohm", "kOhm": "kohm", "#": "count", "l/h": "L/h", "L/H": "L/h", "degC": "°C", "Deg C": "°C",
        "deg. C": "°C", "ºC": "°C", "˚C": "°C", "℃": "°C", "Â°C": "°C", "W/m2": "W/m²", "W/m^2": "W/m²",
        "W/m**2": "W/m²", "w/m2": "W/m²", "W/㎡": "W/m²", "wh": "Wh", "v": "V", "a": "A", "w": "W", "hz": "Hz",
        "°c": "°C", "cbm": "m³", "m3": "m³", "M3": "m³", "m3/h": "m³/h",
      ]
    ),
    (
      "OpenEMS, Victron, inverters and meters",
      [
        "Wh_Σ": "Wh", "kWh_Σ": "kWh", "VOLT_AMPERE_REACTIVE": "var", "VOLT_AMPERE_REACTIVE_HOURS": "varh",
        "KILOVOLT_AMPERE": "kVA", "WATT_HOURS": "Wh", "KILOWATT_HOURS": "kWh", "DEGREE_CELSIUS": "°C",
        "MILLIAMPERE": "mA", "MILLIVOLT": "mV", "MILLIHERTZ": "mHz", "AMPERE_HOURS": "Ah", "Ah": "Ah", "mAh": "mAh",
        "A h": "Ah", "A·h": "Ah", "Ahr": "Ah", "Amp Hours": "Ah", "amp-hours": "Ah", "VAC": "V", "VDC": "V",
        "V AC": "V", "V (DC)": "V", "Vrms": "V", "Aac": "A", "ADC": "A", "kWp": "kW", "Wp": "W", "MWp": "MW",
        "kWel": "kW", "kW_th": "kW", "kWac": "kW", "kWh_el": "kWh", "kWhth": "kWh", "kW-hr": "kWh", "kW-hours": "kWh",
        "kW.h": "kWh", "W·h": "Wh", "kVARhr": "kvarh", "MVAr": "Mvar", "Mvar": "Mvar", "% SoC": "%", "%RH": "%",
        "% RH": "%", "Nm³/h": "Nm³/h", "m3/hr": "m³/h", "cos φ": "1", "PF": "1", "min-1": "rpm", "1/min": "rpm",
        "min⁻¹": "rpm", "U/min": "rpm", "rev/min": "rpm", "bar(g)": "bar", "barg": "bar", "psig": "psi",
        "kgf/cm²": "kgf/cm²", "Torr": "mmHg", "W m-2": "W/m²", "W·m⁻²": "W/m²", "Wm-2": "W/m²", "kWh m⁻²": "kWh/m²",
        "m s-1": "m/s", "µg m-3": "µg/m³", "W/qm": "W/m²", "[kWh]": "kWh", "(W)": "W", "MJ/m2": "MJ/m²",
        "J/cm^2": "J/cm²", "BTU/hr": "BTU/h", "Btu/h": "BTU/h", "lbs": "lb", "gals": "gal", "GPM": "gal/min",
        "CFM": "ft³/min", "cu ft": "ft³", "t/hr": "t/h", "kg/hr": "kg/h", "m3(n)": "Nm³",
      ]
    ),
    (
      "words",
      [
        "degrees Celsius": "°C", "Degrees Celsius": "°C", "degree celsius": "°C", "degrees-celsius": "°C",
        "degrees centigrade": "°C", "celsius": "°C", "degrees Fahrenheit": "°F", "degrees-kelvin": "K", "Kelvin": "K",
        "litres per hour": "L/h", "Liters per minute": "L/min", "liters-per-second": "L/s", "litersPerHour": "L/h",
        "litres/hour": "L/h", "litre/h": "L/h", "cubic metres": "m³", "cubic meters per hour": "m³/h",
        "CUBIC_METER_PER_HOUR": "m³/h", "Cubic Feet": "ft³", "cubic feet per minute": "ft³/min",
        "cubic-feet-per-minute": "ft³/min", "metres cubed": "m³", "gallons per minute": "gal/min",
        "us-gallons-per-minute": "gal/min", "Watts/m2": "W/m²", "Watt/m²": "W/m²", "watts per square metre": "W/m²",
        "watts-per-square-meter": "W/m²", "Watts per meter squared": "W/m²", "w_per_m2": "W/m²",
        "kilowatt hours per square meter": "kWh/m²", "kilowatts": "kW", "Kilowatt": "kW", "megawatts": "MW",
        "milliwatts": "mW", "kilowatt-hours": "kWh", "Kilowatt Hours": "kWh", "watt-hours": "Wh",
        "Megawatt hour": "MWh",
        "volts": "V", "millivolts": "mV", "kilovolts": "kV", "amperes": "A", "milliamps": "mA", "microamps": "µA",
        "volt-amperes": "VA", "Volt-Amps": "VA", "kilovolt-amperes": "kVA", "volt-amperes-reactive": "var",
        "kilovolt-amperes-reactive": "kvar", "kilovars": "kvar", "kilovolt-ampere-hours": "kVAh",
        "volt ampere reactive hours": "varh", "Hertz": "Hz", "kilohertz": "kHz", "Ohm": "ohm", "kilohms": "kohm",
        "megohms": "MΩ", "milliohms": "mΩ", "percent": "%", "per cent": "%", "Percentage": "%",
        "percent-relative-humidity": "%", "pascals": "Pa", "hectopascals": "hPa", "Kilopascal": "kPa",
        "millibars": "hPa", "bars": "bar", "pounds-force-per-square-inch": "psi", "pounds per square inch": "psi",
        "meters per second": "m/s", "metres/sec": "m/s", "kilometers per hour": "km/h", "miles per hour": "mph",
        "knots": "knot", "seconds": "s", "secs": "s", "minutes": "min", "mins": "min", "hours": "h", "hrs": "h",
        "days": "d", "milliseconds": "ms", "joules": "J", "kilojoules": "kJ", "gigajoules": "GJ",
        "kilocalories": "kcal",
        "therms": "therm", "btus-per-hour": "BTU/h", "kilo-btus": "kBTU", "tons-refrigeration": "TR",
        "revolutions-per-minute": "rpm", "parts per million": "ppm", "parts-per-million": "ppm", "luxes": "",
        "degrees": "deg", "radians": "rad", "kilograms": "kg", "tonnes": "t", "pounds": "lb", "grams": "g",
        "kilograms per hour": "kg/h", "millimeters per hour": "mm/h", "inches per hour": "in/h", "inches": "in",
        "micrograms per cubic meter": "µg/m³", "milligrams per cubic metre": "mg/m³", "decibels": "dB",
        "square metres": "", "grams CO2 per kWh": "g/kWh", "kg CO₂ per MWh": "g/kWh", "cents per kWh": "ct/kWh",
        "EUR per kWh": "/kWh", "Euro / kilowatt hour": "/kWh", "ct per kilowatt-hour": "ct/kWh",
        "US dollars per kWh": "",
      ]
    ),
  ]

  @Test(arguments: rows)
  func `units are understood as devices write them`(_ row: Row) {
    for (spelling, symbol) in row.spellings {
      #expect(Unit.named(spelling)?.symbol ?? "" == symbol, "\(row.source): \(spelling)")
    }
  }

  @Test(arguments: [
    "kilo", "per", "per hour", "hours per", "watt volt", "squared", "kilosquared", "kW/h", "L/kWh", "ampere per",
    "MWe7", "Vp", "dc", "VARS", "Vas", "kvas", "C/kWh/h", "W m-2 d-1", "millions", "kiloFoo", "degrees North",
    "reactive",
    "W//m2", "perW", "squarewatt", "ma-hours per", "WT", "WE", "wt", "Jp",
  ])
  func `what only looks like a unit is none`(_ text: String) {
    #expect(Unit.named(text) == nil, "\(Unit.named(text)?.symbol ?? "")")
  }
}
