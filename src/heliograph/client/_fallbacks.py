"""Other hosts, for when the server is down; hides how a host that is shaped like Imgur is spoken to (its API v3).

Such a host knows no idempotency keys. So a request is made again only where it surely did not arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from heliograph.client._config import Fallback
from heliograph.client._errors import UnexpectedAnswerError
from heliograph.client._exchange import Answer, Patience, Plan, Send, exchange
from heliograph.client._idempotency import IdempotencyKey
from heliograph.client._models import Image
from heliograph.client._operations import Operations, json_of
from heliograph.client._pictures import Picture
from heliograph.client._renewal import Renewal

IMGUR_TEXTS = ("title", "description", "name")


def upload_to(
    host: Fallback, what: Picture | str, texts: Mapping[str, str], key: IdempotencyKey, patience: Patience
) -> Plan[Image]:
    """Publish at a fallback, whatever it is."""
    if host.client_id is not None:
        return _upload_as_to_imgur(host, host.client_id, what, texts, patience)
    operations = Operations(host.target, patience)
    return Renewal(host.target, patience).applied(operations.upload(what, texts, key))


def _upload_as_to_imgur(
    host: Fallback, client_id: str, what: Picture | str, texts: Mapping[str, str], patience: Patience
) -> Plan[Image]:
    fields = {name: text for name, text in texts.items() if name in IMGUR_TEXTS}
    send = Send("POST", f"{host.target.url}/3/image", {"Authorization": f"Client-ID {client_id}"})
    if isinstance(what, str):
        send = replace(send, form={"image": what, "type": "url", **fields})
    else:
        send = replace(send, picture=what, fields=fields)
    answer = yield from exchange(send, patience, repeatable=False)
    return _image(host.target.url, answer, texts)


def _image(host: str, answer: Answer, texts: Mapping[str, str]) -> Image:
    """The image that an answer of Imgur's API v3 tells of. Raises UnexpectedAnswerError."""
    try:
        told: dict[str, Any] = json_of(answer)["data"]
        link, secret = str(told["link"]), told.get("deletehash")
        return Image(
            id=str(told["id"]),
            page=link,
            link=link,
            thumbnails={},
            width=int(told.get("width") or 0),
            height=int(told.get("height") or 0),
            media_type=str(told.get("type") or ""),
            size=int(told.get("size") or 0),
            animated=bool(told.get("animated")),
            sha256="",
            created=datetime.fromtimestamp(int(told.get("datetime") or 0), UTC),
            title=str(told.get("title") or ""),
            description=str(told.get("description") or ""),
            alt=texts.get("alt", ""),
            name=texts.get("name", ""),
            delete_hash=str(secret) if secret else None,
            host=host,
            answer=told,
        )
    except (KeyError, TypeError, ValueError, OverflowError, UnexpectedAnswerError) as error:
        raise UnexpectedAnswerError(
            f"{host} answered {answer.status}, but not as a host shaped like Imgur does ({error!r}).", may_be_done=True
        ) from error
