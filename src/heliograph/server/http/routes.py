"""The URL table: every URL on one screen, each with the voice that speaks its failures.

Image files (`/ID.ext`, `/IDl.jpg`) are not here: `dispatch` has them answered before it looks at the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from heliograph.server.http.client_settings import ClientSettings
from heliograph.server.http.consent import ConsentPages
from heliograph.server.http.dispatch import Handler, Row, Voice
from heliograph.server.http.frame import Frame
from heliograph.server.http.imgur_oauth import ImgurOAuth
from heliograph.server.http.imgur_oauth1 import ImgurOAuth1Page, ImgurOAuth1Tokens
from heliograph.server.http.imgur_v1 import ImgurV1
from heliograph.server.http.imgur_v2 import ImgurV2
from heliograph.server.http.imgur_v2_account import ImgurV2Account, ImgurV2Signin
from heliograph.server.http.imgur_v2_account_albums import ImgurV2AccountAlbums
from heliograph.server.http.imgur_v3 import ImgurV3
from heliograph.server.http.imgur_v3_account import ImgurV3Account
from heliograph.server.http.imgur_v3_albums import ImgurV3Albums
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
from heliograph.server.http.stack_mobile import StackMobile
from heliograph.server.http.stack_web import StackWeb
from heliograph.server.http.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """Everything that the table names: the dialects, the pages and what else answers."""

    native: Native
    albums: NativeAlbums
    favorites: NativeFavorites
    companions: NativeCompanions
    identity: NativeIdentity
    reference: Reference
    v1: ImgurV1
    v3: ImgurV3
    v3_albums: ImgurV3Albums
    v3_account: ImgurV3Account
    v3_words: ImgurV3Words
    stack_web: StackWeb
    stack_mobile: StackMobile
    frame: Frame
    pages: Pages
    clients: ClientSettings
    login: LoginPages
    openid: OpenIDPages
    account: AccountPages
    keys: KeyPages
    oauth: OAuth
    imgur_oauth: ImgurOAuth
    consent: ConsentPages
    grants: GrantPages
    oauth1: ImgurOAuth1Tokens
    oauth1_page: ImgurOAuth1Page
    v2: ImgurV2
    oembed: OEmbed
    v2_account: ImgurV2Account
    v2_albums: ImgurV2AccountAlbums
    v2_signin: ImgurV2Signin
    status: Status


def table(of: Handlers) -> tuple[Row, ...]:
    """Every URL of the server, a dialect at a time."""
    dialects = (_native, _imgur, _imgur_v2, _imgur_v2_accounts, _oauth1, _stack_exchange, _pages, _status)
    return tuple(row for rows in dialects for row in rows(of))


def _native(of: Handlers) -> tuple[Row, ...]:
    """The native API."""
    # fmt: off
    return (
        Row("POST",   "/api/v1/images",                    of.native.upload,      of.native),
        Row("GET",    "/api/v1/images",                    of.native.list,        of.native),
        Row("GET",    "/api/v1/images/{id}",               of.native.find,        of.native),
        Row("PATCH",  "/api/v1/images/{id}",               of.native.edit,        of.native),
        Row("DELETE", "/api/v1/images/{id}",               of.native.remove,      of.native),
        Row("POST",   "/api/v1/albums",                    of.albums.create,      of.native),
        Row("GET",    "/api/v1/albums",                    of.albums.list,        of.native),
        Row("GET",    "/api/v1/albums/{id}",               of.albums.find,        of.native),
        Row("PATCH",  "/api/v1/albums/{id}",               of.albums.edit,        of.native),
        Row("DELETE", "/api/v1/albums/{id}",               of.albums.remove,      of.native),
        Row("PUT",    "/api/v1/albums/{id}/images",        of.albums.set_images,  of.native),
        Row("POST",   "/api/v1/albums/{id}/images",        of.albums.add_images,  of.native),
        Row("DELETE", "/api/v1/albums/{id}/images",        of.albums.remove_images, of.native),
        Row("PUT",    "/api/v1/images/{id}/favorite",      of.favorites.mark_image, of.native),
        Row("DELETE", "/api/v1/images/{id}/favorite",      of.favorites.unmark_image, of.native),
        Row("PUT",    "/api/v1/albums/{id}/favorite",      of.favorites.mark_album, of.native),
        Row("DELETE", "/api/v1/albums/{id}/favorite",      of.favorites.unmark_album, of.native),
        Row("GET",    "/api/v1/images/{id}/source",        of.companions.source,  of.native),
        Row("DELETE", "/api/v1/images/{id}/source",        of.companions.remove_source, of.native),
        Row("DELETE", "/api/v1/images/{id}/vector",        of.companions.remove_vector, of.native),
        Row("POST",   "/api/v1/images/{id}/claim",         of.native.claim,       of.native),
        Row("GET",    "/api/v1/account",                   of.identity.account, of.native),
        Row("PATCH",  "/api/v1/account",                   of.identity.change_account, of.native),
        Row("GET",    "/api/v1/applications",              of.identity.applications, of.native),
        Row("POST",   "/api/v1/applications",              of.identity.register,  of.native),
        Row("GET",    "/api/v1/applications/{id}",         of.identity.application, of.native),
        Row("PATCH",  "/api/v1/applications/{id}",         of.identity.change,    of.native),
        Row("POST",   "/api/v1/applications/{id}/secret",  of.identity.rotate,    of.native),
        Row("GET",    "/api/v1/whoami",                    of.identity.whoami,    of.native),
        Row("GET",    "/api/v1/tokens",                    of.identity.tokens,    of.native),
        Row("POST",   "/api/v1/tokens",                    of.identity.make,      of.native),
        Row("DELETE", "/api/v1/tokens/{id}",               of.identity.revoke,    of.native),
        Row("GET",    "/api/v1/openapi.json",              of.reference.document, of.native),
        Row("GET",    "/api/v1/oauth/authorize",           of.consent.ask,       of.frame),
        Row("POST",   "/api/v1/oauth/authorize",           of.consent.answer,    of.frame),
        Row("POST",   "/api/v1/oauth/token",               of.oauth.token,       of.oauth),
        Row("POST",   "/api/v1/oauth/device",              of.oauth.device,      of.oauth),
        Row("POST",   "/api/v1/oauth/revoke",              of.oauth.revoke,      of.oauth),
        Row("GET",    "/.well-known/oauth-authorization-server", of.oauth.metadata, of.native),
        Row("GET",    "/.well-known/heliograph-keys.json", of.native.keys,        of.native),
    )
    # fmt: on


def _imgur(of: Handlers) -> tuple[Row, ...]:
    """Imgur API v1 and v3."""
    # fmt: off
    return (
        *_imgur_v1(of),
        *_imgur_v3(of),

        Row("GET",    "/oauth2/authorize",                 of.consent.ask_imgur, of.consent),
        Row("POST",   "/oauth2/authorize",                 of.consent.answer_imgur, of.consent),
        Row("POST",   "/oauth2/token",                     of.imgur_oauth.token, of.imgur_oauth),
        Row("POST",   "/oauth2/revoke",                    of.imgur_oauth.revoke, of.imgur_oauth),
        Row("OPTIONS", "/oauth2/token",                    of.imgur_oauth.preflight, of.imgur_oauth),
        Row("OPTIONS", "/oauth2/revoke",                   of.imgur_oauth.preflight, of.imgur_oauth),
    )
    # fmt: on


def _imgur_v1(of: Handlers) -> tuple[Row, ...]:
    """Imgur API v1. Scripts of other pages may ask before they call."""
    # fmt: off
    rows = (
        *_named("POST",             "/api/upload.{format}",        of.v1.upload,           of.v1),
        *_named("GET POST",         "/api/delete/{hash}.{format}", of.v1.delete,           of.v1),
        *_named("GET POST",         "/api/stats/{id}.{format}",    of.v1.image_statistics, of.v1),
        *_named("GET POST",         "/api/stats.{format}",         of.v1.site_statistics,  of.v1),
        *_named("GET POST",         "/api/gallery.{format}",       of.v1.gallery,          of.v1),
    )
    # fmt: on
    paths = dict.fromkeys(row.path for row in rows)
    return (*rows, *(Row("OPTIONS", path, of.v1.preflight, of.v1) for path in paths))


def _imgur_v2(of: Handlers) -> tuple[Row, ...]:
    """What of Imgur API v2 needs no account, and oEmbed beside it. Scripts of other pages may ask before they call."""
    # fmt: off
    rows = (
        *_v2("GET POST PUT",        "/2/upload",                 of.v2.upload,  of.v2),
        *_named("GET POST PUT",     "/2/image/{name}",           of.v2.image,   of.v2),
        *_named("GET POST PUT",     "/2/album/{name}",           of.v2.album,   of.v2),
        *_named("GET POST PUT DELETE", "/2/delete/{name}",       of.v2.remove,  of.v2),
        *_v2("GET POST PUT",        "/2/stats",                  of.v2.stats,   of.v2),
        *_v2("GET POST PUT",        "/2/credits",                of.v2.credits, of.v2),
    )
    embeds = _v2("GET",             "/oembed",                   of.oembed.embed, of.oembed)
    # fmt: on
    paths = dict.fromkeys(row.path for row in rows)
    asked_before = (Row("OPTIONS", path, of.v2.preflight, of.v2) for path in paths)
    return (*rows, *asked_before, *embeds, *_v2("OPTIONS", "/oembed", of.oembed.preflight, of.oembed))


def _imgur_v2_accounts(of: Handlers) -> tuple[Row, ...]:
    """What of Imgur API v2 is about accounts, and what it has not. Scripts of other pages may ask first."""
    # fmt: off
    rows = (
        *_v2("GET POST",            "/2/account",                of.v2_account.account, of.v2_account),
        *_v2("GET",                 "/2/account/images",         of.v2_account.images,  of.v2_account),
        *_v2("POST PUT",            "/2/account/images",         of.v2_account.upload,  of.v2_account),
        *_v2("GET POST",            "/2/account/images_count",   of.v2_account.count,   of.v2_account),
        *_v2("GET",                 "/2/account/albums",         of.v2_albums.albums,   of.v2_account),
        *_v2("POST PUT",            "/2/account/albums",         of.v2_albums.create,   of.v2_account),
        *_v2("GET POST",            "/2/account/albums_count",   of.v2_albums.count,    of.v2_account),
        *_v2("GET POST PUT",        "/2/account/albums_order",   of.v2_albums.order,    of.v2_account),
        *_v2("POST",                "/2/signin",                 of.v2_signin.sign_in,  of.v2_account),
        *_named("GET POST PUT DELETE", "/2/account/images/{name}",    of.v2_account.image, of.v2_account),
        *_named("GET POST PUT DELETE", "/2/account/albums/{name}",    of.v2_albums.album, of.v2_account),
        *_named("GET POST PUT",     "/2/account/albums_order/{name}", of.v2_albums.images_order, of.v2_account),
        *_named("GET POST PUT PATCH DELETE", "/2/{rest:path}",   of.v2.not_here,          of.v2),
    )
    # fmt: on
    paths = dict.fromkeys(row.path for row in rows)
    return (*rows, *(Row("OPTIONS", path, of.v2_account.preflight, of.v2_account) for path in paths))


def _imgur_v3(of: Handlers) -> tuple[Row, ...]:
    """Imgur API v3 without its sign-in. Suffixes and case are taken off by `_as_imgur_reads`."""
    voice, image, album, account = of.v3_words, of.v3, of.v3_albums, of.v3_account
    # fmt: off
    rows = (
        *_named("POST",     "/3/image",                              image.upload,         voice),
        *_named("POST",     "/3/upload",                             image.upload,         voice),
        *_named("GET",      "/3/image/{name}",                       image.find,           voice),
        *_named("POST PUT", "/3/image/{name}",                       image.edit,           voice),
        *_named("DELETE",   "/3/image/{name}",                       image.remove,         voice),
        *_named("POST",     "/3/image/{name}/favorite",              image.favorite,       voice),
        *_named("GET",      "/upload/poll",                          image.poll,           voice),

        *_named("POST",     "/3/album",                              album.create,         voice),
        *_named("GET",      "/3/album/{name}",                       album.find,           voice),
        *_named("POST PUT", "/3/album/{name}",                       album.edit,           voice),
        *_named("DELETE",   "/3/album/{name}",                       album.remove,         voice),
        *_named("GET",      "/3/album/{name}/images",                album.images,         voice),
        *_named("GET",      "/3/album/{name}/image/{image}",         album.image,          voice),
        *_named("POST PUT", "/3/album/{name}/add",                   album.add,            voice),
        *_named("POST DELETE", "/3/album/{name}/remove_images",      album.remove_images,  voice),
        *_named("POST",     "/3/album/{name}/favorite",              album.favorite,       voice),

        *_named("GET",      "/3/account/{user}",                     account.account,      voice),
        *_named("GET",      "/3/account/{user}/settings",            account.settings,     voice),
        *_named("GET",      "/3/account/{user}/images",              account.images,       voice),
        *_named("GET",      "/3/account/{user}/images/ids",          account.image_ids,    voice),
        *_named("GET",      "/3/account/{user}/images/ids/{page}",   account.image_ids,    voice),
        *_named("GET",      "/3/account/{user}/images/count",        account.images_count, voice),
        *_named("GET",      "/3/account/{user}/images/{page}",       account.images,       voice),
        *_named("GET",      "/3/account/{user}/image/{name}",        account.image,        voice),
        *_named("DELETE",   "/3/account/{user}/image/{name}",        account.remove_image, voice),
        *_named("GET",      "/3/account/{user}/albums",              account.albums,       voice),
        *_named("GET",      "/3/account/{user}/albums/ids",          account.album_ids,    voice),
        *_named("GET",      "/3/account/{user}/albums/ids/{page}",   account.album_ids,    voice),
        *_named("GET",      "/3/account/{user}/albums/count",        account.albums_count, voice),
        *_named("GET",      "/3/account/{user}/albums/{page}",       account.albums,       voice),
        *_named("GET",      "/3/account/{user}/album/{name}",        account.album,        voice),
        *_named("DELETE",   "/3/account/{user}/album/{name}",        account.remove_album, voice),
        *_named("GET",      "/3/credits",                            account.credits,      voice),
        *_named("GET POST PUT PATCH DELETE", "/3/{rest:path}",       account.not_here,     voice),
    )
    # fmt: on
    paths = dict.fromkeys(row.path for row in rows)
    return (*rows, *(Row("OPTIONS", path, voice.preflight, voice) for path in paths))


def _oauth1(of: Handlers) -> tuple[Row, ...]:
    """OAuth 1.0a, as Imgur API v2 had it."""
    # fmt: off
    return (
        *_named("GET POST",         "/oauth/request_token",      of.oauth1.request_token, of.oauth1),
        *_named("GET POST",         "/oauth/access_token",       of.oauth1.access_token, of.oauth1),
        Row("GET",                  "/oauth/authorize",          of.oauth1_page.ask,     of.frame),
        Row("POST",                 "/oauth/authorize",          of.oauth1_page.answer,  of.frame),
    )
    # fmt: on


def _stack_exchange(of: Handlers) -> tuple[Row, ...]:
    """The upload form and the mobile API of Stack Exchange. Scripts of other pages may ask before they call."""
    # fmt: off
    return (
        Row("POST",   "/upload/image",                     of.stack_web.upload,  of.stack_web),
        Row("POST",   "/image/upload",                     of.stack_web.upload,  of.stack_web),
        Row("POST",   "/1/image/upload",                   of.stack_mobile.upload, of.stack_mobile),
        Row("OPTIONS", "/upload/image",                    of.stack_web.preflight, of.stack_web),
        Row("OPTIONS", "/image/upload",                    of.stack_web.preflight, of.stack_web),
        Row("OPTIONS", "/1/image/upload",                  of.stack_mobile.preflight, of.stack_mobile),
    )
    # fmt: on


def _pages(of: Handlers) -> tuple[Row, ...]:
    """What people look at. `/{id}` takes any word, and is asked last."""
    # fmt: off
    return (
        Row("GET",    "/",                                 of.pages.front,        of.frame),
        Row("POST",   "/",                                 of.pages.upload,       of.frame),
        Row("GET",    "/docs/api",                         of.pages.api,          of.frame),
        Row("GET",    "/docs/clients",                     of.clients.page,      of.frame),
        Row("GET",    "/docs/clients/{name}",              of.clients.download,  of.frame),
        Row("GET",    "/docs/problems",                    of.pages.problems,     of.frame),
        Row("GET",    "/delete/{hash}",                    of.pages.ask_to_delete, of.frame),
        Row("POST",   "/delete/{hash}",                    of.pages.delete,       of.frame),
        Row("GET",    "/a/{id}",                           of.pages.album,        of.frame),
        Row("GET",    "/login",                            of.login.ask,          of.frame),
        Row("POST",   "/login",                            of.login.log_in,       of.frame),
        Row("GET",    "/login/openid",                     of.openid.log_in,      of.frame),
        Row("GET",    "/login/openid/back",                of.openid.come_back,   of.frame),
        Row("POST",   "/logout",                           of.login.log_out,      of.frame),
        Row("GET",    "/register",                         of.login.ask_to_register, of.frame),
        Row("POST",   "/register",                         of.login.register,     of.frame),
        Row("GET",    "/account",                          of.account.images,     of.frame),
        Row("GET",    "/account/albums",                   of.account.albums,     of.frame),
        Row("GET",    "/account/settings",                 of.account.settings,   of.frame),
        Row("POST",   "/account/settings",                 of.account.change,     of.frame),
        Row("POST",   "/account/logout",                   of.login.log_out_everywhere, of.frame),
        Row("POST",   "/account/openid",                   of.openid.link,        of.frame),
        Row("POST",   "/account/delete",                   of.account.end,        of.frame),
        Row("GET",    "/account/tokens",                   of.keys.tokens,        of.frame),
        Row("POST",   "/account/tokens",                   of.keys.make_token,    of.frame),
        Row("POST",   "/account/tokens/{id}/revoke",       of.keys.revoke_token,  of.frame),
        Row("GET",    "/account/grants",                   of.grants.listed,     of.frame),
        Row("POST",   "/account/grants/{id}/revoke",       of.grants.revoke,     of.frame),
        Row("GET",    "/device",                           of.consent.ask_device, of.frame),
        Row("POST",   "/device",                           of.consent.answer_device, of.frame),
        Row("GET",    "/account/applications",             of.keys.applications,  of.frame),
        Row("POST",   "/account/applications",             of.keys.register,      of.frame),
        Row("POST",   "/account/applications/{id}",        of.keys.change,        of.frame),
        Row("GET",    "/static/{name}",                    of.frame.asset,        of.frame),
        Row("GET",    "/removed.png",                      of.frame.removed,      of.frame),
        Row("GET",    "/{id}.gifv",                        of.pages.animation,    of.frame),
        Row("GET",    "/{id}",                             of.pages.image,        of.frame),
    )
    # fmt: on


def _status(of: Handlers) -> tuple[Row, ...]:
    """Health and metrics."""
    # fmt: off
    return (
        Row("GET",    "/livez",                            of.status.live,        of.status),
        Row("GET",    "/readyz",                           of.status.ready,       of.status),
        Row("GET",    "/metrics",                          of.status.metrics,     of.status),
    )
    # fmt: on


def _named(methods: str, path: str, handler: Handler, voice: Voice) -> Iterator[Row]:
    """A path for several methods; where it ends in a name, the format's suffix is part of it."""
    return (Row(method, path, handler, voice) for method in methods.split())


def _v2(methods: str, path: str, handler: Handler, voice: Voice) -> Iterator[Row]:
    """The same for each of the suffixes that choose a format."""
    return (row for form in ("", ".json", ".xml") for row in _named(methods, path + form, handler, voice))
