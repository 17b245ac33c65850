# Forgets what was written down of one object, and clears the lab's folder behind its last one.
# Arguments: LAB-FOLDER RECORD [FOLDER-OF-WHAT-LAY-INSIDE]
lab=$1 owned=$1/.owned record=$2
rm -f "$record" "$record.pid" "$record.log"

# Processes that outlived the namespace's name (somebody deleted it by hand) are known by what was written down of them.
if [ -d "$3" ]; then
  for file in "$3"/*.pid; do
    [ -e "$file" ] && { read -r pid && read -r born; } <"$file" && stat=$(cat "/proc/$pid/stat") || continue
    set -- "$1" "$2" "$3" ${stat##*) } # the 20th of these fields is the time of its start (proc(5))
    [ "${23}" != "$born" ] || kill -9 "-$pid" "$pid"
  done 2>/dev/null
  rm -rf "$3"
fi

# `ip netns add` mounts /run/netns on itself when it is first used (ip-netns(8)). Whoever caused that undoes it behind the
# last namespace; as long as there are others, another lab inherits the duty, and without one nobody has it any more.
mark=$owned/host/NetnsMount
if [ -e "$mark" ] && [ -z "$(ls -A /run/netns 2>/dev/null)" ]; then
  umount -n /run/netns 2>/dev/null # without -n it leaves its own folder /run/mount behind
  rmdir /run/netns 2>/dev/null
  [ -d /run/netns ] || rm -f "$mark"
fi
if [ -e "$mark" ] && [ "$(ls "$owned" "$owned/host")" = "$(printf '%s:\nhost\n\n%s:\nNetnsMount' "$owned" "$owned/host")" ]; then
  for other in "${lab%/*}"/*/.owned/host; do
    [ "$other" = "$owned/host" ] || [ ! -d "$other" ] || { mv "$mark" "$other/NetnsMount"; break; }
  done
  rm -f "$mark"
fi
rmdir "$owned"/netns-* "$owned/host" 2>/dev/null
rmdir "$owned" "$lab" "${lab%/*}" 2>/dev/null # what somebody else put there stays
exit 0
