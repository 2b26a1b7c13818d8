"""The only assembler: settings become parts, parts become one ASGI application, and it starts and stops."""

import asyncio
import fcntl
import logging
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from heliograph.imaging.limits import Limits as ImageLimits
from heliograph.imaging.pool import WorkerPool
from heliograph.server import migrations
from heliograph.server.albums import Albums
from heliograph.server.audit import Audit
from heliograph.server.backends.disk import DiskStore
from heliograph.server.backends.memory import MemoryLimiter
from heliograph.server.backends.remote import RemoteFetcher
from heliograph.server.callers import Callers
from heliograph.server.companions import Companions
from heliograph.server.config import BadSetting, Settings
from heliograph.server.dialects import Services, handlers
from heliograph.server.favorites import Favorites
from heliograph.server.http.bodies import Reader
from heliograph.server.http.dispatch import Application
from heliograph.server.http.hosts import ImageHost
from heliograph.server.http.images import ImageFiles
from heliograph.server.http.middleware import Metrics, Surroundings
from heliograph.server.http.pages_openid import BACK
from heliograph.server.http.routes import table
from heliograph.server.http.signed_requests import SignedReader
from heliograph.server.http.status import Status
from heliograph.server.http.work import Work
from heliograph.server.identity import (
    Accounts,
    Applications,
    Devices,
    Fkeys,
    Grants,
    Identity,
    OAuth1,
    Persons,
    Seal,
    Sessions,
    Tokens,
)
from heliograph.server.identity.applications import register_own
from heliograph.server.identity.grants import Lifetimes
from heliograph.server.library import Library
from heliograph.server.limits import Guard, Limits, Policy, parse_policy
from heliograph.server.links import Links
from heliograph.server.logins import Logins
from heliograph.server.model import Quota
from heliograph.server.openid import OpenIDLogins
from heliograph.server.ports import BlobStore, Database, IdentityProvider, Limiter
from heliograph.server.quotas import Quotas
from heliograph.server.receipts import Signer, SigningKey, derived_key, load_or_make_key
from heliograph.server.registration import Registration
from heliograph.server.shelves import Shelves
from heliograph.server.statistics import Statistics
from heliograph.server.upkeep import Upkeep
from heliograph.server.uploads import Uploads

log = logging.getLogger("heliograph")

FIRST_KEY = "first-key"
"""The file in the data folder that keeps the first application's key."""

SIGNING_KEY = "signing-key.pem"
"""The file in the data folder that keeps the server's own key, from which others are derived."""


