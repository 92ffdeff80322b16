/*
 * batchjobs.h - one client for batch jobs that other people's services run.
 *
 * A program names a service, and lists its jobs, reads one, and walks the
 * results of one, in the same way for every service:
 *
 *     bj_options *options = NULL;
 *     bj_client  *client  = NULL;
 *     bj_pages   *pages   = NULL;
 *     const bj_page *page;
 *
 *     bj_options_new(&options, NULL);
 *     bj_options_set(options, "api_key", key, NULL);
 *     if (bj_client_new(&client, "crustdata", options, &error) < 0) ...
 *     if (bj_pages_open(&pages, client, NULL, NULL, &error) < 0) ...
 *     while ((status = bj_pages_next(&page, pages, &error)) == BJ_OK)
 *         for (size_t i = 0; i < bj_page_count(page); i++)
 *             puts(bj_job_id(bj_page_job(page, i)));
 *
 * Read the header from top to bottom: it is the manual and the only
 * declaration of the library. What does not stand here is not published.
 *
 * OWNERSHIP
 *   A "T **out" is yours: give it to the matching bj_..._destroy.
 *   A "const T **out", "const T *" or "const char *" is borrowed from the
 *   handle it came from: it lives until the next call on that iterator, or
 *   until that handle is destroyed.
 *   What a callback is handed dies when the callback returns; a job that must
 *   live longer is copied with bj_job_retain.
 *
 * ERRORS
 *   A function that can fail returns bj_status and takes "bj_error **error" as
 *   its last argument. The argument may be NULL. It need not be initialised:
 *   it is set on every return, to NULL unless the status is below 0. Then it is
 *   yours: give it to bj_error_destroy. Outputs are NULL on failure.
 *   Getters cannot fail: given NULL, or where a value is absent, they answer
 *   NULL, 0 for a size, -1, or BJ_TIME_NONE. Destroyers accept NULL.
 *
 * THREADS
 *   The library starts no thread and installs no signal handler. A call does
 *   its work on the thread that made it, and blocks until it is done.
 *   A client may be used by any number of threads at once. An iterator
 *   (bj_pages, bj_waits, bj_results) and an options object belong to one thread
 *   at a time; an iterator entered twice at once answers BJ_E_BUSY. Jobs, pages and
 *   records are immutable and may be read from any thread while they live.
 *   An iterator holds its client, so the client may be destroyed first.
 *   Callbacks run on the calling thread, before the call returns, and may use
 *   the client; only the interrupt function and the token provider may not use
 *   the client they belong to, because they would be called from within. They must not leave by longjmp or by an exception.
 *   After fork() a client, and what was opened with it, belongs to the parent:
 *   in the child each call answers BJ_E_STATE, and destroying touches no
 *   connection: what libcurl holds for them stays allocated there.
 *
 * RETRIES
 *   Every request only reads, so a failed one is sent again: up to max_attempts
 *   times, after a random wait that grows, while the client's retry budget and
 *   timeout_ms last. Retried are broken connections, 408, 425, 429, 500, 502,
 *   503 and 504. A wait that the service asks for is kept exactly when it fits
 *   timeout_ms; when it does not, the error comes at once and
 *   bj_error_retry_after_ms tells how long the wait would be.
 *
 * RATE LIMITS
 *   max_requests, max_requests_interval_ms and max_concurrent_requests bound what
 *   all threads of a client together ask of the service; files on result hosts
 *   do not count. Where the service's headers say that nothing is left, nothing
 *   more is sent before its time. A request that may not go out yet waits, as a
 *   retry does: within timeout_ms, or else BJ_E_RATE_LIMITED at once.
 *
 * TEXT
 *   Strings are UTF-8 and end with NUL. Bytes come as pointer and length and
 *   do not end with NUL. JSON is the service's own, byte for byte.
 */
#ifndef BATCHJOBS_H
#define BATCHJOBS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; bj_version() gives that of the loaded library. */
#define BJ_VERSION_MAJOR 0
#define BJ_VERSION_MINOR 1
#define BJ_VERSION_PATCH 0
#define BJ_VERSION_STRING "0.1.0"

/* The number that rises with each change that breaks a compiled program. */
#define BJ_ABI_VERSION 1

/* A time that the service did not give (see bj_job_time). */
#define BJ_TIME_NONE INT64_MIN

typedef struct bj_options bj_options; /* settings by name                     */
typedef struct bj_cancel bj_cancel;   /* ends calls from outside              */
typedef struct bj_client bj_client;   /* one account at one service           */
typedef struct bj_pages bj_pages;     /* iterator over pages of jobs          */
typedef struct bj_page bj_page;       /* one page of jobs                     */
typedef struct bj_columns bj_columns; /* a page's jobs, field by field        */
typedef struct bj_job bj_job;         /* one job as the service last told it  */
typedef struct bj_waits bj_waits;     /* iterator over events of jobs         */
typedef struct bj_event bj_event;     /* what became of one of them           */
typedef struct bj_results bj_results; /* iterator over a job's records        */
typedef struct bj_batch bj_batch;     /* records that came together           */
typedef struct bj_record bj_record;   /* one record of a job's results        */
typedef struct bj_error bj_error;     /* what went wrong                      */
typedef struct bj_token bj_token;     /* where a token provider puts a token  */

