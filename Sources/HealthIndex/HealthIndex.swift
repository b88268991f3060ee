// HealthIndex: being built.
