# What zsh offers to complete a line with, by the completion script of a folder: zsh -f offers.zsh FOLDER LINE
# A zsh on a terminal of its own is sent the line and a tab; all that would be offered passes `compadd`, which writes it
# to a file.
zmodload zsh/zpty
offered=$(mktemp)
inner=$(mktemp)
cat >$inner <<END
fpath=($1 \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-[a-zA-Z]#(O|A|D)\ * ]]; then
    builtin compadd "\$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "\$@"
  print -rl -- \$hits >>$offered
  builtin compadd "\$@"
}
finish() { exit }
comppostfuncs=(finish)
PS1='ready>'
END
zpty shell zsh -f -i
zpty -w shell "setopt extended_glob; source $inner"
zpty -r shell line '*ready>*'
zpty -n -w shell "$2"$'\t'
while zpty -r shell line 2>/dev/null; do :; done  # until it has ended
cat $offered
rm -f $offered $inner
