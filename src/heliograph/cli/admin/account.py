"""`heliograph admin account`: accounts and their passwords."""

import sys
from collections.abc import Callable

import click

from heliograph.cli.admin._office import OPERATOR, administer, print_rows
from heliograph.server.app import Administration
from heliograph.server.config import size_of
from heliograph.server.model import NO_QUOTA, ROLES

_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input's first line.")


@click.group()
def account() -> None:
    """Make, list, disable and delete accounts."""


@account.command()
@click.argument("name")
@click.option("--email", metavar="ADDRESS", help="An e-mail address.")
@click.option("--role", type=click.Choice(ROLES), default="user", help="What it may do.")
@click.option("--no-password", is_flag=True, help="Ask for none: a robot's account, used by tokens only.")
@_STDIN
def create(name: str, email: str | None, role: str, no_password: bool, password_stdin: bool) -> None:
    """Make an account. The password is asked for."""
    password = None if no_password else _password(password_stdin)

    async def work(office: Administration) -> None:
        await office.accounts.add(name, OPERATOR, password=password, role=role, email=email)

    administer(work)


@account.command("list")
def list_() -> None:
    """List the accounts.

    Of each its name, role, enabled or disabled, e-mail, date, and quota of bytes and of images of its own.
    """

    async def work(office: Administration) -> None:
        print_rows(
            (
                each.name,
                each.role,
                "enabled" if each.enabled else "disabled",
                each.email,
                each.created,
                _quota_word(each.own_bytes),
                _quota_word(each.own_images),
            )
            for each in await office.accounts.listed()
        )

    administer(work)


@account.command()
@click.argument("name")
@_STDIN
def password(name: str, password_stdin: bool) -> None:
    """Set another password. Tokens stay."""
    chosen = _password(password_stdin)

    async def work(office: Administration) -> None:
        await office.accounts.set_password(await office.accounts.find(name), chosen, OPERATOR)

    administer(work)


@account.command()
@click.argument("name")
@click.option("--bytes", "most_bytes", metavar="SIZE|none|default", help="Bytes that it may hold, such as 5GiB.")
@click.option("--images", "most_images", metavar="NUMBER|none|default", help="Images that it may hold.")
@click.option("--none", "unbounded", is_flag=True, help="As much as it likes, whatever the settings say.")
def quota(name: str, most_bytes: str | None, most_images: str | None, unbounded: bool) -> None:
    """Set quotas of an account's own, and show what it holds.

    'default' gives it back the quota of the settings. What it holds already stays, also where that is more. Prints
    bytes and images that it holds, and bytes and images that it may.
    """
    if unbounded and (most_bytes or most_images):
        raise click.UsageError("Either --none, or --bytes and --images.")
    if unbounded:
        most_bytes = most_images = "none"
    chosen: dict[str, int | None] = {}
    if most_bytes is not None:
        chosen["bytes"] = _most(most_bytes, size_of, "--bytes", "a size such as 5GiB")
    if most_images is not None:
        chosen["images"] = _most(most_images, int, "--images", "a number")

    async def work(office: Administration) -> None:
        account = await office.accounts.find(name)
        if chosen:
            await office.accounts.set_quota(account, OPERATOR, chosen)
        space = await office.quotas.space_of(account)
        print_rows([(space.bytes, space.images, space.allowed.bytes, space.allowed.images)])

    administer(work)


@account.command()
@click.argument("name")
def disable(name: str) -> None:
    """Refuse the account's tokens and password. Its images stay."""
    _set_enabled(name, False)


@account.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled account be used again."""
    _set_enabled(name, True)


@account.command()
@click.argument("name")
@click.option(
    "--images",
    type=click.Choice(["keep", "remove"]),
    default="keep",
    help="Keep its images, owned by nobody (the default: links are permanent), or remove them for ever.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, images: str, yes: bool) -> None:
    """Delete an account for ever.

    And its tokens; its applications are disabled.
    """
    if not yes:
        click.confirm(f"Delete the account {name!r} for ever and {images} its images?", abort=True)

    async def work(office: Administration) -> None:
        found = await office.accounts.find(name)
        await office.accounts.delete(found, OPERATOR, remove_images=images == "remove")

    administer(work)


def _most(text: str, read: Callable[[str], int], option: str, wanted: str) -> int | None:
    """The quota that a text means: what is `wanted`, NO_QUOTA, or None for that of the settings."""
    if text in ("none", "default"):
        return NO_QUOTA if text == "none" else None
    try:
        most = read(text)
    except ValueError:
        most = -1
    if most < 0:
        raise click.UsageError(f"{option} {text!r} is neither {wanted}, none, nor default.")
    return most


def _quota_word(own: int | None) -> object:
    return "none" if own == NO_QUOTA else own


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _set_enabled(name: str, enabled: bool) -> None:
    async def work(office: Administration) -> None:
        await office.accounts.enable(await office.accounts.find(name), enabled, OPERATOR)

    administer(work)
