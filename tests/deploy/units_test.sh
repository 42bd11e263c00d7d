#!/usr/bin/env bash
# The systemd units and the container file fit the programs.
#   units_test.sh BIN_DIR       BIN_DIR holds the programs
set -euo pipefail
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
bin="$(cd "${1:?usage: units_test.sh BIN_DIR}" && pwd)"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
status=0

bad() {
  echo "units_test: $*" >&2
  status=1
}

# systemd's own check, of copies that name programs that are there.
mkdir "$scratch/units"
for unit in "$top"/deploy/systemd/*.{service,timer}; do
  sed "s|/usr/local/bin/usher-[a-z]*|/bin/true|; s/^\(User\|Group\)=usher/\1=root/" \
    "$unit" >"$scratch/units/${unit##*/}"
done
if found="$(systemd-analyze verify --man=no "$scratch"/units/*.{service,timer} 2>&1)" &&
  ! grep -E '/units/|usher-' <<<"$found"; then
  echo "units_test: systemd takes the units"
else
  bad "systemd says: $found"
fi

# Each flag that a unit gives is one that the program knows.
flags=0
while read -r program rest; do
  [[ -x "$bin/$program" ]] || {
    bad "no program $program"
    continue
  }
  help="$("$bin/$program" --help 2>&1)"
  [[ "$rest" != "train "* ]] || help="$("$bin/$program" train --help 2>&1)"
  while read -r flag; do
    grep -qE -- "^ +$flag\b" <<<"$help" || bad "$program has no $flag"
    flags=$((flags + 1))
  done < <(grep -oE -- '--[a-z_]+' <<<"$rest")
done < <(sed -nE 's|^Exec[A-Za-z]*=/usr/local/bin/||p' \
  "$top"/deploy/systemd/*.service)
[[ "$flags" -ge 5 ]] || bad "found $flags flags only"

# What the container copies is there, and its packages bring every library that
# the programs load.
while read -r path; do
  [[ -e "$top/$path" ]] || bad "the container file copies $path"
done < <(sed -nE 's/^COPY ([^-][^ ]*) .*/\1/p' "$top/deploy/Containerfile")
packages="$(sed -nE '/no-install-recommends/,/rm -rf/s/^ +([a-z0-9.+-]+) .*\\$/\1/p' \
  "$top/deploy/Containerfile" | grep -vxE 'rm|apt-get')"
# shellcheck disable=SC2086  # One word each.
apt-cache depends --recurse --installed --no-recommends --no-suggests \
  --no-conflicts --no-breaks --no-replaces --no-enhances $packages |
  sed -nE 's/^([a-z0-9.+-]+)(:[a-z0-9]+)?$/\1/p' | sort -u >"$scratch/brought"
for program in "$bin"/usher-* "$bin/usherctl"; do
  ldd "$program" | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p'
done | sort -u >"$scratch/libraries"
[[ "$(wc -l <"$scratch/libraries")" -gt 10 ]] || bad "no libraries found"
while read -r library; do
  # Packages of before /lib became /usr/lib know it by its old name.
  real="$(readlink -f "$library")"
  owner="$(dpkg-query -S "$real" 2>/dev/null ||
    dpkg-query -S "${real#/usr}" 2>/dev/null || true)"
  [[ -n "$owner" ]] || {
    bad "no package owns $library"
    continue
  }
  owner="${owner%%:*}"
  grep -qxF -- "$owner" "$scratch/brought" ||
    bad "the container lacks $owner, which has ${library##*/}"
done <"$scratch/libraries"
[[ "$status" -ne 0 ]] || echo "units_test: units and container fit the programs"
exit "$status"
