"""AWS Signature Version 4 for query-string (presigned) requests."""
from __future__ import annotations

import hashlib
import hmac
from typing import List, NamedTuple, Tuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
REGION = "us-east-1"
Pairs = List[Tuple[str, str]]


class Credentials(NamedTuple):
    access_key: str
    secret: str


def scope(date: str) -> str:
    return f"{date[:8]}/{REGION}/s3/aws4_request"


def escape(text: str) -> str:
    return quote(text, safe="-_.~")


def canonical_query(pairs: Pairs) -> str:
    spelled = sorted((escape(name), escape(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in spelled)


def signature(secret: str, host: str, path: str, pairs: Pairs, date: str, method: str = "GET") -> str:
    """The signature with only the host header signed; `pairs` without X-Amz-Signature."""
    request = "\n".join((method, quote(path, safe="/-_.~"), canonical_query(pairs),
                         f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"))
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join((ALGORITHM, date, scope(date), digest))
    key = ("AWS4" + secret).encode()
    for step in (date[:8], REGION, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def presign(credentials: Credentials, base: str, path: str, date: str, expires: int, extra: Pairs,
            method: str = "GET") -> str:
    """A link to `path` under `base`, valid for `expires` seconds from `date` (YYYYMMDDTHHMMSSZ);
    `extra` goes into the query and is signed too."""
    host = base.split("://", 1)[1]
    pairs = [("X-Amz-Algorithm", ALGORITHM),
             ("X-Amz-Credential", f"{credentials.access_key}/{scope(date)}"),
             ("X-Amz-Date", date), ("X-Amz-Expires", str(expires)), ("X-Amz-SignedHeaders", "host"),
             *extra]
    mark = signature(credentials.secret, host, path, pairs, date, method)
    query = "&".join(f"{name}={escape(value)}" for name, value in pairs)
    return f"{base}{quote(path, safe='/-_.~')}?{query}&X-Amz-Signature={mark}"
