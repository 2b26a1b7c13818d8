"""The command line. This module is the table of commands; each is imported only when it is called.

So `heliograph --help` is quick, and the client needs nothing of the server.
"""

import click

from heliograph.cli._table import Table

COMMANDS = {
    "login": ("heliograph.cli.login:login", "Log in to your account, by allowing it in a browser."),
    "logout": ("heliograph.cli.login:logout", "End the login to a server, there and here."),
    "whoami": ("heliograph.cli.login:whoami", "Show who you are to the server, and what may be done."),
    "upload": ("heliograph.cli.upload:upload", "Publish pictures and print their links."),
    "publish": ("heliograph.cli.publish:publish", "Publish the pictures inside of files, and write links there."),
    "outbox": ("heliograph.cli.outbox:outbox", "List, send and remove pictures that could not be sent yet."),
    "list": ("heliograph.cli.listing:listing", "List and search the images that you own."),
    "search": ("heliograph.cli.listing:search", "Find images that you own by words."),
    "download": ("heliograph.cli.download:download", "Bring the originals of images home."),
    "albums": ("heliograph.cli.albums:albums", "Make, show, change and remove albums."),
    "account": ("heliograph.cli.account:account", "Show your account, and how much of its space is taken."),
    "info": ("heliograph.cli.info:info", "Show what is known of an image."),
    "source": ("heliograph.cli.source:source", "Print the code that made a picture, where it was sent with it."),
    "edit": ("heliograph.cli.edit:edit", "Change an image's title, description, alt or name."),
    "verify": ("heliograph.cli.verify:verify", "Check a receipt: its signature, and the bytes that the link shows."),
    "repair": ("heliograph.cli.repair:repair", "Find broken picture links in documents, and repair them."),
    "mirror": ("heliograph.cli.repair:mirror", "Copy pictures that others host, and change the links to them."),
    "delete": ("heliograph.cli.delete:delete", "Remove an image for ever."),
    "completion": ("heliograph.cli.completion:completion", "Print the script that completes commands in a shell."),
    "man": ("heliograph.cli.man:man", "Print the manual page of a command, for man."),
    "admin": ("heliograph.cli.admin:admin", "Administer the server on this machine."),
    "serve": ("heliograph.cli.serve:serve", "Run the server."),
}
"""Name: where the command lives, and the line that `heliograph --help` shows for it."""

EPILOG = """\
Which server, and with which key: --server and --key, else HELIOGRAPH_URL and HELIOGRAPH_KEY, else the config file (on
Linux ~/.config/heliograph/config.toml): what 'heliograph login' keeps there, or its texts 'url' and 'key'.

Exit codes: 0 done; 1 the server or the picture is at fault; 2 wrong usage; 3 the server cannot be reached; 4 not
allowed; 5 verification failed; 130 interrupted.
"""


@click.group(
    cls=Table,
    commands_at=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="heliograph", message="heliograph %(version)s")
def main() -> None:
    """Publish pictures for ever on a Heliograph server, and run one."""
