"""What can go wrong: one tree under BatchJobsError."""

from __future__ import annotations

import errno
from typing import Any, Dict, Mapping, Optional, Type

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "ArgumentError",
    "AuthenticationError",
    "BadRequestError",
    "BatchJobsError",
    "BusyError",
    "Cancelled",
    "ChangedError",
    "ConflictError",
    "ConnectError",
    "CursorError",
    "DNSError",
    "DecodeError",
    "FileError",
    "GoneError",
    "LimitError",
    "LinkError",
    "NotFoundError",
    "NotReadyError",
    "OutOfMemoryError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "ProtocolError",
    "ProxyError",
    "RateLimitError",
    "RedirectError",
    "RefusedError",
    "ResultsError",
    "ServerError",
    "StateError",
    "TLSError",
    "Timeout",
    "TransportError",
    "TruncatedError",
    "UnprocessableEntityError",
    "UnsupportedError",
]


class BatchJobsError(Exception):
    """A call failed. Nothing in an error holds a key, a token or the query of a link.

    ``str(error)`` is one line that says what was wrong and what would be right.
    """

    message: str
    """The same line."""
    status: Optional[str]
    """The library's name for the kind of error, such as ``"BJ_E_TIMEOUT"``; None for errors of this package."""
    provider: Optional[str]
    """The service that was asked."""
    status_code: Optional[int]
    """The HTTP status of the answer."""
    code: Optional[str]
    """The service's own code for the error."""
    request_id: Optional[str]
    """The service's id of the request, for its support."""
    retryable: bool
    """Whether the same call may well succeed later."""
    retry_after: Optional[float]
    """How long the service asks to wait, in seconds."""
    job_id: Optional[str]
    """The job the call was about."""
    url: Optional[str]
    """The address that was asked, without its query."""
    details: Mapping[str, str]
    """More by name: ``"path"`` (where in the answer), ``"option"``, ``"errors"`` (a validation list, as JSON) and others."""

    def __init__(
        self,
        message: str,
        *,
        status: Optional[str] = None,
        provider: Optional[str] = None,
        status_code: Optional[int] = None,
        code: Optional[str] = None,
        request_id: Optional[str] = None,
        retryable: bool = False,
        retry_after: Optional[float] = None,
        job_id: Optional[str] = None,
        url: Optional[str] = None,
        details: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.provider = provider
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after
        self.job_id = job_id
        self.url = url
        self.details = dict(details or {})

    def __str__(self) -> str:
        return self.message


# Errors of the call: nothing was wrong with the service.


class ArgumentError(BatchJobsError, ValueError):
    """An argument or an option is wrong; the message says what would be right. Nothing was sent."""


class StateError(BatchJobsError, RuntimeError):
    """The object cannot be used here any more: it was closed, or belongs to the process that forked this one."""


class BusyError(StateError):
    """Another thread is using this iterator."""


class UnsupportedError(BatchJobsError):
    """The service has no such operation."""


class OutOfMemoryError(BatchJobsError, MemoryError):
    """Memory ran out."""


class LimitError(BatchJobsError):
    """A cap was reached; the message names the option, where there is one."""


class Cancelled(BatchJobsError):
    """The call was ended from outside, by ``client.cancel()``."""


class Timeout(BatchJobsError, TimeoutError):
    """A time limit passed; ``details["option"]`` names it. Of a wait: the job still runs, and ``details["phase"]`` tells how it stood."""


class FileError(BatchJobsError, OSError):
    """A file could not be written: ``errno`` says why."""

    @property
    def errno(self) -> Optional[int]:  # type: ignore[override]  # pyright: ignore
        """The system's number for the reason; None where there is none."""
        return getattr(errno, self.details.get("errno", ""), None)


# Errors on the way: no usable answer arrived.


class APIConnectionError(BatchJobsError, ConnectionError):
    """No usable answer arrived."""


class DNSError(APIConnectionError):
    """The host name was not found."""


class ConnectError(APIConnectionError):
    """No connection could be made."""


class TLSError(APIConnectionError):
    """The server's identity could not be verified, or the TLS session failed."""


class ProxyError(APIConnectionError):
    """The proxy refused or failed."""


class TransportError(APIConnectionError):
    """The connection broke before the answer was whole."""


# The service answered with an error.


class APIStatusError(BatchJobsError):
    """The service answered with an error."""


class BadRequestError(APIStatusError):
    """HTTP 400."""


class AuthenticationError(APIStatusError):
    """HTTP 401: the key is missing, wrong or has expired."""


class PaymentRequiredError(APIStatusError):
    """HTTP 402."""


class PermissionDeniedError(APIStatusError):
    """HTTP 403."""


class NotFoundError(APIStatusError):
    """HTTP 404."""


class ConflictError(APIStatusError):
    """HTTP 409."""


class GoneError(APIStatusError):
    """HTTP 410."""


class UnprocessableEntityError(APIStatusError):
    """HTTP 422; ``details["errors"]`` may hold the service's list."""


class RateLimitError(APIStatusError):
    """HTTP 429, or it would come, or ``max_requests`` is used up; ``retry_after`` tells when to come back."""


class ServerError(APIStatusError):
    """HTTP 5xx."""


class RefusedError(APIStatusError):
    """The service refused without an HTTP error status, or with another 4xx."""


class RedirectError(APIStatusError):
    """HTTP 3xx: redirects of a service are never followed."""


# The answer is not what the service documents.


class ProtocolError(BatchJobsError):
    """The answer is not JSON, or a member is missing or of the wrong type; ``details["path"]`` names it."""


class CursorError(ProtocolError):
    """The list goes in circles."""


class DecodeError(ProtocolError, ValueError):
    """Bytes of a record or a job are not JSON, or not UTF-8."""


# Results.


class ResultsError(BatchJobsError):
    """Results could not be read, or not to their end."""


class NotReadyError(ResultsError):
    """The job has no results yet."""


class TruncatedError(ResultsError):
    """The results ended early; all records before the cut were given."""


class LinkError(ResultsError):
    """A result link was refused or has expired."""


class ChangedError(ResultsError):
    """The results are not those that a token was taken from, or changed while they were read."""


BY_STATUS: Dict[str, Type[BatchJobsError]] = {
    "BJ_E_ARGUMENT": ArgumentError,
    "BJ_E_BUSY": BusyError,
    "BJ_E_UNSUPPORTED": UnsupportedError,
    "BJ_E_STATE": StateError,
    "BJ_E_NO_MEMORY": OutOfMemoryError,
    "BJ_E_LIMIT": LimitError,
    "BJ_E_CANCELLED": Cancelled,
    "BJ_E_TIMEOUT": Timeout,
    "BJ_E_FILE": FileError,
    "BJ_E_DNS": DNSError,
    "BJ_E_CONNECT": ConnectError,
    "BJ_E_TLS": TLSError,
    "BJ_E_PROXY": ProxyError,
    "BJ_E_TRANSPORT": TransportError,
    "BJ_E_BAD_REQUEST": BadRequestError,
    "BJ_E_UNAUTHENTICATED": AuthenticationError,
    "BJ_E_PAYMENT": PaymentRequiredError,
    "BJ_E_FORBIDDEN": PermissionDeniedError,
    "BJ_E_NOT_FOUND": NotFoundError,
    "BJ_E_CONFLICT": ConflictError,
    "BJ_E_GONE": GoneError,
    "BJ_E_UNPROCESSABLE": UnprocessableEntityError,
    "BJ_E_RATE_LIMITED": RateLimitError,
    "BJ_E_SERVER": ServerError,
    "BJ_E_REFUSED": RefusedError,
    "BJ_E_REDIRECT": RedirectError,
    "BJ_E_PROTOCOL": ProtocolError,
    "BJ_E_CURSOR": CursorError,
    "BJ_E_NOT_READY": NotReadyError,
    "BJ_E_TRUNCATED": TruncatedError,
    "BJ_E_LINK": LinkError,
    "BJ_E_CHANGED": ChangedError,
}


def make(status: str, message: str, **attributes: Any) -> BatchJobsError:
    """The exception for a status of the library; of a kind that this version does not know, the root."""
    return BY_STATUS.get(status, BatchJobsError)(message, status=status, **attributes)
