# What fish offers: the completions' file, then lines.
source $argv[1]
for line in $argv[2..-1]
    complete -C $line | string replace -r '\t.*' ''
    echo ==
end
