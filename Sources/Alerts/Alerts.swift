// Alerts: being built.
