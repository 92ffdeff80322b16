/* Section "Results": tokens. A stream goes on behind any record, in another client: no gap, no repeat,
 * and nothing of a file that is another. What transfers do that break is in the fault table. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "records.h"

/* Copies: what the library gives lives until the next call on the stream. */
static char *token_at(bj_results *results, int64_t index) {
    const char *token = NULL;
    bj_error *error;
    if (!CHECK_INT(bj_results_token_at(&token, results, index, &error), BJ_OK)) {
        fprintf(stderr, "    its message: %s\n", bj_error_message(error));
        bj_error_destroy(error);
    }
    return strcpy(malloc(strlen(token != NULL ? token : "") + 1), token != NULL ? token : "");
}

static bj_results *open_behind(bj_client *client, const char *id, const char *token) {
    bj_options *options = make_options(NULL, NULL);
    bj_results *results = NULL;
    bj_error *error = NULL;
    CHECK_INT(bj_options_set(options, "resume", token, NULL), BJ_OK);
    if (!CHECK_INT(bj_results_open(&results, client, id, options, NULL, &error), BJ_OK))
        fprintf(stderr, "    its message: %s\n", bj_error_message(error));
    bj_error_destroy(error);
    bj_options_destroy(options);
    return results;
}

/* Holds that a stream gives the records from there on, `most` of them at most, and how it ends. */
static void check_rest(bj_results *results, const struct list *whole, size_t from, size_t most, int32_t verdict) {
    const bj_record *record;
    bj_status status = BJ_OK;
    size_t at = from;
    CHECK_INT(bj_results_records(results), from);
    while (results != NULL && at - from < most && (status = bj_results_next(&record, results, NULL)) == BJ_OK)
        list_check(whole, at++, record);
    if (status == BJ_OK) return;
    CHECK_INT(status, BJ_END);
    CHECK_INT(at, whole->count);
    CHECK_INT(bj_results_records(results), whole->count);
    CHECK_INT(bj_results_verdict(results), verdict);
}

/* No link, no key, nothing that a shell, a file or a header would trip over. */
static void check_token(const char *token) {
    for (const char *at = token; *at != '\0'; at++)
        if (!CHECK(*at > ' ' && *at < 127 && *at != '"' && *at != '\\' && *at != '\'')) return;
    CHECK(token[0] != '\0' && strlen(token) < 1000);
    CHECK(strstr(token, "//") == NULL && strstr(token, "127.0.0.1") == NULL && strstr(token, "X-Amz") == NULL);
    for (size_t s = 0; SERVICES[s] != NULL; s++) CHECK(strstr(token, service_key(SERVICES[s])) == NULL);
}

/* Every place of a stream that is read record by record, or batch by batch: then those in the middle of a batch
 * too. The next records are held against the whole, and of every fifth place all that follow. */
static void behind_each(bj_client *reading, bj_client *resuming, const char *id, const struct list *whole, int batches,
                        int64_t step, int32_t verdict) {
    bj_results *results = NULL;
    const bj_record *record;
    const bj_batch *batch;
    bj_status status;
    int64_t from = -1, given = 0, tried = 0;
    CHECK_INT(bj_results_open(&results, reading, id, NULL, NULL, NULL), BJ_OK);
    do {
        for (int64_t at = from; at < given; at++) {
            if (at > 0 && at % step != 0 && at != (int64_t)whole->count - 1) continue;
            char *token = token_at(results, at);
            check_token(token);
            bj_results *rest = open_behind(resuming, id, token);
            check_rest(rest, whole, (size_t)(at + 1), tried++ % 5 == 0 ? SIZE_MAX : 2, verdict);
            bj_results_destroy(rest);
            free(token);
        }
        from = given - 1;
        status = batches ? bj_results_next_batch(&batch, results, NULL) : bj_results_next(&record, results, NULL);
        given = bj_results_records(results);
    } while (status == BJ_OK);
    CHECK_INT(status, BJ_END);
    CHECK_INT(given, whole->count);
    CHECK(tried >= (int64_t)whole->count / step);
    bj_results_destroy(results);
}

