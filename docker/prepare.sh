#!/bin/sh
# Makes what broker, database, boards and Wattline need before they start. Safe to run again: what is there stays.
#
#   sh docker/prepare.sh CONFIG SECRETS
#
# CONFIG is the folder of wattline.yaml and the plants; SECRETS is a folder that only root enters. In it:
#   passwords/   yours to read and change: mqtt, influxdb, influxdb-admin, grafana-admin, and clients (NAME:PASSWORD)
#   authority/   key and certificate of the authority; ca.pem beside it is for devices
#   broker/, wattline/, influxdb/, grafana/   made from these, each for the user of one container
# A password is any text of one line. A missing one is made by chance.
#
# WATTLINE_BROKER_NAMES   further names and addresses of the broker for its certificate, divided by commas
# WATTLINE_VOLUMES        folders that are given to a user as well: FOLDER=USER:GROUP, divided by blanks
# BROKER_OWNER, WATTLINE_OWNER, INFLUXDB_OWNER, GRAFANA_OWNER   USER:GROUP of the containers' users; needs root
set -eu
umask 077

fail() { echo "prepare: $*" >&2; exit 1; }
[ $# -eq 2 ] || fail "give the folder of configuration and the folder of secrets"
config=$1 secrets=$2
line_end='
'
return=$(printf '\r')
command -v openssl > /dev/null || fail "openssl is missing; install the package openssl"

# In containers root reads every file, and Wattline's user what all may read.
if [ -n "${WATTLINE_VOLUMES:-}" ]; then
  hidden=$(find -L "$config" -maxdepth 1 ! -name '.*' \( ! -perm -o=r -o -type d ! -perm -o=x \) | head -n 1)
  [ -z "$hidden" ] || fail "$hidden cannot be read by the user of the container; run 'chmod a+rX' on it"
fi

mkdir -p "$secrets"
# Containers pass through to their own folder, and cannot list the others.
chmod 0711 "$secrets"
for folder in passwords authority broker wattline influxdb grafana; do
  mkdir -p "$secrets/$folder"
  chmod 0700 "$secrets/$folder"
done

# Writes stdin to a file unless it has that content, so that its time tells of changes.
put() {
  cat > "$1.new"
  if [ -f "$1" ] && cmp -s "$1" "$1.new"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# Prints the password in a file, and makes it first if there is none.
password() {
  [ -e "$secrets/passwords/$1" ] || openssl rand -hex 16 > "$secrets/passwords/$1"
  # The `x` keeps ends of lines, which $(…) would drop.
  text=$(cat "$secrets/passwords/$1"; printf x)
  text=${text%x}
  text=${text%"$line_end"}
  case $text in
    '') fail "passwords/$1 is empty; write a password, or delete the file and have one made" ;;
    *"$line_end"*) fail "passwords/$1 has more than one line; a password is a text of one line" ;;
    *"$return"*) fail "passwords/$1 has a carriage return; save it with the line ends of Unix" ;;
  esac
  printf '%s' "$text"
}

# A failure within $(…) of an argument would go unnoticed.
mqtt=$(password mqtt) && influxdb=$(password influxdb) || exit 1
influxdb_admin=$(password influxdb-admin) && grafana_admin=$(password grafana-admin) || exit 1
printf '%s' "$mqtt" | put "$secrets/wattline/mqtt-password"
printf '%s' "$influxdb" | put "$secrets/wattline/influxdb-password"
printf '%s' "$influxdb" | put "$secrets/influxdb/wattline-password"
printf '%s' "$influxdb_admin" | put "$secrets/influxdb/admin-password"
printf '%s' "$influxdb" | put "$secrets/grafana/influxdb-password"
printf '%s' "$grafana_admin" | put "$secrets/grafana/admin-password"

# --- The authority, and the broker's certificate. It is renewed 60 days before its end, and when its names change.
authority=$secrets/authority
days_left() { openssl x509 -checkend "$(($2 * 86400))" -noout -in "$1" > /dev/null; }
if [ ! -f "$authority/ca.key" ]; then
  printf '%s\n' '[req]' 'distinguished_name = name' 'x509_extensions = authority' 'prompt = no' '[name]' \
    'CN = Wattline authority' '[authority]' 'basicConstraints = critical, CA:TRUE, pathlen:0' \
    'keyUsage = critical, keyCertSign, cRLSign' 'subjectKeyIdentifier = hash' > "$authority/ca.cnf"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7300 -config "$authority/ca.cnf" \
    -keyout "$authority/ca.key.new" -out "$authority/ca.pem" 2> "$authority/log" || fail "$(cat "$authority/log")"
  # The key comes last: an interrupted run starts anew.
  mv "$authority/ca.key.new" "$authority/ca.key"
  echo "prepare: made an authority; give $secrets/ca.pem to the devices"
