"""Puts one simulator together: services, storage, control, and the sockets they listen on."""
from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import content, jwt
from .clock import Clock
from .control import Control
from .dice import key_for
from .faults import FaultTable
from .http1 import Listener, connection_numbers
from .journal import Journal
from .links import Links
from .origin import Origin
from .services.base import Service
from .services.crustdata import Crustdata
from .services.reach import Keys, Reach
from .services.spidra import Spidra
from .services.veryfront import Project, Veryfront
from .sigv4 import Credentials
from .storage import Storage
from .timeline import PINNED

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
ORDER = ("crustdata", "spidra", "reach", "veryfront", "storage", "control", "mirror", "plain")
OPEN = ("control", "plain")  # never over TLS
PATH_PREFIX = {"spidra": "/api"}
YEAR_2100 = 4102444800


class Options(NamedTuple):
    seed: int
    jobs: int
    host: str
    port: int
    tls: Optional[Tuple[str, str]]
    time_scale: float
    link_ttl: int
    large_records: int
    large_repeat: int
    large_items: Optional[int]
    item_bytes: int


def secret_text(seed: int, name: str) -> str:
    return hashlib.sha256(key_for(seed, "secret", name)).hexdigest()[:32]


class World:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._clock = Clock(options.time_scale)
        self._journal = Journal()
        self._services = self._make_services()
        self._enlarge()
        self._storage = self._make_storage()
        self._faults = FaultTable({name: service.twists for name, service in self._services.items()})
        self._listeners = self._listen()
        self._storage.bases = {name: self._listeners[name].base for name in ("storage", "mirror", "plain")}
        self._faults.on_clear = self._links.revive

    def _make_services(self) -> Dict[str, Service]:
        seed, jobs, clock = self._options.seed, self._options.jobs, self._clock
        self._keys = {"crustdata": "cd_" + secret_text(seed, "crustdata"),
                      "spidra": "spd_" + secret_text(seed, "spidra"),
                      "veryfront": "vf_sim_" + secret_text(seed, "veryfront")}
        self._reach_keys = self._make_reach_keys(seed)
        digits = secret_text(seed, "project")
        self._project = Project(f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}",
                                "field-notes")
        self._crustdata = Crustdata(seed, jobs, clock, self._keys["crustdata"], VECTORS,
                                    self._options.large_records)
        made: List[Service] = [
            self._crustdata,
            Spidra(seed, jobs, clock, self._keys["spidra"], VECTORS),
            Reach(seed, jobs, clock, self._reach_keys),
            Veryfront(seed, jobs, clock, self._keys["veryfront"], VECTORS, self._project)]
        return {service.name: service for service in made}

    def _enlarge(self) -> None:
        """The large jobs as the command line wants them."""
        options, place = self._options, PINNED.index("large")
        if options.large_repeat > 1:
            self._services["crustdata"].given[place] = content.read({"repeat": options.large_repeat})
        if options.large_items is not None:
            self._services["spidra"].given[place] = content.read(
                {"items": options.large_items, "size": options.item_bytes})
        for service in self._services.values():
            service.contents = dict(service.given)

    def _make_reach_keys(self, seed: int) -> Keys:
        secret = secret_text(seed, "reach").encode()
        times = {"iat": 1781265600, "exp": YEAR_2100}
        tenant = {"email": "owner@tenant.example", "name": "Owner", "externalId": "user-1",
                  "tenantExternalId": "tenant-1", "partnerId": "partner-1", **times}
        partner = {"partnerId": "partner-1", "type": "partner", **times}
        return Keys(jwt.make(tenant, secret), jwt.make(partner, secret), "tenant-1")

    def _make_storage(self) -> Storage:
        self._storage_key = Credentials("AKIA" + secret_text(self._options.seed, "access")[:16].upper(),
                                        secret_text(self._options.seed, "storage"))
        self._links = Links(self._storage_key, self._clock, self._options.link_ttl)
        storage = Storage(self._links, self._journal, self._crustdata.object)
        self._crustdata.link = storage.link
        return storage

    def _listen(self) -> Dict[str, Listener]:
        applications: Dict[str, Any] = {
            name: Origin(service, (name,), self._journal, self._faults, self._clock)
            for name, service in self._services.items()}
        for name in ("storage", "mirror", "plain"):
            applications[name] = Origin(self._storage, ("storage", "crustdata"), self._journal,
                                        self._faults, self._clock)
        applications["control"] = Control(self._services, self._journal, self._faults, self._clock)
        tls = self._tls_context()
        numbers = connection_numbers()
        base = self._options.port
        return {name: Listener(self._options.host, base + place if base else 0, applications[name],
                               numbers, None if name in OPEN else tls)
                for place, name in enumerate(ORDER)}

    def _tls_context(self) -> Optional[ssl.SSLContext]:
        if self._options.tls is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._options.tls)
        return context

    def describe(self) -> Dict[str, Any]:
        """The ready line."""
        bases = {name: self._listeners[name].base + PATH_PREFIX.get(name, "") for name in ORDER}
        return {**bases, "storage_key": self._storage_key._asdict(), "keys": {**self._keys, "reach": self._reach_keys.tenant_token},
                "project": self._project.slug, "project_id": self._project.id,
                "reach_partner_key": self._reach_keys.partner_token,
                "reach_tenant_id": self._reach_keys.tenant_id,
                "samples": {name: service.samples() for name, service in self._services.items()}}

    def start(self) -> None:
        for listener in self._listeners.values():
            listener.start()

    def close(self) -> None:
        for listener in self._listeners.values():
            listener.close()