static void behind_each_of_a_service(void) {
    static const char *const kinds[] = {"succeeded", "partial", "pending", "large", NULL};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *reading = make_client(SERVICES[s], NULL, NULL), *resuming = make_client(SERVICES[s], NULL, NULL);
        for (size_t k = 0; kinds[k] != NULL; k++) {
            const char *id = sample(SERVICES[s], kinds[k]);
            struct list whole = {0};
            if (id == NULL) continue;
            calm();
            if (!CHECK_INT(list_read(&whole, reading, id, NULL), BJ_END)) continue;
            for (int batches = 0; batches < 2; batches++) {
                check_context("%s %s, %s", SERVICES[s], kinds[k], batches ? "batches" : "records");
                int64_t step = 1 + (int64_t)whole.count / (patience(1) > 1 ? 6 : 25);
                behind_each(reading, resuming, id, &whole, batches, step, BJ_VERDICT_VERIFIED);
            }
            list_empty(&whole);
        }
        bj_client_destroy(reading);
        bj_client_destroy(resuming);
    }
    calm();
}

/* Files of our own */

#define ETAG "\"v1\""
#define RECORDS 30

enum packing { PLAIN, BARE, CRLF, ONE_MEMBER, MEMBERS, ODD_MEMBERS, PACKINGS };
static const char *const PACKING[] = {"plain", "plain without a last line end", "CRLF, blank lines and a BOM", "one member",
                                      "a member for each record", "members that end in a record"};

/* RECORDS lines, the first of them with that number, packed so. Free the answer. */
static char *content(enum packing packing, int first, size_t *length) {
    char text[4000], *to = text, *all = malloc(8000), *end = all;
    if (packing == CRLF) to += sprintf(to, "\xEF\xBB\xBF\r\n\n");
    for (int i = 0; i < RECORDS; i++)
        to += sprintf(to, "{\"n\":%d,\"of\":\"%.*s\"}%s", first + i, i % 11, "0123456789", packing == CRLF ? "\r\n\r\n" : "\n");
    size_t size = (size_t)(to - text), piece = size, packed;
    if (packing == BARE) size--;
    if (packing <= CRLF) return memcpy(all, text, *length = size);
    for (size_t at = 0; at < size; at += piece) {
        if (packing == MEMBERS) piece = strcspn(text + at, "\n") + 1;
        if (packing == ODD_MEMBERS) piece = 37;
        if (piece > size - at) piece = size - at;
        char *member = gzip_member(text + at, piece, &packed);
        memcpy(end, member, packed);
        end += packed;
        free(member);
    }
    *length = (size_t)(end - all);
    return all;
}

/* Files of those numbers of records and that packing each; the records that a client reads go into `whole`. */
static bj_client *host_of(struct host *host, const enum packing *packings, size_t files, const char *etag, struct list *whole) {
    host_open(host);
    for (size_t i = 0; i < files; i++) {
        size_t length;
        char *bytes = content(packings[i], (int)i * RECORDS, &length);
        host_add(host, bytes, length)->etag = etag;
        free(bytes);
    }
    host_job(host, (long long)files * RECORDS);
    bj_client *client = host_client(host, "crustdata", "max_attempts", "3", NULL);
    CHECK_INT(list_read(whole, client, "b-1", NULL), BJ_END);
    CHECK_INT(whole->count, files * RECORDS);
    return client;
}

static void behind_each_of_a_file(void) {
    static const char *const etags[] = {ETAG, NULL, "W/\"v1\"", "v1"};
    for (enum packing packing = 0; packing < PACKINGS; packing++)
        for (size_t e = 0; e < sizeof etags / sizeof *etags; e++) {
            struct host host;
            struct list whole = {0};
            enum packing packings[3] = {packing, packing == PLAIN ? MEMBERS : PLAIN, packing};
            bj_client *client = host_of(&host, packings, 3, etags[e], &whole);
            for (int batches = 0; batches < 2; batches++) {
                check_context("%s, ETag %s, %s", PACKING[packing], etags[e] != NULL ? etags[e] : "none", batches ? "batches" : "records");
                behind_each(client, client, "b-1", &whole, batches, patience(1) > 1 ? 7 : 1, BJ_VERDICT_VERIFIED);
            }
            list_empty(&whole);
            bj_client_destroy(client);
            host_close(&host);
        }
}

