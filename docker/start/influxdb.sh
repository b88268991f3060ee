#!/bin/sh
# Starts the database. Before its first start, and when a password has changed, it makes the users `admin` and `wattline`
# and the database `wattline`, while it listens on the loopback interface only. Passwords may be any text of one line.
set -eu
umask 077
secrets=${INFLUXDB_SECRETS:-/secrets/influxdb}
data=${INFLUXDB_FOLDER:-/var/lib/influxdb}
port=${INFLUXDB_SETUP_PORT:-8087}

# Sends the statement on stdin; an answer with an error is printed and fails.
query() {
  answer=$(curl -sS --max-time 30 --data-urlencode q@- "http://127.0.0.1:$port/query") || return 1
  case $answer in *'"error"'*) printf '%s\n' "$answer"; return 1 ;; esac
}
quoted() { sed -e 's/\\/\\\\/g' -e "s/'/\\\\'/g" "$1"; }
# Makes a user, or gives an existing one the password.
user() {
  if ! printf "CREATE USER \"%s\" WITH PASSWORD '%s'%s" "$1" "$(quoted "$2")" "$3" | query > /dev/null; then
    printf "SET PASSWORD FOR \"%s\" = '%s'" "$1" "$(quoted "$2")" | query
  fi
}

stamp=$data/.users
if [ ! -f "$stamp" ] || [ "$secrets/admin-password" -nt "$stamp" ] || [ "$secrets/wattline-password" -nt "$stamp" ]; then
  INFLUXDB_HTTP_BIND_ADDRESS=127.0.0.1:$port INFLUXDB_HTTP_AUTH_ENABLED=false INFLUXDB_HTTP_LOG_ENABLED=false influxd &
  server=$!
  tries=0
  until curl -s -o /dev/null "http://127.0.0.1:$port/ping"; do
    kill -0 "$server" 2> /dev/null || { echo "influxdb: ended while its users were made" >&2; exit 1; }
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { echo "influxdb: does not answer within 5 minutes" >&2; exit 1; }
    sleep 0.5
  done
  user admin "$secrets/admin-password" " WITH ALL PRIVILEGES"
  printf 'CREATE DATABASE "wattline"' | query
  user wattline "$secrets/wattline-password" ""
  printf 'GRANT ALL ON "wattline" TO "wattline"' | query
  kill "$server"
  wait "$server" || true
  : > "$stamp"
fi
exec influxd
