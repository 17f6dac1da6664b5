# For the shell in the terminal: notes what is offered, in the file `offered`.
PROMPT='ready '
bindkey -e
bindkey '^I' complete-word
unsetopt beep
autoload -Uz compinit && compinit -D -u
source $1
compadd() {
  # Calls that ask only offer nothing.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- $hits >> $PWD/offered
  builtin compadd "$@"
}
next() { print -- '==' >> $PWD/offered; comppostfuncs=(next); }
comppostfuncs=(next)