/* The token behind one record, and the stream it came from is gone. */
static char *token_behind(bj_client *client, const char *id, int64_t index) {
    bj_results *results = NULL;
    const bj_record *record;
    CHECK_INT(bj_results_open(&results, client, id, NULL, NULL, NULL), BJ_OK);
    for (int64_t at = 0; at <= index; at++) CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    char *token = token_at(results, index);
    bj_results_destroy(results);
    return token;
}

/* Files before the place are not asked for, and its own from a place near it where its version is known. */
static void begins_near_the_place(void) {
    static const struct { enum packing packing; const char *etag; int near; } rows[] = {
        {PLAIN, ETAG, 1}, {MEMBERS, ETAG, 1}, {PLAIN, NULL, 0}, {MEMBERS, NULL, 0},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct host host;
        struct list whole = {0};
        enum packing packings[3] = {rows[r].packing, rows[r].packing, rows[r].packing};
        bj_client *client = host_of(&host, packings, 3, rows[r].etag, &whole);
        struct host_file *file = &host.files[1];
        check_context("%s, %s", PACKING[rows[r].packing], rows[r].near ? "a strong validator" : "none");
        /* What is read of the file in several steps is known in several places. */
        file->slice = (int)file->length / 6;
        file->pause = 5;
        char *token = token_behind(client, "b-1", RECORDS + 25);
        host_forget(&host);
        bj_results *rest = open_behind(client, "b-1", token);
        check_rest(rest, &whole, RECORDS + 26, SIZE_MAX, BJ_VERDICT_VERIFIED);
        CHECK_INT(host_asked(&host, 0), 0);
        CHECK_INT(host_asked(&host, 1), 1);
        CHECK_INT(host_asked(&host, 2), 1);
        if (rows[r].near) CHECK(host_last_start(&host, 1) >= (long long)file->length / 6);
        else CHECK_INT(host_last_start(&host, 1), -1);
        CHECK_INT(host_last_start(&host, 2), -1);
        bj_results_destroy(rest);
        free(token);
        list_empty(&whole);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* One record of each stream, and its token opens the next one. */
static void from_token_to_token(void) {
    static const char *const etags[] = {ETAG, NULL};
    static const enum packing packings[3] = {PLAIN, ODD_MEMBERS, BARE};
    for (size_t e = 0; e < 2; e++) {
        struct host host;
        struct list whole = {0};
        bj_client *client = host_of(&host, packings, 3, etags[e], &whole);
        char *token = token_behind(client, "b-1", -1);
        check_context("%s", e == 0 ? "a strong validator" : "none");
        for (size_t at = 0; at <= whole.count; at++) {
            bj_results *results = open_behind(client, "b-1", token);
            check_rest(results, &whole, at, 1, BJ_VERDICT_VERIFIED);
            /* The one before the first is the one it began with, by another name or the same. */
            if (at == RECORDS + 3) {
                char *again = token_at(results, (int64_t)at - 1);
                bj_results *twin = open_behind(client, "b-1", again);
                check_rest(twin, &whole, at, SIZE_MAX, BJ_VERDICT_VERIFIED);
                bj_results_destroy(twin);
                free(again);
            }
            free(token);
            token = token_at(results, at < whole.count ? (int64_t)at : (int64_t)at - 1);
            bj_results_destroy(results);
        }
        free(token);
        list_empty(&whole);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* Places that are none: not given yet, or given too long ago. */
static void no_such_place(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_results *results;
    const bj_record *record;
    const char *token;
    bj_error *error;
    static const struct { int64_t index; int is_there; } rows[] = {
        {INT64_MIN, 0}, {-2, 0}, {-1, 0}, {0, 0}, {1, 0}, {3, 0}, {4, 1}, {5, 0}, {6, 0}, {INT64_MAX, 0}};
    calm();
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
    for (int i = 0; i < 5; i++) CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        check_context("%lld after record 4", (long long)rows[r].index);
        token = (const char *)1;
        /* Those before may still be at hand: then there is a token, and it is a good one. */
        bj_status status = bj_results_token_at(&token, results, rows[r].index, &error);
        if (rows[r].is_there || (status == BJ_OK && rows[r].index >= -1 && rows[r].index < 4)) {
            CHECK_INT(status, BJ_OK);
            CHECK(token != NULL && token != (const char *)1);
            continue;
        }
        CHECK(token == NULL);
        CHECK_HAS(bj_error_message(error), "ask for one from ");
        EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    }
    CHECK_INT(bj_record_index(record), 4); /* a token is no call on the stream */
    EXPECT_ERROR(bj_results_token_at(NULL, results, 4, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_results_token_at(&token, NULL, 4, &error), BJ_E_ARGUMENT, error);
    bj_results_destroy(results);
    bj_client_destroy(client);
}

/* What a stream with that token ends with; one that is no text at all is refused where it is set. */
static bj_status try_token(bj_client *client, const char *id, const char *token, bj_error **error) {
    bj_options *options = make_options(NULL, NULL);
    bj_results *results = NULL;
    const bj_record *record;
    bj_status status = bj_options_set(options, "resume", token, error);
    if (status == BJ_OK) status = bj_results_open(&results, client, id, options, NULL, error);
    while (status == BJ_OK) status = bj_results_next(&record, results, error);
    bj_results_destroy(results);
    bj_options_destroy(options);
    return status;
}

/* Of another job, of another service, or of nobody: said before anything is asked. */
static void token_of_another(void) {
    char *tokens[4];
    bj_error *error;
    for (size_t s = 0; s < 4; s++) {
        /* No file is asked for ahead, which would be counted late. */
        const char *one = bj_provider_accepts(SERVICES[s], "parallel_parts") == 1 ? "1" : NULL;
        bj_client *client = make_client(SERVICES[s], "parallel_parts", one, NULL);
        tokens[s] = token_behind(client, sample(SERVICES[s], "partial") != NULL ? sample(SERVICES[s], "partial") : sample(SERVICES[s], "large"), 1);
        bj_client_destroy(client);
    }
    calm();
    for (size_t s = 0; s < 4; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t of = 0; of < 4; of++) {
            check_context("a token of %s at %s", SERVICES[of], SERVICES[s]);
            bj_status status = try_token(client, sample(SERVICES[s], "running"), tokens[of], &error);
            CHECK_HAS(bj_error_message(error), of == s ? "belongs to the job " : "belongs to the service ");
            CHECK_HAS(bj_error_message(error), of == s ? "" : SERVICES[of]);
            CHECK_TEXT(bj_error_detail(error, "option"), "resume");
            EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        }
        bj_client_destroy(client);
    }
    CHECK_INT(request_count(), 0);
    for (size_t s = 0; s < 4; s++) free(tokens[s]);
}

/* A token that lost a character, or got another one, anywhere. */
static void damaged_tokens(void) {
    static const char others[] = "0a:-%Z~ \x7f\xc3";
    bj_client *client = make_client("crustdata", "parallel_parts", "1", NULL);
    const char *id = sample("crustdata", "large");
    char *token = token_behind(client, id, 7), damaged[1100];
    size_t length = strlen(token), cases = 0;
    bj_error *error;
    calm();
    if (!CHECK(length < 1000)) return;
    for (size_t at = 0; at < length; at++)
        for (size_t how = 0; how < sizeof others - 1 + 3; how++) {
            strcpy(damaged, token);
            if (how == 0) damaged[at] = '\0';                                        /* cut */
            else if (how == 1) memmove(damaged + at, damaged + at + 1, length - at); /* one lost */
            else if (how == 2) memmove(damaged + at + 1, damaged + at, length + 1 - at); /* one twice */
            else damaged[at] = others[how - 3];
            if (strcmp(damaged, token) == 0) continue;
            check_context("at %zu, way %zu: %s", at, how, damaged);
            EXPECT_ERROR(try_token(client, id, damaged, &error), BJ_E_ARGUMENT, error);
            cases++;
        }
    CHECK(cases > 500);
    static const char *const rubbish[] = {"", ":", "bjr1", "bjr1:", "bjr1:::::::::::", "bjr2:crustdata:x:1:1:0:0:0:0:-:c0:0", "{}", "0"};
    for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
        check_context("\"%s\"", rubbish[i]);
        EXPECT_ERROR(try_token(client, id, rubbish[i], &error), BJ_E_ARGUMENT, error);
    }
    char *endless = malloc(1 << 20);
    memset(endless, ':', (1 << 20) - 1);
    memcpy(endless, "bjr1", 4);
    endless[(1 << 20) - 1] = '\0';
    check_context("a megabyte");
    EXPECT_ERROR(try_token(client, id, endless, &error), BJ_E_ARGUMENT, error);
    CHECK_INT(request_count(), 0);
    free(endless);
    free(token);
    bj_client_destroy(client);
}

/* All that is left, or an error that says so and no record: nothing of two versions comes together. */
static void check_outcome(bj_client *client, const char *token, const struct list *whole, size_t from, bj_status wanted,
                          int last_is_another) {
    bj_options *options = make_options("resume", token, NULL);
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    size_t at = from;
    bj_status status = bj_results_open(&results, client, "b-1", options, NULL, &error);
    while (status == BJ_OK && (status = bj_results_next(&record, results, &error)) == BJ_OK) {
        if (!last_is_another || at != RECORDS - 1) list_check(whole, at, record);
        at++;
    }
    if (wanted < 0) EXPECT_ERROR(status, wanted, error);
    else CHECK_INT(status, wanted);
    CHECK_INT(at, wanted < 0 ? from : whole->count);
    bj_results_destroy(results);
    bj_options_destroy(options);
}

/* What was there when the token was taken is there no more, or is not the same. */
static void changed_since(void) {
    enum { TAG, TAG_IGNORED, NO_TAG, SAME_TAG_SHORTER, FEWER_FILES, MORE_FILES, BEFORE, SHORTER, BEHIND, NOTHING };
    static const struct { const char *name; int how; const char *etag; bj_status wanted; int64_t at; } rows[] = {
        {"another ETag", TAG, ETAG, BJ_E_CHANGED, 20},
        {"another ETag, If-Match is not looked at", TAG_IGNORED, ETAG, BJ_E_CHANGED, 20},
        {"no ETag any more", NO_TAG, ETAG, BJ_E_CHANGED, 20},
        {"the same ETag on less", SAME_TAG_SHORTER, ETAG, BJ_E_CHANGED, RECORDS - 1},
        {"a file less", FEWER_FILES, ETAG, BJ_E_CHANGED, 20},
        {"a file more", MORE_FILES, ETAG, BJ_E_CHANGED, 20},
        {"other bytes before the place", BEFORE, NULL, BJ_E_CHANGED, 20},
        {"it ends before the place", SHORTER, NULL, BJ_E_CHANGED, 20},
        {"other bytes behind the place only", BEHIND, NULL, BJ_END, 20},
        {"nothing is another", NOTHING, ETAG, BJ_END, 20},
        {"nothing is another, no ETag", NOTHING, NULL, BJ_END, 20},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (enum packing packing = PLAIN; packing < PACKINGS; packing += MEMBERS) {
            struct host host;
            struct list whole = {0};
            enum packing packings[2] = {packing, packing};
            bj_client *client = host_of(&host, packings, 2, rows[r].etag, &whole);
            struct host_file *file = &host.files[0];
            size_t length = file->length;
            check_context("%s, %s", rows[r].name, PACKING[packing]);
            file->slice = (int)length / 8; /* several batches: the place lies in a later one */
            file->pause = 2;
            char *token = token_behind(client, "b-1", rows[r].at), *bytes;
            switch (rows[r].how) {
            case TAG: file->etag = "\"v2\""; break;
            case TAG_IGNORED: file->etag = "\"v2\"", file->no_match = 1; break;
            case NO_TAG: file->etag = NULL, file->no_match = 1; break;
            case SAME_TAG_SHORTER: file->length = 50; break;
            case FEWER_FILES: host.file_count = 1, host_job(&host, RECORDS), host.file_count = 2; break;
            case MORE_FILES: host.file_count = 3, host_job(&host, 3 * RECORDS), host.file_count = 2; break;
            case BEFORE: bytes = content(packing, 100, &length), host_set(&host, file, bytes, length), free(bytes); break;
            case SHORTER: file->length = (size_t)(packing == PLAIN ? strchr(file->bytes + 60, '\n') + 1 - file->bytes : 0); break;
            case BEHIND:
                bytes = content(PLAIN, 0, &length);
                bytes[length - 5] = '#'; /* in the last record */
                host_set(&host, file, bytes, length), free(bytes);
                break;
            }
            check_outcome(client, token, &whole, (size_t)rows[r].at + 1, rows[r].wanted, rows[r].how == BEHIND);
            free(token);
            list_empty(&whole);
            bj_client_destroy(client);
            host_close(&host);
        }
}

/* A host that sends the whole file to whoever asks for a part of it. */
static void host_without_ranges(void) {
    for (enum packing packing = PLAIN; packing < PACKINGS; packing++) {
        struct host host;
        struct list whole = {0};
        enum packing packings[1] = {packing};
        bj_client *client = host_of(&host, packings, 1, ETAG, &whole);
        check_context("%s", PACKING[packing]);
        host.files[0].no_ranges = 1;
        behind_each(client, client, "b-1", &whole, 1, 1, BJ_VERDICT_VERIFIED);
        list_empty(&whole);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* The links of the day when the token was taken work no more; then those of the resumed stream, too, once
 * before it has read anything and once while a transfer breaks. */
static void expired_links(void) {
    static const char *const etags[] = {ETAG, NULL};
    for (size_t e = 0; e < 2; e++)
        for (enum packing packing = PLAIN; packing < PACKINGS; packing += MEMBERS) {
            struct host host;
            struct list whole = {0};
            enum packing packings[2] = {packing, packing};
            bj_client *client = host_of(&host, packings, 2, etags[e], &whole);
            struct host_file *file = &host.files[0];
            const bj_batch *batch;
            check_context("%s, %s", PACKING[packing], e == 0 ? "a strong validator" : "none");
            char *token = token_behind(client, "b-1", 3);
            host_expire(&host);
            host_forget(&host);
            bj_results *rest = open_behind(client, "b-1", token);
            check_rest(rest, &whole, 4, SIZE_MAX, BJ_VERDICT_VERIFIED);
            CHECK_INT(host_asked(&host, -1), 1); /* they are fresh already */
            bj_results_destroy(rest);

            host_forget(&host);
            rest = open_behind(client, "b-1", token);
            host_expire(&host);
            check_rest(rest, &whole, 4, SIZE_MAX, BJ_VERDICT_VERIFIED);
            CHECK(host_asked(&host, -1) <= 2);
            bj_results_destroy(rest);

            host_forget(&host);
            file->cut_at = file->length / 2;
            file->cuts = 1;
            rest = open_behind(client, "b-1", token);
            CHECK_INT(bj_results_next_batch(&batch, rest, NULL), BJ_OK);
            host_expire(&host);
            check_rest(rest, &whole, (size_t)bj_results_records(rest), SIZE_MAX, BJ_VERDICT_VERIFIED);
            CHECK_INT(host_asked(&host, -1), 2);
            CHECK_INT(host_asked(&host, 0), 3); /* it breaks, is refused, and goes on */
            if (e == 0) CHECK(host_last_start(&host, 0) >= (long long)(file->length / 2));
            bj_results_destroy(rest);
            free(token);
            list_empty(&whole);
            bj_client_destroy(client);
            host_close(&host);
        }
}

/* A service whose fresh links are refused like the old ones: asked once more, and no more. */
static void no_fresh_link(void) {
    struct host host;
    struct list whole = {0};
    enum packing packings[1] = {PLAIN};
    bj_client *client = host_of(&host, packings, 1, ETAG, &whole);
    char *token = token_behind(client, "b-1", 3);
    bj_error *error;
    host_forget(&host);
    host.signature++;
    bj_status status = try_token(client, "b-1", token, &error);
    CHECK_INT(bj_error_http_status(error), 403);
    EXPECT_ERROR(status, BJ_E_LINK, error);
    CHECK_INT(host_asked(&host, -1), 2);
    /* The token has not suffered from it. */
    host.signature--;
    bj_results *rest = open_behind(client, "b-1", token);
    check_rest(rest, &whole, 4, SIZE_MAX, BJ_VERDICT_VERIFIED);
    bj_results_destroy(rest);
    free(token);
    list_empty(&whole);
    bj_client_destroy(client);
    host_close(&host);
}

/* A stream that failed on the way says where it was. */
static void behind_an_error(void) {
    static const char *const etags[] = {ETAG, NULL};
    for (size_t e = 0; e < 2; e++)
        for (enum packing packing = PLAIN; packing < PACKINGS; packing++) {
            struct host host;
            struct list whole = {0};
            enum packing packings[2] = {PLAIN, packing};
            bj_client *client = host_of(&host, packings, 2, etags[e], &whole);
            bj_client *hasty = host_client(&host, "crustdata", "max_attempts", "1", NULL);
            struct host_file *file = &host.files[1];
            for (size_t cut = 1; cut < file->length; cut += 1 + file->length / 12) {
                bj_results *results;
                const bj_record *record;
                bj_error *error;
                bj_status status;
                file->cut_at = cut;
                file->cuts = 1000;
                check_context("%s, %s, cut at %zu", PACKING[packing], e == 0 ? "a strong validator" : "none", cut);
                CHECK_INT(bj_results_open(&results, hasty, "b-1", NULL, NULL, NULL), BJ_OK);
                while ((status = bj_results_next(&record, results, &error)) == BJ_OK) {}
                int64_t given = bj_results_records(results);
                CHECK(given >= RECORDS);
                EXPECT_ERROR(status, BJ_E_TRUNCATED, error);
                char *token = token_at(results, given - 1);
                bj_results_destroy(results);
                file->cuts = 0;
                bj_results *rest = open_behind(client, "b-1", token);
                check_rest(rest, &whole, (size_t)given, SIZE_MAX, BJ_VERDICT_VERIFIED);
                bj_results_destroy(rest);
                free(token);
            }
            list_empty(&whole);
            bj_client_destroy(client);
            bj_client_destroy(hasty);
            host_close(&host);
        }
}

/* Records that stand in the job itself, which has moved on since: more of them are no harm, others are. */
static void inline_job_moves_on(void) {
    static const char format[] = "{\"status\":\"%s\",\"totalUrls\":%d,\"completedCount\":0,\"failedCount\":0,"
                                 "\"createdAt\":\"2026-01-15T10:00:00Z\",\"items\":[%s]}";
    static const struct { const char *items; int count; bj_status wanted; size_t more; } rows[] = {
        {"{\"url\":\"a\"},{\"url\":\"b\"},{\"url\":\"c\"}", 3, BJ_END, 1},
        {"{\"url\":\"a\"},{\"url\":\"b\"},{\"url\":\"c\"},{\"url\":\"d\"}", 4, BJ_END, 2},
        {"{\"url\":\"a\"}, {\"url\":\"b\"}", 2, BJ_END, 0},
        {"{\"url\":\"b\"},{\"url\":\"a\"},{\"url\":\"c\"}", 3, BJ_E_CHANGED, 0},
        {"{\"url\":\"a\"}", 1, BJ_E_CHANGED, 0},
        {"", 0, BJ_E_CHANGED, 0},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct host host;
        char text[600];
        bj_error *error;
        const bj_record *record;
        size_t more = 0;
        check_context("%s", rows[r].items);
        host_open(&host);
        snprintf(text, sizeof text, format, "running", 3, rows[0].items);
        host_document(&host, text);
        bj_client *client = host_client(&host, "spidra", "max_attempts", "1", NULL);
        char *token = token_behind(client, "b", 1);
        snprintf(text, sizeof text, format, "completed", rows[r].count, rows[r].items);
        host_document(&host, text);
        bj_results *rest = open_behind(client, "b", token);
        bj_status status;
        while ((status = bj_results_next(&record, rest, &error)) == BJ_OK) CHECK_INT(bj_record_index(record), 2 + (int64_t)more++);
        CHECK_INT(more, rows[r].more);
        if (rows[r].wanted < 0) EXPECT_ERROR(status, rows[r].wanted, error);
        else CHECK_INT(status, rows[r].wanted);
        bj_results_destroy(rest);
        free(token);
        bj_client_destroy(client);
        host_close(&host);
    }
}

int main(void) {
    RUN(behind_each_of_a_service);
    RUN(behind_each_of_a_file);
    RUN(begins_near_the_place);
    RUN(from_token_to_token);
    RUN(no_such_place);
    RUN(token_of_another);
    RUN(damaged_tokens);
    RUN(changed_since);
    RUN(host_without_ranges);
    RUN(expired_links);
    RUN(no_fresh_link);
    RUN(behind_an_error);
    RUN(inline_job_moves_on);
    return check_report("resume");
}
