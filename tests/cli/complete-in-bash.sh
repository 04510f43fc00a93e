# Sources the completion script twice, as a careless ~/.bashrc does, and completes each argument as a line.
set -eu
source <(zoo completion bash)
source <(zoo completion bash)
[[ $(complete -p zoo) == *"-F _zoo_complete zoo" ]]
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=${#line} COMP_CWORD=0 COMP_WORDS=()
  _zoo_complete zoo
  echo "$line=>${COMPREPLY[*]-}"
done
