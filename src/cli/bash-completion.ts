/**
 * The completion script for bash. It needs nothing but bash 3.2, which is what macOS has, and may be sourced
 * any number of times. Bash breaks words at `@`, `:` and `=`, which references are full of, so the words are read
 * from the line itself, and what bash believes to be finished is left out of the offers.
 */
export const BASH_COMPLETION = `# bash completion for zoo; in ~/.bashrc: source <(zoo completion bash)
_zoo_complete() {
  local line current prefix files=0 words=()
  read -r -a words <<< "\${COMP_LINE:0:COMP_POINT}"
  if [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]]; then words+=(''); fi
  current=\${words[\${#words[@]}-1]}
  prefix=\${current%"\${current##*[@:=]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :0) files=1 ;;
      :*) ;;
      *) line=\${line%%$'\\t'*}; COMPREPLY+=("\${line#"$prefix"}") ;;
    esac
  done < <(zoo complete -- "\${words[@]:1}" 2>/dev/null)
  if [[ $files == 0 ]] && type compopt >/dev/null 2>&1; then compopt +o default 2>/dev/null || :; fi
}
complete -o default -F _zoo_complete zoo
`;
