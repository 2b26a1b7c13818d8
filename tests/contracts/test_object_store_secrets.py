"""What is particular to ObjectStore: its settings and its secrets."""

import traceback

import pytest

from heliograph.server.backends.object_store import ObjectStore
from heliograph.server.errors import StorageUnavailable
from tests.servers.seaweed import SeaweedServer

pytestmark = pytest.mark.anyio


async def test_a_wrong_secret_is_an_outage_that_shows_no_secret(seaweed_server: SeaweedServer, tmp_path):
    secret = "wrong-and-not-to-be-shown"
    store = ObjectStore(seaweed_server.url("wrong"), access_key_id="heliograph", secret_access_key=secret)
    (tmp_path / "source").write_bytes(b"x")
    with pytest.raises(StorageUnavailable) as failure:
        await store.put("0" * 64, tmp_path / "source")
    assert secret not in "".join(traceback.format_exception(failure.value))
    assert secret not in repr(vars(store))


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="s3://images"):
        ObjectStore("s3://images/x?endpiont=http://127.0.0.1:1")
    with pytest.raises(ValueError, match="blob store"):
        ObjectStore("ftp://images/x")
