"""What is at the address of a scheduler, and is none: each told by its name, soon, with what to do."""

import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
import threading

import pytest

from nlpcli.engine.distributed import contact, dask_runner

pytest.importorskip("distributed")
GREETING = struct.pack("<Q", 100)  # as a scheduler begins


@pytest.fixture(autouse=True)
def impatient(monkeypatch, tmp_path):
    monkeypatch.setattr(dask_runner, "_CONNECT", 0.5)
    monkeypatch.setattr(contact, "_PATIENCE", 0.2)
    (tmp_path / "text.txt").write_text("a few words")


@pytest.fixture
def listening():
    """Starts what listens at a port of this machine, does something with each connection, and ends."""
    with contextlib.ExitStack() as stack:

        def start(meet):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.settimeout(5)

            def serve():
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = server.accept()
                        with contextlib.suppress(OSError), connection:
                            meet(connection)

            threading.Thread(target=serve, daemon=True).start()
            return f"127.0.0.1:{server.getsockname()[1]}"

        yield start


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Two keys with certificates that they signed themselves."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    made = []
    for name in ("one", "other"):
        folder = tmp_path_factory.mktemp(name)
        key, certificate = str(folder / "key.pem"), str(folder / "cert.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
            check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        made.append((key, certificate))
    return made


def encrypted(own, trusted):
    """Greet with TLS, to whom a trusted certificate belongs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own[1], own[0])
    context.load_verify_locations(trusted[1])
    context.verify_mode = ssl.CERT_REQUIRED

    def meet(connection):
        connection.settimeout(2)
        with context.wrap_socket(connection, server_side=True) as talk:
            talk.sendall(GREETING)
            talk.recv(1)

    return meet


@pytest.fixture
def told(nlpcli):
    """What `count` says of a cluster that is none."""

    def tell(cluster, ca=None, own=(None, None), code=1):
        import dask

        tls = "distributed.comm.tls"
        settings = {f"{tls}.ca-file": ca, f"{tls}.client.key": own[0], f"{tls}.client.cert": own[1]}
        with dask.config.set(settings):
            return nlpcli("count", "text.txt", "--cluster", cluster, code=code).err

    return tell


def test_where_nobody_listens(told):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        name = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        error = told(name)
    assert f"no Dask scheduler answers at {name}: nobody listens there" in error
    assert "hint: start one with: dask scheduler" in error


def test_a_host_that_does_not_exist(told):
    assert "there is no host 'no-such-host.invalid'" in told("tcp://no-such-host.invalid:8786")
    assert "there is no port 99999" in told("tcp://localhost:99999")


@pytest.mark.parametrize(
    ("meet", "message"),
    [
        (lambda connection: connection.recv(1000), "says nothing: it is no Dask scheduler"),
        (lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), "is no Dask scheduler"),
        (lambda _connection: None, "is no Dask scheduler"),
    ],
    ids=["waits", "talks", "hangs up"],
)
def test_something_else_listens(told, listening, meet, message):
    address = listening(meet)
    assert f"what listens at tcp://{address} {message}" in told(f"tcp://{address}")


def test_tls_that_is_not_there(told, listening, certificates):
    def greet(connection):
        connection.sendall(GREETING * 4)
        connection.recv(1000)

    address = listening(greet)
    error = told(f"tls://{address}", certificates[0][1], certificates[0])
    assert f"what listens at tls://{address} does not speak TLS" in error
    assert f"name it tcp://{address}" in error


def test_tls_that_is_not_asked_for(told, listening, certificates):
    address = listening(encrypted(*certificates))
    error = told(f"tcp://{address}")
    assert f"the scheduler at tcp://{address} speaks TLS" in error
    assert f"hint: name it tls://{address}" in error


def test_certificates_that_do_not_fit(told, listening, certificates):
    one, other = certificates
    address = f"tls://{listening(encrypted(other, other))}"
    assert "shows a certificate that this machine does not trust" in told(address, one[1], one)
    error = told(address, other[1], one)
    assert "does not take this machine's certificate" in error
    assert "TLS__CLIENT__CERT" in error


def test_certificates_that_are_not_there(told, certificates, tmp_path):
    key, certificate = certificates[0]
    assert "TLS__CA_FILE and DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT is not set" in told(
        "tls://localhost:1"
    )
    assert "gone.pem: No such file or directory" in told("tls://localhost:1", "gone.pem", (key, certificate))
    error = told("tls://localhost:1", str(tmp_path / "text.txt"), (key, certificate))
    assert "the certificates cannot be used" in error


def test_encryption_that_dask_wants(told):
    import dask

    with dask.config.set({"distributed.comm.require-encryption": True}):
        error = told("tcp://localhost:1")
    assert "is not encrypted, and Dask's settings want encryption" in error
    assert "hint: name tls://localhost:1" in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is not JSON"),
        ("\x00\xff", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[1]", "it names no scheduler's address"),
        ('{"address": 7}', "it names no scheduler's address"),
        ('{"address": "somewhere"}', "it names no scheduler's address"),
    ],
)
def test_a_file_that_no_scheduler_wrote(told, tmp_path, text, message):
    (tmp_path / "scheduler.json").write_text(text, encoding="latin-1")
    error = told("scheduler.json")
    assert f"--cluster scheduler.json: {message}" in error
    assert "hint: dask scheduler --scheduler-file FILE.json writes it" in error


def test_reasons_hold_no_objects():
    from nlpcli.engine.distributed.addresses import Address
    from nlpcli.engine.distributed.troubles import not_fetched

    told = "in <distributed.comm.tcp.TCPConnector object at 0x7fa8d0>: ConnectionRefusedError: refused"
    assert not_fetched(Address(file="x.json"), OSError(told)).message.endswith(
        ": ConnectionRefusedError: refused"
    )
