#!/bin/sh
# Installs the Debian packages that building, demo and tests need. Safe to run again; needs root or sudo.
set -eu

packages="libcurl4-openssl-dev libmosquitto-dev libzstd-dev libyaml-dev zlib1g-dev libwebsockets-dev pkg-config mosquitto influxdb victoria-metrics openssl"

missing=""
for package in $packages; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then as_root=""; elif command -v sudo >/dev/null; then as_root="sudo"; else
  echo "setup: these packages are missing and only root can install them:$missing" >&2
  exit 1
fi

echo "setup: installing$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
