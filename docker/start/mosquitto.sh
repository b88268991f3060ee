#!/bin/sh
# Starts the broker: hashes the passwords into a folder in memory, and makes its log tell of refused messages once each.
# The same script runs in the container and without one; the variables name other places.
set -eu
umask 077
secrets=${BROKER_SECRETS:-/secrets/broker}
configuration=${BROKER_CONFIGURATION:-/mosquitto/config/mosquitto.conf}
memory=${BROKER_MEMORY:-/tmp}
filter=${BROKER_LOG_FILTER:-/start/broker-log.awk}

rm -f "$memory/passwords" "$memory/log"
: > "$memory/passwords"
while IFS= read -r line; do
  # The name ends at the first colon; the password may have others. It goes through stdin, which no list of processes has.
  password=${line#*:}
  printf '%s\n%s\n' "$password" "$password" | mosquitto_passwd "$memory/passwords" "${line%%:*}" > /dev/null
done < "$secrets/clients"

# The broker is the process that is signalled; the filter ends with it.
mkfifo "$memory/log"
case $(awk -W version 2>&1 < /dev/null || true) in
  *mawk*) awk -W interactive -f "$filter" < "$memory/log" & ;;
  *) awk -f "$filter" < "$memory/log" & ;;
esac
exec mosquitto -c "$configuration" > "$memory/log" 2>&1
