#!/bin/sh
# Starts Grafana with the password of the database. The file of the data source takes it from the environment as it is,
# while a password from `$__file{…}` would be searched for names of variables.
set -eu
WATTLINE_INFLUXDB_PASSWORD=$(cat "${GRAFANA_SECRETS:-/secrets/grafana}/influxdb-password")
export WATTLINE_INFLUXDB_PASSWORD
exec "${GRAFANA_RUN:-/run.sh}" "$@"
