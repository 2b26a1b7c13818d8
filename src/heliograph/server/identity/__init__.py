"""Who there is: accounts, applications, tokens. Secrets are stored as hashes; lookups are remembered briefly.

A token (32 hexadecimal digits, as the oldest dialects need) is secret and acts for an account within its scopes. A
client id (15 hexadecimal digits, as Imgur v3 has them) and an application's old-style key (32) are public: programs
carry them, and they own nothing.
"""

from heliograph.server.identity.accounts import Accounts
from heliograph.server.identity.applications import Applications
from heliograph.server.identity.devices import Devices
from heliograph.server.identity.fkeys import Fkeys
from heliograph.server.identity.grants import Given, Grants
from heliograph.server.identity.holders import REMEMBERED, Holder, Identity
from heliograph.server.identity.oauth1 import OAuth1
from heliograph.server.identity.persons import Persons
from heliograph.server.identity.seal import Seal
from heliograph.server.identity.sessions import Sessions
from heliograph.server.identity.tokens import Tokens

__all__ = [
    "REMEMBERED",
    "Accounts",
    "Applications",
    "Devices",
    "Fkeys",
    "Given",
    "Grants",
    "Holder",
    "Identity",
    "OAuth1",
    "Persons",
    "Seal",
    "Sessions",
    "Tokens",
]
