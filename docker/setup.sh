#!/bin/sh
# Installs the Debian packages that building, demo and tests need. Safe to run again; needs root or sudo.
#
#   sh docker/setup.sh [--build] [--dry-run]
#
# --build    only what building needs      --dry-run    tells what is missing, and installs nothing
#
# No service that it installs is left running: the packages of broker and databases would start theirs, with ports that
# may be open to the network. Services that are there already stay as they are.
set -eu

needs() {
  cat <<'LIST'
build libcurl4-openssl-dev  HTTP, e-mail and TLS
build libmosquitto-dev      publishing over MQTT
build libzstd-dev           compression of the journal and of payloads
build libyaml-dev           reading of the configuration
build zlib1g-dev            payloads packed by gzip
build libwebsockets-dev     the HTTP interface
build libsqlite3-dev        its accounts
build libsodium-dev         hashes of their passwords
build libcjose-dev          their tokens
build libjansson-dev        tells the compiler where libcjose is
build libssl-dev            headers that libcjose's include
build coinor-libclp1        the optimum of communities
build pkg-config            tells the compiler where these are
run   mosquitto             the broker of demo and tests
run   influxdb              the database of demo and tests
run   victoria-metrics      another database that tests write to
run   prometheus            promtool, by which tests check the metrics
run   python3-pandas        the notebook and the snippets of the pages, which a test runs
run   python3-matplotlib    its plots
run   python3-requests      its queries
run   python3-websockets    a client of WebSockets that tests use
run   openssl               certificates of tests, and of docker/prepare.sh
run   chromium              the browser of pipelines/sources/portal_scraper.py, which a test runs
run   chromium-driver       its remote control
run   python3-selenium      its client
run   age                   encryption of backups
run   zstd                  archives that tests read
run   curl                  requests of docker/start/influxdb.sh
LIST
}

only="" dry=""
for word in "$@"; do
  case $word in
    --build) only=build ;;
    --dry-run) dry=yes ;;
    --help | -h) sed -n 's/^# \{0,1\}//; 2,9p' "$0"; needs | cut -c7-; exit 0 ;;
    *) echo "setup: there is no option '$word'; there are --build, --dry-run and --help" >&2; exit 2 ;;
  esac
done

missing=$(needs | while read -r part package purpose; do
  [ -z "$only" ] || [ "$part" = "$only" ] || continue
  dpkg-query --show --showformat='${Status}' "$package" 2> /dev/null | grep -q "install ok installed" && continue
  printf '%-22s %s\n' "$package" "$purpose"
done)
[ -n "$missing" ] || { echo "setup: everything is installed"; exit 0; }
echo "setup: these packages are missing:"
printf '%s\n' "$missing" | sed 's/^/  /'
[ -z "$dry" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then as_root=""; elif command -v sudo > /dev/null; then as_root="sudo"; else
  echo "setup: only root can install them; run it as root or install sudo" >&2
  exit 1
fi

# While there is a policy that forbids it, packages start no service (invoke-rc.d(8)). One that is there is kept.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '$as_root rm -f "$policy"' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" > /dev/null
  $as_root chmod 0755 "$policy"
fi

packages=$(printf '%s\n' "$missing" | cut -d' ' -f1)
echo "setup: installing them; no service is started"
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $packages

# Nor with the next start of the machine.
if command -v systemctl > /dev/null; then
  for package in $packages; do
    for unit in $(dpkg-query -L "$package" | sed -n 's#^.*/systemd/system/\([^/]*\.service\)$#\1#p'); do
      $as_root systemctl disable "$unit" > /dev/null 2>&1 || true
      echo "setup: $unit is not enabled; 'systemctl enable --now $unit' starts it"
    done
  done
fi
