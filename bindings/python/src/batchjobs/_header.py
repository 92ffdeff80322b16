"""Made by scripts/python_header.py from include/batchjobs.h; do not edit."""

from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_void_p

from ._word import Word

ABI_VERSION = 1

OK = 0
END = 1
STOPPED = 2
COUNT_TOTAL = 0
COUNT_PROCESSED = 1
COUNT_SUCCEEDED = 2
COUNT_FAILED = 3
COUNT_CANCELLED = 4
COUNT_QUEUED = 5
COUNT_RUNNING = 6
COUNT_PENDING = 7
COUNT_RESULTS = 8
TIME_CREATED = 0
TIME_STARTED = 1
TIME_FINISHED = 2
TIME_UPDATED = 3
TEXT_ID = 0
TEXT_KIND = 1
TEXT_STATUS_WORD = 2
TEXT_ERROR = 3
TEXT_RAW_JSON = 4
LOG_OFF = 0
LOG_WARN = 1
LOG_INFO = 2
LOG_DEBUG = 3
CAN_LIST = 1
CAN_GET = 2
CAN_RESULTS = 3
OPTION_TEXT = 1
OPTION_INTEGER = 2
OPTION_BOOL = 3
OPTION_CHOICE = 4

STATUSES = {
    -1: "BJ_E_ARGUMENT",
    -2: "BJ_E_BUSY",
    -3: "BJ_E_UNSUPPORTED",
    -4: "BJ_E_STATE",
    -5: "BJ_E_NO_MEMORY",
    -6: "BJ_E_LIMIT",
    -7: "BJ_E_CANCELLED",
    -8: "BJ_E_TIMEOUT",
    -9: "BJ_E_FILE",
    -20: "BJ_E_DNS",
    -21: "BJ_E_CONNECT",
    -22: "BJ_E_TLS",
    -23: "BJ_E_PROXY",
    -24: "BJ_E_TRANSPORT",
    -40: "BJ_E_BAD_REQUEST",
    -41: "BJ_E_UNAUTHENTICATED",
    -42: "BJ_E_PAYMENT",
    -43: "BJ_E_FORBIDDEN",
    -44: "BJ_E_NOT_FOUND",
    -45: "BJ_E_CONFLICT",
    -46: "BJ_E_GONE",
    -47: "BJ_E_UNPROCESSABLE",
    -48: "BJ_E_RATE_LIMITED",
    -49: "BJ_E_SERVER",
    -50: "BJ_E_REFUSED",
    -51: "BJ_E_REDIRECT",
    -60: "BJ_E_PROTOCOL",
    -61: "BJ_E_CURSOR",
    -62: "BJ_E_NOT_READY",
    -63: "BJ_E_TRUNCATED",
    -64: "BJ_E_LINK",
    -65: "BJ_E_CHANGED",
}


class Phase(Word):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


PHASE_OF = {1: Phase.QUEUED, 2: Phase.RUNNING, 3: Phase.DONE}


class Outcome(Word):
    """How a job ended."""

    NONE = "none"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


OUTCOME_OF = {0: Outcome.NONE, 1: Outcome.SUCCEEDED, 2: Outcome.PARTIAL, 3: Outcome.FAILED, 4: Outcome.CANCELLED, 5: Outcome.EXPIRED, 6: Outcome.UNKNOWN}


class RecordOutcome(Word):
    """How one record ended."""

    UNKNOWN = "unknown"
    OK = "ok"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    PENDING = "pending"
    RUNNING = "running"


RECORD_OUTCOME_OF = {0: RecordOutcome.UNKNOWN, 1: RecordOutcome.OK, 2: RecordOutcome.FAILED, 3: RecordOutcome.CANCELLED, 4: RecordOutcome.SKIPPED, 5: RecordOutcome.PENDING, 6: RecordOutcome.RUNNING}


class Verdict(Word):
    """What a stream of results was compared with when it ended."""

    NONE = "none"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    SHORT = "short"
    LONG = "long"


VERDICT_OF = {0: Verdict.NONE, 1: Verdict.VERIFIED, 2: Verdict.UNVERIFIED, 3: Verdict.SHORT, 4: Verdict.LONG}


class bj_batch(c_void_p):
    pass


class bj_cancel(c_void_p):
    pass


class bj_client(c_void_p):
    pass


class bj_columns(c_void_p):
    pass


class bj_error(c_void_p):
    pass


class bj_event(c_void_p):
    pass


class bj_job(c_void_p):
    pass


class bj_options(c_void_p):
    pass


class bj_page(c_void_p):
    pass


class bj_pages(c_void_p):
    pass


class bj_record(c_void_p):
    pass


class bj_results(c_void_p):
    pass


class bj_token(c_void_p):
    pass


class bj_waits(c_void_p):
    pass