/*
 * How a call ended. 0 is success, above 0 is an end that is no error, below 0
 * is an error. Numbers never change; later versions may add some, so treat an
 * unknown negative number as an error of a kind you do not know.
 */
typedef int32_t bj_status;

enum {
    BJ_OK = 0,
    BJ_END = 1,     /* the iterator has nothing more                          */
    BJ_STOPPED = 2, /* a callback returned nonzero                            */

    /* Errors of the call: nothing was wrong with the service. */
    BJ_E_ARGUMENT = -1,    /* an argument or option is wrong; the message says
                              what would be right; nothing was sent           */
    BJ_E_BUSY = -2,        /* the iterator is in use by another call          */
    BJ_E_UNSUPPORTED = -3, /* the service has no such operation               */
    BJ_E_STATE = -4,       /* the handle cannot be used here any more         */
    BJ_E_NO_MEMORY = -5,
    BJ_E_LIMIT = -6,     /* a cap was reached; the message names the option,
                            where there is one                                */
    BJ_E_CANCELLED = -7, /* by bj_cancel, bj_client_cancel or the interrupt   */
    BJ_E_TIMEOUT = -8,   /* a time limit passed; the message names the option */
    BJ_E_FILE = -9,      /* a file could not be written; detail "errno"       */

    /* Errors on the way: no usable answer arrived. */
    BJ_E_DNS = -20,       /* the host name was not found                      */
    BJ_E_CONNECT = -21,   /* no connection could be made                      */
    BJ_E_TLS = -22,       /* the server's identity could not be verified, or
                             the TLS session failed                           */
    BJ_E_PROXY = -23,     /* the proxy refused or failed                      */
    BJ_E_TRANSPORT = -24, /* the connection broke before the answer was whole */

    /* The service answered with an error. */
    BJ_E_BAD_REQUEST = -40,     /* 400                                        */
    BJ_E_UNAUTHENTICATED = -41, /* 401                                        */
    BJ_E_PAYMENT = -42,         /* 402                                        */
    BJ_E_FORBIDDEN = -43,       /* 403                                        */
    BJ_E_NOT_FOUND = -44,       /* 404                                        */
    BJ_E_CONFLICT = -45,        /* 409                                        */
    BJ_E_GONE = -46,            /* 410                                        */
    BJ_E_UNPROCESSABLE = -47,   /* 422                                        */
    BJ_E_RATE_LIMITED = -48,    /* 429, or it would come, or max_requests     */
    BJ_E_SERVER = -49,          /* 5xx                                        */
    BJ_E_REFUSED = -50,  /* an error without an HTTP error status, or another
                            4xx                                               */
    BJ_E_REDIRECT = -51, /* 3xx: redirects of a service are never followed    */

    /* The answer is not what the service documents. */
    BJ_E_PROTOCOL = -60,  /* not JSON, or a member is missing or of the wrong
                             type; the message names its path                 */
    BJ_E_CURSOR = -61,    /* the list goes in circles; detail "cursor"        */
    BJ_E_NOT_READY = -62, /* the job has no results yet                       */
    BJ_E_TRUNCATED = -63, /* the results ended early; all records before the
                             cut were delivered                               */
    BJ_E_LINK = -64,      /* a result link was refused or has expired         */
    BJ_E_CHANGED = -65    /* the results are not those that a token was taken
                             from, or changed while they were read            */
};

/* Where a job stands. A job can leave BJ_PHASE_DONE again where the service
 * retries it or adds to it: never store it as final. */
enum {
    BJ_PHASE_QUEUED = 1,
    BJ_PHASE_RUNNING = 2, /* also the answer to a status word nobody knows    */
    BJ_PHASE_DONE = 3
};

/* How a job ended. */
enum {
    BJ_OUTCOME_NONE = 0,      /* not yet                                      */
    BJ_OUTCOME_SUCCEEDED = 1, /* all of it                                    */
    BJ_OUTCOME_PARTIAL = 2,   /* some of it                                   */
    BJ_OUTCOME_FAILED = 3,
    BJ_OUTCOME_CANCELLED = 4,
    BJ_OUTCOME_EXPIRED = 5,
    BJ_OUTCOME_UNKNOWN = 6 /* the service's word is not known to this version */
};

/* What bj_job_count counts: units of work, as the service counts them. */
enum {
    BJ_COUNT_TOTAL = 0,     /* asked for                                      */
    BJ_COUNT_PROCESSED = 1, /* ended, however                                 */
    BJ_COUNT_SUCCEEDED = 2,
    BJ_COUNT_FAILED = 3,
    BJ_COUNT_CANCELLED = 4,
    BJ_COUNT_QUEUED = 5,
    BJ_COUNT_RUNNING = 6,
    BJ_COUNT_PENDING = 7, /* held back, waiting for something else            */
    BJ_COUNT_RESULTS = 8  /* records to be read with bj_results_open          */
};

/* Which time bj_job_time gives. */
enum {
    BJ_TIME_CREATED = 0,
    BJ_TIME_STARTED = 1,
    BJ_TIME_FINISHED = 2,
    BJ_TIME_UPDATED = 3
};

