"""The servers that answer, on loopback, for as long as a `with` lasts."""
import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request

import records
from places import HERE, OUT, PAGES, PARTS, tool

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
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 600;
    keepalive_requests 100000000;
    default_type application/json;
    open_file_cache max=2000 inactive=600s;
    open_file_cache_valid 600s;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp;
    uwsgi_temp_path temp; scgi_temp_path temp;
    map $arg_cursor $page {{ "" first; default $arg_cursor; }}
    server {{
        listen 127.0.0.1:{port};
        location = /batch {{ root "{pages}/list"; try_files /$page.json =404; }}
        location /batch/ {{ root "{pages}/status"; try_files /job.json =404; }}
        location = /batch/{results} {{ root "{folder}"; try_files /results.json =404; }}
        location /part- {{ root "{parts}"; }}
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
def nginx(parts=(), count=0):
    """The base URL of an nginx with one worker that serves the list, one job, and another one whose
    records are in `parts`."""
    folder, port = OUT / "nginx", free_port()
    base = f"http://127.0.0.1:{port}"
    (folder / "temp").mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_bytes(records.job([f"{base}/{name}" for name in parts], count))
    (folder / "nginx.conf").write_text(NGINX.format(port=port, pages=PAGES, results=records.ID, folder=folder, parts=PARTS))
    process = subprocess.Popen([tool("nginx", "nginx-light"), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")],
                               stdin=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield base
    finally:
        end(process)


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


def odd(delay_ms):
    return own("server.py", PAGES / "late", delay_ms)


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
