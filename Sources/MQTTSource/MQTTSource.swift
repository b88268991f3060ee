// MQTTSource: being built.