/* How one record ended. */
enum {
    BJ_RECORD_UNKNOWN = 0, /* the service's word is not known to this version */
    BJ_RECORD_OK = 1,
    BJ_RECORD_FAILED = 2,
    BJ_RECORD_CANCELLED = 3,
    BJ_RECORD_SKIPPED = 4,
    BJ_RECORD_PENDING = 5, /* not begun, or held back                         */
    BJ_RECORD_RUNNING = 6
};

/* What a stream of results has been compared with when it ended. */
enum {
    BJ_VERDICT_NONE = 0,       /* it has not ended, or ended with an error that
                                  says nothing of its length                  */
    BJ_VERDICT_VERIFIED = 1,   /* every file was whole, and the service's own
                                  count of records agrees                     */
    BJ_VERDICT_UNVERIFIED = 2, /* every file was whole as far as its host says,
                                  and the service gives no count              */
    BJ_VERDICT_SHORT = 3,      /* fewer records than the service counts, or a
                                  file that broke off                         */
    BJ_VERDICT_LONG = 4        /* more records than the service counts        */
};

/* Which texts bj_columns_text gives. */
enum {
    BJ_TEXT_ID = 0,
    BJ_TEXT_KIND = 1,
    BJ_TEXT_STATUS_WORD = 2,
    BJ_TEXT_ERROR = 3,
    BJ_TEXT_RAW_JSON = 4
};

/* How much a log function wants to hear; each level includes those before. */
enum {
    BJ_LOG_OFF = 0,
    BJ_LOG_WARN = 1, /* retries, and calls that fail after them               */
    BJ_LOG_INFO = 2, /* a token was refreshed                                 */
    BJ_LOG_DEBUG = 3 /* each request                                          */
};

/* What kind of JSON value bj_job_field found. */
enum {
    BJ_JSON_ABSENT = 0,
    BJ_JSON_NULL = 1,
    BJ_JSON_BOOL = 2,
    BJ_JSON_NUMBER = 3,
    BJ_JSON_STRING = 4,
    BJ_JSON_ARRAY = 5,
    BJ_JSON_OBJECT = 6
};

/* What a service can do (bj_client_supports). */
enum {
    BJ_CAN_LIST = 1,
    BJ_CAN_GET = 2,
    BJ_CAN_RESULTS = 3
};

/* What values an option takes (bj_option_kind). */
enum {
    BJ_OPTION_TEXT = 1,
    BJ_OPTION_INTEGER = 2, /* decimal digits, within bj_option_range          */
    BJ_OPTION_BOOL = 3,    /* "true" or "false"                               */
    BJ_OPTION_CHOICE = 4   /* one of the words in bj_option_range             */
};

/* ------------------------------------------------------------------------
 * Library. None of these block or fail; all may be called from any thread.
 * Strings are constants and live for ever. Since 0.1.0.
 */

/* The version of the loaded library, such as "0.1.0". */
const char *bj_version(void);

/* The loaded library's BJ_ABI_VERSION. A binding compares it with the number
 * it was made for before it calls anything else. */
int32_t bj_abi_version(void);

/* The name of a status, such as "BJ_E_TIMEOUT"; NULL for an unknown number. */
const char *bj_status_name(bj_status status);

/* The word for a phase ("queued", "running", "done"), an outcome of a job
 * ("none", "succeeded", "partial", ...) or of a record ("unknown", "ok",
 * "failed", ...); NULL for an unknown number. */
const char *bj_phase_name(int32_t phase);
const char *bj_outcome_name(int32_t outcome);
const char *bj_record_outcome_name(int32_t outcome);

/* The services this library speaks to: bj_provider_name(0) and on, below
 * bj_provider_count(); NULL beyond. */
size_t bj_provider_count(void);
const char *bj_provider_name(size_t index);

/* Whether a service has an operation (BJ_CAN_...) or takes an option: 1 yes,
 * 0 no, -1 when there is no such provider, capability or option. */
int32_t bj_provider_supports(const char *provider, int32_t capability);
int32_t bj_provider_accepts(const char *provider, const char *option);

/* The options there are: index from 0, below bj_option_count(). Beyond, the
 * strings are NULL and the kind is -1. The range reads "1..1000" or "auto|1.1|2"
 * and is NULL where any text goes; the default is NULL where there is none.
 * bj_option_client_only is 1 for what only bj_client_new takes. */
size_t bj_option_count(void);
const char *bj_option_name(size_t index);
int32_t bj_option_kind(size_t index);
const char *bj_option_range(size_t index);
const char *bj_option_default(size_t index);
const char *bj_option_help(size_t index);
int32_t bj_option_client_only(size_t index);

/* ------------------------------------------------------------------------
 * Options: settings by name, for a client and for single calls.
 * docs/options.md lists them all, made from the table behind bj_option_name.
 */

/* Makes an empty set of options.
 * Errors: BJ_E_ARGUMENT (out is NULL). Since 0.1.0. */
bj_status bj_options_new(bj_options **out, bj_error **error);

/* Sets one option; a value of NULL takes it back. Kind and range are checked
 * here, whether the service knows the option where it is used. Both strings
 * are copied. "header.<Name>" adds a request header to every call that goes to
 * the service (never to the host of a result file).
 *     bj_options_set(options, "page_size", "100", &error);
 * Errors: BJ_E_ARGUMENT (NULL, unknown name, or a value out of range; the
 * message says what would be right). Since 0.1.0. */
