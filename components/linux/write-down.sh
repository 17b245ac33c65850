# Writes down one object of a lab, and whose the lab is if nothing says so yet. The record is on standard input.
# Arguments: RECORD-FILE OWNER [new]
# Exit code 3: the lab is another's, whose name is on standard error. 4: the record is not new, somebody has written it meanwhile.
path=$1 owner=$2 new=$3 folder=${1%/*} draft=$1.$$.new
mark=${folder%/*}/owner
record=$(cat)

expect_ours() {
  IFS= read -r whose <"$mark" || return
  [ "$whose" = "$owner" ] || { printf '%s\n' "$whose" >&2; exit 3; }
}

# Of two that come first, one has the mark.
claim() {
  mkdir -p "$folder" && printf '%s\n' "$owner" >"$mark.$$.new" && mv -nT "$mark.$$.new" "$mark"
  rm -f "$mark.$$.new"
}

write() {
  printf '%s\n' "$record" >"$draft" || return
  [ "$new" = new ] || { mv -fT "$draft" "$path"; return; }
  mv -nT "$draft" "$path"
  [ ! -e "$draft" ] || [ ! -e "$path" ] || { rm -f "$draft"; exit 4; }
  [ ! -e "$draft" ]
}

# While the folder is made, or the mark, somebody may clear it behind another's last record.
for again in 1 2 3; do
  [ -e "$mark" ] || claim
  expect_ours && { [ -d "$folder" ] || mkdir -p "$folder"; } && write || continue
  new=
  expect_ours && exit 0
done
rm -f "$draft"
exit 1
