"""`heliograph completion`: the script by which a shell completes commands, options and files."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), metavar="bash|zsh|fish")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    Have the shell read it at its start. bash (4.4 or newer), in ~/.bashrc: eval "$(heliograph completion bash)".
    zsh, in ~/.zshrc after compinit: eval "$(heliograph completion zsh)". fish, once: heliograph completion fish >
    ~/.config/fish/completions/heliograph.fish

    Exit codes: 0 done; 2 wrong usage.
    """
    maker = get_completion_class(shell)
    assert maker is not None, "click knows these shells"
    click.echo(maker(context.find_root().command, {}, "heliograph", "_HELIOGRAPH_COMPLETE").source())