bj_status bj_options_set(bj_options *options, const char *name,
                         const char *value, bj_error **error);

/* Frees the set. What was made with it has its own copy. Since 0.1.0. */
void bj_options_destroy(bj_options *options);

/* ------------------------------------------------------------------------
 * Cancel: ends calls from another thread or from a signal handler. It is
 * sticky: once fired, every present and later call that carries it answers
 * BJ_E_CANCELLED. Where a call takes a bj_cancel, NULL means none.
 */

/* Makes one, not fired. Errors: BJ_E_ARGUMENT (out is NULL), BJ_E_LIMIT (no
 * file descriptor is free). Since 0.1.0. */
bj_status bj_cancel_new(bj_cancel **out, bj_error **error);

/* Fires it: a call that carries it returns within 100 ms. Never blocks; may be
 * called from any thread, more than once, and from a signal handler. Does
 * nothing on NULL. Since 0.1.0. */
void bj_cancel_fire(bj_cancel *cancel);

/* Gives it back. Calls and iterators in progress keep what they need of it.
 * Not from a signal handler. Since 0.1.0. */
void bj_cancel_destroy(bj_cancel *cancel);

/* ------------------------------------------------------------------------
 * Client: one account at one service. It keeps connections open between calls.
 */

/* Makes a client. No request is sent. options must hold "api_key", and what
 * the service needs besides (docs/services.md).
 * Errors: BJ_E_ARGUMENT (NULL; unknown provider; missing key; an option the
 * service does not know; an unusable base_url). Since 0.1.0. */
bj_status bj_client_new(bj_client **out, const char *provider,
                        const bj_options *options, bj_error **error);

/* Gives the client back. Calls and iterators in progress keep what they need;
 * connections close with the last of them. Since 0.1.0. */
void bj_client_destroy(bj_client *client);

/* Ends what is in progress at this moment, on every thread, with
 * BJ_E_CANCELLED. Later calls are not touched. For shutdown; to end one call,
 * use a bj_cancel. Any thread; not from a signal handler. Since 0.1.0. */
void bj_client_cancel(bj_client *client);

/* Sets a function that is called at least every 100 ms while a call of this
 * client blocks, on the thread of that call; nonzero ends that call with
 * BJ_E_CANCELLED. fn NULL takes it away. fn and payload must outlive every
 * call and iterator of the client. Set it before the client is shared.
 * Since 0.1.0. */
typedef int32_t (*bj_interrupt_fn)(void *payload);
void bj_client_set_interrupt(bj_client *client, bj_interrupt_fn fn,
                             void *payload);

/* Sets a function that gives a fresh token when the service answers 401. It is
 * called at most once in each call of the library (of a bj_client_list once for
 * each page, of a wait for each request), on the thread of that call; it puts the token into sink with
 * bj_token_set and returns 0. The request is then sent again with it, and so
 * are all later ones, on every thread. (An own header.Authorization still wins
 * over it.) Nonzero, no token, or one that cannot stand in a header (empty,
 * over 16 KiB, control characters) ends the call with BJ_E_UNAUTHENTICATED. The
 * time it takes counts against timeout_ms, but it cannot be interrupted: one
 * that never returns blocks the call. Several threads may run it at once. fn
 * NULL takes it away; fn and payload must outlive every call and iterator. Set
 * it before the client is shared. Since 0.1.0. */
typedef int32_t (*bj_token_fn)(bj_token *sink, void *payload);
void bj_client_set_token_provider(bj_client *client, bj_token_fn fn,
                                  void *payload);

/* Hands a token over; the bytes are copied. Only inside a token provider, for
 * the sink it was given. The last one counts. Since 0.1.0. */
void bj_token_set(bj_token *sink, const char *text, size_t length);

/* Sets a function that receives one line for each request, retry and token
 * refresh, up to level (BJ_LOG_...), on the thread of the call. No line holds a
 * key, a token, a header value or the query of an address. Nothing is logged
 * unless a function is set. It may use the client; what it does there is not
 * logged. fn and payload must outlive every call and iterator. Set it before
 * the client is shared. Since 0.1.0. */
typedef void (*bj_log_fn)(int32_t level, const char *line, void *payload);
void bj_client_set_log(bj_client *client, int32_t level, bj_log_fn fn,
                       void *payload);

/* Whether the service has an operation (BJ_CAN_...): 1 yes, 0 no, -1 when
 * client is NULL or the number unknown. Since 0.1.0. */
int32_t bj_client_supports(const bj_client *client, int32_t capability);

/* ------------------------------------------------------------------------
 * Pages: the jobs of an account, page by page, in the service's order.
 * Options of a call (NULL: the client's own) win over the client's: page_size,
 * max_items, max_pages, cursor, status, kind and others. Where the service has
 * no such filter, the library filters; a page is never empty for it. timeout_ms
 * bounds each call that brings a page. docs/services.md says which service
 * takes what.
 */

/* Called for each page; nonzero stops the list with BJ_STOPPED. */
typedef int32_t (*bj_page_fn)(const bj_page *page, void *payload);

/* Walks the whole list with a callback.
 * Returns BJ_OK at the end, BJ_STOPPED when the callback stopped it.
 * Errors: those of bj_pages_open and bj_pages_next. If the call fails before
 * it begins, the callback never runs. Blocks. Since 0.1.0. */
