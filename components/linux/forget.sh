# Forgets what was written down of one object, and clears the lab's folder behind its last one.
# Arguments: LAB-FOLDER RECORD [FOLDER-OF-WHAT-LAY-INSIDE]
lab=$1 owned=$1/.owned record=$2
rm -f "$record" "$record.pid" "$record.log"
[ ! -d "$3" ] || rm -rf "$3"

# `ip netns add` mounts /run/netns on itself when it is first used (ip-netns(8)). Whoever caused that undoes it behind the
# last namespace; as long as there are others, another lab inherits the duty, and without one nobody has it any more.
mark=$owned/host/NetnsMount
if [ -e "$mark" ] && [ -z "$(ls -A /run/netns 2>/dev/null)" ]; then
  umount -n /run/netns 2>/dev/null # without -n it leaves its own folder /run/mount behind
  rmdir /run/netns 2>/dev/null
  [ -d /run/netns ] || rm -f "$mark"
fi
if [ -e "$mark" ] && [ "$(cd "$owned" && echo */*)" = host/NetnsMount ]; then
  for other in "${lab%/*}"/*/.owned/host; do
    [ "$other" = "$owned/host" ] || [ ! -d "$other" ] || { mv "$mark" "$other/NetnsMount"; break; }
  done
  rm -f "$mark"
fi
rmdir "$owned"/netns-* "$owned/host" 2>/dev/null

# Behind the last record goes what still runs of the lab, and the mark that says whose it was.
set -- "$owned"/*/
if [ -d "$owned" ] && [ ! -d "$1" ]; then
  end_processes 2 "${lab##*/}" '' ''
  owner=
  [ ! -e "$owned/owner" ] || IFS= read -r owner <"$owned/owner"
  rm -f "$owned/owner"
  rmdir "$owned" 2>/dev/null || [ -z "$owner" ] || printf '%s\n' "$owner" >"$owned/owner" # Somebody came meanwhile.
fi
rmdir "$lab" "${lab%/*}" 2>/dev/null # what somebody else put there stays
exit 0
