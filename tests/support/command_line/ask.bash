# What bash offers: the completions' file, then lines, their words split by \037 as bash would split them.
script=$1
shift
# Where readline would go on by itself.
compopt() {
  case "$*" in
    '-o filenames -o dirnames') compgen -d -- "$cur" ;;
    '-o filenames -o default') compgen -f -- "$cur" ;;
    *) echo "compopt $*" ;;
  esac
}
source "$script"
for line; do
  mapfile -t -d $'\037' COMP_WORDS < <(printf %s "$line")
  [[ $line != *$'\037' ]] || COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _berth
  printf '%s\n' "${COMPREPLY[@]}" ==
done