bj_status bj_client_list(bj_client *client, const bj_options *options,
                         bj_cancel *cancel, bj_page_fn fn, void *payload,
                         bj_error **error);

/* Opens the same list as an iterator. Nothing is sent before the first
 * bj_pages_next. options are copied.
 * Errors: BJ_E_ARGUMENT (an option is wrong, or the cursor belongs to another
 * service or filter), BJ_E_UNSUPPORTED (the service cannot list).
 * Since 0.1.0. */
bj_status bj_pages_open(bj_pages **out, bj_client *client,
                        const bj_options *options, bj_cancel *cancel,
                        bj_error **error);

/* Gives the next page in *out, borrowed until the next call on pages.
 * Returns BJ_OK with a page of at least one job, or BJ_END.
 * Errors: any below 0. After an error the same page is asked for again by the
 * next call, except that after BJ_E_CURSOR, and after BJ_E_LIMIT for max_pages,
 * the list has ended and the error comes again. Blocks. Since 0.1.0. */
bj_status bj_pages_next(const bj_page **out, bj_pages *pages, bj_error **error);

/* Frees the iterator and its page. Since 0.1.0. */
void bj_pages_destroy(bj_pages *pages);

/* The number of jobs on the page. */
size_t bj_page_count(const bj_page *page);

/* A job of the page, borrowed; NULL beyond the last. */
const bj_job *bj_page_job(const bj_page *page, size_t index);

/* The cursor from which a list goes on after this page, for the option
 * "cursor", also in another process; NULL on the last page. It holds when
 * max_items has cut the page too. */
const char *bj_page_next_cursor(const bj_page *page);

/* The service's answer, byte for byte. length may be NULL. */
const char *bj_page_raw_json(const bj_page *page, size_t *length);

/* The page's jobs field by field, for bindings that would otherwise make many
 * calls for each job. The columns are a copy: they live until they are
 * destroyed, whatever becomes of the page, and any thread may read them.
 * Errors: BJ_E_ARGUMENT, BJ_E_NO_MEMORY. Since 0.1.0. */
bj_status bj_page_columns(bj_columns **out, const bj_page *page,
                          bj_error **error);

/* The number of jobs; each column has as many values, in the page's order. */
size_t bj_columns_count(const bj_columns *columns);

/* A column of texts (BJ_TEXT_...): the bytes of all, one behind the other, and
 * in *offsets, which may be NULL, count + 1 places: text i begins at
 * offsets[i] and ends before offsets[i + 1]. A text that a job does not have
 * is empty. NULL for an unknown number. */
const char *bj_columns_text(const bj_columns *columns, int32_t which,
                            const int64_t **offsets);

/* Columns of phases and outcomes, of one count (BJ_COUNT_...), of one time
 * (BJ_TIME_...), with the values that bj_job_phase and the others give; NULL
 * for an unknown number. */
const int32_t *bj_columns_phases(const bj_columns *columns);
const int32_t *bj_columns_outcomes(const bj_columns *columns);
const int64_t *bj_columns_counts(const bj_columns *columns, int32_t which);
const int64_t *bj_columns_times(const bj_columns *columns, int32_t which);

/* Frees the columns. Since 0.1.0. */
void bj_columns_destroy(bj_columns *columns);

/* ------------------------------------------------------------------------
 * Job: what the service last told of one job. Where it stands is told in three
 * ways: phase, outcome, and the service's own word.
 */

/* Asks for one job by its id.
 *     bj_job *job;
 *     if (bj_client_get(&job, client, id, NULL, NULL, &error) == BJ_OK)
 *         puts(bj_phase_name(bj_job_phase(job)));
 * Errors: any below 0; BJ_E_ARGUMENT for an id that is empty, "." or "..", or
 * not UTF-8; BJ_E_NOT_FOUND. Blocks. Since 0.1.0. */
bj_status bj_client_get(bj_job **out, bj_client *client, const char *id,
                        const bj_options *options, bj_cancel *cancel,
                        bj_error **error);

/* Copies a job, so that it outlives the page or the call it came from. The
 * copy holds nothing else. Errors: BJ_E_ARGUMENT, BJ_E_NO_MEMORY.
 * Since 0.1.0. */
bj_status bj_job_retain(bj_job **out, const bj_job *job, bj_error **error);

/* Frees a job of bj_client_get or bj_job_retain; not a borrowed one. */
void bj_job_destroy(bj_job *job);

/* The id by which the service knows the job. Never NULL for a job. */
const char *bj_job_id(const bj_job *job);

/* The service's name, such as "crustdata". */
const char *bj_job_provider(const bj_job *job);

/* What the job does, in the service's word; NULL where it has none. */
const char *bj_job_kind(const bj_job *job);

/* The service's own word for where the job stands; NULL where it has none. */
const char *bj_job_status_word(const bj_job *job);

/* Why the job failed, as the service says it; NULL where it says nothing. */
const char *bj_job_error_text(const bj_job *job);

/* BJ_PHASE_... and BJ_OUTCOME_...; -1 on NULL. */
int32_t bj_job_phase(const bj_job *job);
int32_t bj_job_outcome(const bj_job *job);

