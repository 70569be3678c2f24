#!/bin/bash
# PID 1 of one lab: an outer pid, network and mount namespace in which all its hosts live, so that the end of
# this process (its standard input closes, or its parent is killed) is the end of them all.
# Environment: LAB_STATE (folder), LAB_CGROUP (cgroup2 folder of this lab). Descriptor 9: the caller's network namespace.
# One command a line on stdin, one answer a line on stdout: "ok ..." or "error ...".
#   up NAME IP BASE | off NAME | down NAME | freeze NAME | thaw NAME | cut NAME | heal NAME | delay NAME MS
#   relay PORT TARGET_PORT | pid NAME
set -u
here=$(dirname "$(readlink -f "$0")")
gateway=198.18.0.1
ip link set lo up
# An address of its own: else the bridge takes the lowest of its ports', and whenever a host comes or goes the others
# send to an address that nobody has until their ARP entry is too old.
ip link add br0 address 02:00:c6:12:00:01 type bridge
ip addr add $gateway/15 dev br0
ip link set br0 up
nft -f - <<'X'
table bridge cut {
  set hosts { type ifname; }
  chain forward { type filter hook forward priority 0; policy accept; ether type { ip, ip6 } iifname @hosts drop; ether type { ip, ip6 } oifname @hosts drop; }
  chain input { type filter hook input priority 0; policy accept; ether type { ip, ip6 } iifname @hosts drop; }
  chain output { type filter hook output priority 0; policy accept; ether type { ip, ip6 } oifname @hosts drop; }
}
X
mkdir -p "$LAB_CGROUP" "$LAB_STATE/hosts"

link_of() { printf 'v%s' "$(printf %s "$1" | cksum | cut -d' ' -f1)"; }
cgroup_end() {
  [ -d "$LAB_CGROUP/$1" ] || return 0
  echo 1 > "$LAB_CGROUP/$1/cgroup.kill"
  for _ in $(seq 300); do grep -q 'populated 0' "$LAB_CGROUP/$1/cgroup.events" && break; sleep 0.01; done
  find "$LAB_CGROUP/$1" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
}

