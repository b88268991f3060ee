import WattlineTime

/// Points that take long, or a person, to come about: a scenario, answered alerts and commands, a battery's past day,
/// old hours and days, and the points of a plant in trouble.
struct RarePoints {
  private let plant: String
  private let load: String
  private let sensor: String
  /// Milliseconds since 1970.
  private let time: Int64

  /// Creates the points of a plant.
  ///
  /// - Parameters:
  ///   - plant: Name of the plant.
  ///   - load: Name of its load.
  ///   - sensor: Name of a sensor of the load.
  ///   - time: Time of the points.
  init(plant: String, load: String, sensor: String, at time: Timestamp) {
    func escaped(_ name: String) -> String { name.replacing(/[ ,=]/) { "\\" + $0.output } }
    (self.plant, self.load, self.sensor) = (escaped(plant), escaped(load), escaped(sensor))
    self.time = time.nanoseconds / 1_000_000
  }

  /// Line protocol.
  var lines: String {
    (scenario + alerts + commands + reports + states + savings + communities + periods).joined(separator: "\n")
  }

  private var scenario: [String] {
    let names = ["load_kw", "cost", "peak_kw"].flatMap { name in ["p10", "p50", "p90"].map { "\(name)_\($0)=1" } }
    return [
      "scenario,plant=\(plant),scenario=more\\ PV recorded_kw=1,cost_without=1,peak_kw_without=1,\(names.joined(separator: ",")) \(time)"
    ]
  }

  private var alerts: [String] {
    func alert(_ rule: String, state: String, cause: String = "", severity: String = "warning", rank: Int = 2) -> String
    {
      let texts = ["status": "raised", "id": rule, "state": state, "cause": cause, "severity": severity, "title": "t"]
      let fields = texts.map { "\($0.key)=\"\($0.value)\"" } + ["text=\"x\",cause_title=\"\",rank=\(rank)i"]
      return
        "alerts,plant=\(plant),asset=\(load),rule=\(rule) \(fields.joined(separator: ",")),since_ms=\(time)i \(time)"
    }
    return [
      alert("returned", state: "returned"), alert("shelved", state: "shelved"),
      alert("follows", state: "acknowledged", cause: "c"),
      alert("worst", state: "unacknowledged", severity: "critical", rank: 3),
    ]
  }

  private var commands: [String] {
    ["followed", "not_followed", "advised", "expired", "rejected", "refused", "awaiting"].enumerated().map {
      offset, state in
      "command,plant=\(plant),asset=\(load) id=\"i\",action=\"OPTIMIZE\",setpoint_kw=1,reason=\"r\",state=\"\(state)\","
        + "mode=\"confirm\",expires=\"later\",predicted_kw=1,predicted_cost=1,actual_kw=1 \(time - Int64(offset))"
    } + [
      "dispatch,plant=\(plant),asset=bess recommended_kw=1,rule_kw=1,actual_kw=1,soc=0.5,regret=1,shield=true,"
        + "day_saving=1,day_saving_followed=2,day_saving_optimal=3,"
        + "reason=\"limit\" \(time)"
    ]
  }

  /// Reports of processes whose plants are well, and are not. They are fresh for as long as a test takes.
  private var reports: [String] {
    [("calm", 0, 0), ("warned", 0, 1), ("alarmed", 1, 0)].map { instance, critical, warnings in
      "pipeline,instance=\(instance),stage=process critical=\(critical)i,warnings=\(warnings)i,"
        + "reported_ms=\(time + 60_000)i \(time)"
    }
      + [("calm", 0, 0), ("warned", 0, 1), ("alarmed", 1, 0)].map { name, critical, warnings in
        "plant_state,plant=\(name) critical=\(critical)i,warnings=\(warnings)i,reported_ms=\(time + 60_000)i \(time)"
      } + [
        "source_state,plant=calm,source=portal state=\"failing\",rows=4i,error=\"503\",last_success_ms=\(time)i,"
          + "next_ms=\(time + 9_000)i,reported_ms=\(time + 60_000)i \(time)",
        "pipeline,instance=calm,stage=interface requests=1i,slow=0i,failed=0i,refused=0i,url=\"http://x/\" \(time)",
        "pipeline,instance=calm,stage=interface requests=2i,slow=0i,failed=0i,refused=0i,url=\"http://x/\" "
          + "\(time + 4_000)",
        "pipeline,instance=calm,stage=interface requests=9i,slow=1i,failed=1i,refused=1i,url=\"http://x/\" "
          + "\(time + 8_000)",
      ]
  }

