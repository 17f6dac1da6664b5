# Why the kernel can't execute a file that may be executed: its own words for that are two, of which one blames the file for
# an interpreter that is not there.

# refuse STATUS [WHY]: a status that the job did not choose; the agent tells it apart from the job's own.
refuse() {
  echo "$1 $2" >&9
  exit "$1"
}

# is_for_kernel FILE: whether it has a format that the kernel knows.
is_for_kernel() {
  local head
  IFS= read -r -n 4 head <"$1"
  case $head in
  $'\177ELF') ;;
  '#!'*)
    IFS= read -r -n 256 head <"$1"
    case $head in '#!'*[!' 	']*) ;; *) return 1 ;; esac
    ;;
  *) return 1 ;;
  esac
}

# expect_runnable FILE [DEPTH]: sets $why when it can't be.
expect_runnable() {
  local head
  # Whoever may not read an interpreter can't tell.
  [ -r "$1" ] || return 0
  is_for_kernel "$1" || { expect_script "$1"; return; }
  IFS= read -r -n 256 head <"$1"
  case $head in
  '#!'*) expect_interpreter "$1" "${head#??}" "$2" ;;
  *) expect_elf "$1" "$2" ;;
  esac
}

# expect_script FILE: a shell is what programs without a format of the kernel's are for.
expect_script() {
  why="$1 is no program for Linux"
  [ "$(dd if="$1" bs=80 count=1 2>/dev/null | tr -d '\000' | wc -c)" = "$(dd if="$1" bs=80 count=1 2>/dev/null | wc -c)" ] ||
    return
  why="$1 does not begin with #!, and there is no /bin/sh that could run it"
  [ -x /bin/sh ]
}

# expect_interpreter FILE LINE DEPTH: LINE is its first without the #!.
expect_interpreter() {
  local name=$2 return=$'\r'
  name=${name#"${name%%[! 	]*}"}
  name=${name%%[ 	]*}
  why="$1 has the line ends of Windows: with its carriage return, the interpreter ${name%"$return"} is not there"
  case $name in
  *"$return") [ -e "$name" ] || return ;;
  esac
  expect_loader "$1" "$name" "$3"
}

# expect_loader FILE NAME DEPTH: NAME is what runs it.
expect_loader() {
  why="$1 needs $2, which is not there"
  [ -e "$2" ] || return
  why="$1 needs $2, which can't be executed"
  [ -f "$2" ] && [ -x "$2" ] || return
  # The kernel's own limit.
  why="$1 needs $2, and that another, and so on"
  [ "${3:-0}" -lt 5 ] && expect_runnable "$2" $((${3:-0} + 1))
}

# expect_elf FILE DEPTH: the fields are those of elf(5), the numbers little-endian.
expect_elf() {
  local window wide type offset at count
  # A busybox may have been built without it: then the kernel alone decides.
  window=$(xxd -p -c 1024 -l 1024 "$1" 2>/dev/null) && [ "$window" ] || return 0
  why="$1 is a program for another kind of processor than x86-64"
  # Programs of 32 bits, too: the kernel has a mode for them.
  case ${window:8:4}${window:36:4} in
  02013e00) wide=1 ;;
  01010300) wide=0 ;;
  *) return 1 ;;
  esac
  why="$1 is a part of a program, and none by itself"
  case ${window:32:4} in 0200 | 0300) ;; *) return 1 ;; esac
  why="$1 is cut off or damaged"
  get "$1" $((wide ? 32 : 28)) $((wide ? 8 : 4)) && at=$number || return
  get "$1" $((wide ? 56 : 44)) 2 && count=$number || return
  while [ $((count -= 1)) -ge 0 ]; do
    get "$1" $at 4 && type=$number || return
    [ "$type" != 3 ] || break
    at=$((at + (wide ? 56 : 32)))
  done
  [ $count -ge 0 ] || return 0
  get "$1" $((at + (wide ? 8 : 4))) $((wide ? 8 : 4)) && offset=$number || return
  get "$1" $((at + (wide ? 32 : 16))) $((wide ? 8 : 4)) && [ "$number" -le 4096 ] || return
  window=$(dd if="$1" bs=1 skip="$offset" count="$number" 2>/dev/null)
  [ "$window" ] && expect_loader "$1" "$window" "$2"
}

# get FILE OFFSET SIZE: sets $number to what the file has there.
get() {
  local bytes at=$3
  bytes=${window:$(($2 * 2)):$(($3 * 2))}
  # Most files have all of it at their beginning.
  [ ${#bytes} = $(($3 * 2)) ] || bytes=$(xxd -p -s "$2" -l "$3" "$1")
  [ ${#bytes} = $(($3 * 2)) ] || return
  number=0x
  while [ $((at -= 1)) -ge 0 ]; do number=$number${bytes:$((at * 2)):2}; done
  number=$((number))
  [ "$number" -ge 0 ]
}
