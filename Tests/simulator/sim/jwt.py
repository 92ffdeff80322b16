"""Tokens that look and verify like the HS256 JWTs a Reach partner signs."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, Dict


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make(claims: Dict[str, Any], secret: bytes) -> str:
    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _encode(json.dumps(claims).encode())
    text = f"{head}.{body}"
    return f"{text}.{_encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"
