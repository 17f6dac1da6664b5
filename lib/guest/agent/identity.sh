# Who the job is, by the image's own /etc/passwd and /etc/group, in whatever state those are: as Docker reads them.

# resolve_user: turns $user (NAME or UID, or nothing for root, and optionally :GROUP or :GID) into $uid, $gid, $home and
# $groups: of the groups that have the user as a member, unless one is given.
resolve_user() {
  local passwd file found
  export user
  find_file /etc/passwd
  passwd=$file
  find_file /etc/group
  found=$(identify "$passwd" "$file") || { fail "user $user: $found" && return 1; }
  {
    read -r uid gid groups
    IFS= read -r home
  } <<EOF
$found
EOF
  home=${home:-/}
}

# find_file PATH: sets $file to a file of the image, or to an empty one.
find_file() {
  file=/dev/null
  ! inside "$1" || [ ! -f "/newroot$inside" ] || file=/newroot$inside
}

# identify PASSWD GROUP: "UID GID GROUP...", and HOME on a line of its own, of the variable user; or what is wrong with it.
# A name that is a number is a number. The first entry that fits counts, and an entry without its numbers is none.
identify() {
  awk -F : '
    # A zero in front would make it octal.
    function number(text) { sub(/^0+/, "", text); return text + 0 }
    function is_id(text) { return text ~ /^[0-9]+$/ && number(text) <= 2147483647 }
    function fits(key) { return key ~ /^[0-9]+$/ ? number($3) == number(key) : $1 "" == key "" }
    function refuse(words) { print words; failed = 1; exit 1 }
    BEGIN {
      key = ENVIRON["user"]
      if (colon = index(key, ":")) {
        wanted = substr(key, colon + 1)
        key = substr(key, 1, colon - 1)
      }
      if (key == "") key = "0"
    }
    {
      sub(/^[ \t]+/, "")
      sub(/[ \t\r]+$/, "")
    }
    /^#/ || !is_id($3) { next }
    file == "passwd" && !known && fits(key) {
      known = 1
      name = $1
      uid = number($3)
      gid = is_id($4) ? number($4) : 0
      home = $6
    }
    file == "group" && wanted != "" && !grouped && fits(wanted) {
      grouped = 1
      gid = number($3)
    }
    file == "group" && wanted == "" && known && index($4, name) {
      count = split($4, members, ",")
      for (member = 1; member <= count; member++) {
        if (members[member] "" == name "" && !(number($3) in taken)) {
          taken[number($3)]
          groups = groups " " number($3)
        }
      }
    }
    END {
      if (failed) exit 1
      if (!known && key !~ /^[0-9]+$/) refuse("no such user in the image")
      if (wanted != "" && !grouped && wanted !~ /^[0-9]+$/) refuse("no such group in the image")
      if (!known && !is_id(key) || wanted != "" && !grouped && !is_id(wanted)) refuse("numbers go from 0 to 2147483647")
      if (!known) uid = number(key)
      if (wanted != "" && !grouped) gid = number(wanted)
      print uid, gid + 0 groups
      print home
    }' file=passwd "$1" file=group "$2"
}

# write_identity: busybox sets more groups than one only by files, those of the user that it becomes. These are for
# enter.sh, and about the job's groups alone: it is root there, with the job's number for its group.
write_identity() {
  local group
  echo "root:x:0:$gid::/:" >$lane/identity/passwd
  for group in $groups; do echo "group$group:x:$group:root"; done >$lane/identity/group
}
