# Finds places in the job's root file system, which is the image's and the job's and may lie: a link in it could lead to
# the agent's own files. No process of a job runs while these are used for a mount. A command's folder may be made while
# others run: who is root in them, and changes a link in that moment, gets an empty folder somewhere, and no more.

# inside PATH: sets $inside to where PATH leads for the job, below /newroot and without any link; it need not be there.
inside() {
  local rest=$1 part link hops=0
  inside=
  while [ "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    case $part in
    '' | .) ;;
    ..) inside=${inside%/*} ;;
    *)
      if [ -L "/newroot$inside/$part" ]; then
        # As many as the kernel follows.
        [ $((hops += 1)) -le 40 ] || return 1
        link=$(readlink -n "/newroot$inside/$part" && echo .)
        link=${link%.}
        case $link in /*) inside= ;; esac
        rest=$link/$rest
      else
        inside=$inside/$part
      fi
      ;;
    esac
  done
}

# make_folder PATH: sets $inside likewise, and makes it a folder.
make_folder() { must inside "$1" && must mkdir -p "/newroot$inside"; }