/* A count (BJ_COUNT_...); -1 where the service does not give it. */
int64_t bj_job_count(const bj_job *job, int32_t which);

/* A time (BJ_TIME_...) in milliseconds since 1970-01-01T00:00:00Z;
 * BJ_TIME_NONE where the service does not give it. */
int64_t bj_job_time(const bj_job *job, int32_t which);

/* Any member of the service's own JSON for this job, by JSON pointer
 * (RFC 6901, "" is the whole): the value's bytes, borrowed from the job, its
 * length and its kind (BJ_JSON_...). Both outputs may be NULL. NULL, 0 and
 * BJ_JSON_ABSENT where there is no such member.
 *     size_t n; int32_t kind;
 *     const char *entity = bj_job_field(job, "/entity", &n, &kind);
 */
const char *bj_job_field(const bj_job *job, const char *pointer, size_t *length,
                         int32_t *kind);

/* The service's own JSON for this job, byte for byte. length may be NULL. */
const char *bj_job_raw_json(const bj_job *job, size_t *length);

/* ------------------------------------------------------------------------
 * Wait: until jobs are done, one or a hundred thousand on one thread. The
 * library asks again and again, at first after poll_min_ms, then more and more
 * seldom up to poll_max_ms: sooner where the counts say that the end is near,
 * later where the service's rate limit is low or its Retry-After says so.
 * timeout_ms bounds each request, wait_timeout_ms (a day, unless set) the whole
 * wait: none goes on for ever. A request that fails is retried as everywhere;
 * beyond that a wait lives through five such failures in a row. Results are
 * never asked for (though spidra's and veryfront's only answer to a status call
 * holds them). A status word nobody knows is not done.
 */

/* Called for each new snapshot of the job, the first and the last included;
 * nonzero stops the wait with BJ_STOPPED. */
typedef int32_t (*bj_job_fn)(const bj_job *job, void *payload);

/* Waits until a job is done, however it ended, and gives it in *out. fn may be
 * NULL. Returns BJ_OK, or BJ_STOPPED and no job when fn stopped it.
 *     bj_options_set(options, "wait_timeout_ms", "3600000", NULL);
 *     status = bj_client_wait(&job, client, id, options, NULL, NULL, NULL, &error);
 * Errors: those of bj_client_get, each at once unless bj_error_retryable;
 * BJ_E_TIMEOUT after wait_timeout_ms: the job still runs, the message and the
 * details "phase" and "word" say how it stood (they are missing when the
 * service never said). Asked to come back later than wait_timeout_ms, it gives
 * the service's refusal at once. A token provider that fails: BJ_E_UNAUTHENTICATED.
 * Blocks. Since 0.1.0. */
bj_status bj_client_wait(bj_job **out, bj_client *client, const char *id,
                         const bj_options *options, bj_cancel *cancel,
                         bj_job_fn fn, void *payload, bj_error **error);

/* Opens a wait for count jobs as an iterator over events. Each place of ids
 * gets any number of events that show progress and then one that is final: with
 * the job when it is done, with an error when it cannot be waited for any
 * longer. One job's error is not another's: an id that does not exist is
 * BJ_E_NOT_FOUND for its place, and the others go on. The same id twice is
 * asked for once, and each place has its events. No ids: BJ_END at once.
 * Nothing is sent before the first bj_waits_next; wait_timeout_ms counts from
 * here. ids and options are copied.
 * Errors: BJ_E_ARGUMENT (ids is NULL and count is not 0; more than 100000;
 * one of ids is NULL or no id, the message says which; an option is wrong).
 * Since 0.1.0. */
bj_status bj_waits_open(bj_waits **out, bj_client *client,
                        const char *const *ids, size_t count,
                        const bj_options *options, bj_cancel *cancel,
                        bj_error **error);

/* Gives the next event in *out, borrowed until the next call on waits. Where
 * the service lists jobs and that takes fewer requests, pages of its list are
 * read instead of single jobs; what is asked job by job overlaps. What a
 * caller's pause lets through comes with the next call.
 * Returns BJ_OK, or BJ_END when every place has had its final event.
 * Errors: BJ_E_CANCELLED, BJ_E_STATE, BJ_E_BUSY, BJ_E_NO_MEMORY; all others
 * belong to a job and come as its final event. BJ_E_TIMEOUT comes to each that
 * is not done after wait_timeout_ms. A credential that is refused for good, and
 * a service that answers nobody six times in a row, come to all that are not
 * done. Blocks. Since 0.1.0. */
bj_status bj_waits_next(const bj_event **out, bj_waits *waits,
                        bj_error **error);

/* Frees the iterator and its event; the jobs go on. Since 0.1.0. */
void bj_waits_destroy(bj_waits *waits);

/* The place in ids that the event is about, from 0; -1 on NULL. */
int64_t bj_event_index(const bj_event *event);

/* The job as it stands now, or NULL where there is an error; borrowed. It may
 * be a row of the service's list, which can have fewer members than a single
 * answer (crustdata's has no links to files). */
const bj_job *bj_event_job(const bj_event *event);

/* Why the job cannot be waited for any longer; borrowed, not to be destroyed.
 * NULL where there is a job. */
const bj_error *bj_event_error(const bj_event *event);

/* 1 for the last event of its place, 0 for progress, -1 on NULL. */
int32_t bj_event_is_final(const bj_event *event);

