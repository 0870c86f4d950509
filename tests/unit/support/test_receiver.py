"""Callbacks that come are kept as they came, and answered as told."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from support.receiver import CallbackReceiver


def _post(url: str, body: bytes) -> int:
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5.0)
    connection.request("POST", f"{parts.path}?{parts.query}", body, {"X-Mark": "a"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_posts_are_kept_and_answered() -> None:
    with CallbackReceiver(lambda number: 500 if number == 1 else 204) as receiver:
        url = receiver.url("/x?y=1")
        assert [_post(url, b'{"result_code":0}') for _ in range(2)] == [500, 204]
        first, second = receiver.wait_for(2)
    assert first.path == "/x?y=1"
    assert first.json == {"result_code": 0}
    assert second.headers["x-mark"] == "a"
