"""Downloads from a server of this machine: whole and right under the final name, or not there."""

import hashlib
import http.server
import socket
import threading

import pytest
from conftest import refused

from keras_attn.weights import fetching, registry

CONTENT = bytes(range(256)) * 5000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing.bin":
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        whole = len(self.server.content)
        self.wfile.write(self.server.content[: whole // 2 if self.path == "/broken.bin" else whole])

    def log_message(self, *arguments):
        """Not in the tests' output."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content = CONTENT
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def entry(server, file="good.bin", **values):
    address = f"http://127.0.0.1:{server.server_address[1]}/{file}"
    return registry.Entry("some", address, file, "keras", "", **values)


def whole(server, file="good.bin"):
    return entry(server, file, size=len(CONTENT), checksum=f"md5:{MD5}")


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def fetch(entry, out, **options):
    return fetching.fetch(entry, out, progress=False, **options)


def test_a_file_arrives_whole_and_is_not_fetched_twice(tmp_path, server):
    path = fetch(whole(server), tmp_path / "new")
    assert path.read_bytes() == CONTENT
    assert files_in(tmp_path / "new") == ["good.bin"]
    assert fetching.state(whole(server), tmp_path / "new") == "there, checksum holds"
    server.content = b"something else"
    assert fetch(whole(server), tmp_path / "new").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("values", "expected", "received"),
    [
        ({"checksum": "md5:" + "0" * 32}, "md5:" + "0" * 32, f"md5:{MD5}"),
        ({"checksum": "sha256:" + "0" * 64}, "sha256:" + "0" * 64, "sha256:"),
        ({"size": 7}, ("7 bytes", "good.bin"), f"{len(CONTENT)} bytes"),
    ],
)
def test_what_does_not_hold_is_refused_and_leaves_nothing(
    tmp_path, server, values, expected, received
):
    with refused("good.bin", expected, received):
        fetch(entry(server, **values), tmp_path)
    assert files_in(tmp_path) == []


def test_a_download_that_breaks_off_leaves_nothing_and_can_be_begun_anew(tmp_path, server):
    # Neither size nor checksum is known: the length that the server states has to do.
    with refused("broken.bin", "an address", received="IncompleteRead"):
        fetch(entry(server, "broken.bin"), tmp_path)
    assert files_in(tmp_path) == []
    assert fetch(whole(server), tmp_path).read_bytes() == CONTENT


def test_a_dead_address_says_what_to_do_by_hand(tmp_path, server):
    remedy = ("missing.bin", f"md5:{MD5}", "fetch_weights.py some --from FILE")
    with refused("http://127.0.0.1", remedy, "404"):
        fetch(whole(server, "missing.bin"), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    dead = registry.Entry("some", f"http://127.0.0.1:{port}/x.bin", "x.bin", "keras", "")
    with refused("x.bin", "--from FILE", "refused"):
        fetch(dead, tmp_path)
    assert files_in(tmp_path) == []


def test_a_file_got_by_hand_goes_through_the_same_checks(tmp_path, server):
    mine = tmp_path / "downloaded (1)"
    mine.write_bytes(CONTENT)
    out = tmp_path / "weights"
    assert fetch(whole(server, "missing.bin"), out, source=mine).read_bytes() == CONTENT
    mine.write_bytes(CONTENT[:-1])
    with refused(
        "downloaded (1)", (f"{len(CONTENT)} bytes", "other.bin"), f"{len(CONTENT) - 1} bytes"
    ):
        fetch(whole(server, "other.bin"), out, source=mine)
    with refused("nowhere", "a file", received="no such file"):
        fetch(whole(server, "other.bin"), out, source=tmp_path / "nowhere")
    assert files_in(out) == ["missing.bin"]


def test_without_a_published_checksum_what_came_first_counts(tmp_path, server):
    some = entry(server)
    path = fetch(some, tmp_path)
    first = hashlib.sha256(CONTENT).hexdigest()
    record = fetching.record_of(path)
    assert record.read_text() == f"{first}  good.bin\n"
    assert fetching.state(some, tmp_path) == "there, as it first came"
    path.unlink()
    server.content = CONTENT[::-1]
    with refused("good.bin", (f"sha256:{first}", str(record))):
        fetch(some, tmp_path)
    assert files_in(tmp_path) == ["good.bin.sha256"]
    record.unlink()
    assert fetch(some, tmp_path).read_bytes() == CONTENT[::-1]


def test_a_wrong_file_that_is_there_is_named_and_left_alone(tmp_path, server):
    (tmp_path / "good.bin").write_bytes(b"older")
    assert fetching.state(whole(server), tmp_path) == "wrong: 5 bytes"
    with refused("good.bin", f"{len(CONTENT)} bytes", "5 bytes"):
        fetch(whole(server), tmp_path)
    assert (tmp_path / "good.bin").read_bytes() == b"older"
    assert fetching.state(entry(server), tmp_path).endswith("no checksum is known")


def test_the_table_of_published_files_is_sound():
    from keras_attn.weights import rules

    lengths = {"md5": 32, "sha256": 64}
    by_file = {}
    for name, known in registry.entries().items():
        assert known.name == name and known.address.startswith("http") and known.note
        assert known.layout in (registry.KERAS, registry.ARRAY, *rules.LAYOUTS)
        if known.checksum:
            kind, digest = known.checksum.split(":")
            assert len(digest) == lengths[kind] and int(digest, 16)
        # Two entries may name one file on disk only if they are the same bytes.
        twin = by_file.setdefault(known.file, known)
        assert (twin.checksum, twin.size) == (known.checksum, known.size)
    with refused("NAME", "'vgg16'"):
        registry.entry("vgg")


def test_published_files_of_the_backbones_are_in_the_table_each_for_one():
    from keras_attn import models

    names = [name for backbone in models.BACKBONES.values() for name in backbone.weights]
    of_others = {name for name in registry.entries() if name.startswith("c3d")}
    assert sorted(names) == sorted({*registry.entries()} - of_others)