/* ------------------------------------------------------------------------
 * Results: the records of one job, in the service's order. What a record is
 * differs: a line of a result file (crustdata), a scraped page (spidra), a
 * record that failed or waits (reach), a file (veryfront): docs/services.md.
 *
 * Result files come from other hosts; no credential is ever sent there. They
 * are read as they arrive, gzip or not, several at once (parallel_parts), in
 * memory that does not grow with them. A transfer that breaks goes on where it
 * broke, and a link that has expired is replaced by asking the service once.
 *
 * Nothing is lost silently: a stream ends with BJ_END only when every file was
 * whole and no count that the service gives as a fact speaks against it;
 * bj_results_verdict says how much there was to compare.
 */

/* Called for each record; nonzero stops with BJ_STOPPED. */
typedef int32_t (*bj_record_fn)(const bj_record *record, void *payload);

/* Walks all records of a job with a callback.
 * Returns BJ_OK at the end, BJ_STOPPED when the callback stopped it.
 * Errors: those of bj_results_open and bj_results_next. Blocks.
 * Since 0.1.0. */
bj_status bj_client_results(bj_client *client, const char *id,
                            const bj_options *options, bj_cancel *cancel,
                            bj_record_fn fn, void *payload, bj_error **error);

/* Asks for the job once and opens its results as an iterator; with the option
 * "resume", behind the record after which the token was taken.
 *     bj_results *results;
 *     const bj_record *record;
 *     if (bj_results_open(&results, client, id, NULL, NULL, &error) < 0) ...
 *     while ((status = bj_results_next(&record, results, &error)) == BJ_OK)
 *         data = bj_record_data(record, &length);
 * Errors: those of bj_client_get; BJ_E_NOT_READY where the service has results
 * only of a finished job; BJ_E_ARGUMENT for a token that is damaged or belongs
 * to another job or service; BJ_E_CHANGED where the token's place is not in
 * the results any more. Blocks. Since 0.1.0. */
bj_status bj_results_open(bj_results **out, bj_client *client, const char *id,
                          const bj_options *options, bj_cancel *cancel,
                          bj_error **error);

/* Gives the next record in *out, borrowed until the next call on results.
 * Returns BJ_OK or BJ_END. Errors: any below 0; all records before the error
 * have been given, the stream has ended, and later calls give the same error:
 * open the results again, with a token to go on. BJ_E_TRUNCATED: fewer records
 * than there are; BJ_E_LIMIT: a record longer than max_record_bytes, or gzip
 * that swells beyond max_gzip_ratio. Blocks. Since 0.1.0. */
bj_status bj_results_next(const bj_record **out, bj_results *results,
                          bj_error **error);

/* Gives the records that are at hand in *out, one at least, borrowed until the
 * next call on results. It waits for one record and never for more, and a batch
 * ends before an error, which the next call returns. For bindings, and where
 * speed counts. May be mixed with bj_results_next. As bj_results_next else.
 *     const int64_t *at = bj_batch_offsets(batch);
 *     for (size_t i = 0; i < bj_batch_count(batch); i++)
 *         use(bj_batch_data(batch, NULL) + at[i], at[i + 1] - at[i]);
 * Since 0.1.0. */
bj_status bj_results_next_batch(const bj_batch **out, bj_results *results,
                                bj_error **error);

/* A place in the stream as text: given to the option "resume" of another
 * bj_results_open, in another process, language or year, the stream goes on
 * behind the record of that index: without a gap and without a repeat, also
 * when the links of today have expired. index is that of a record of the
 * current batch, of the record that bj_results_next gave last, or one less than
 * the first of them; -1 before the first. The token holds no link and no key.
 * Where the file's host says which version of a file it sends, the transfer
 * begins near the place; elsewhere that one file is read again from its start
 * and compared. *out is borrowed until the next call on results.
 * Errors: BJ_E_ARGUMENT (no such index), BJ_E_BUSY, BJ_E_STATE.
 * Since 0.1.0. */
bj_status bj_results_token_at(const char **out, bj_results *results,
                              int64_t index, bj_error **error);

/* The job as it stood when the results were opened; borrowed. Of a spidra job,
 * whose answer is read as it arrives, what stands behind the items is known
 * once the stream has ended. */
const bj_job *bj_results_job(const bj_results *results);

/* How much of the results is proven (BJ_VERDICT_...); BJ_VERDICT_NONE until the
 * stream has ended, -1 on NULL. */
int32_t bj_results_verdict(const bj_results *results);

/* The number of records given so far, those before a resumed place included;
 * the number that the service says there are, -1 where it says none. */
int64_t bj_results_records(const bj_results *results);
int64_t bj_results_expected(const bj_results *results);

/* The bytes received for the results, compressed as they came; and their
 * number in all, -1 while it is not known. */
int64_t bj_results_bytes(const bj_results *results);
int64_t bj_results_bytes_total(const bj_results *results);

/* The number of result files, and of those read to their end. 0 where the
 * records stand in the job itself. */
int64_t bj_results_parts(const bj_results *results);
int64_t bj_results_parts_done(const bj_results *results);

/* Frees the iterator and ends its transfers. Since 0.1.0. */
void bj_results_destroy(bj_results *results);

