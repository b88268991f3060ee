extension ProcessSettings {
  /// Returns these settings with user names, secrets and files of certificates of `other`: what changes without a
  /// restart.
  public func taking(credentialsOf other: ProcessSettings) -> ProcessSettings {
    var settings = self
    settings.mqtt = mqtt.taking(credentialsOf: other.mqtt)
    settings.influxdb.token = other.influxdb.token
    settings.influxdb.username = other.influxdb.username
    settings.influxdb.password = other.influxdb.password
    settings.influxdb.caFile = other.influxdb.caFile
    if let webhook = other.alerts.webhook {
      settings.alerts.webhook?.token = webhook.token
      settings.alerts.webhook?.caFile = webhook.caFile
    }
    if let email = other.alerts.email {
      settings.alerts.email?.username = email.username
      settings.alerts.email?.password = email.password
      settings.alerts.email?.caFile = email.caFile
    }
    return settings
  }
}

extension BrokerSettings {
  /// Returns these settings with user name, password and files of certificates of `other`.
  public func taking(credentialsOf other: BrokerSettings) -> BrokerSettings {
    var settings = self
    settings.username = other.username
    settings.password = other.password
    settings.caFile = other.caFile
    settings.certificateFile = other.certificateFile
    settings.keyFile = other.keyFile
    return settings
  }
}
