"""Every dialect and page, each given the services that it uses, by name, and no other."""

from dataclasses import dataclass
from typing import Any

from heliograph.server.albums import Albums
from heliograph.server.callers import Callers
from heliograph.server.companions import Companions
from heliograph.server.config import Settings
from heliograph.server.favorites import Favorites
from heliograph.server.http.bodies import Reader
from heliograph.server.http.client_settings import ClientSettings
from heliograph.server.http.consent import ConsentPages
from heliograph.server.http.frame import Frame
from heliograph.server.http.imgur_oauth import ImgurOAuth
from heliograph.server.http.imgur_oauth1 import ImgurOAuth1Page, ImgurOAuth1Tokens
from heliograph.server.http.imgur_v1 import ImgurV1
from heliograph.server.http.imgur_v2 import ImgurV2
from heliograph.server.http.imgur_v2_account import ImgurV2Account, ImgurV2Signin
from heliograph.server.http.imgur_v2_account_albums import ImgurV2AccountAlbums
from heliograph.server.http.imgur_v2_callers import AccountCallers
from heliograph.server.http.imgur_v2_words import Words
from heliograph.server.http.imgur_v3 import ImgurV3
from heliograph.server.http.imgur_v3_account import ImgurV3Account
from heliograph.server.http.imgur_v3_albums import ImgurV3Albums
from heliograph.server.http.imgur_v3_callers import ImgurV3Callers
from heliograph.server.http.imgur_v3_models import ImgurV3Models
from heliograph.server.http.imgur_v3_words import ImgurV3Words
from heliograph.server.http.native import Native
from heliograph.server.http.native_albums import NativeAlbums
from heliograph.server.http.native_companions import NativeCompanions
from heliograph.server.http.native_favorites import NativeFavorites
from heliograph.server.http.native_identity import NativeIdentity
from heliograph.server.http.oauth import OAuth
from heliograph.server.http.oembed import OEmbed
from heliograph.server.http.openapi import Reference
from heliograph.server.http.pages import Pages
from heliograph.server.http.pages_account import AccountPages
from heliograph.server.http.pages_grants import GrantPages
from heliograph.server.http.pages_keys import KeyPages
from heliograph.server.http.pages_login import LoginPages
from heliograph.server.http.pages_openid import OpenIDPages
from heliograph.server.http.routes import Handlers
from heliograph.server.http.signed_requests import SignedReader
from heliograph.server.http.stack_mobile import StackMobile
from heliograph.server.http.stack_web import StackWeb
from heliograph.server.http.status import Status
from heliograph.server.http.visitors import Visitors
from heliograph.server.identity import Accounts, Applications, Devices, Fkeys, Grants, OAuth1, Sessions, Tokens
from heliograph.server.library import Library
from heliograph.server.limits import Limits
from heliograph.server.links import Links
from heliograph.server.logins import Logins
from heliograph.server.openid import OpenIDLogins
from heliograph.server.quotas import Quotas
from heliograph.server.receipts import Signer
from heliograph.server.registration import Registration
from heliograph.server.shelves import Shelves
from heliograph.server.statistics import Statistics
from heliograph.server.uploads import Uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the server does, whatever the dialect. Known here and to the assembler only."""

    accounts: Accounts
    applications: Applications
    registration: Registration
    quotas: Quotas
    tokens: Tokens
    sessions: Sessions
    v2_sessions: Sessions
    fkeys: Fkeys
    oauth1: OAuth1
    grants: Grants
    devices: Devices
    logins: Logins
    openid: OpenIDLogins | None
    callers: Callers
    limits: Limits
    reader: Reader
    signed: SignedReader
    uploads: Uploads
    library: Library
    albums: Albums
    shelves: Shelves
    favorites: Favorites
    companions: Companions
    statistics: Statistics
    signer: Signer


def handlers(on: Services, settings: Settings, links: Links, status: Status) -> Handlers:
    """All handlers of the URL table."""
    made = _Maker(on, settings, links)
    return Handlers(**made.native(), **made.imgur(), **made.stack_exchange(), **made.pages(), status=status)


class _Maker:
    """Makes handlers, a family at a time: field of Handlers -> handler."""

    def __init__(self, on: Services, settings: Settings, links: Links) -> None:
        self._on = on
        self._settings = settings
        self._links = links
        self._admission: dict[str, Any] = {"callers": on.callers, "limits": on.limits}
        self._arriving: dict[str, Any] = {
            **self._admission,
            "reader": on.reader,
            "uploads": on.uploads,
            "links": links,
        }
        self._visitors = Visitors(on.sessions, on.fkeys, links.public)
        self._frame = Frame(links, self._visitors)
        self._reference = Reference(links)

    def native(self) -> dict[str, Any]:
        on, links = self._on, self._links
        native = Native(
            **self._arriving,
            visitors=self._visitors,
            library=on.library,
            albums=on.albums,
            statistics=on.statistics,
            favorites=on.favorites,
            companions=on.companions,
            signer=on.signer,
        )
        return {
            "native": native,
            "albums": NativeAlbums(native=native, albums=on.albums, links=links),
            "favorites": NativeFavorites(native=native, favorites=on.favorites, library=on.library, albums=on.albums),
            "companions": NativeCompanions(native=native, companions=on.companions),
            "identity": NativeIdentity(
                native=native,
                callers=on.callers,
                accounts=on.accounts,
                quotas=on.quotas,
                applications=on.applications,
                registration=on.registration,
                tokens=on.tokens,
            ),
            "oauth": OAuth(**self._admission, grants=on.grants, devices=on.devices, links=links),
            "reference": self._reference,
        }

    def imgur(self) -> dict[str, Any]:
        on, links, words = self._on, self._links, Words(self._links, self._on.statistics)
        asking = AccountCallers(
            **self._admission, reader=on.reader, signed=on.signed, oauth1=on.oauth1, sessions=on.v2_sessions
        )
        return {
            "v1": ImgurV1(**self._arriving, library=on.library, statistics=on.statistics),
            "v2": ImgurV2(
                **self._arriving, library=on.library, albums=on.albums, statistics=on.statistics, words=words
            ),
            "oembed": OEmbed(**self._admission, library=on.library, albums=on.albums, links=links),
            "v2_account": ImgurV2Account(
                asking=asking, words=words, uploads=on.uploads, library=on.library, shelves=on.shelves
            ),
            "v2_albums": ImgurV2AccountAlbums(
                asking=asking, words=words, albums=on.albums, shelves=on.shelves, links=links
            ),
            "v2_signin": ImgurV2Signin(
                **self._admission,
                reader=on.reader,
                logins=on.logins,
                sessions=on.v2_sessions,
                words=words,
                links=links,
            ),
            "imgur_oauth": ImgurOAuth(reader=on.reader, grants=on.grants),
            "oauth1": ImgurOAuth1Tokens(**self._admission, reader=on.signed, oauth1=on.oauth1),
            "oauth1_page": ImgurOAuth1Page(on.oauth1, self._frame),
            **self._imgur_v3(),
        }

    def _imgur_v3(self) -> dict[str, Any]:
        on, words = self._on, ImgurV3Words()
        models = ImgurV3Models(
            library=on.library,
            albums=on.albums,
            statistics=on.statistics,
            favorites=on.favorites,
            links=self._links,
        )
        shared: dict[str, Any] = {"asking": ImgurV3Callers(**self._admission), "words": words, "models": models}
        arriving: dict[str, Any] = {"reader": on.reader, "uploads": on.uploads}
        return {
            "v3_words": words,
            "v3": ImgurV3(**shared, **arriving, library=on.library, favorites=on.favorites),
            "v3_albums": ImgurV3Albums(**shared, albums=on.albums, favorites=on.favorites),
            "v3_account": ImgurV3Account(**shared, shelves=on.shelves, library=on.library, albums=on.albums),
        }

    def stack_exchange(self) -> dict[str, Any]:
        return {
            "stack_web": StackWeb(**self._arriving, visitors=self._visitors),
            "stack_mobile": StackMobile(**self._arriving),
        }

    def pages(self) -> dict[str, Any]:
        on, frame, links = self._on, self._frame, self._links
        return {
            "frame": frame,
            "pages": Pages(
                **self._arriving,
                frame=frame,
                library=on.library,
                albums=on.albums,
                statistics=on.statistics,
                companions=on.companions,
                open_to_all=self._settings.anonymous_uploads,
                document=self._reference.content,
            ),
            "clients": ClientSettings(frame=frame, links=links),
            "login": LoginPages(
                frame=frame,
                callers=on.callers,
                logins=on.logins,
                sessions=on.sessions,
                open_to_all=self._settings.registration == "open",
                provider=on.openid.name if on.openid else "",
            ),
            "openid": OpenIDPages(frame=frame, openid=on.openid),
            "account": AccountPages(
                frame=frame,
                callers=on.callers,
                accounts=on.accounts,
                library=on.library,
                albums=on.albums,
                links=links,
                openid=on.openid,
            ),
            "consent": ConsentPages(frame=frame, callers=on.callers, grants=on.grants, devices=on.devices, links=links),
            "grants": GrantPages(frame=frame, grants=on.grants, oauth1=on.oauth1),
            "keys": KeyPages(frame=frame, applications=on.applications, registration=on.registration, tokens=on.tokens),
        }
