# What zsh offers: the completions' file, then lines. Only a terminal has completions, so there is one.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "source ${(q)0:a:h}/offer.zsh ${(q)1}"
shift
# Before that the terminal takes tabs for its own.
zpty -r shell words '*ready *'
# A tab asks, ^U takes the line away again.
for line; zpty -w -n shell $line$'\t\025'
zpty -w shell exit
# Until the shell has ended.
while zpty -r shell words; do :; done
cat offered
