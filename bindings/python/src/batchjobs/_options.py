"""Made by scripts/python_header.py from the library's option table; do not edit."""

from datetime import timedelta
from typing import Literal, Mapping, TypedDict, Union

Seconds = Union[float, timedelta]


class WaitOptions(TypedDict, total=False):
    """Options that every call takes, and a client; a call's own win. Times are in seconds."""

    headers: Mapping[str, str]
    """Request headers for every call that goes to the service."""

    tenant_id: str
    """The tenant to act as, for a token that spans several (reach)."""

    project: str
    """The id or slug of the project whose jobs are meant (veryfront). Required there."""

    page_size: int
    """Jobs to ask for at once. Above the service's maximum it is lowered to that; by default it is that. A cursor brings its own."""

    max_items: int
    """The list ends after this many jobs. By default it does not."""

    max_pages: int
    """The list fails with BJ_E_LIMIT when the service still has more after this many requests. Default: 100000."""

    cursor: str
    """Where the list begins: bj_page_next_cursor of an earlier one, or the service's own cursor or page number."""

    status: str
    """Only jobs that stand so: queued, running, done, succeeded, partial, failed, cancelled, expired, unknown, or a word of the service."""

    kind: str
    """Only jobs of this kind, in the service's word, as bj_job_kind gives it."""

    sort_by: Literal["created", "started", "finished"]
    """Which time orders the list (reach)."""

    sort_direction: Literal["asc", "desc"]
    """Oldest or newest first (reach)."""

    include_pending: bool
    """Ask for the details of records that wait for others (reach)."""

    only_pending: bool
    """Only jobs that hold records which wait for others (reach)."""

    prefetch: int
    """Pages to have on the wire while one is handed over; a list with cursors can only know one. Default: 4."""

    max_attempts: int
    """How often a request is sent before its failure is reported; 1 means no retry. Default: 4."""

    poll_min: Seconds
    """A wait asks for a job no more often than this, and that often at first. Default: 1 s."""

    poll_max: Seconds
    """The longest a wait leaves a job alone of its own accord; poll_min where that is more. Default: 60 s."""

    max_response_bytes: int
    """The largest answer of the service to hold in memory. Result files are streamed and not bounded by it. Default: 67108864."""

    max_record_bytes: int
    """The longest record of a result file. Default: 67108864."""

    max_gzip_ratio: int
    """How many times its size a result file may unpack to, once that is more than 64 MiB. Default: 1000."""

    parallel_parts: int
    """Result files to have on the wire at once; their records come in order all the same. Default: 4."""

    read_ahead_bytes: int
    """How much of the result files to hold in memory before it is their turn, in all. Default: 8388608."""

    result_hosts: str
    """The only hosts to fetch result files from, redirects included: names separated by commas, *.example.com for all below a name, :port for one port. By default any."""


class CallOptions(WaitOptions, total=False):
    """The same, and how long a call may take."""

    timeout: Seconds
    """How long one call may take in all, retries and waits included; for an iterator, each next. Default: 120 s."""


class ClientOptions(CallOptions, total=False):
    """Options of a client."""

    base_url: str
    """Where the service is, when not at its own address: scheme, host, port and path prefix."""

    wait_timeout: Seconds
    """How long a wait may take in all; timeout bounds each of its requests. Default: 86400 s."""

    max_requests: int
    """No more requests than these go to the service in any max_requests_interval, from all threads together. By default there is no such limit."""

    max_requests_interval: Seconds
    """The interval of max_requests. Default: 1 s."""

    max_concurrent_requests: int
    """No more requests than these are under way to the service at once, from all threads together. By default there is no such limit."""

    connect_timeout: Seconds
    """How long a connection may take to stand, TLS included. Default: 10 s."""

    first_byte_timeout: Seconds
    """How long the first byte of an answer may take once the request is sent. Default: 60 s."""

    stall_timeout: Seconds
    """How long nothing may come once an answer has begun. Default: 30 s."""

    user_agent: str
    """Sent in front of the library's own name."""

    http_version: Literal["auto", "1.1", "2"]
    """auto: HTTP/2 where a TLS server offers it. Default: auto."""

    proxy: str
    """none, the URL of a proxy, or env: what https_proxy and no_proxy of the environment say. Default: none."""

    ca_file: str
    """A file of certificates (PEM) to trust instead of the system's."""

    ca_dir: str
    """A directory of hashed certificates to trust."""

    allow_http: bool
    """Let requests go over plain http to hosts beyond this machine. The key is then readable on the way. Default: false."""