  private var states: [String] {
    ["no_data", "not_followed", "process_disk"].map {
      "alert_state,plant=\(plant),asset=_plant,rule=\($0) active=1i \(time)"
    } + [
      "health,plant=\(plant),asset=\(load) index=50,state=\"poor\",contributors=\"power\",anomaly=0.5,drift=0.1,"
        + "trend_per_day=-1,maintenance_days=9,maintenance_days_low=8,maintenance_days_high=10,performance_ratio=0.8,"
        + "soc_estimate=50,soc_estimate_sd=1,soh_estimate=98,innovation=0,innovation_sd=1 \(time)",
      "alert_rate,plant=\(plant) raised=1i,average=1,peak=1,standing=1i,stale=0i,shelved=0i,chattering=0i \(time)",
      "kpi,plant=\(plant) carbon_kg=1,exchange_share=1 \(time - 1)",
      "kpi,plant=\(plant) import_limit_kw=300,export_limit_kw=150 \(time - 2)",
      "clean,plant=\(plant),asset=grid,sensor=frequency,unit=Hz value=50,quality=0i \(time)",
      "clean,plant=\(plant),asset=grid,sensor=current,unit=A value=50,quality=0i \(time)",
    ]
  }

  /// A day and a month of a meter whose savings are verified.
  private var savings: [String] {
    let figures =
      "predicted_kwh=10,actual_kwh=9,deviation_pct=-10,half_kwh=1,cumulative_kwh=1,guaranteed_kwh=1,"
      + "cost_saved=1,carbon_saved_kg=1"
    return [
      "savings,plant=\(plant),meter=grid,model=1.0.0 \(figures),measures=\"lighting\" \(time)",
      "savings_month,plant=\(plant),meter=grid,model=1.0.0 \(figures),cumulative_half_kwh=1,state=\"alert\" \(time)",
      "savings_operation,plant=\(plant),meter=grid expected_kwh=10,actual_kwh=9,deviation_pct=-10,half_kwh=1,"
        + "model=\"1.0.0\" \(time)",
      "savings_operation_month,plant=\(plant),meter=grid expected_kwh=10,actual_kwh=9,deviation_pct=-10,half_kwh=1,"
        + "model=\"1.0.0\",state=\"alert\" \(time)",
      "savings_event,plant=\(plant),meter=grid id=\"E1\",last_day=\"2026-01-01\",effect_kwh=5,decision=\"confirmed\","
        + "by=\"anna\" \(time)",
      "savings_investigation,plant=\(plant),meter=grid id=\"I1\",state=\"open\",severity=\"warning\","
        + "since_day=\"2026-01-01\",deviation_pct=7,half_kwh=1,candidates=\"c\",cause=\"d\",by=\"anna\" \(time)",
      "savings_work,plant=\(plant) id=\"M1\",work=\"maintenance\",text=\"filter\",worked_asset=\"bess\",by=\"anna\" "
        + "\(time)",
    ]
  }

  /// A quarter of an hour of a community that runs, its day ahead, a member and two variants of a study.
  private var communities: [String] {
    let flows = "import_kw=3,export_kw=0,price=0.3,grid_price=0.3,carbon_kg_kwh=0.4"
    return [
      "community,community=village members=2i,metered=2i,net_kw=3,net_deviation_kw=1,load_kw=4,generation_kw=1,"
        + "battery_kw=0,car_kw=0,\(flows),grid_export_price=0.1,peak_kw=5,export_peak_kw=1,import_limit_kw=9,"
        + "export_limit_kw=9,cost_ahead=4,cost_alone=5,gain=1,carbon_ahead_kg=2,bound=4,gap=0,solve_s=1,"
        + "reason=\"decided\" \(time)",
      "community_ahead,community=village p10=1,p50=2,p90=3,\(flows) \(time)",
      "community_ahead,community=village p10=1,p50=2,p90=3,\(flows) \(time + 3_600_000)",
      "community_member,plant=\(plant),community=village present=true,battery_kw=1,car_kw=1,net_kw=1,price=0.3,"
        + "cost_ahead=2,cost_alone=3,gain=1,measured_kw=1.1,followed=true,deviation_cost=0.1 \(time)",
    ]
      + ["base", "sun"].map {
        "community_scenario,community=village,scenario=\($0) cost=9,p10=8,p90=10,peak_kw=5,carbon_kg=3,"
          + "self_sufficiency=0.4 \(time)"
      }
  }

  /// Hours and days of the past, which long time ranges read.
  private var periods: [String] {
    [("clean_1h", 3), ("clean_1h", 20), ("clean_1d", 70)].flatMap { name, days in
      [load, "grid"].flatMap { asset in
        ["power", "voltage", "frequency", "current", sensor].map { sensor in
          "\(name),plant=\(plant),asset=\(asset),sensor=\(sensor),unit=kW mean=1,energy_kwh=1,good_share=1 "
            + "\(time - Int64(days) * 86_400_000)"
        }
      }
    }
  }
}
