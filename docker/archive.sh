#!/bin/sh
# Builds an archive that needs no package: wattline-VERSION-linux-MACHINE.tar.gz and its .sha256 in the folder OUT.
#
#   sh docker/archive.sh [--binary FILE] [OUT]
#
# The program has the Swift runtime inside it; it needs the nine shared libraries that README.md names. Without --binary
# it is built first. Two runs on the same sources give the same bytes.
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

# `wattline 0.1.0 (commit 0123456789ab, release build, x86_64)` gives 0.1.0+g0123456789ab and x86_64.
told=$("$binary" --version)
number=$(printf '%s\n' "$told" | sed -n 's/^wattline \([0-9.]*\) .*/\1/p')
commit=$(printf '%s\n' "$told" | sed -n 's/.*commit \([0-9a-f]*\).*/\1/p')
machine=$(printf '%s\n' "$told" | sed -n 's/.*, \([a-z0-9_]*\)).*/\1/p')
[ -n "$number" ] && [ -n "$machine" ] || { echo "archive: $binary does not tell its version: $told" >&2; exit 1; }
name=wattline-$number${commit:++g$commit}-linux-$machine

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
install -D -m 0755 "$binary" "$stage/$name/bin/wattline"
install -D -m 0644 "$source_root/docker/wattline.service" "$stage/$name/wattline.service"
install -D -m 0644 "$source_root/docker/README.md" "$stage/$name/README.md"
install -D -m 0644 "$source_root/LICENSE" "$stage/$name/LICENSE"
install -D -m 0644 "$source_root/pipelines/wattline.yaml" "$stage/$name/wattline.yaml"
for plant in "$source_root"/pipelines/*.yaml; do
  file=$(basename "$plant")
  [ "$file" = wattline.yaml ] || install -D -m 0644 "$plant" "$stage/$name/examples/$file"
done
for shell in bash zsh fish; do
  mkdir -p "$stage/$name/completions"
  "$binary" completions "$shell" > "$stage/$name/completions/wattline.$shell"
done
# The licences of what is inside the program.
toolchain=$(command -v swift > /dev/null && dirname "$(dirname "$(readlink -f "$(command -v swift)")")" || true)
for licence in "$toolchain/share/swift/LICENSE.txt" "$toolchain/share/doc/swift/LICENSE.txt"; do
  [ ! -f "$licence" ] || install -D -m 0644 "$licence" "$stage/$name/licences/swift.txt"
done

tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@${SOURCE_DATE_EPOCH:-0}" -C "$stage" -cf - "$name" |
  gzip -n > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
echo "$out/$name.tar.gz"
