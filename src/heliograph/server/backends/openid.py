"""IdentityProvider over httpx2 and joserfc: OpenID Connect by authorization code and PKCE, with any provider.

Hides discovery, the exchange of the code, and the checks of the ID token (OpenID Connect Core 1.0, section 3.1.3.7).
Imported only where a provider is set: joserfc takes a while to load. The provider is the operator's choice, so its
addresses are not judged; but nothing is followed to another place, and nothing of the environment is used.
"""

import asyncio
import base64
import hashlib
import json
import logging
import time
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from heliograph.server.errors import Busy, InvalidToken
from heliograph.server.model import Challenge, Person
from heliograph.server.ports import IdentityProvider

log = logging.getLogger("heliograph")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the provider has. `none`, and those made with our own secret, prove nothing."""

_KEPT_SECONDS = 3600
_CLOCKS_DIFFER = 60
_LONGEST_ANSWER = 1_000_000
_LONGEST_SUBJECT = 255
_LONGEST_NAME = 100
_CALLED = ("preferred_username", "nickname", "name")


class OpenIDProvider(IdentityProvider):
    """One provider, known by its `issuer`; its description and keys are kept for an hour.

    client_id, client_secret: what this server is called there; without a secret it is a public client. back: the
    address of ours that browsers come back to. timeout: seconds for each question that the server itself asks.
    """

    def __init__(self, *, issuer: str, client_id: str, client_secret: str, back: str, timeout: float = 10.0) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._back = back
        self._timeout = timeout
        self._described: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def question(self, challenge: Challenge) -> str:
        """The authentication request (OpenID Connect Core 1.0, section 3.1.2.1; RFC 7636, section 4.3)."""
        hashed = hashlib.sha256(challenge.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._back,
            "scope": "openid profile",
            "state": challenge.state,
            "nonce": challenge.nonce,
            "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = await self._place("authorization_endpoint")
        return address + ("&" if urlsplit(address).query else "?") + urlencode(asked)

    async def person(self, code: str, challenge: Challenge) -> Person:
        """Exchange the code, and check the ID token that comes for it."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": challenge.verifier,
        }
        headers = await self._authentication(sent)
        status, answer = await self._ask("POST", await self._place("token_endpoint"), headers, sent)
        if not isinstance(token := answer.get("id_token"), str):
            if status < 500 and answer.get("error") == "invalid_grant":
                raise InvalidToken("This login was finished already, or took too long.")
            raise self._away(f"its token endpoint answered {status} {str(answer.get('error', ''))[:100]!r}")
        return self._told(await self._checked(token, challenge.nonce))

    async def _authentication(self, sent: dict[str, str]) -> dict[str, str]:
        """Show who we are: in a header, or in `sent` where the provider wants that (OpenID Connect Core, section 9)."""
        taken = (await self._description()).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._client_secret and "client_secret_basic" in taken:
            pair = f"{quote_plus(self._client_id)}:{quote_plus(self._client_secret)}"  # RFC 6749, section 2.3.1
            return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        sent["client_id"] = self._client_id
        if self._client_secret:
            sent["client_secret"] = self._client_secret
        return {}

    async def _checked(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is the provider's, for us, for this login and of now."""
        wanted = jwt.JWTClaimsRegistry(
            leeway=_CLOCKS_DIFFER,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = (await self._decoded(token)).claims
            wanted.validate(claims)
        except (JoseError, ValueError) as wrong:
            log.warning("OpenID Connect: an ID token was refused: %s", wrong)
            raise InvalidToken("The provider's answer does not prove who you are.") from wrong
        # A token for several is ours only where it was made for us.
        if claims.get("azp", self._client_id) != self._client_id or (_is_for_several(claims) and "azp" not in claims):
            log.warning("OpenID Connect: an ID token was refused: it was made for another client")
            raise InvalidToken("The provider's answer does not prove who you are.")
        return claims

    async def _decoded(self, token: str) -> jwt.Token:
        """The token, its signature checked; by new keys where the provider has changed them since we asked."""
        offered = (await self._description()).get("id_token_signing_alg_values_supported", ALGORITHMS)
        allowed = [each for each in ALGORITHMS if each in offered]
        try:
            return jwt.decode(token, await self._key_set(), allowed)
        except (InvalidKeyIdError, BadSignatureError):
            self._keys = None
            return jwt.decode(token, await self._key_set(), allowed)

    def _told(self, claims: dict[str, Any]) -> Person:
        subject = claims["sub"]
        if not subject.isascii() or not subject.isprintable() or len(subject) > _LONGEST_SUBJECT:
            raise InvalidToken("The provider's answer does not prove who you are.")
        called = (claims.get(each) for each in _CALLED)
        name = next((each for each in called if isinstance(each, str) and each), "")
        return Person(self.issuer, subject, name[:_LONGEST_NAME])

    async def _description(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0, section 4)."""
        if self._described and self._described[0] + _KEPT_SECONDS > time.monotonic():
            return self._described[1]
        status, found = await self._ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if status != 200 or found.get("issuer") != self.issuer:
            named = str(found.get("issuer"))[:200]
            raise self._away(f"its description answered {status} and names the issuer {named!r}, not {self.issuer!r}")
        self._described = (time.monotonic(), found)
        return found

    async def _key_set(self) -> KeySet:
        if self._keys and self._keys[0] + _KEPT_SECONDS > time.monotonic():
            return self._keys[1]
        status, found = await self._ask("GET", await self._place("jwks_uri"))
        try:
            # Keys of kinds that nobody here knows are none of ours.
            known = [each for each in found["keys"] if each.get("kty") in ("RSA", "EC") and each.get("use") != "enc"]
            keys = KeySet.import_key_set({"keys": known})
        except (JoseError, KeyError, TypeError, ValueError, AttributeError) as problem:
            raise self._away(f"its keys answered {status} and cannot be read") from problem
        self._keys = (time.monotonic(), keys)
        return keys

    async def _place(self, name: str) -> str:
        """An address in the provider's description; without TLS only where the issuer has none either."""
        address = (await self._description()).get(name)
        usable = ("https", urlsplit(self.issuer).scheme)
        if not isinstance(address, str) or urlsplit(address).scheme not in usable:
            raise self._away(f"its description has no usable {name}")
        return address

    async def _ask(
        self, method: str, address: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of an answer. Raises Busy where there is none."""
        content = bytearray()
        asked = {"accept": "application/json", **(headers or {})}
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx2.AsyncClient(verify=self._tls, trust_env=False, timeout=self._timeout) as client,
                client.stream(method, address, headers=asked, data=form) as response,
            ):
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _LONGEST_ANSWER:
                        raise self._away(f"its answer from {address} is too long")
            found = json.loads(content)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as problem:
            raise self._away(f"{address}: {type(problem).__name__} {problem}") from problem
        return response.status_code, found if isinstance(found, dict) else {}

    def _away(self, why: str) -> Busy:
        """What people are told, after the operator was told more."""
        log.warning("OpenID Connect: the provider cannot be used: %s", why)
        return Busy("The provider does not answer as it should just now. Try again later.")

    @cached_property
    def _tls(self) -> Any:  # noqa: ANN401 - an ssl.SSLContext, by a library of its own choice
        """Made at the first question: reading the system's certificates takes some 20 ms."""
        return httpx2.create_ssl_context(trust_env=False)


def _is_for_several(claims: dict[str, Any]) -> bool:
    return isinstance(claims["aud"], list) and len(claims["aud"]) > 1