bj_interrupt_fn = CFUNCTYPE(c_int32, c_void_p)
bj_token_fn = CFUNCTYPE(c_int32, bj_token, c_void_p)
bj_log_fn = CFUNCTYPE(None, c_int32, c_char_p, c_void_p)
bj_page_fn = CFUNCTYPE(c_int32, bj_page, c_void_p)
bj_job_fn = CFUNCTYPE(c_int32, bj_job, c_void_p)
bj_record_fn = CFUNCTYPE(c_int32, bj_record, c_void_p)
bj_progress_fn = CFUNCTYPE(c_int32, c_int64, c_int64, c_int64, c_void_p)

# Name: (result, parameters).
PROTOTYPES = {
    "bj_version": (c_char_p, []),
    "bj_abi_version": (c_int32, []),
    "bj_status_name": (c_char_p, [c_int32]),
    "bj_phase_name": (c_char_p, [c_int32]),
    "bj_outcome_name": (c_char_p, [c_int32]),
    "bj_record_outcome_name": (c_char_p, [c_int32]),
    "bj_provider_count": (c_size_t, []),
    "bj_provider_name": (c_char_p, [c_size_t]),
    "bj_provider_supports": (c_int32, [c_char_p, c_int32]),
    "bj_provider_accepts": (c_int32, [c_char_p, c_char_p]),
    "bj_option_count": (c_size_t, []),
    "bj_option_name": (c_char_p, [c_size_t]),
    "bj_option_kind": (c_int32, [c_size_t]),
    "bj_option_range": (c_char_p, [c_size_t]),
    "bj_option_default": (c_char_p, [c_size_t]),
    "bj_option_help": (c_char_p, [c_size_t]),
    "bj_option_client_only": (c_int32, [c_size_t]),
    "bj_options_new": (c_int32, [POINTER(bj_options), POINTER(bj_error)]),
    "bj_options_set": (c_int32, [bj_options, c_char_p, c_char_p, POINTER(bj_error)]),
    "bj_options_destroy": (None, [bj_options]),
    "bj_cancel_new": (c_int32, [POINTER(bj_cancel), POINTER(bj_error)]),
    "bj_cancel_fire": (None, [bj_cancel]),
    "bj_cancel_destroy": (None, [bj_cancel]),
    "bj_client_new": (c_int32, [POINTER(bj_client), c_char_p, bj_options, POINTER(bj_error)]),
    "bj_client_destroy": (None, [bj_client]),
    "bj_client_cancel": (None, [bj_client]),
    "bj_client_set_interrupt": (None, [bj_client, bj_interrupt_fn, c_void_p]),
    "bj_client_set_token_provider": (None, [bj_client, bj_token_fn, c_void_p]),
    "bj_token_set": (None, [bj_token, c_char_p, c_size_t]),
    "bj_client_set_log": (None, [bj_client, c_int32, bj_log_fn, c_void_p]),
    "bj_client_supports": (c_int32, [bj_client, c_int32]),
    "bj_client_list": (c_int32, [bj_client, bj_options, bj_cancel, bj_page_fn, c_void_p, POINTER(bj_error)]),
    "bj_pages_open": (c_int32, [POINTER(bj_pages), bj_client, bj_options, bj_cancel, POINTER(bj_error)]),
    "bj_pages_next": (c_int32, [POINTER(bj_page), bj_pages, POINTER(bj_error)]),
    "bj_pages_destroy": (None, [bj_pages]),
    "bj_page_count": (c_size_t, [bj_page]),
    "bj_page_job": (bj_job, [bj_page, c_size_t]),
    "bj_page_next_cursor": (c_char_p, [bj_page]),
    "bj_page_raw_json": (c_void_p, [bj_page, POINTER(c_size_t)]),
    "bj_page_columns": (c_int32, [POINTER(bj_columns), bj_page, POINTER(bj_error)]),
    "bj_columns_count": (c_size_t, [bj_columns]),
    "bj_columns_text": (c_void_p, [bj_columns, c_int32, POINTER(POINTER(c_int64))]),
    "bj_columns_phases": (POINTER(c_int32), [bj_columns]),
    "bj_columns_outcomes": (POINTER(c_int32), [bj_columns]),
    "bj_columns_counts": (POINTER(c_int64), [bj_columns, c_int32]),
    "bj_columns_times": (POINTER(c_int64), [bj_columns, c_int32]),
    "bj_columns_destroy": (None, [bj_columns]),
    "bj_client_get": (c_int32, [POINTER(bj_job), bj_client, c_char_p, bj_options, bj_cancel, POINTER(bj_error)]),
    "bj_job_retain": (c_int32, [POINTER(bj_job), bj_job, POINTER(bj_error)]),
    "bj_job_destroy": (None, [bj_job]),
    "bj_job_id": (c_char_p, [bj_job]),
    "bj_job_provider": (c_char_p, [bj_job]),
    "bj_job_kind": (c_char_p, [bj_job]),
    "bj_job_status_word": (c_char_p, [bj_job]),
    "bj_job_error_text": (c_char_p, [bj_job]),
    "bj_job_phase": (c_int32, [bj_job]),
    "bj_job_outcome": (c_int32, [bj_job]),
    "bj_job_count": (c_int64, [bj_job, c_int32]),
    "bj_job_time": (c_int64, [bj_job, c_int32]),
    "bj_job_field": (c_void_p, [bj_job, c_char_p, POINTER(c_size_t), POINTER(c_int32)]),
    "bj_job_raw_json": (c_void_p, [bj_job, POINTER(c_size_t)]),
    "bj_client_wait": (c_int32, [POINTER(bj_job), bj_client, c_char_p, bj_options, bj_cancel, bj_job_fn, c_void_p, POINTER(bj_error)]),
    "bj_waits_open": (c_int32, [POINTER(bj_waits), bj_client, POINTER(c_char_p), c_size_t, bj_options, bj_cancel, POINTER(bj_error)]),
    "bj_waits_next": (c_int32, [POINTER(bj_event), bj_waits, POINTER(bj_error)]),
    "bj_waits_destroy": (None, [bj_waits]),
    "bj_event_index": (c_int64, [bj_event]),
    "bj_event_job": (bj_job, [bj_event]),
    "bj_event_error": (bj_error, [bj_event]),
    "bj_event_is_final": (c_int32, [bj_event]),
    "bj_client_results": (c_int32, [bj_client, c_char_p, bj_options, bj_cancel, bj_record_fn, c_void_p, POINTER(bj_error)]),
    "bj_results_open": (c_int32, [POINTER(bj_results), bj_client, c_char_p, bj_options, bj_cancel, POINTER(bj_error)]),
    "bj_results_next": (c_int32, [POINTER(bj_record), bj_results, POINTER(bj_error)]),
    "bj_results_next_batch": (c_int32, [POINTER(bj_batch), bj_results, POINTER(bj_error)]),
    "bj_results_token_at": (c_int32, [POINTER(c_char_p), bj_results, c_int64, POINTER(bj_error)]),
    "bj_results_job": (bj_job, [bj_results]),
    "bj_results_verdict": (c_int32, [bj_results]),
    "bj_results_records": (c_int64, [bj_results]),
    "bj_results_expected": (c_int64, [bj_results]),
    "bj_results_bytes": (c_int64, [bj_results]),
    "bj_results_bytes_total": (c_int64, [bj_results]),
    "bj_results_parts": (c_int64, [bj_results]),
    "bj_results_parts_done": (c_int64, [bj_results]),
    "bj_results_destroy": (None, [bj_results]),
    "bj_batch_count": (c_size_t, [bj_batch]),
    "bj_batch_data": (c_void_p, [bj_batch, POINTER(c_size_t)]),
    "bj_batch_offsets": (POINTER(c_int64), [bj_batch]),
    "bj_batch_first_index": (c_int64, [bj_batch]),
    "bj_batch_outcomes": (POINTER(c_int32), [bj_batch]),
    "bj_batch_keys": (c_void_p, [bj_batch, POINTER(POINTER(c_int64))]),
    "bj_record_data": (c_void_p, [bj_record, POINTER(c_size_t)]),
    "bj_record_key": (c_char_p, [bj_record]),
    "bj_record_outcome": (c_int32, [bj_record]),
    "bj_record_index": (c_int64, [bj_record]),
    "bj_client_save": (c_int32, [bj_client, c_char_p, c_char_p, bj_options, bj_cancel, bj_progress_fn, c_void_p, POINTER(bj_error)]),
    "bj_results_save": (c_int32, [bj_results, c_int, bj_progress_fn, c_void_p, POINTER(bj_error)]),
    "bj_error_status": (c_int32, [bj_error]),
    "bj_error_message": (c_char_p, [bj_error]),
    "bj_error_http_status": (c_int32, [bj_error]),
    "bj_error_code": (c_char_p, [bj_error]),
    "bj_error_request_id": (c_char_p, [bj_error]),
    "bj_error_retryable": (c_int32, [bj_error]),
    "bj_error_retry_after_ms": (c_int64, [bj_error]),
    "bj_error_job_id": (c_char_p, [bj_error]),
    "bj_error_url": (c_char_p, [bj_error]),
    "bj_error_detail": (c_char_p, [bj_error, c_char_p]),
    "bj_error_detail_count": (c_size_t, [bj_error]),
    "bj_error_detail_name": (c_char_p, [bj_error, c_size_t]),
    "bj_error_destroy": (None, [bj_error]),
}