class Server:
    """One server: an ASGI application between `start` and `stop`. Raises BadSetting for settings that cannot work."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        under_way, self._lock = _claim_folders(settings.data_dir)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        public = settings.public_url or f"http://{host}:{settings.port}"
        self.links = Links(public, settings.image_url, settings.link_scheme)
        self._database = _database(settings.database)
        self._blobs = _blob_store(settings.storage)
        self._pool = WorkerPool(
            workers=settings.image_workers,
            limits=ImageLimits(
                pixels=settings.max_pixels,
                total_pixels=5 * settings.max_pixels,
                frames=settings.max_frames,
                memory=settings.image_memory,
            ),
            deadline=settings.image_deadline,
            queue=settings.image_queue,
        )
        self._limiter = _limiter(settings.valkey_url)
        self._guard = Guard(self._limiter, MemoryLimiter())
        self._identity = Identity(self._database)
        self._statistics = Statistics(self._database)
        self._renditions = DiskStore(settings.data_dir / "renditions", durable=False)
        self._audit = Audit(self._database, kept=settings.audit_days, addresses_kept=settings.audit_address_days)
        self._upkeep = Upkeep(
            database=self._database,
            blobs=self._blobs,
            renditions=self._renditions,
            audit=self._audit,
            grace=settings.sweep_after,
        )
        self._chores: asyncio.Task[None] | None = None
        self._app = self._assembled(under_way)
        self.first_key: str | None = None
        self.first_key_is_new = False

    def _assembled(self, folder: Path) -> Surroundings:
        """What the server does, below; how it is spoken to, above."""
        metrics, services = Metrics(), self._services(folder)
        files = ImageFiles(services.library, services.statistics, self._instead())
        metrics.registry.register(Work(self._pool.counters, services.uploads.counted, services.limits, self._limiter))
        return Surroundings(
            Application(
                table(handlers(services, self._settings, self.links, self._status(metrics))),
                files,
                metrics,
                ImageHost(self.links),
            ),
            metrics,
            trusted_proxies=self._settings.trusted_proxies,
            access_log=self._settings.access_log,
        )

    def _instead(self) -> str:
        """The address that is answered for a picture that is missing; empty where a status says it."""
        setting = self._settings.missing_image
        return {"404": "", "redirect": self.links.removed}.get(setting, setting)

    def _status(self, metrics: Metrics) -> Status:
        needed = {"database": self._identity.reachable, "storage": self._storage_answers}
        return Status(metrics, self._settings.data_dir, needed, dispensable={"limits": self._limiter.reachable})

    def _services(self, folder: Path) -> Services:
        settings, links, database = self._settings, self.links, self._database
        key = load_or_make_key(settings.data_dir / SIGNING_KEY)
        signer, seal = Signer(key, links), _seal(key)
        accounts, applications = Accounts(database, self._identity), Applications(database, self._identity, seal)
        quotas = Quotas(database, Quota(settings.account_bytes, settings.account_images))
        companions = Companions(database=database, blobs=self._blobs, vectors=settings.vectors)
        logins = Logins(accounts, self._guard, self._audit)
        lifetimes = Lifetimes(
            settings.access_token_seconds, settings.imgur_token_seconds, settings.refresh_token_seconds
        )
        grants = Grants(database, self._identity, lifetimes)
        return Services(
            grants=grants,
            devices=Devices(database, grants, self._guard, settings.device_code_seconds),
            accounts=accounts,
            applications=applications,
            registration=Registration(applications, self._guard, settings.application_registration),
            quotas=quotas,
            tokens=Tokens(database, self._identity),
            sessions=Sessions(database, derived_key(key, "sessions"), settings.session_days),
            v2_sessions=Sessions(database, derived_key(key, "sessions of Imgur v2"), settings.session_days),
            fkeys=Fkeys(derived_key(key, "fkeys"), links.public),
            oauth1=OAuth1(database, seal),
            logins=logins,
            openid=self._openid(Persons(database, accounts), Seal(derived_key(key, "openid"))),
            callers=Callers(
                self._identity,
                logins,
                quotas,
                accept_unknown_keys=settings.unknown_keys == "accept",
                anonymous_uploads=settings.anonymous_uploads,
            ),
            limits=Limits(_policy(settings.limits), self._limiter),
            reader=Reader(folder, settings.max_bytes),
            signed=SignedReader(folder, settings.max_bytes, links),
            uploads=self._uploads(folder, signer, quotas, companions),
            library=Library(
                database=database,
                blobs=self._blobs,
                renditions=self._renditions,
                transformer=self._pool,
                quotas=quotas,
                folder=folder,
            ),
            albums=Albums(database=database),
            shelves=Shelves(database=database),
            favorites=Favorites(database),
            companions=companions,
            statistics=self._statistics,
            signer=signer,
        )

    def _uploads(self, folder: Path, signer: Signer, quotas: Quotas, companions: Companions) -> Uploads:
        settings = self._settings
        return Uploads(
            database=self._database,
            blobs=self._blobs,
            transformer=self._pool,
            fetcher=RemoteFetcher(allow=settings.fetch_allow, total_timeout=settings.fetch_timeout),
            signer=signer,
            quotas=quotas,
            companions=companions,
            folder=folder,
            max_bytes=settings.max_bytes,
        )

    def _openid(self, persons: Persons, seal: Seal) -> OpenIDLogins | None:
        """Logins with the provider that the settings name, if any; its library is loaded only then."""
        settings = self._settings
        if not settings.oidc_issuer:
            return None
        provider: IdentityProvider = import_module("heliograph.server.backends.openid").OpenIDProvider(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            back=self.links.public + BACK,
        )
        return OpenIDLogins(
            name=settings.oidc_name,
            provider=provider,
            persons=persons,
            seal=seal,
            limiter=self._guard,
            audit=self._audit,
            open_to_all=settings.oidc_registration or settings.registration == "open",
        )

    async def start(self) -> None:
        """Bring the database up to date, register the first application, start what runs beside the requests."""
        await self._pool.start()
        await _bring_up_to_date(self._database)
        kept_in = self._settings.data_dir / FIRST_KEY
        self.first_key_is_new = not kept_in.exists()
        self.first_key = await self._identity.first_key(kept_in)
        await register_own(self._database)
        self._statistics.start()
        self._chores = asyncio.create_task(self._upkeep.run())

    async def stop(self) -> None:
        """Let go of everything; what was acknowledged is on disk already."""
        if self._chores:
            self._chores.cancel()
        await self._statistics.stop()
        await self._pool.close()
        await self._limiter.close()
        await self._database.close()
        os.close(self._lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        await self._app(scope, receive, send)

    async def _storage_answers(self) -> None:
        await self._blobs.stat("0" * 64)


@dataclass(frozen=True, slots=True)
class Administration:
    """The parts that an operator works with, without a server."""

    accounts: Accounts
    applications: Applications
    tokens: Tokens
    audit: Audit
    quotas: Quotas


@asynccontextmanager
async def administration(settings: Settings) -> AsyncIterator[Administration]:
    """Open the database that the settings name, beside a server that may be running.

    A new or older database is brought up to date first. Raises BadSetting, StorageUnavailable.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = _database(settings.database)
    try:
        await _bring_up_to_date(database)
        identity = Identity(database)
        yield Administration(
            Accounts(database, identity),
            Applications(database, identity, _seal(load_or_make_key(settings.data_dir / SIGNING_KEY))),
            Tokens(database, identity),
            Audit(database, kept=settings.audit_days, addresses_kept=settings.audit_address_days),
            Quotas(database, Quota(settings.account_bytes, settings.account_images)),
        )
    finally:
        await database.close()


