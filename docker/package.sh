#!/bin/sh
# Builds the Debian package: wattline_VERSION_ARCHITECTURE.deb in the folder OUT (default: the current one).
#
#   sh docker/package.sh [--binary FILE] [OUT]
#
# Without --binary the program is built first, with the Swift runtime inside it. Needs dpkg-deb.
set -eu

source_root=$(cd "$(dirname "$0")/.." && pwd)
binary=""
if [ "${1:-}" = --binary ]; then
  binary=${2:?--binary needs a file}
  shift 2
fi
out=$(cd "${1:-.}" && pwd)

if [ -z "$binary" ]; then
  (cd "$source_root" && swift build -c release --product wattline --static-swift-stdlib)
  binary=$(cd "$source_root" && swift build -c release --show-bin-path)/wattline
fi

# `wattline 0.1.0 (commit 0123456789ab, release build, x86_64)` gives 0.1.0+g0123456789ab.
told=$("$binary" --version)
number=$(printf '%s\n' "$told" | sed -n 's/^wattline \([0-9.]*\) .*/\1/p')
commit=$(printf '%s\n' "$told" | sed -n 's/.*commit \([0-9a-f]*\).*/\1/p')
[ -n "$number" ] || { echo "package: $binary does not tell its version: $told" >&2; exit 1; }
version=$number${commit:++g$commit}
architecture=$(dpkg --print-architecture)

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 0755 "$stage"

install -D -m 0755 "$binary" "$stage/usr/bin/wattline"
install -D -m 0644 "$source_root/docker/wattline.service" "$stage/usr/lib/systemd/system/wattline.service"
install -D -m 0640 "$source_root/pipelines/wattline.yaml" "$stage/etc/wattline/wattline.yaml"
install -D -m 0644 "$source_root/docker/README.md" "$stage/usr/share/doc/wattline/README.md"
install -D -m 0644 "$source_root/LICENSE" "$stage/usr/share/doc/wattline/copyright"
for plant in "$source_root"/pipelines/*.yaml; do
  [ "$(basename "$plant")" = wattline.yaml ] || install -D -m 0644 "$plant" "$stage/usr/share/doc/wattline/examples/$(basename "$plant")"
done
mkdir -p "$stage/etc/default" "$stage/usr/share/bash-completion/completions" "$stage/usr/share/fish/vendor_completions.d"
printf '%s\n' "# Secrets that /etc/wattline/wattline.yaml names, one NAME=value a line." \
  "# WATTLINE_MQTT_PASSWORD=" "# WATTLINE_INFLUXDB_PASSWORD=" > "$stage/etc/default/wattline"
chmod 0600 "$stage/etc/default/wattline"
"$binary" completions bash > "$stage/usr/share/bash-completion/completions/wattline"
"$binary" completions fish > "$stage/usr/share/fish/vendor_completions.d/wattline.fish"

mkdir "$stage/DEBIAN"
for script in postinst prerm postrm; do
  install -m 0755 "$source_root/docker/debian/$script" "$stage/DEBIAN/$script"
done
printf '%s\n' /etc/wattline/wattline.yaml /etc/default/wattline > "$stage/DEBIAN/conffiles"
cat > "$stage/DEBIAN/control" <<CONTROL
Package: wattline
Version: $version
Architecture: $architecture
Maintainer: Wattline maintainers <wattline@localhost>
Section: net
Priority: optional
Installed-Size: $(du -sk "$stage" | cut -f1)
Depends: libc6 (>= 2.34), libstdc++6, libcurl4, libmosquitto1, libzstd1, libyaml-0-2, zlib1g, libwebsockets17, libsqlite3-0, libsodium23, libcjose0, coinor-libclp1, ca-certificates, tzdata, adduser
Suggests: mosquitto, influxdb, grafana, age
Description: streaming pipeline of energy plants
 Wattline turns what a plant's sensors say over MQTT into series in InfluxDB:
 cleaned, with energy and money, forecasts, health, alerts and dispatch.
CONTROL

dpkg-deb --root-owner-group --build "$stage" "$out/wattline_${version}_${architecture}.deb" >/dev/null
echo "$out/wattline_${version}_${architecture}.deb"
