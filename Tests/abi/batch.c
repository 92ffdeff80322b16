/* Section "Results": batches, that they come at once and say what single records say; what is known of
 * a stream while it runs and at its end. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "records.h"

/* All records of a job: single ones, batches, or the one and the other by the bits of a pattern. */
static bj_status read_all(struct list *list, bj_client *client, const char *id, unsigned int pattern) {
    bj_results *results;
    bj_status status = bj_results_open(&results, client, id, NULL, NULL, NULL);
    for (unsigned int step = 0; status == BJ_OK; step++) {
        const bj_record *record;
        const bj_batch *batch;
        if (pattern >> step % 8 & 1) {
            status = bj_results_next_batch(&batch, results, NULL);
            if (status == BJ_OK) list_add_batch(list, batch);
            else CHECK(batch == NULL);
        } else {
            status = bj_results_next(&record, results, NULL);
            if (status == BJ_OK) list_add(list, record);
        }
        CHECK_INT(bj_results_records(results), list->count);
    }
    bj_results_destroy(results);
    return status;
}

static void agrees_with_next(void) {
    static const char *const kinds[] = {"succeeded", "partial", "failed", "running", "pending", "empty", "large", NULL};
    static const unsigned int patterns[] = {0xFF, 0xAA, 0x80, 0x4C};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t k = 0; kinds[k] != NULL; k++) {
            const char *id = sample(SERVICES[s], kinds[k]);
            struct list single = {0};
            if (id == NULL) continue;
            check_context("%s %s", SERVICES[s], kinds[k]);
            bj_status wanted = read_all(&single, client, id, 0);
            CHECK(wanted == BJ_END || wanted == BJ_E_NOT_READY);
            for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
                struct list mixed = {0};
                check_context("%s %s, pattern %x", SERVICES[s], kinds[k], patterns[p]);
                CHECK_INT(read_all(&mixed, client, id, patterns[p]), wanted);
                list_check_same(&mixed, &single);
                list_empty(&mixed);
            }
            list_empty(&single);
        }
        bj_client_destroy(client);
    }
}

