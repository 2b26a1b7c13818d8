"""Logins of the pages: signed cookies, without a table of them. The only importer of itsdangerous.

A cookie names an account, a random session id, when the login began and when the cookie was written. Nobody can make or
change one without the host's key. What ends logins is the account: disabled, deleted, or told to end those from before
a time (logout everywhere, another password).
"""

import secrets
from datetime import timedelta

from itsdangerous import BadData, URLSafeSerializer

from heliograph.server import catalog
from heliograph.server.audit import done_by
from heliograph.server.catalog.tables import moment, stamp
from heliograph.server.errors import NoTokenSent
from heliograph.server.model import Account, Caller, Session
from heliograph.server.ports import Database

_RENEWED_AFTER = timedelta(days=1)


class Sessions:
    """Begins logins, knows them again, and ends them. `key` has 32 bytes; `lifetime` is how long one lasts unused."""

    def __init__(self, database: Database, key: bytes, lifetime: timedelta) -> None:
        self._database = database
        self._signer = URLSafeSerializer(key, salt="session")
        self.lifetime = lifetime

    async def begin(self, caller: Caller, how: str) -> str:
        """The cookie of a new login of the caller's account. Its id is new, whatever the browser had before.

        how: what the audit says, such as "by password". Raises NoTokenSent where the caller has no account.
        """
        if caller.account is None:
            raise NoTokenSent
        deed = done_by(caller, "account.login", caller.account.name, how)
        await self._database.transaction(catalog.noted(lambda _: None, deed))
        now = catalog.now()
        return self._cookie(Session(caller.account, secrets.token_hex(16), now, now))

    async def read(self, cookie: str) -> Session | None:
        """The login that a cookie stands for; None where it is none, over its time, or ended."""
        try:
            account_id, session_id, *times = self._signer.loads(cookie)
            began, issued = map(moment, times)
        except (BadData, TypeError, ValueError):
            return None
        row = await self._database.fetch_one(catalog.account_by_id(account_id))
        if row is None:
            return None
        account, good_since = catalog.to_account_and_end(row)
        session = Session(account, session_id, began, issued)
        over = session.issued + self.lifetime <= catalog.now() or session.began < good_since
        return None if over or not account.enabled else session

    def renewed(self, session: Session) -> str | None:
        """A cookie written anew where the present one is older than a day, so that who comes often stays logged in."""
        now = catalog.now()
        if now - session.issued < _RENEWED_AFTER:
            return None
        return self._cookie(Session(session.account, session.id, session.began, now))

    async def end_all(self, account: Account, by: Caller) -> None:
        """End every login of the account that is there now."""
        work = catalog.logins_end_at(account.id, catalog.now())
        deed = done_by(by, "account.logout", account.name, "everywhere")
        await self._database.transaction(catalog.noted(work, deed))

    def _cookie(self, session: Session) -> str:
        content = [session.account.id, session.id, stamp(session.began), stamp(session.issued)]
        written = self._signer.dumps(content)
        return written if isinstance(written, str) else written.decode()