# Starts the host's namespaces, maps its users, gives it its cable, then lets it boot. Returns when it is booting.
start_once() {
  local name=$1 address=$2 base=$3 dir=$LAB_STATE/hosts/$1 cg=$LAB_CGROUP/$1 link mac inner
  link=$(link_of "$name")
  mac=$(printf '02:00:%02x:%02x:%02x:%02x' ${address//./ })
  mkdir -p "$dir/up" "$dir/work" "$dir/root" "$cg"
  rm -f "$dir/go" "$dir/init.pid"; mkfifo "$dir/go"
  (
    echo "$BASHPID" > "$cg/cgroup.procs"
    exec setsid unshare --user --mount --uts --ipc --net --pid --cgroup --fork --kill-child --propagation private -- \
      sh -c 'read _ < "$1"; shift; exec bash "$@"' - "$dir/go" "$here/boot.sh" "$name" "$address" "$base" "$dir"
  ) </dev/null >"$dir/log" 2>&1 9>&- &
  local outer=$!
  for _ in $(seq 400); do read -r inner < "/proc/$outer/task/$outer/children" 2>/dev/null; [ -n "${inner:-}" ] && break; sleep 0.005; done
  inner=${inner// /}
  [ -n "$inner" ] || { wait "$outer"; return 1; }
  echo '0 0 65536' > "/proc/$inner/gid_map" && echo '0 0 65536' > "/proc/$inner/uid_map" || return 1
  ip link del "$link" 2>/dev/null
  ip -batch - <<X || return 1
link add $link type veth peer name eth0 address $mac netns $inner
link set $link master br0 up
X
  nsenter -t "$inner" -n ip -batch - <<X || return 1
addr add $address/15 dev eth0
link set eth0 up
link set lo up
route add default via $gateway
X
  echo "$inner" > "$dir/init.pid"
  echo "$outer" > "$dir/outer.pid"
  echo go > "$dir/go"
}

# A reboot from inside ends the init by SIGHUP: start again on the same disk. Anything else stays off.
watch_host() {
  local name=$1 rc
  while :; do
    wait "$(cat "$LAB_STATE/hosts/$name/outer.pid")"; rc=$?
    rm -f "$LAB_STATE/hosts/$name/init.pid"
    [ "$rc" -eq 129 ] || return
    cgroup_end "$name"
    start_once "$@" || return
  done
}

up() {
  # The loop that outlives this command must be the parent of the host, to wait for it.
  ( if start_once "$@"; then echo ready > "$LAB_STATE/hosts/$1/started"; watch_host "$@"; else echo failed > "$LAB_STATE/hosts/$1/started"; fi ) </dev/null >/dev/null 2>"$LAB_STATE/$1.error" &
  local started=$LAB_STATE/hosts/$1/started
  for _ in $(seq 1000); do [ -s "$started" ] && break; sleep 0.01; done
  local word; word=$(cat "$started" 2>/dev/null); rm -f "$started"
  [ "$word" = ready ] || { echo "error cannot start host $1: $(cat "$LAB_STATE/$1.error" "$LAB_STATE/hosts/$1/log" 2>/dev/null | tr '\n' ' ')"; return; }
  echo ok
}

delay() {
  local name=$1 ms=$2 link id; link=$(link_of "$1"); id=${link#v}; id=$((id % 10000))
  ip link set "$link" master br0
  ip link del "brd$id" 2>/dev/null
  [ -f "$LAB_STATE/hosts/$name/delay.pid" ] && kill "$(cat "$LAB_STATE/hosts/$name/delay.pid")" 2>/dev/null
  rm -f "$LAB_STATE/hosts/$name/delay.pid"
  [ "$ms" -eq 0 ] && { echo ok; return; }
  python3 "$here/delay.py" "da$id" "db$id" "$ms" </dev/null >/dev/null 2>&1 9>&- &
  echo $! > "$LAB_STATE/hosts/$name/delay.pid"
  for _ in $(seq 200); do ip link show "db$id" >/dev/null 2>&1 && break; sleep 0.01; done
  ip link add "brd$id" type bridge && ip link set "brd$id" up && ip link set "da$id" up master "brd$id" &&
    ip link set "db$id" up master br0 && ip link set "$link" master "brd$id" && echo ok || echo "error cannot delay $name"
}

# The relay opens its port on its own: says ok once it is there.
listening() {
  local entry; entry=$(printf ':%04X 00000000:0000 0A' "$1")
  for _ in $(seq 500); do grep -q "$entry" /proc/net/tcp && { echo ok; return; }; sleep 0.01; done
  echo "error the relay of port $1 does not listen: $(tr '\n' ' ' < "$LAB_STATE/relay-$1.log")"
}

echo ready
while read -r verb name rest; do
  case $verb in
    up) up "$name" $rest ;;
    off) cgroup_end "$name"; echo ok ;;
    down) cgroup_end "$name"; rmdir "$LAB_CGROUP/$name" 2>/dev/null; rm -rf "${LAB_STATE:?}/hosts/$name"; echo ok ;;
    freeze) echo 1 > "$LAB_CGROUP/$name/cgroup.freeze"; echo ok ;;
    thaw) echo 0 > "$LAB_CGROUP/$name/cgroup.freeze"; echo ok ;;
    cut) nft add element bridge cut hosts "{ $(link_of "$name") }" && echo ok || echo "error cannot cut $name" ;;
    heal) nft delete element bridge cut hosts "{ $(link_of "$name") }" 2>/dev/null; echo ok ;;
    delay) delay "$name" $rest ;;
    relay) python3 "$here/relay.py" $gateway "$name" $rest </dev/null >/dev/null 2>"$LAB_STATE/relay-$name.log" & listening "$name" ;;
    pid) cat "$LAB_STATE/hosts/$name/init.pid" 2>/dev/null | sed 's/^/ok /' | grep . || echo "error host $name is off" ;;
    *) echo "error unknown command $verb" ;;
  esac
done
# Standard input closed: end every host, then this process; the kernel ends what else is in the namespace.
for dir in "$LAB_STATE"/hosts/*/; do [ -d "$dir" ] && cgroup_end "$(basename "$dir")"; done
find "$LAB_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
rm -rf "${LAB_STATE:?}"