/* The number of records in the batch. */
size_t bj_batch_count(const bj_batch *batch);

/* The bytes of all records, one behind the other; length may be NULL. Record i
 * begins at offsets[i] and ends before offsets[i + 1]. */
const char *bj_batch_data(const bj_batch *batch, size_t *length);
const int64_t *bj_batch_offsets(const bj_batch *batch);

/* The place of the batch's first record in the stream; -1 on NULL. */
int64_t bj_batch_first_index(const bj_batch *batch);

/* How each record ended: BJ_RECORD_.... */
const int32_t *bj_batch_outcomes(const bj_batch *batch);

/* The records' keys, one behind the other, key i from offsets[i] to before
 * offsets[i + 1], empty where a record has none; NULL where the service names
 * no record outside of it. offsets may be NULL. */
const char *bj_batch_keys(const bj_batch *batch, const int64_t **offsets);

/* The record's bytes as the service sent them, without a line end. length may
 * be NULL. */
const char *bj_record_data(const bj_record *record, size_t *length);

/* The name by which you know the record: what you submitted, where the service
 * repeats it outside or beside the record; NULL where it does not, and where
 * the name is empty. */
const char *bj_record_key(const bj_record *record);

/* How the record ended: BJ_RECORD_...; -1 on NULL. */
int32_t bj_record_outcome(const bj_record *record);

/* The record's place in the stream, from 0; -1 on NULL. */
int64_t bj_record_index(const bj_record *record);

/* ------------------------------------------------------------------------
 * Save: results straight into a file.
 */

/* Called between records, about four times a second at most, and at the end:
 * bytes received, their number in all (-1 while unknown), records so far.
 * Nonzero stops with BJ_STOPPED. While nothing comes it is not called: there a
 * bj_cancel or the client's interrupt function ends the call. */
typedef int32_t (*bj_progress_fn)(int64_t bytes, int64_t total, int64_t records,
                                  void *payload);

/* Saves the results of a job under path: with save_format "jsonl" one record a
 * line, with "gzip" the service's own compressed bytes, verified as they pass
 * (and a line end between two files of which the first lacks its last).
 * Everything goes to path + ".partial" first, with the place reached beside it
 * in path + ".partial.json", and gets its name once the stream has ended well
 * and is on the disk. What a crash, an error or a stop leaves there is taken up
 * by the next call for the same job, path, save_format and resume, as far as it
 * was safe.
 * fn may be NULL.
 * Returns BJ_OK, or BJ_STOPPED when fn stopped it.
 * Errors: those of bj_results_open and bj_results_next; BJ_E_ARGUMENT, before
 * any request, where path is a directory or exists (option overwrite), and for
 * "gzip" with the option resume, because compressed files are saved whole;
 * BJ_E_FILE where it cannot be written (disk full, no permission): the detail
 * "errno" names the reason; BJ_E_UNSUPPORTED for "gzip" where the service has
 * no compressed files. Blocks. Since 0.1.0. */
bj_status bj_client_save(bj_client *client, const char *id, const char *path,
                         const bj_options *options, bj_cancel *cancel,
                         bj_progress_fn fn, void *payload, bj_error **error);

/* Saves what is left of a stream into an open file descriptor, which stays
 * open: a file, a pipe, a socket. One record a line, whatever save_format says.
 * A pipe that is full is waited for within timeout_ms. A reader that went away
 * is BJ_E_FILE and raises no SIGPIPE. After an error in writing the stream has
 * ended, because how much got out is not known. As bj_client_save else.
 * Since 0.1.0. */
bj_status bj_results_save(bj_results *results, int fd, bj_progress_fn fn,
                          void *payload, bj_error **error);

/* ------------------------------------------------------------------------
 * Error: what went wrong. Nothing in it holds a key, a token or the query of a
 * link. Strings live until bj_error_destroy. Since 0.1.0.
 */

/* The status the failed call returned. */
bj_status bj_error_status(const bj_error *error);

/* One line that says what was wrong, and what would be right. */
const char *bj_error_message(const bj_error *error);

/* The HTTP status of the answer; -1 where there was none. */
int32_t bj_error_http_status(const bj_error *error);

/* The service's own error code and request id; NULL where it gave none. */
const char *bj_error_code(const bj_error *error);
const char *bj_error_request_id(const bj_error *error);

/* 1 when the same call may well succeed later, 0 when not, -1 on NULL. */
int32_t bj_error_retryable(const bj_error *error);

/* How long the service asks to wait, in milliseconds; -1 where it does not. */
int64_t bj_error_retry_after_ms(const bj_error *error);

/* The job the call was about; the address asked, without its query. */
const char *bj_error_job_id(const bj_error *error);
const char *bj_error_url(const bj_error *error);

/* More about the error by name: "path" (where in the answer), "cursor",
 * "option", "errors" (a validation list, as JSON) and others. NULL where there
 * is no such detail. Enumerable: index from 0, NULL beyond the last. */
const char *bj_error_detail(const bj_error *error, const char *name);
size_t bj_error_detail_count(const bj_error *error);
const char *bj_error_detail_name(const bj_error *error, size_t index);

/* Frees the error. Since 0.1.0. */
void bj_error_destroy(bj_error *error);

#ifdef __cplusplus
}
#endif

#endif /* BATCHJOBS_H */
