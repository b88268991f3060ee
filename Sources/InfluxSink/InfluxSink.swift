// InfluxSink: being built.
