"""The completion scripts of bash, zsh and fish, and where these shells look for them.

`completion.py` says what the scripts ask and are told.
"""

from __future__ import annotations

import os
from pathlib import Path

from nlpcli.cli.typer_commands import INSTALL
from nlpcli.errors import OutputError, SettingsError

_BASH = r"""# bash completion of nlpcli
_nlpcli_completion() {
    local IFS=$'\n' cur="${COMP_WORDS[COMP_CWORD]}" line extension
    COMPREPLY=()
    [[ $cur == "=" ]] && cur=""
    while IFS= read -r line; do
        case $line in
            :files)
                compopt -o default 2>/dev/null
                compopt -o filenames 2>/dev/null
                COMPREPLY+=($(compgen -f -- "$cur")) ;;
            :files\ *)
                compopt -o filenames 2>/dev/null
                IFS=' ' read -r -a extensions <<< "${line#:files }"
                for extension in "${extensions[@]}"; do
                    COMPREPLY+=($(compgen -f -X "!*.$extension" -- "$cur"))
                done
                COMPREPLY+=($(compgen -d -- "$cur"))
                # None of the usual extensions: whatever there is.
                ((${#COMPREPLY[@]})) || COMPREPLY+=($(compgen -f -- "$cur")) ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <(_NLPCLI_COMPLETE=bash "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _nlpcli_completion nlpcli
"""

_ZSH = r"""#compdef nlpcli
# zsh completion of nlpcli
_nlpcli() {
    local line
    local -a found extensions
    local files=0
    while IFS= read -r line; do
        case $line in
            :files) files=1 ;;
            :files\ *) files=1; extensions=(${=line#:files }) ;;
            *) found+=("$line") ;;
        esac
    done < <(_NLPCLI_COMPLETE=zsh "${words[1]}" "${(@)words[2,CURRENT]}" 2>/dev/null)
    [[ $PREFIX == --*=* ]] && compset -P '*='
    (( $#found )) && _describe -V nlpcli found
    if (( files )); then
        if (( $#extensions )); then
            _files -g "*.(${(j:|:)extensions})" || _files
        else
            _files
        fi
    fi
}
if [[ ${funcstack[1]} == _nlpcli ]]; then
    _nlpcli "$@"
else
    compdef _nlpcli nlpcli
fi
"""

_FISH = r"""# fish completion of nlpcli
function __nlpcli_completion
    set -l words (commandline -opc) (commandline -ct)
    set -l current (commandline -ct)
    for line in (env _NLPCLI_COMPLETE=fish $words[1] $words[2..-1] 2>/dev/null)
        if string match -q -- ':files*' $line
            set -l value (string replace -r -- '^--[^=]*=' '' $current)
            set -l option (string match -r -- '^--[^=]*=' $current)
            set -l extensions (string split -- ' ' $line)[2..-1]
            set -l paths (complete -C "__nlpcli_no_such_command $value")
            if set -q extensions[1]
                set -l ends (string join -- '|' $extensions)
                set -l fitting (string match -r -- ".*(?:/|\.(?:$ends))(?:\t.*)?\$" $paths)
                set -q fitting[1]; and set paths $fitting
            end
            for path in $paths
                echo -- "$option$path"
            end
        else
            echo -- $line
        end
    end
end
complete --command nlpcli --no-files --keep-order --arguments '(__nlpcli_completion)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str) -> str:
    """The script that makes a shell complete `nlpcli`. Raises SettingsError for a shell it does not know."""
    if shell not in SCRIPTS:
        raise SettingsError(
            f"there is no completion for the shell {shell!r}", hint=f"there is for {', '.join(SCRIPTS)}"
        )
    return SCRIPTS[shell]


def this_shell() -> str:
    """The name of the shell that started this process. Raises SettingsError where it cannot be told."""
    import shellingham

    try:
        return str(shellingham.detect_shell()[0])
    except shellingham.ShellDetectionFailure:
        raise SettingsError("which shell?", hint=f"name it: nlpcli {INSTALL} {'|'.join(SCRIPTS)}") from None


def install(shell: str) -> tuple[Path, Path | None]:
    """Write a shell's script where it looks for it, and into its start-up file what it needs to find it.

    Gives the path of the script, and that of a start-up file which was changed. Raises SettingsError,
    OutputError.
    """
    text, home = script(shell), Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    zsh = Path(os.environ.get("ZDOTDIR") or home)
    path, start_up, lines = {
        "bash": (data / "bash-completion" / "completions" / "nlpcli", home / ".bashrc", 'source "{}"'),
        "zsh": (data / "zsh" / "site-functions" / "_nlpcli", zsh / ".zshrc",
                'fpath=("{.parent}" $fpath); autoload -Uz compinit && compinit'),
        "fish": (config / "fish" / "completions" / "nlpcli.fish", None, ""),
    }[shell]  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path, None if start_up is None or not _added(start_up, lines.format(path)) else start_up
    except OSError as error:
        raise OutputError(f"cannot write {error.filename}: {error.strerror}") from error


def _added(start_up: Path, line: str) -> bool:
    """Put a line at the end of a start-up file, unless it stands there."""
    there = start_up.read_text(encoding="utf-8", errors="surrogateescape") if start_up.exists() else ""
    if line in there:
        return False
    with start_up.open("a", encoding="utf-8") as file:
        file.write("\n" * bool(there and not there.endswith("\n")) + line + "\n")
    return True
