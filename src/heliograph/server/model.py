"""The records that travel between the parts: frozen, without behaviour, without storage or HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored bytes, named by their hash.

    sha256: 32 raw bytes. size: bytes. width, height: pixels as displayed (orientation applied). frames: 1 for a still.
    """

    sha256: bytes
    size: int
    media_type: str
    width: int
    height: int
    frames: int

    @property
    def animated(self) -> bool:
        """Whether the picture has more than one frame."""
        return self.frames > 1


@dataclass(frozen=True, slots=True)
class Image:
    """A published picture. `created` and `removed` are aware datetimes in UTC; `removed` makes it a tombstone."""

    id: str
    delete_hash: str
    blob: Blob
    account_id: int | None
    application_id: int | None
    created: datetime
    title: str | None = None
    description: str | None = None
    alt: str | None = None
    name: str | None = None
    removed: datetime | None = None
    removed_reason: str | None = None


Kind = Literal["source", "vector"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What may be kept beside an image: the source that made it, and the same picture as SVG."""


@dataclass(frozen=True, slots=True)
class Companion:
    """What is kept beside an image, one of a kind: its bytes are the blob `sha256` (32 raw bytes) of `size` bytes."""

    kind: Kind
    sha256: bytes
    size: int


Privacy = Literal["public", "hidden", "secret"]
PRIVACIES: tuple[str, ...] = get_args(Privacy)
"""Who sees an album: anybody and it may be listed, whoever has its link, or only who may change it."""

Layout = Literal["blog", "grid", "horizontal", "vertical"]
LAYOUTS: tuple[str, ...] = get_args(Layout)
"""How an album's page sets its pictures; the words are Imgur's."""


@dataclass(frozen=True, slots=True)
class Album:
    """Images in an order. `created` and `removed` are aware datetimes in UTC; `removed` makes it a tombstone.

    account_id: None for an anonymous album, which is held by its delete hash. privacy, layout: words of `PRIVACIES` and
    `LAYOUTS`. version: counts the changes. size: how many images it shows. cover: the id of the image that stands for
    it, the chosen one or else the first; None where it shows none. place: where its owner has put it among the others,
    from 1; 0 where nowhere yet.
    """

    id: str
    delete_hash: str
    account_id: int | None
    created: datetime
    privacy: Privacy
    layout: Layout
    title: str | None = None
    description: str | None = None
    version: int = 1
    size: int = 0
    cover: str | None = None
    removed: datetime | None = None
    removed_reason: str | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """What was served of an image: `views`, how often somebody began to get it in any size, and the bytes of that."""

    views: int = 0
    bandwidth: int = 0


@dataclass(frozen=True, slots=True)
class SiteStatistics:
    """A period of the whole site: images uploaded and viewed, bytes served, the average size of what was uploaded in
    bytes, and the ids of the images viewed most, of those that may be listed.
    """

    images: int
    viewed: int
    bandwidth: int
    average_size: int
    most_popular: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """A registered API client. Programs carry `client_id` or, in the dialects that have 32 characters, `key`: both are
    public. Redirect addresses are where its users may be sent back to.

    suspended: disabled by the operator, so that its owner cannot enable it. by_anybody: whoever
    registered it had no account. limits: rules of its own, as `limits.own_rules` reads them; None where the general
    ones hold.
    """

    id: int
    client_id: str
    name: str
    account_id: int | None
    enabled: bool
    key: str = ""
    redirects: tuple[str, ...] = ()
    has_secret: bool = False
    created: datetime | None = None
    suspended: bool = False
    by_anybody: bool = False
    limits: str | None = None


SCOPES = ("account", "albums", "images:read", "images:write")
"""What a token may allow: to manage applications and tokens, albums, to list and search images, to publish and change
them.
"""

EVERYTHING = frozenset(SCOPES)

ROLES = ("user", "moderator", "administrator")


@dataclass(frozen=True, slots=True)
class Quota:
    """How much an account may hold: bytes of its images' originals and what is beside them, and images. None: as many
    as it likes.
    """

    bytes: int | None = None
    images: int | None = None


NO_QUOTA = -1
"""The own quota of an account that may hold as much as it likes, whatever the settings say."""


@dataclass(frozen=True, slots=True)
class Space:
    """How much an account holds, and how much it may."""

    bytes: int
    images: int
    allowed: Quota


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a robot that owns images. `role` is one of ROLES.

    own_bytes, own_images: a quota of its own, or NO_QUOTA; None where that of the settings holds.
    """

    id: int
    name: str
    enabled: bool
    role: str = "user"
    email: str | None = None
    created: datetime | None = None
    own_bytes: int | None = None
    own_images: int | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A personal access token, without its secret. `scopes` are of SCOPES; it ends at `expires`, or never.

    used: when it was last used, to the minute.
    """

    id: str
    account_id: int
    name: str
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What an account has allowed an application by OAuth 1.0a: it lasts until it is revoked.

    client_id, name: the application's. used: when it was last used.
    """

    id: str
    account_id: int
    client_id: str
    name: str
    created: datetime
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account lets an application do for it, until either of them takes that back.

    scopes: of SCOPES. rotates: whether each use of its refresh token gives another one, or the token stays the same
    for as long as the grant does. used: when one of its access tokens was last used, to the minute.
    """

    id: str
    account: Account
    application: Application
    scopes: frozenset[str]
    rotates: bool
    created: datetime
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A person who has logged in to the pages. `id` is random; `began` is when the password was given, `issued` when
    the cookie that says so was written.
    """

    account: Account
    id: str
    began: datetime
    issued: datetime


@dataclass(frozen=True, slots=True)
class Challenge:
    """What ties a provider's answer to one login: three random texts that only one browser brings back.

    state: comes back in the address. nonce: comes back in the ID token. verifier: is shown when the code is exchanged,
    and until then only its hash is (PKCE, RFC 7636).
    """

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as an OpenID Connect provider knows them. `subject` is theirs at that issuer, for ever and alone; `name`
    is what they are called there, and proves nothing.
    """

    issuer: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is behind one request, whatever the dialect.

    address: the client's IP address as text. key: what limits count an application under: its client id, or the
    unknown key that was presented and accepted. account and application are None for who is not known. scopes: what
    may be done for the account (of SCOPES), until `expires`.
    """

    address: str
    key: str | None = None
    application: Application | None = None
    account: Account | None = None
    scopes: frozenset[str] = frozenset()
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit: what was done to what, by whom and from where. It outlives all of them.

    action: noun and verb, such as `image.remove`. subject: the image's, application's or token's id, the account's
    name. account, application: name and client id as they were then. address: None once it is over its time.
    """

    at: datetime
    action: str
    subject: str
    account_id: int | None = None
    account: str | None = None
    application: str | None = None
    address: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One counter to spend from: at most `limit` units at once, given back evenly over `period` seconds.

    Buckets are told apart by name and period. The limits of the server name theirs BY:WHAT:WHO.
    """

    name: str
    limit: int
    period: int
    cost: int = 1

    @property
    def by(self) -> str:
        """Whose counter it is: address, application or account."""
        return self.name.split(":")[0]

    @property
    def what(self) -> str:
        """What it counts: requests (in credits), posts or uploads."""
        return self.name.split(":")[1]


@dataclass(frozen=True, slots=True)
class BucketState:
    """A bucket after a spend: units left, and whole seconds until it is full again."""

    bucket: Bucket
    left: int
    resets_in: int

    @property
    def left_for(self) -> int:
        """How many more requests such as this one it has room for."""
        return self.left // max(1, self.bucket.cost)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the rate limits say about one request. `buckets` is empty where limits are off or could not be asked.

    retry_after: whole seconds until the same request would be admitted; for a cost above the limit, the period.
    """

    allowed: bool
    buckets: tuple[BucketState, ...] = ()
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """A picture to be fetched: the URL as it was sent, blanks around it removed."""

    url: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What an uploader says about a picture: all optional, plain text."""

    title: str | None = None
    description: str | None = None
    alt: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ImageRef:
    """What a path of an image file asks for: candidates of (id, size letter or None), the likelier first."""

    candidates: tuple[tuple[str, str | None], ...]
    extension: str
