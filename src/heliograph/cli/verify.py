"""`heliograph verify`: whether a receipt is genuine and the picture is still the one that it speaks of."""

import json
import sys
from pathlib import Path

import click

from heliograph.cli._session import session, with_server
from heliograph.client._references import is_receipt

LONGEST = 1_000_000
"""Bytes of a file that may hold a receipt; more is no receipt."""


@click.command()
@click.argument("subject", metavar="RECEIPT|FILE|-|ID|LINK")
@click.option("--against", metavar="PICTURE", help="Check, too, that this file is what was uploaded.")
@click.option("--json", "as_json", is_flag=True, help="What the receipt says, as JSON.")
@with_server
def verify(subject: str, against: str | None, as_json: bool, server: str | None, key: str | None) -> None:
    """Check a receipt: its signature, and the bytes that the link shows.

    Give an image's id or link, or the receipt itself, a file that holds it (also one that 'upload --format json'
    wrote), or - for standard input. Only receipts of the server that you name are accepted.

    Exit codes: 0 all is as the receipt says; 1 the server is at fault; 2 wrong usage, or there is no receipt to check;
    3 it cannot be reached; 4 not allowed; 5 verification failed.
    """
    with session(server, key) as client:
        receipt = client.verify(_meant(subject), file=against)
    if as_json:
        told: dict[str, object] = {
            "verified": receipt.link,
            "id": receipt.id,
            "issuer": receipt.issuer,
            "key_id": receipt.key_id,
        }
        told |= {"issued": receipt.issued.isoformat(), "size": receipt.size, "media_type": receipt.media_type}
        told |= {"sha256": receipt.sha256, "received_sha256": receipt.received_sha256}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(
        f"verified: {receipt.link} shows the {receipt.size} bytes that {receipt.issuer} stored on "
        f"{receipt.issued:%Y-%m-%d %H:%M:%S} UTC (SHA-256 {receipt.sha256})"
    )


def _meant(subject: str) -> str:
    """The receipt in standard input or a file, where `subject` names these; else `subject` itself."""
    if subject == "-":
        return _receipt_in(sys.stdin.buffer.read(LONGEST), "Standard input")
    if is_receipt(subject) or "//" in subject or not Path(subject).is_file():
        return subject
    with Path(subject).open("rb") as file:
        return _receipt_in(file.read(LONGEST), subject)


def _receipt_in(content: bytes, where: str) -> str:
    """The receipt that is the text in `content`, or is in the JSON of an image there; else a usage error."""
    text = content.decode("utf-8", "replace").strip()
    try:
        answer = json.loads(text)
        text = str(answer["receipt"])
    except (ValueError, KeyError, TypeError):
        pass
    if not is_receipt(text):
        raise click.UsageError(
            f"{where} holds no receipt. Give the receipt that came with the upload, "
            "and name a picture with --against to compare it.",
        )
    return text
