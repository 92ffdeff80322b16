"""The servers that answer, on loopback, for as long as a `with` lasts."""
import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request

import records
from places import HERE, OUT, PAGES, PARTS, SMALL, tool

# The process that is started is the one that answers, so that its number is all that is needed to
# end it, and it reads the files as the user who wrote them.
NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_timeout 600;
    keepalive_requests 100000000;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp;
    uwsgi_temp_path temp; scgi_temp_path temp;
    {http}
}}
"""

FILES = """
    sendfile on;
    tcp_nopush on;
    default_type application/json;
    open_file_cache max=2000 inactive=600s;
    open_file_cache_valid 600s;
    map $arg_cursor $page {{ "" first; default $arg_cursor; }}
    server {{
        listen 127.0.0.1:{port};
        location = /batch {{ root "{pages}/list"; try_files /$page.json =404; }}
        location /batch/ {{ root "{pages}/status"; try_files /job.json =404; }}
        location = /batch/{results} {{ root "{folder}"; try_files /results.json =404; }}
        location /batch/small- {{ root "{folder}"; try_files $uri.json =404; }}
        location /part- {{ root "{parts}"; }}
        location /small {{ root "{small}"; }}
        location = /seen {{ stub_status; }}
    }}
"""

# The server behind it makes the delays, this one the protocols.
FRONT = """
    upstream late {{ server {address}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate "{certificate}";
        ssl_certificate_key "{key}";
        location / {{
            proxy_pass http://late;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Front $scheme://$host:$server_port;
            proxy_buffers 64 64k;
        }}
    }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit("bench: the server did not start")


def end(process):
    process.terminate()
    process.wait()


@contextlib.contextmanager
def started(name, http, port):
    """An nginx with one worker, in a folder of its own; `http` is what it serves."""
    folder = OUT / name
    (folder / "temp").mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(NGINX.format(http=http))
    process = subprocess.Popen([tool("nginx", "nginx-light"), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")],
                               stdin=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield
    finally:
        end(process)


@contextlib.contextmanager
def nginx(parts=(), count=0, small=()):
    """The base URL of an nginx that serves the list, one job, another one whose records are in `parts`,
    and jobs small-N of N parts for each N of `small`."""
    folder, port = OUT / "nginx", free_port()
    base = f"http://127.0.0.1:{port}"
    (folder / "batch").mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_bytes(records.job([f"{base}/{name}" for name in parts], count))
    for number in small:
        links = [f"{base}/{records.SMALL}?part={part}" for part in range(number)]
        (folder / f"batch/small-{number}.json").write_bytes(records.job(links, number * records.make_small(SMALL), f"small-{number}"))
    text = FILES.format(port=port, pages=PAGES, results=records.ID, folder=folder, parts=PARTS, small=SMALL)
    with started("nginx", text, port):
        yield base


@contextlib.contextmanager
def late():
    """The base URL of the server with delays, behind an nginx that speaks TLS, HTTP/1.1 and HTTP/2, and
    the file with its certificate."""
    certificate, key = OUT / "certificate.pem", OUT / "key.pem"
    subprocess.run([tool("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out",
                    str(certificate), "-days", "30", "-subj", "/CN=benchmarks", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    port = free_port()
    with odd() as server:
        text = FRONT.format(port=port, certificate=certificate, key=key, address=server.partition("//")[2])
        with started("front", text, port):
            yield f"https://127.0.0.1:{port}", str(certificate)


def requests_seen(base):
    """How many requests the nginx has answered so far, this one included."""
    with urllib.request.urlopen(base + "/seen") as answer:
        return int(answer.read().split()[9])


@contextlib.contextmanager
def own(script, *arguments):
    """The base URL of a server of ours, which prints its port and ends when its input does."""
    process = subprocess.Popen([sys.executable, str(HERE / script), *map(str, arguments)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        end(process)
        process.stdout.close()


def odd():
    records.make_small(SMALL)
    return own("server.py", PAGES, SMALL)


def large(members, blocks):
    """With /1 behind it the base URL of a job in one part, with /4 of one in four."""
    return own("large.py", members, blocks)


def waiting(jobs, seconds):
    return own("waiting.py", jobs, seconds)


def counts(base):
    with urllib.request.urlopen(base + "/counts") as answer:
        return json.load(answer)


@contextlib.contextmanager
def full():
    """A base URL to which no connection comes about: the listener's queue is full, and Linux lets
    further ones wait as if their packets were lost."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