fi
days_left "$authority/ca.pem" 365 || echo "prepare: WARNING: the authority ends within a year; devices need a new one" >&2

names="DNS:mosquitto,DNS:localhost,IP:127.0.0.1"
for name in $(printf '%s' "${WATTLINE_BROKER_NAMES:-}" | tr ',' ' '); do
  case $name in
    *[!0-9.]*) case $name in *:*) names="$names,IP:$name" ;; *) names="$names,DNS:$name" ;; esac ;;
    *) names="$names,IP:$name" ;;
  esac
done
if [ ! -f "$secrets/broker/broker.pem" ] || [ "$(cat "$authority/names" 2> /dev/null)" != "$names" ] ||
  ! days_left "$secrets/broker/broker.pem" 60; then
  printf '%s\n' "subjectAltName=$names" 'basicConstraints=critical,CA:FALSE' 'extendedKeyUsage=serverAuth' \
    'keyUsage=critical,digitalSignature' > "$authority/broker.ext"
  {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=Wattline broker" \
      -keyout "$authority/broker.key" -out "$authority/broker.csr" &&
      openssl x509 -req -in "$authority/broker.csr" -CA "$authority/ca.pem" -CAkey "$authority/ca.key" \
        -set_serial "0x$(openssl rand -hex 16)" -days 825 -extfile "$authority/broker.ext" \
        -out "$authority/broker.pem"
  } 2> "$authority/log" || fail "$(cat "$authority/log")"
  mv "$authority/broker.key" "$authority/broker.pem" "$secrets/broker/"
  printf '%s' "$names" > "$authority/names"
  echo "prepare: made the broker's certificate for $names"
fi
for copy in "$secrets/ca.pem" "$secrets/broker/ca.pem" "$secrets/wattline/ca.pem"; do
  put "$copy" < "$authority/ca.pem"
done
chmod 0644 "$secrets/ca.pem"

# --- Users of the broker and their rights, from the plants' own topics.
"${WATTLINE:-wattline}" acl --config "$config" --out "$authority"
{
  cat "$authority/acl"
  [ ! -f "$secrets/passwords/acl.local" ] || cat "$secrets/passwords/acl.local"
} | put "$secrets/broker/acl"
clients=$secrets/passwords/clients
[ -f "$clients" ] || : > "$clients"
while IFS= read -r user; do
  if [ "$user" = wattline ]; then continue; fi
  if ! NAME=$user awk 'index($0, ENVIRON["NAME"] ":") == 1 { found = 1 } END { exit !found }' "$clients"; then
    printf '%s:%s\n' "$user" "$(openssl rand -hex 16)" >> "$clients"
    echo "prepare: made a password for the user '$user'; it is in $clients"
  fi
done < "$authority/users"
wrong=$(awk '$0 != "" && ($0 !~ /^[^:]+:./ || $0 ~ /\r/) { print NR; exit }' "$clients")
[ -z "$wrong" ] || fail "line $wrong of $clients is not NAME:PASSWORD with the line ends of Unix"
{
  printf 'wattline:%s\n' "$mqtt"
  grep -v -e '^wattline:' -e '^$' "$clients" || true
} | put "$secrets/broker/clients"

# --- Each folder belongs to the user of its container.
give() {
  find "$secrets/$1" -type f -exec chmod 0400 {} +
  chmod 0500 "$secrets/$1"
  if [ "$(id -u)" -eq 0 ]; then chown -R "$2" "$secrets/$1"; else chmod 0700 "$secrets/$1"; fi
}
give broker "${BROKER_OWNER:-1883:1883}"
give wattline "${WATTLINE_OWNER:-1883:1883}"
give influxdb "${INFLUXDB_OWNER:-1500:1500}"
give grafana "${GRAFANA_OWNER:-472:0}"
for volume in ${WATTLINE_VOLUMES:-}; do
  # Volumes of images that ran as root, or of none, take the user that writes there now.
  owner=${volume#*=} folder=${volume%%=*}
  [ "$(stat -c %u:%g "$folder")" = "$owner" ] || chown -R "$owner" "$folder"
done
echo "prepare: ready"
