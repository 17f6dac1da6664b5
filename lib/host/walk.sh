# Windows on paths that other users may have a hand in: root's runner, a CI user's folders. What was looked at is what is
# bound, whatever is put in its place meanwhile. For windows.sh, which has `options_of`, `folder`, `fail` and `$self`.

# Makes a folder the working directory, step by step: no step follows a link of another user's. Ends with 1 where there
# is none, and 2 where such a link is. What is missing is made for who asks for that.
walk() { # PATH [make]
  case $1 in /*) cd -P / ;; *) cd -P . ;; esac
  set -f
  IFS=/
  for part in $1; do
    case $part in '' | .) continue ;; esac
    here=${PWD%/} linked=
    if [ "${2:-}" ] && [ ! -e "./$part" ] && [ ! -L "./$part" ]; then mkdir -- "./$part" 2>/dev/null || return 1; fi
    if [ -L "./$part" ]; then is_ours "./$part" || return 2 && linked=yes; fi
    cd -P -- "./$part" 2>/dev/null || return 1
    [ "$linked" ] || [ "$part" = .. ] || [ "$PWD" = "$here/$part" ] || return 2
  done
}

# The caller's, or root's: in a user namespace that is whoever has / there.
is_ours() { # LINK
  owner=$(stat -c %u -- "$1")
  [ "$owner" = 0 ] || [ "$owner" = "$(stat -Lc %u /)" ]
}

# make, folder and ro: the folder. file: one that is no link, no other file's name, and nothing that waits.
bind_walked() { # MODE NAME PATH
  options_of "$1"
  target=$self/$2 status=0
  case $1 in
  file)
    : >"$target"
    case $3 in */*) above=${3%/*}/ ;; *) above=. ;; esac
    (umask "$callers_umask" && walk "$above" && bind_file "./${3##*/}") || status=$?
    wrong="this file can't be written"
    ;;
  make)
    folder "$target"
    (umask "$callers_umask" && walk "$3" make && bind_here) || status=$?
    wrong="this folder can't be created"
    ;;
  *)
    folder "$target"
    (walk "$3" && bind_here) || status=$?
    wrong="there is no such folder"
    ;;
  esac
  case $status in
  0) return 0 ;;
  2) wrong="a link in this path is another user's" ;;
  3) wrong=$UNSEEN ;;
  4) wrong="this is a link, another file's second name, a pipe or a device" ;;
  esac
  fail "$3: $wrong"
}

# Not by the path, which mount would look for once more.
bind_here() {
  mount --no-canonicalize -o "$options" -- . "$target" || return 3
}

bind_file() { # NAME
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then
    (set -C && : >"$1") 2>/dev/null || return 1
  fi
  [ ! -d "$1" ] || return 1
  seen=$(stat -c '%F %h %d:%i' -- "$1") || return 1
  case $seen in "regular file 1 "* | "regular empty file 1 "*) ;; *) return 4 ;; esac
  [ -w "$1" ] || return 1
  mount --no-canonicalize -o "$options" -- "$1" "$target" || return 3
  [ "$(stat -c %d:%i -- "$target")" = "${seen##* }" ] || return 4
}
