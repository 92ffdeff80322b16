"""What stands between a client and a simulator that speaks TLS: an nginx, some tinyproxies, and relays that break.

Each front has a loopback address of its own and listens there on the ports of the simulator's services.
"""
from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional
from urllib.parse import urlsplit

from tunnel import Tunnel

SERVICES = ("crustdata", "spidra", "reach", "veryfront", "storage")
PR_SET_PDEATHSIG = 1
# The only address that the front "inner" answers, and from which the proxy calls.
INSIDE = "127.0.0.99"
PROXY_PORT_OF = "control"
PATIENCE = 20


class Front(NamedTuple):
    """One of nginx's: its address, its certificate and that of the storage behind it, and more of nginx's own words."""
    address: str
    certificate: str = "good"
    storage: str = "good"
    http2: bool = False
    more: str = ""


# What speaks no HTTP/2 is turned away there, so that a case shows it was spoken.
ONLY_HTTP2 = "if ($server_protocol != HTTP/2.0) { return 505; }"

FRONTS = {
    "http2": Front("127.0.0.2", http2=True, more=ONLY_HTTP2),
    # GOAWAY once a connection has served two requests.
    "goaway": Front("127.0.0.3", http2=True, more="keepalive_requests 2; " + ONLY_HTTP2),
    "expired": Front("127.0.0.4", "expired", "expired"),
    "early": Front("127.0.0.5", "early", "early"),
    "named": Front("127.0.0.6", "named", "named"),
    "stranger": Front("127.0.0.7", "stranger", "stranger"),
    # OpenSSL 3 has these versions only below its own level of security.
    "old": Front("127.0.0.8", more="ssl_protocols TLSv1 TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;"),
    "storage_expired": Front("127.0.0.9", storage="expired"),
    "storage_named": Front("127.0.0.10", storage="named"),
    "inner": Front("127.0.0.11", more=f"allow {INSIDE}; deny all;"),
}
CUT_HANDSHAKE = "127.0.0.12"

# tinyproxy's own words.
PROXIES = {
    "good": ("127.0.0.13", ""),
    "asks": ("127.0.0.14", "BasicAuth somebody secret"),
    "refuses": ("127.0.0.15", "ConnectPort 1"),
}
# Relays in front of the good proxy: after how many bytes from there they hang up. Of CONNECT's answer,
# of the handshake, of the service's answer; the last one only every other time.
BREAKS = {
    "hangs_up": ("127.0.0.16", 0, False),
    "dies_answering": ("127.0.0.17", 20, False),
    "dies_in_handshake": ("127.0.0.18", 300, False),
    "dies_in_body": ("127.0.0.19", 6000, False),
    "dies_now_and_then": ("127.0.0.20", 6000, True),
}


class Fronts:
    """Until `stop`; `facts` are what the runners know of them, to be added to the simulator's."""

    def __init__(self, info: Dict[str, Any], folder: Path, certificates: Path) -> None:
        self._info, self._folder, self._certificates = info, folder, certificates
        self._ports = {name: urlsplit(info[name]).port or 0 for name in (*SERVICES, PROXY_PORT_OF)}
        self._processes: List[subprocess.Popen[bytes]] = []
        self._tunnels: List[Tunnel] = []
        try:
            self._start_nginx()
            for name, (address, words) in PROXIES.items():
                self._start_proxy(name, address, words)
            self._start_tunnels()
        except BaseException:
            self.stop()
            raise
        self.facts = self._describe()

    def stop(self) -> List[str]:
        """Ends them; gives the keys that passed a proxy in clear."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)
        for tunnel in self._tunnels:
            tunnel.close()
        return [key for key in self._info["keys"].values() if any(tunnel.has_seen(key.encode()) for tunnel in self._tunnels)]

    def _describe(self) -> Dict[str, str]:
        found = {"ca@fronts": str(self._certificates / "authority.pem")}
        places = {**{name: front.address for name, front in FRONTS.items()}, "cut_handshake": CUT_HANDSHAKE}
        for service in SERVICES:
            for name, address in places.items():
                found[f"{service}@{name}"] = self._info[service].replace("127.0.0.1", address, 1)
        for name, (address, *_) in {**PROXIES, **BREAKS}.items():
            found[f"proxy@{name}"] = f"http://{address}:{self._ports[PROXY_PORT_OF]}"
        return found

    def _start(self, *command: str) -> None:
        with open(self._folder / f"{Path(command[0]).name}.log", "ab") as log:
            self._processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    preexec_fn=end_with_parent))

    def _start_nginx(self) -> None:
        paths = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        servers = "\n".join(self._server(front, service) for front in FRONTS.values() for service in SERVICES)
        (self._folder / "nginx.conf").write_text(
            "daemon off; master_process off; pid nginx.pid;\nevents { worker_connections 512; }\n"
            f"http {{ access_log off; {paths} proxy_http_version 1.1; proxy_buffering off;\n{servers}\n}}\n")
        self._start("nginx", "-e", "stderr", "-p", str(self._folder), "-c", "nginx.conf")
        for front in FRONTS.values():
            wait_for(front.address, self._ports["storage"])

    def _server(self, front: Front, service: str) -> str:
        port = self._ports[service]
        pem = self._certificates / f"{front.storage if service == 'storage' else front.certificate}.pem"
        return (f"server {{ listen {front.address}:{port} ssl{' http2' if front.http2 else ''}; "
                f"ssl_certificate {pem}; ssl_certificate_key {pem}; {front.more} "
                f"location / {{ proxy_pass https://127.0.0.1:{port}; proxy_set_header Host $http_host; "
                f"proxy_set_header X-Storage https://{front.address}:{self._ports['storage']}; }} }}")

    def _start_proxy(self, name: str, address: str, words: str) -> None:
        port, file = self._ports[PROXY_PORT_OF], self._folder / f"{name}.conf"
        file.write_text(f"Listen {address}\nPort {port}\nBind {INSIDE}\nTimeout 60\nMaxClients 100\nLogLevel Critical\n{words}\n")
        self._start("tinyproxy", "-d", "-c", str(file))
        wait_for(address, port)

    def _start_tunnels(self) -> None:
        for service in SERVICES:
            port = self._ports[service]
            self._tunnels.append(Tunnel((CUT_HANDSHAKE, port), ("127.0.0.1", port), 300))
        port = self._ports[PROXY_PORT_OF]
        for address, count, alternates in BREAKS.values():
            self._tunnels.append(Tunnel((address, port), (PROXIES["good"][0], port), count, alternates))


def end_with_parent() -> None:
    """However that ends: they have no pipe to watch as the simulator does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_for(address: str, port: int) -> None:
    ends = time.monotonic() + PATIENCE
    problem: Optional[OSError] = None
    while time.monotonic() < ends:
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError as failure:
            problem = failure
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {address}:{port}: {problem}")
