#!/bin/sh
# Makes the broker's password file from docker/.env: the user `wattline`, and one user for each plant named as argument
# (asked for on the terminal). Needs mosquitto_passwd, from Debian's package mosquitto.
set -eu
cd "$(dirname "$0")"
[ -f .env ] || { echo "passwords: copy example.env to .env and set the secrets first" >&2; exit 1; }
# shellcheck disable=SC1091
. ./.env
[ -n "${MQTT_PASSWORD:-}" ] || { echo "passwords: MQTT_PASSWORD is empty in docker/.env" >&2; exit 1; }

umask 077
mkdir -p secrets
touch secrets/passwords
printf 'wattline:%s\n' "$MQTT_PASSWORD" > secrets/new
mosquitto_passwd -U secrets/new
grep -v '^wattline:' secrets/passwords >> secrets/new || true
mv secrets/new secrets/passwords
for plant in "$@"; do mosquitto_passwd secrets/passwords "$plant"; done
# The broker's user inside its container must be able to read it.
chmod 644 secrets/passwords
echo "passwords: docker/secrets/passwords is ready; users: $(cut -d: -f1 secrets/passwords | tr '\n' ' ')"