/* Items without a name: the service could have given one, so there is a column, and it is empty. */
static void no_key_in_the_batch(void) {
    struct host host;
    bj_results *results;
    const bj_batch *batch;
    const int64_t *at;
    host_open(&host);
    host_document(&host, "{\"status\":\"completed\",\"totalUrls\":2,\"completedCount\":2,\"failedCount\":0,\"items\":"
                         "[{\"status\":\"completed\"},7],\"createdAt\":\"2026-01-15T10:00:00Z\"}");
    bj_client *client = host_client(&host, "spidra", NULL, NULL);
    CHECK_INT(bj_results_open(&results, client, "b", NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_results_next_batch(&batch, results, NULL), BJ_OK);
    if (CHECK_INT(bj_batch_count(batch), 2)) {
        CHECK(bj_batch_keys(batch, &at) != NULL);
        if (CHECK(at != NULL)) CHECK(at[0] == 0 && at[1] == 0 && at[2] == 0);
        CHECK_INT(bj_batch_outcomes(batch)[0], BJ_RECORD_OK);
        CHECK_INT(bj_batch_outcomes(batch)[1], BJ_RECORD_UNKNOWN);
    }
    CHECK_INT(bj_results_next_batch(&batch, results, NULL), BJ_END);
    bj_results_destroy(results);
    bj_client_destroy(client);
    host_close(&host);
}

/* A record that is there is given, although the next is not. */
static void first_comes_at_once(void) {
    enum { PLAIN, PACKED, ITEMS };
    for (int how = PLAIN; how <= ITEMS; how++) {
        struct host host;
        struct host_file *file;
        bj_client *client;
        bj_results *results;
        const bj_batch *batch;
        size_t hold, length;
        check_context("%s", how == PLAIN ? "plain" : how == PACKED ? "gzip" : "items");
        host_open(&host);
        if (how == ITEMS) {
            static const char text[] = "{\"status\":\"completed\",\"totalUrls\":3,\"completedCount\":3,\"failedCount\":0,"
                                       "\"createdAt\":\"2026-01-15T10:00:00Z\",\"items\":[{\"n\":1},{\"n\":2},{\"n\":3}]}";
            host_document(&host, text);
            file = &host.document;
            hold = (size_t)(strstr(text, ",{\"n\":2") - text) + 3;
            client = host_client(&host, "spidra", NULL, NULL);
        } else {
            char *one = gzip_member("{\"n\":1}\n{\"n\":", 13, &hold), *two = gzip_member("2}\n{\"n\":3}\n", 11, &length);
            char *both = malloc(hold + length);
            memcpy(both, one, hold);
            memcpy(both + hold, two, length);
            file = how == PACKED ? host_add(&host, both, hold + length) : host_add(&host, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 24);
            if (how == PLAIN) hold = 8;
            host_job(&host, 3);
            client = host_client(&host, "crustdata", NULL, NULL);
            free(one);
            free(two);
            free(both);
        }
        host_release(&host, file, hold);
        int64_t began = now_ms();
        CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_results_next_batch(&batch, results, NULL), BJ_OK);
        CHECK(now_ms() - began < patience(500));
        CHECK_INT(bj_batch_count(batch), 1);
        CHECK_BYTES(bj_batch_data(batch, NULL), (size_t)bj_batch_offsets(batch)[1], "{\"n\":1}", 7);
        CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
        host_release(&host, file, SIZE_MAX);
        size_t count = 1;
        bj_status status;
        while ((status = bj_results_next_batch(&batch, results, NULL)) == BJ_OK) {
            CHECK_INT(bj_batch_first_index(batch), count);
            count += bj_batch_count(batch);
        }
        CHECK_INT(status, BJ_END);
        CHECK_INT(count, 3);
        CHECK_INT(bj_results_verdict(results), BJ_VERDICT_VERIFIED);
        bj_results_destroy(results);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* What is good comes first; then the error, and nothing but the error. */
static void stops_before_an_error(void) {
    static const struct {
        const char *name, *text;
        int packed, damage; /* the byte from the end that is changed */
        size_t cut_at;
        int64_t records;
        bj_status wanted;
        const char *says;
    } rows[] = {
        {"cut in a record", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 0, 0, 20, 2, BJ_E_TRUNCATED, "broke off"},
        {"cut behind a line", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 0, 0, 16, 2, BJ_E_TRUNCATED, "broke off"},
        {"cut in gzip", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 1, 0, 36, 2, BJ_E_TRUNCATED, "broke off"},
        {"another sum", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 1, 8, SIZE_MAX, 3, BJ_E_PROTOCOL, "gzip"},
        {"another length", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 1, 1, SIZE_MAX, 3, BJ_E_PROTOCOL, "gzip"},
        {"fewer than counted", "{\"n\":1}\n{\"n\":2}\n", 0, 0, SIZE_MAX, 2, BJ_E_TRUNCATED, "2 records where the service counts 3"},
        {"more than counted", "1\n2\n3\n4\n", 0, 0, SIZE_MAX, 4, BJ_E_PROTOCOL, "4 records where the service counts 3"},
        {"too long", NULL, 0, 0, SIZE_MAX, 2, BJ_E_LIMIT, "record 2 is longer than max_record_bytes (1024)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host host;
        bj_results *results;
        const bj_batch *batch;
        const bj_record *record;
        const char *token;
        bj_error *error;
        bj_status status;
        int64_t records = 0;
        char text[2000];
        size_t length = (size_t)snprintf(text, sizeof text, "%s", rows[i].text != NULL ? rows[i].text : "1\n2\n");
        if (rows[i].text == NULL) {
            memset(text + 4, '7', 1025);
            memcpy(text + 4 + 1025, "\n4\n", 3);
            length = 4 + 1025 + 3;
        }
        check_context("%s", rows[i].name);
        char *bytes = gzip_member(text, length, &length);
        if (rows[i].damage > 0) bytes[length - (size_t)rows[i].damage] ^= 1;
        host_open(&host);
        struct host_file *file = rows[i].packed ? host_add(&host, bytes, length) : host_add(&host, text, length - 23);
        file->cut_at = rows[i].cut_at;
        file->cuts = 1000;
        host_job(&host, 3);
        bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", "max_record_bytes", "1024", NULL);
        CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
        while ((status = bj_results_next_batch(&batch, results, &error)) == BJ_OK) {
            CHECK(error == NULL);
            CHECK_INT(bj_batch_first_index(batch), records);
            records += (int64_t)bj_batch_count(batch);
        }
        CHECK(batch == NULL);
        CHECK_INT(records, rows[i].records);
        CHECK_INT(bj_results_records(results), records);
        CHECK_TEXT(bj_error_job_id(error), "b-1");
        CHECK_HAS(bj_error_message(error), rows[i].says);
        EXPECT_ERROR(status, rows[i].wanted, error);
        /* It stays so, whoever asks; and the place before the error is a place. */
        EXPECT_ERROR(bj_results_next(&record, results, &error), rows[i].wanted, error);
        EXPECT_ERROR(bj_results_next_batch(&batch, results, &error), rows[i].wanted, error);
        CHECK(record == NULL && batch == NULL);
        CHECK_INT(bj_results_token_at(&token, results, records - 1, NULL), BJ_OK);
        CHECK_INT(bj_results_verdict(results), rows[i].wanted == BJ_E_TRUNCATED ? BJ_VERDICT_SHORT
                                               : records == 4                   ? BJ_VERDICT_LONG
                                                                                : BJ_VERDICT_NONE);
        bj_results_destroy(results);
        bj_client_destroy(client);
        host_close(&host);
        free(bytes);
    }
}

/* What a batch points to lives until the next call on the stream, whatever else is asked. */
static void pointers_live(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_results *results;
    const bj_batch *batch;
    size_t length, again;
    calm();
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_results_next_batch(&batch, results, NULL), BJ_OK);
    const char *data = bj_batch_data(batch, &length);
    const int64_t *at = bj_batch_offsets(batch);
    char *copy = malloc(length);
    memcpy(copy, data, length);
    CHECK_TEXT(bj_job_id(bj_results_job(results)), sample("crustdata", "large"));
    bj_results_records(results), bj_results_bytes(results), bj_results_parts(results), bj_results_verdict(results);
    bj_job *job;
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    bj_client_destroy(client); /* the stream holds it */
    CHECK(bj_batch_data(batch, &again) == data && again == length && bj_batch_offsets(batch) == at);
    CHECK_BYTES(data, length, copy, length);
    size_t count = bj_batch_count(batch);
    while (bj_results_next_batch(&batch, results, NULL) == BJ_OK) count += bj_batch_count(batch);
    CHECK_INT(count, bj_results_expected(results));
    bj_results_destroy(results);
    free(copy);
}

/* A record of exactly max_record_bytes passes, one byte more does not. */
static void the_longest_line(void) {
    size_t most = patience(1) > 1 ? 4 << 20 : 64 << 20;
    char limit[30];
    snprintf(limit, sizeof limit, "%zu", most);
    char *line = malloc(most + 20);
    for (size_t more = 0; more < 2; more++) {
        struct host host;
        bj_results *results;
        const bj_batch *batch;
        bj_error *error;
        bj_status status;
        size_t length = most + more, seen = 0, given;
        check_context("%zu bytes", length);
        memcpy(line, "1\n\"", 3);
        memset(line + 3, 'x', length - 2);
        memcpy(line + 2 + length - 1, "\"\n3\n", 4);
        host_open(&host);
        host_add(&host, line, length + 5);
        host_job(&host, 3);
        bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", NULL);
        bj_options *options = make_options("max_record_bytes", patience(1) > 1 ? limit : NULL, NULL);
        CHECK_INT(bj_results_open(&results, client, "b-1", options, NULL, NULL), BJ_OK);
        while ((status = bj_results_next_batch(&batch, results, &error)) == BJ_OK)
            for (size_t i = 0; i < bj_batch_count(batch); i++, seen++) {
                const int64_t *at = bj_batch_offsets(batch);
                given = (size_t)(at[i + 1] - at[i]);
                if (seen == 1) CHECK(given == length && memcmp(bj_batch_data(batch, NULL) + at[i], line + 2, length) == 0);
                else CHECK_INT(given, 1);
            }
        CHECK_INT(seen, more ? 1 : 3);
        if (more) {
            CHECK_HAS(bj_error_message(error), "record 1 is longer than max_record_bytes");
            CHECK_TEXT(bj_error_detail(error, "option"), "max_record_bytes");
            EXPECT_ERROR(status, BJ_E_LIMIT, error);
        } else CHECK_INT(status, BJ_END);
        bj_results_destroy(results);
        bj_options_destroy(options);
        bj_client_destroy(client);
        host_close(&host);
    }
    free(line);
}

/* What does not belong to a record does not count: a mark at the start, a carriage return at the end,
 * whichever packet brings them. */
static void the_longest_line_with_ends(void) {
    static const char *const rows[][2] = {{"", "\n1\n"}, {"", "\r\n1\n"}, {"\xEF\xBB\xBF", "\n1\n"},
                                          {"\xEF\xBB\xBF", "\r\n1"}, {"", "\r"}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (int more = 0; more < 2; more++)
            for (int slice = 0; slice < 2; slice++) {
                struct host host;
                bj_results *results;
                const bj_record *record;
                char line[1100], *to = line;
                size_t length;
                int records = strchr(rows[r][1], '1') != NULL ? 2 : 1;
                check_context("row %zu, %d too long, %s", r, more, slice ? "in pieces" : "at once");
                to += sprintf(to, "%s\"", rows[r][0]);
                memset(to, 'x', 1100 - (size_t)(to - line));
                to += 1022 + more;
                to += sprintf(to, "\"%s", rows[r][1]);
                host_open(&host);
                struct host_file *file = host_add(&host, line, (size_t)(to - line));
                /* The last byte of the record, and what ends the line, in packets of their own. */
                if (slice) file->slice = (int)(strlen(rows[r][0]) + 1024), file->pause = 20;
                host_job(&host, records);
                bj_client *client = host_client(&host, "crustdata", "max_record_bytes", "1024", NULL);
                CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
                if (more) CHECK_INT(bj_results_next(&record, results, NULL), BJ_E_LIMIT);
                else {
                    CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
                    bj_record_data(record, &length);
                    CHECK_INT(length, 1024);
                    if (records == 2) CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
                    CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
                }
                bj_results_destroy(results);
                bj_client_destroy(client);
                host_close(&host);
            }
}

static void check_records(const bj_batch *batch, int64_t *next) {
    const int64_t *at = bj_batch_offsets(batch);
    for (size_t i = 0; i < bj_batch_count(batch); i++, ++*next) {
        char wanted[30];
        int length = sprintf(wanted, "{\"n\":%lld}", (long long)*next);
        CHECK_BYTES(bj_batch_data(batch, NULL) + at[i], (size_t)(at[i + 1] - at[i]), wanted, (size_t)length);
    }
}

/* Files side by side: those behind are asked for before the first has ended, and no more of them than
 * said; their records come in their order all the same. */
static void parts_side_by_side(void) {
    static const struct { const char *option; size_t ahead; } rows[] = {{"1", 0}, {"2", 1}, {"4", 3}, {"16", 5}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct host host;
        bj_results *results;
        const bj_batch *batch;
        bj_status status;
        int64_t next = 0;
        check_context("parallel_parts %s", rows[r].option);
        host_open(&host);
        for (int part = 0; part < 6; part++) {
            char text[4000], *to = text;
            for (int i = 0; i < 100; i++) to += sprintf(to, "{\"n\":%d}\n", part * 100 + i);
            size_t length = (size_t)(to - text), packed;
            char *bytes = gzip_member(text, length, &packed);
            if (part % 2) host_add(&host, bytes, packed);
            else host_add(&host, text, length - 1);
            free(bytes);
        }
        host_job(&host, 600);
        host_release(&host, &host.files[0], 100);
        bj_client *client = host_client(&host, "crustdata", "parallel_parts", rows[r].option, NULL);
        CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_results_parts(results), 6);
        /* Transfers move while a call runs; ten bytes more are a record more. */
        status = bj_results_next_batch(&batch, results, NULL);
        for (size_t asked = 0, step = 1; asked < rows[r].ahead && step < 70; step++) {
            check_records(batch, &next);
            sleep_ms(5);
            host_release(&host, &host.files[0], 100 + step * 10);
            status = bj_results_next_batch(&batch, results, NULL);
            asked = 0;
            for (int part = 1; part < 6; part++) asked += host_asked(&host, part);
        }
        for (int part = 1; part < 6; part++) CHECK_INT(host_asked(&host, part), part <= (int)rows[r].ahead);
        CHECK_INT(bj_results_parts_done(results), 0);
        host_release(&host, &host.files[0], SIZE_MAX);
        for (; status == BJ_OK; status = bj_results_next_batch(&batch, results, NULL)) check_records(batch, &next);
        CHECK_INT(status, BJ_END);
        CHECK_INT(next, 600);
        CHECK_INT(bj_results_parts_done(results), 6);
        for (int part = 0; part < 6; part++) CHECK_INT(host_asked(&host, part), 1);
        bj_results_destroy(results);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* The same against real compression: the twenty files of the simulator, some of many members. */
static void parts_of_the_simulator(void) {
    static const char *const options[] = {"1", "3", "16"};
    json_t *truth = truth_of("crustdata", sample("crustdata", "large"));
    json_t *records = json_object_get(truth, "records");
    for (size_t r = 0; r < 3; r++) {
        struct list list = {0};
        bj_client *client = make_client("crustdata", "parallel_parts", options[r], NULL);
        check_context("parallel_parts %s", options[r]);
        CHECK_INT(read_all(&list, client, sample("crustdata", "large"), 0xFF), BJ_END);
        if (CHECK_INT(list.count, json_array_size(records)))
            for (size_t i = 0; i < list.count; i++) {
                size_t length;
                char *wanted = base64_bytes(json_string_value(json_array_get(records, i)), &length);
                CHECK_BYTES(list.all[i].data, list.all[i].length, wanted, length);
                free(wanted);
            }
        list_empty(&list);
        bj_client_destroy(client);
    }
    json_decref(truth);
}

/* Numbers of a stream: at its beginning, on the way, and at its end. */
static void numbers(void) {
    struct host host;
    bj_results *results;
    const bj_record *record;
    static const char one[] = "{\"n\":1}\n{\"n\":2}\n", three[] = "{\"n\":4}\n";
    size_t packed;
    char *two = gzip_member("{\"n\":3}\n", 8, &packed);
    int64_t total = (int64_t)(sizeof one - 1 + packed + sizeof three - 1);
    host_open(&host);
    host_add(&host, one, sizeof one - 1);
    host_add(&host, two, packed);
    host_add(&host, three, sizeof three - 1);
    host_job(&host, 4);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
    CHECK_INT(bj_results_records(results), 0);
    CHECK_INT(bj_results_expected(results), 4);
    CHECK_INT(bj_results_bytes(results), 0);
    CHECK_INT(bj_results_bytes_total(results), -1);
    CHECK_INT(bj_results_parts(results), 3);
    CHECK_INT(bj_results_parts_done(results), 0);
    int64_t bytes = 0;
    for (int64_t i = 0; i < 4; i++) {
        CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
        CHECK_INT(bj_results_records(results), i + 1);
        CHECK(bj_results_bytes(results) >= bytes);
        bytes = bj_results_bytes(results);
        CHECK(bytes > 0 && bytes <= total);
        CHECK(bj_results_bytes_total(results) == -1 || bj_results_bytes_total(results) == total);
        CHECK_INT(bj_results_parts_done(results), i < 2 ? 0 : i - 1);
        CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
    }
    CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
    CHECK_INT(bj_results_verdict(results), BJ_VERDICT_VERIFIED);
    CHECK_INT(bj_results_records(results), 4);
    CHECK_INT(bj_results_bytes(results), total);
    CHECK_INT(bj_results_bytes_total(results), total);
    CHECK_INT(bj_results_parts_done(results), 3);
    bj_results_destroy(results);
    bj_client_destroy(client);
    host_close(&host);
    free(two);
}

/* What is proven at the end, job by job. */
static void verdicts(void) {
    static const struct { const char *service, *kind; int32_t verdict; int counts; } rows[] = {
        {"crustdata", "succeeded", BJ_VERDICT_VERIFIED, 1}, {"crustdata", "large", BJ_VERDICT_VERIFIED, 1},
        {"crustdata", "empty", BJ_VERDICT_VERIFIED, 1},     {"spidra", "succeeded", BJ_VERDICT_VERIFIED, 1},
        {"spidra", "partial", BJ_VERDICT_VERIFIED, 1},      {"spidra", "running", BJ_VERDICT_UNVERIFIED, 0},
        {"reach", "partial", BJ_VERDICT_VERIFIED, 1},       {"reach", "pending", BJ_VERDICT_VERIFIED, 1},
        {"veryfront", "partial", BJ_VERDICT_VERIFIED, 1},   {"veryfront", "large", BJ_VERDICT_VERIFIED, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client(rows[i].service, NULL, NULL);
        bj_results *results;
        const bj_batch *batch;
        bj_status status;
        check_context("%s %s", rows[i].service, rows[i].kind);
        calm();
        CHECK_INT(bj_results_open(&results, client, sample(rows[i].service, rows[i].kind), NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
        while ((status = bj_results_next_batch(&batch, results, NULL)) == BJ_OK)
            CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
        CHECK_INT(status, BJ_END);
        CHECK_INT(bj_results_verdict(results), rows[i].verdict);
        CHECK_INT(bj_results_expected(results), rows[i].counts ? bj_results_records(results) : -1);
        bj_results_destroy(results);
        bj_client_destroy(client);
    }
    /* Counts that are none of facts: the end is an end, and the verdict says what it says. */
    static const struct { int64_t failed; int32_t verdict; } soft[] = {{2, BJ_VERDICT_SHORT}, {1, BJ_VERDICT_VERIFIED}, {0, BJ_VERDICT_LONG}};
    for (size_t i = 0; i < 3; i++) {
        struct host host;
        bj_results *results;
        const bj_record *record;
        char text[900];
        check_context("reach counts %d", (int)soft[i].failed);
        snprintf(text, sizeof text, "{\"success\":true,\"data\":{\"batchId\":\"bat_1\",\"batchType\":\"x\",\"status\":\"partial_success\","
                 "\"progress\":{\"totalRecords\":5,\"processedRecords\":5,\"successfulRecords\":3,\"failedRecords\":%d,\"pendingRecords\":0},"
                 "\"createdAt\":\"2026-01-15T10:00:00Z\",\"errors\":{\"message\":\"m\",\"details\":{\"k\":{\"errors\":[]}}}}}", (int)soft[i].failed);
        host_open(&host);
        host_document(&host, text);
        bj_client *client = host_client(&host, "reach", NULL, NULL);
        if (CHECK_INT(bj_results_open(&results, client, "bat_1", NULL, NULL, NULL), BJ_OK)) {
            CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
            CHECK_TEXT(bj_record_key(record), "k");
            CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
            CHECK_INT(bj_results_verdict(results), soft[i].verdict);
            CHECK_INT(bj_results_records(results), 1);
            CHECK_INT(bj_results_expected(results), soft[i].failed);
        }
        bj_results_destroy(results);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* Of an answer that is read as it arrives, what stands behind the items is known at the end. */
static void job_of_a_stream(void) {
    struct host host;
    bj_results *results;
    const bj_record *record;
    static const char text[] =
        "{\"status\":\"completed\",\"totalUrls\":2,\"completedCount\":1,\"failedCount\":1,\"createdAt\":\"2026-01-15T10:00:00Z\","
        "\"items\":[{\"url\":\"a\",\"status\":\"completed\"},{\"url\":\"b\",\"status\":\"failed\"}],"
        "\"finishedAt\":\"2026-01-15T10:01:30Z\",\"more\":{\"n\":1}}";
    host_open(&host);
    host_document(&host, text);
    host_release(&host, &host.document, (size_t)(strstr(text, ",\"finishedAt") - text) - 4);
    bj_client *client = host_client(&host, "spidra", NULL, NULL);
    CHECK_INT(bj_results_open(&results, client, "b", NULL, NULL, NULL), BJ_OK);
    const bj_job *job = bj_results_job(results);
    size_t length;
    CHECK_TEXT(bj_job_id(job), "b");
    CHECK_INT(bj_job_outcome(job), BJ_OUTCOME_PARTIAL);
    CHECK_INT(bj_job_count(job, BJ_COUNT_TOTAL), 2);
    CHECK_INT(bj_job_time(job, BJ_TIME_FINISHED), BJ_TIME_NONE);
    CHECK(bj_job_field(job, "/more", NULL, NULL) == NULL);
    CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    CHECK_TEXT(bj_job_id(job), "b");
    CHECK_TEXT(bj_record_key(record), "a");
    host_release(&host, &host.document, SIZE_MAX);
    CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
    job = bj_results_job(results);
    CHECK(job == bj_results_job(results));
    CHECK_TEXT(bj_job_id(job), "b");
    CHECK_INT(bj_job_time(job, BJ_TIME_FINISHED), 1768471290000);
    CHECK(bj_job_field(job, "/more/n", &length, NULL) != NULL && length == 1);
    char raw[sizeof text] = ""; /* the job's bytes end with no NUL */
    const char *bytes = bj_job_raw_json(job, &length);
    if (CHECK(bytes != NULL && length > 0 && length < sizeof raw)) memcpy(raw, bytes, length);
    CHECK(strstr(raw, "\"finishedAt\"") != NULL && strstr(raw, "\"url\"") == NULL);
    CHECK_INT(bj_results_bytes(results), sizeof text - 1);
    CHECK_INT(bj_results_bytes_total(results), sizeof text - 1);
    CHECK_INT(bj_results_parts(results), 0);
    bj_results_destroy(results);
    bj_client_destroy(client);
    host_close(&host);
}

int main(void) {
    RUN(agrees_with_next);
    RUN(no_key_in_the_batch);
    RUN(first_comes_at_once);
    RUN(stops_before_an_error);
    RUN(pointers_live);
    RUN(the_longest_line);
    RUN(the_longest_line_with_ends);
    RUN(parts_side_by_side);
    RUN(parts_of_the_simulator);
    RUN(numbers);
    RUN(verdicts);
    RUN(job_of_a_stream);
    return check_report("batch");
}