def _seal(key: SigningKey) -> Seal:
    return Seal(derived_key(key, "sealed secrets"))


async def _bring_up_to_date(database: Database) -> None:
    if await database.transaction(migrations.version) != migrations.HEAD:
        upgrade = import_module("heliograph.server.migrations.upgrade")
        await database.transaction(upgrade.to_head)


_DATABASES = {
    "sqlite": "heliograph.server.backends.sqlite:SqliteDatabase",
    "postgresql": "heliograph.server.backends.postgres:PostgresDatabase",
}


def _database(url: str) -> Database:
    """The database of a URL. PostgreSQL's library is imported only where it is used: it comes with an extra."""
    scheme = urlsplit(url).scheme
    where = Path(url.removeprefix("sqlite:///")) if scheme == "sqlite" else url
    made: Database = _extra(_DATABASES[scheme])(where)
    return made


def _blob_store(url: str) -> BlobStore:
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return DiskStore(Path(url.removeprefix("file://")))
    made: BlobStore = _extra("heliograph.server.backends.object_store:ObjectStore")(url)
    return made


def _limiter(url: str) -> Limiter:
    """The limiter of a URL, which may hold a password and is therefore not shown; without one, that in memory."""
    if not url:
        return MemoryLimiter()
    try:
        made: Limiter = _extra("heliograph.server.backends.valkey:ValkeyLimiter")(url)
    except ValueError as problem:
        raise BadSetting("HELIOGRAPH_VALKEY_URL must begin with valkey://, valkeys:// or unix://.") from problem
    return made


def _extra(place: str) -> Any:  # noqa: ANN401 - a class that is known only by its name
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as missing:
        raise BadSetting(f"This setting needs {missing.name}: pip install 'heliograph[cluster]'.") from missing


def _policy(text: str) -> Policy:
    try:
        return parse_policy(text)
    except ValueError as problem:
        raise BadSetting(f"HELIOGRAPH_LIMITS: {problem}.") from problem


def _claim_folders(data: Path) -> tuple[Path, int]:
    """The folder of files under way, emptied, and the descriptor that holds the data folder's lock.

    Two servers on one data folder would each sweep away what the other is about to publish.
    """
    under_way = data / "under-way"
    under_way.mkdir(parents=True, exist_ok=True)
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as taken:
        os.close(lock)
        raise BadSetting(f"Another server is using the data folder {data}.") from taken
    for left_over in under_way.iterdir():
        shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
    return under_way, lock
