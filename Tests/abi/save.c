/* Section "Save": a job's results under a name. It appears once all is there and proven, and what an end
 * before that leaves is taken up by the next call. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "records.h"

/* A folder of its own for each test, and the names that a call may use there. */
static struct { char folder[300], path[320], partial[340], note[340]; } at;

static void folder_open(void) {
    snprintf(at.folder, sizeof at.folder, "%s/save-XXXXXX", getenv("TEST_FOLDER"));
    if (mkdtemp(at.folder) == NULL) exit(3);
    snprintf(at.path, sizeof at.path, "%s/all", at.folder);
    snprintf(at.partial, sizeof at.partial, "%s.partial", at.path);
    snprintf(at.note, sizeof at.note, "%s.partial.json", at.path);
}

/* Nothing else may lie there. */
static void folder_close(void) {
    unlink(at.path), unlink(at.partial), unlink(at.note);
    CHECK_INT(rmdir(at.folder), 0);
}

static void check_file(const char *path, const char *wanted, size_t length) {
    size_t found;
    char *bytes = read_file(path, &found);
    if (CHECK(bytes != NULL)) CHECK_BYTES(bytes, found, wanted, length);
    free(bytes);
}

/* The file alone, and these bytes in it. */
static void check_saved(const char *wanted, size_t length) {
    check_file(at.path, wanted, length);
    CHECK(!file_exists(at.partial));
    CHECK(!file_exists(at.note));
}

static void put_file(const char *path, const char *text) {
    FILE *to = fopen(path, "w");
    if (to == NULL || fputs(text, to) < 0 || fclose(to) != 0) exit(3);
}

/* How far a call is, as it was told. */
struct watch {
    int calls, stop_at; /* the call from which on it stops; 0: none */
    int64_t bytes, total, records;
    bj_client *client;
    bj_cancel *cancel; /* fired at that call instead of stopping */
    bj_status inside;
};

static int32_t watching(int64_t bytes, int64_t total, int64_t records, void *payload) {
    struct watch *watch = payload;
    CHECK(bytes >= watch->bytes && records >= watch->records);
    CHECK(total == -1 || total >= bytes);
    watch->bytes = bytes;
    watch->total = total;
    watch->records = records;
    if (++watch->calls < watch->stop_at || watch->stop_at == 0) return 0;
    if (watch->cancel == NULL) return 1;
    bj_cancel_fire(watch->cancel);
    return 0;
}

/* A save of the host's job with options in pairs; fn watches where a watch is given. */
static bj_status save(bj_client *client, const bj_options *options, struct watch *watch, bj_error **error) {
    return bj_client_save(client, "b-1", at.path, options, watch != NULL ? watch->cancel : NULL, watch != NULL ? watching : NULL,
                          watch, error);
}

/* Files of lines, in `text` as they must be saved and in `packed` as they are stored. */
struct content {
    char *text, *packed;
    size_t text_length, packed_length, records;
};

#define ETAG "\"v1\""
#define LINES 40

/* `files` files of LINES records each; stored as they are where `as_text` is set. */
static struct content serve(struct host *host, int files, int first, const char *etag, int as_text) {
    struct content content = {malloc((size_t)files * LINES * 40 + 1), malloc((size_t)files * LINES * 80 + 1), 0, 0, (size_t)(files * LINES)};
    for (int file = 0; file < files; file++) {
        char *start = content.text + content.text_length, *to = start;
        for (int i = 0; i < LINES; i++) to += sprintf(to, "{\"n\":%d,\"of\":\"%.*s\"}\n", first++, i % 11, "0123456789");
        size_t length = (size_t)(to - start), half = (size_t)(strchr(start + length / 2, '\n') + 5 - start), one, two;
        char *member = gzip_member(start, half, &one), *other = gzip_member(start + half, length - half, &two);
        char *stored = content.packed + content.packed_length;
        memcpy(stored, member, one);
        memcpy(stored + one, other, two);
        if (as_text) host_add(host, start, length)->etag = etag;
        else host_add(host, stored, one + two)->etag = etag;
        content.text_length += length;
        content.packed_length += one + two;
        free(member);
        free(other);
    }
    host_job(host, (long long)content.records);
    return content;
}

static void drop(struct content *content) {
    free(content->text);
    free(content->packed);
}

/* The format of a row: what bj_client_save is told, and what must come of it. */
static const char *const FORMATS[] = {"jsonl", "gzip"};
static const char *bytes_of(const struct content *content, int format) { return format ? content->packed : content->text; }
static size_t length_of(const struct content *content, int format) { return format ? content->packed_length : content->text_length; }

static void each_service(void) {
    static const char *const kinds[] = {"succeeded", "partial", "pending", "empty", "large", NULL};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t k = 0; kinds[k] != NULL; k++) {
            const char *id = sample(SERVICES[s], kinds[k]);
            struct list list = {0};
            struct watch watch = {0};
            struct stat found;
            size_t length = 0;
            if (id == NULL) continue;
            check_context("%s %s", SERVICES[s], kinds[k]);
            folder_open();
            calm();
            CHECK_INT(list_read(&list, client, id, NULL), BJ_END);
            for (size_t i = 0; i < list.count; i++) length += list.all[i].length + 1;
            char *wanted = malloc(length + 1), *to = wanted;
            for (size_t i = 0; i < list.count; i++) {
                memcpy(to, list.all[i].data, list.all[i].length);
                for (char *end = to + list.all[i].length; to < end; to++)
                    if (*to == '\n') *to = ' ';
                *to++ = '\n';
            }
            CHECK_INT(bj_client_save(client, id, at.path, NULL, NULL, watching, &watch, NULL), BJ_OK);
            check_saved(wanted, length);
            CHECK(watch.calls >= 1);
            CHECK_INT(watch.records, list.count);
            CHECK_INT(watch.bytes, watch.total);
            CHECK(stat(at.path, &found) == 0 && (found.st_mode & 0111) == 0 && (found.st_mode & 0600) == 0600);
            folder_close();
            free(wanted);
            list_empty(&list);
        }
        bj_client_destroy(client);
    }
}

static void packed(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_options *options = make_options("save_format", "gzip", NULL);
    char command[400];
    size_t length, unpacked;
    bj_error *error;
    folder_open();
    calm();
    CHECK_INT(bj_client_save(client, sample("crustdata", "large"), at.path, NULL, NULL, NULL, NULL, NULL), BJ_OK);
    char *lines = read_file(at.path, &length);
    unlink(at.path);
    CHECK_INT(bj_client_save(client, sample("crustdata", "large"), at.path, options, NULL, NULL, NULL, NULL), BJ_OK);
    snprintf(command, sizeof command, "gzip -dc < '%s'", at.path);
    char *again = output_of(command, &unpacked);
    /* The last line end is the library's, where the service has none. */
    CHECK(unpacked == length || unpacked + 1 == length);
    CHECK_BYTES(again, unpacked, lines, unpacked);
    free(again);
    free(lines);
    bj_client_destroy(client);

    struct host host;
    host_open(&host);
    struct content content = serve(&host, 3, 0, ETAG, 0);
    client = host_client(&host, "crustdata", NULL, NULL);
    unlink(at.path);
    CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
    check_saved(content.packed, content.packed_length);
    unlink(at.path);
    CHECK_INT(save(client, NULL, NULL, NULL), BJ_OK);
    check_saved(content.text, content.text_length);
    unlink(at.path);
    bj_client_destroy(client);
    drop(&content);
    host_close(&host);

    /* Where there is nothing packed. */
    host_open(&host);
    content = serve(&host, 2, 0, ETAG, 1);
    client = host_client(&host, "crustdata", NULL, NULL);
    bj_status status = save(client, options, NULL, &error);
    CHECK_TEXT(bj_error_detail(error, "option"), "save_format");
    EXPECT_ERROR(status, BJ_E_UNSUPPORTED, error);
    CHECK(!file_exists(at.path));
    bj_client_destroy(client);
    drop(&content);
    host_close(&host);
    for (size_t s = 1; SERVICES[s] != NULL; s++) {
        check_context("%s", SERVICES[s]);
        client = make_client(SERVICES[s], NULL, NULL);
        EXPECT_ERROR(bj_client_save(client, sample(SERVICES[s], "large"), at.path, options, NULL, NULL, NULL, &error),
                     BJ_E_UNSUPPORTED, error);
        CHECK(!file_exists(at.path));
        bj_client_destroy(client);
    }
    bj_options_destroy(options);
    folder_close();
}

/* Files that lack their last line end: no two records come to stand in one line. */
static void packed_without_line_ends(void) {
    static const char *const files[] = {"{\"n\":1}\n{\"n\":2}", "{\"n\":3}", "", "{\"n\":4}\n", "{\"n\":5}"};
    struct host host;
    char command[400];
    size_t length;
    bj_options *options = make_options("save_format", "gzip", NULL);
    folder_open();
    host_open(&host);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *member = gzip_member(files[i], strlen(files[i]), &length);
        host_add(&host, member, length);
        free(member);
    }
    host_job(&host, 5);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
    snprintf(command, sizeof command, "gzip -dc < '%s'", at.path);
    char *lines = output_of(command, &length);
    CHECK_BYTES(lines, length, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n{\"n\":5}", 39);
    free(lines);
    bj_options_destroy(options);
    bj_client_destroy(client);
    host_close(&host);
    folder_close();
}

/* A record that stood in a document over several lines is one line. */
static void one_record_one_line(void) {
    struct host host;
    folder_open();
    host_open(&host);
    host_document(&host, "{\"status\":\"completed\",\"totalUrls\":2,\"completedCount\":2,\"failedCount\":0,"
                         "\"createdAt\":\"2026-01-15T10:00:00Z\",\"items\":[\n{\n \"a\": 1\n}\n,\n{\"b\":\n\n\"\\n\"}\n]}");
    bj_client *client = host_client(&host, "spidra", NULL, NULL);
    CHECK_INT(save(client, NULL, NULL, NULL), BJ_OK);
    check_saved("{  \"a\": 1 }\n{\"b\":  \"\\n\"}\n", 25);
    bj_client_destroy(client);
    host_close(&host);
    folder_close();
}

/* Names under which nothing can be saved: said before anything is asked, and nothing is touched. */
static void bad_names(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    char within[340], slash[340], missing[340], name[700], through[340];
    folder_open();
    put_file(at.path, "mine\n");
    snprintf(within, sizeof within, "%s/x", at.path);
    snprintf(slash, sizeof slash, "%s/x/", at.folder);
    snprintf(missing, sizeof missing, "%s/no/x", at.folder);
    snprintf(through, sizeof through, "%s/link", at.folder);
    int end = snprintf(name, sizeof name, "%s/", at.folder);
    memset(name + end, 'n', 300);
    name[end + 300] = '\0';
    CHECK_INT(symlink("nowhere", through), 0);
    const struct { const char *path; bj_status wanted; const char *name, *says; } rows[] = {
        {at.path, BJ_E_ARGUMENT, NULL, "overwrite"}, {at.folder, BJ_E_ARGUMENT, NULL, "directory"},
        {"", BJ_E_ARGUMENT, NULL, "path"},           {slash, BJ_E_ARGUMENT, NULL, "path"},
        {"/", BJ_E_ARGUMENT, NULL, "path"},          {".", BJ_E_ARGUMENT, NULL, "directory"},
        {missing, BJ_E_FILE, "ENOENT", "no such directory"},
        {within, BJ_E_FILE, "ENOTDIR", "no such directory"},
        {name, BJ_E_FILE, "ENAMETOOLONG", "cannot open"},
        {through, BJ_E_ARGUMENT, NULL, "overwrite"}, /* a link is something of that name, wherever it leads */
        {"/dev/null", BJ_E_ARGUMENT, NULL, "overwrite"},
    };
    calm();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_error *error;
        check_context("\"%.60s\"", rows[i].path);
        bj_status status = bj_client_save(client, sample("crustdata", "large"), rows[i].path, NULL, NULL, NULL, NULL, &error);
        CHECK_HAS(bj_error_message(error), rows[i].says);
        CHECK_TEXT(bj_error_detail(error, "errno"), rows[i].name);
        EXPECT_ERROR(status, rows[i].wanted, error);
    }
    CHECK_INT(request_count(), 0);
    check_saved("mine\n", 5);
    unlink(through);
    folder_close();
    bj_client_destroy(client);
}

/* As another user where this one may do anything. */
static void no_permission(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_options *options = make_options("overwrite", "true", NULL);
    int is_root = geteuid() == 0;
    folder_open();
    calm();
    for (int mode = 0500; mode >= 0; mode -= 0500) {
        bj_error *error;
        check_context("mode %o", (unsigned int)mode);
        CHECK_INT(chmod(at.folder, (mode_t)mode), 0);
        if (is_root && seteuid(65534) != 0) check_skip("this user cannot be another");
        bj_status status = bj_client_save(client, sample("crustdata", "large"), at.path, options, NULL, NULL, NULL, &error);
        if (is_root) CHECK_INT(seteuid(0), 0);
        CHECK_TEXT(bj_error_detail(error, "errno"), "EACCES");
        CHECK_HAS(bj_error_message(error), "it is not allowed");
        EXPECT_ERROR(status, BJ_E_FILE, error);
    }
    CHECK_INT(request_count(), 0);
    CHECK_INT(chmod(at.folder, 0700), 0);
    folder_close();
    bj_options_destroy(options);
    bj_client_destroy(client);
}

/* The old file stays until the new one is whole, and nobody else's file is ever replaced. */
static int32_t look_at_old(int64_t bytes, int64_t total, int64_t records, void *payload) {
    (void)bytes, (void)total, (void)records;
    check_file(at.path, "mine\n", 5);
    ++*(int *)payload;
    return 0;
}

static int32_t put_there(int64_t bytes, int64_t total, int64_t records, void *payload) {
    (void)bytes, (void)total, (void)records;
    if (!file_exists(at.path)) put_file(at.path, "theirs\n");
    ++*(int *)payload;
    return 0;
}

static void existing_file(void) {
    struct host host;
    bj_options *options = make_options("overwrite", "true", NULL);
    bj_error *error;
    char target[340];
    int looks = 0;
    folder_open();
    host_open(&host);
    struct content content = serve(&host, 2, 0, ETAG, 0);
    bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", NULL);
    put_file(at.path, "mine\n");
    /* It fails: the old one is as it was. */
    host.files[1].cut_at = 500;
    host.files[1].cuts = 1000;
    EXPECT_ERROR(bj_client_save(client, "b-1", at.path, options, NULL, look_at_old, &looks, &error), BJ_E_TRUNCATED, error);
    check_file(at.path, "mine\n", 5);
    host.files[1].cuts = 0;
    CHECK_INT(bj_client_save(client, "b-1", at.path, options, NULL, look_at_old, &looks, NULL), BJ_OK);
    CHECK(looks > 0);
    check_saved(content.text, content.text_length);
    /* A name that was free at the beginning and is not at the end. */
    unlink(at.path);
    looks = 0;
    bj_status status = bj_client_save(client, "b-1", at.path, NULL, NULL, put_there, &looks, &error);
    CHECK_TEXT(bj_error_detail(error, "errno"), "EEXIST");
    EXPECT_ERROR(status, BJ_E_FILE, error);
    CHECK(looks > 0);
    check_file(at.path, "theirs\n", 7);
    /* A link is replaced, not what it leads to. */
    snprintf(target, sizeof target, "%s/target", at.folder);
    unlink(at.path);
    put_file(target, "far\n");
    CHECK_INT(symlink("target", at.path), 0);
    CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
    check_saved(content.text, content.text_length);
    check_file(target, "far\n", 4);
    /* Nor is a link followed that lies where the bytes go first. */
    CHECK_INT(symlink("target", at.partial), 0);
    status = save(client, options, NULL, &error);
    CHECK_TEXT(bj_error_detail(error, "errno"), "ELOOP");
    EXPECT_ERROR(status, BJ_E_FILE, error);
    check_file(target, "far\n", 4);
    unlink(target);
    bj_options_destroy(options);
    bj_client_destroy(client);
    drop(&content);
    host_close(&host);
    folder_close();
}

/* What a call that did not end leaves is taken up: torn at many places, the file is whole after the second
 * call, which asks for no more than it must. */
static void taken_up_after_an_error(void) {
    static const char *const etags[] = {ETAG, NULL};
    for (int format = 0; format < 2; format++)
        for (size_t e = 0; e < 2; e++) {
            struct host host;
            bj_options *options = make_options("save_format", FORMATS[format], NULL);
            folder_open();
            host_open(&host);
            struct content content = serve(&host, 3, 0, etags[e], 0);
            bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", NULL);
            struct host_file *file = &host.files[1];
            for (size_t cut = 1; cut < file->length; cut += 1 + file->length / 14) {
                bj_error *error;
                check_context("%s, %s, torn at %zu", FORMATS[format], e == 0 ? "a strong validator" : "none", cut);
                file->cut_at = cut;
                file->cuts = 1000;
                EXPECT_ERROR(save(client, options, NULL, &error), BJ_E_TRUNCATED, error);
                CHECK(!file_exists(at.path));
                CHECK(file_exists(at.partial) && file_exists(at.note));
                file->cuts = 0;
                host_forget(&host);
                struct watch watch = {0};
                CHECK_INT(save(client, options, &watch, NULL), BJ_OK);
                check_saved(bytes_of(&content, format), length_of(&content, format));
                CHECK_INT(watch.records, content.records);
                CHECK_INT(host_asked(&host, 0), 0);
                CHECK_INT(host_asked(&host, 1), 1);
                unlink(at.path);
            }
            bj_options_destroy(options);
            bj_client_destroy(client);
            drop(&content);
            host_close(&host);
            folder_close();
        }
}

/* Wrong at its end, or not as many as the service counts: it gets no name. */
static void what_is_not_proven(void) {
    for (int format = 0; format < 2; format++)
        for (int how = 0; how < 3; how++) {
            static const char *const hows[] = {"another sum", "a record less than counted", "a record more than counted"};
            static const bj_status wanted[] = {BJ_E_PROTOCOL, BJ_E_TRUNCATED, BJ_E_PROTOCOL};
            struct host host;
            bj_options *options = make_options("save_format", FORMATS[format], NULL);
            bj_error *error;
            check_context("%s, %s", FORMATS[format], hows[how]);
            folder_open();
            host_open(&host);
            struct content content = serve(&host, 2, 0, ETAG, 0);
            struct host_file *file = &host.files[1];
            if (how == 0) file->bytes[file->length - 6] ^= 1;
            else host_job(&host, (long long)content.records + (how == 1 ? 1 : -1));
            bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", NULL);
            for (int again = 0; again < 2; again++) {
                EXPECT_ERROR(save(client, options, NULL, &error), wanted[how], error);
                CHECK(!file_exists(at.path));
            }
            /* Once the service has put it right, the same call does. */
            if (how == 0) file->bytes[file->length - 6] ^= 1, file->etag = "\"v2\"";
            host_job(&host, (long long)content.records);
            CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
            check_saved(bytes_of(&content, format), length_of(&content, format));
            bj_options_destroy(options);
            bj_client_destroy(client);
            drop(&content);
            host_close(&host);
            folder_close();
        }
}

/* Stopped, cancelled, and over time on the way: it goes on from there. */
static void stopped_on_the_way(void) {
    for (int format = 0; format < 2; format++)
        for (int how = 0; how < 3; how++) {
            static const char *const hows[] = {"stopped", "cancelled", "over time"};
            struct host host;
            bj_options *options = make_options("save_format", FORMATS[format], "timeout_ms", how == 2 ? "700" : NULL, NULL);
            bj_error *error;
            bj_cancel *cancel = NULL;
            check_context("%s, %s", FORMATS[format], hows[how]);
            folder_open();
            host_open(&host);
            struct content content = serve(&host, 3, 0, ETAG, 0);
            bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", "parallel_parts", "1", NULL);
            struct host_file *file = &host.files[1];
            if (how == 1) CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
            if (how == 2) file->hold_at = file->length - 100;
            else file->slice = (int)file->length / 20, file->pause = 60;
            struct watch watch = {.stop_at = how == 2 ? 0 : 2, .cancel = cancel};
            bj_status status = save(client, options, &watch, &error);
            if (how == 0) CHECK_INT(status, BJ_STOPPED);
            if (how == 0) CHECK(error == NULL);
            if (how == 1) EXPECT_ERROR(status, BJ_E_CANCELLED, error);
            if (how == 2) EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
            if (how != 2) CHECK_INT(watch.calls, 2);
            if (how != 2) CHECK(watch.records > LINES && watch.records < 2 * LINES);
            CHECK(!file_exists(at.path));
            CHECK(file_exists(at.partial) && file_exists(at.note));
            int64_t before = watch.records;
            host_release(&host, file, SIZE_MAX);
            file->slice = file->pause = 0;
            host_forget(&host);
            watch = (struct watch){0};
            CHECK_INT(save(client, options, &watch, NULL), BJ_OK);
            check_saved(bytes_of(&content, format), length_of(&content, format));
            CHECK(watch.records == (int64_t)content.records && watch.records > before);
            CHECK_INT(host_asked(&host, 0), 0);
            bj_options_destroy(options);
            bj_cancel_destroy(cancel);
            bj_client_destroy(client);
            drop(&content);
            host_close(&host);
            folder_close();
        }
}

/* About four times a second: bytes as they came, their number once all lengths are known, records. */
static void progress(void) {
    struct host host;
    struct watch watch = {0};
    folder_open();
    host_open(&host);
    struct content content = serve(&host, 2, 0, ETAG, 0);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    host.files[0].slice = (int)host.files[0].length / 40;
    host.files[0].pause = 40;
    int64_t began = now_ms();
    CHECK_INT(save(client, NULL, &watch, NULL), BJ_OK);
    int64_t took = now_ms() - began;
    CHECK(watch.calls >= 3);
    CHECK(watch.calls <= took / 250 + 1);
    CHECK_INT(watch.bytes, content.packed_length);
    CHECK_INT(watch.total, content.packed_length);
    CHECK_INT(watch.records, content.records);
    /* Who says stop when all is there stops nothing. */
    unlink(at.path);
    host.files[0].slice = host.files[0].pause = 0;
    watch = (struct watch){.stop_at = 1};
    CHECK_INT(save(client, NULL, &watch, NULL), BJ_OK);
    CHECK_INT(watch.calls, 1);
    check_saved(content.text, content.text_length);
    bj_client_destroy(client);
    drop(&content);
    host_close(&host);
    folder_close();
}

/* What lies there may be of another job, another format, another version, or rubbish: then it begins anew. */
static void leftovers(void) {
    enum { OTHER_JOB, OTHER_FORMAT, OTHER_VERSION, NO_NOTE, SHORT, RUBBISH, HUGE_LENGTH, OTHER_TOKEN, EMPTY, ENDLESS, AS_LEFT, HOWS };
    static const char *const hows[] = {"another job", "another format", "another version", "no note", "shorter than noted",
                                       "a note that is none", "a length beyond all", "no token of ours", "an empty note",
                                       "an endless note", "as it was left"};
    for (int format = 0; format < 2; format++)
        for (int how = 0; how < HOWS; how++) {
            struct host host;
            bj_options *options = make_options("save_format", FORMATS[format], NULL);
            bj_options *other = make_options("save_format", FORMATS[!format], NULL);
            bj_error *error;
            char *endless;
            check_context("%s, %s", FORMATS[format], hows[how]);
            folder_open();
            host_open(&host);
            struct content content = serve(&host, 2, 0, ETAG, 0), fresh = content;
            bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", NULL);
            host.files[1].cut_at = host.files[1].length / 2;
            host.files[1].cuts = 1000;
            if (how == OTHER_JOB) strstr(host.document.bytes, "b-1")[2] = '2';
            EXPECT_ERROR(bj_client_save(client, how == OTHER_JOB ? "b-2" : "b-1", at.path, how == OTHER_FORMAT ? other : options, NULL, NULL,
                                        NULL, &error),
                         BJ_E_TRUNCATED, error);
            host.files[1].cuts = 0;
            host_job(&host, (long long)content.records);
            switch (how) {
            case OTHER_VERSION:
                host.file_count = 0;
                for (int i = 0; i < 2; i++) free(host.files[i].bytes), host.files[i].bytes = NULL;
                fresh = serve(&host, 2, 1000, "\"v2\"", 0);
                break;
            case NO_NOTE: unlink(at.note); break;
            case SHORT: CHECK_INT(truncate(at.partial, 30), 0); break;
            case RUBBISH: put_file(at.note, "{\"format\":"); break;
            case HUGE_LENGTH: put_file(at.note, "{\"format\":\"jsonl\",\"length\":9223372036854775807,\"resume\":\"\"}"); break;
            case OTHER_TOKEN: put_file(at.note, format ? "{\"format\":\"gzip\",\"length\":10,\"resume\":\"bjr1:x\"}" : "{\"format\":\"jsonl\",\"length\":10,\"resume\":\"bjr1:x\"}"); break;
            case EMPTY: put_file(at.note, ""); break;
            case ENDLESS:
                endless = calloc(1, 100001);
                memset(endless, '[', 100000);
                put_file(at.note, endless);
                free(endless);
                break;
            }
            host_forget(&host);
            CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
            check_saved(bytes_of(&fresh, format), length_of(&fresh, format));
            CHECK_INT(host_asked(&host, 0), how != AS_LEFT);
            if (how == OTHER_VERSION) drop(&fresh);
            drop(&content);
            bj_options_destroy(options);
            bj_options_destroy(other);
            bj_client_destroy(client);
            host_close(&host);
            folder_close();
        }
}

/* With a token of the caller's only what is behind it, whatever lies there. */
static void behind_a_token(void) {
    struct host host;
    bj_results *results;
    const bj_record *record;
    const char *token;
    bj_error *error;
    folder_open();
    host_open(&host);
    struct content content = serve(&host, 2, 0, ETAG, 0);
    bj_client *client = host_client(&host, "crustdata", "max_attempts", "1", NULL);
    CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
    size_t before = 0, length;
    for (int i = 0; i < LINES + 3; i++) {
        CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
        bj_record_data(record, &length);
        before += length + 1;
    }
    CHECK_INT(bj_results_token_at(&token, results, LINES + 2, NULL), BJ_OK);
    bj_options *options = make_options("resume", token, NULL);
    bj_results_destroy(results);
    /* Left by a call without it, and good to be taken up. */
    host.files[0].cut_at = host.files[0].length / 2;
    host.files[0].cuts = 1000;
    EXPECT_ERROR(save(client, NULL, NULL, &error), BJ_E_TRUNCATED, error);
    CHECK(file_exists(at.note));
    host.files[0].cuts = 0;
    CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
    check_saved(content.text + before, content.text_length - before);
    bj_options_destroy(options);
    options = make_options("resume", "bjr1:not:a:token", "overwrite", "true", NULL);
    host_forget(&host);
    EXPECT_ERROR(save(client, options, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK_INT(host_asked(&host, -1), 0);
    check_file(at.path, content.text + before, content.text_length - before);
    bj_options_destroy(options);
    bj_client_destroy(client);
    drop(&content);
    host_close(&host);
    folder_close();
}

/* Two at once under one name: the second is told, and the first is not disturbed. */
static int32_t save_inside(int64_t bytes, int64_t total, int64_t records, void *payload) {
    struct watch *watch = payload;
    bj_error *error;
    (void)bytes, (void)total, (void)records;
    if (watch->calls++ > 0) return 0;
    watch->inside = save(watch->client, NULL, NULL, &error);
    CHECK_TEXT(bj_error_detail(error, "errno"), "EWOULDBLOCK");
    CHECK_HAS(bj_error_message(error), "another process saves there");
    EXPECT_ERROR(watch->inside, BJ_E_FILE, error);
    return 0;
}

static void two_at_once(void) {
    struct host host;
    folder_open();
    host_open(&host);
    struct content content = serve(&host, 2, 0, ETAG, 0);
    struct watch watch = {.client = host_client(&host, "crustdata", NULL, NULL)};
    CHECK_INT(bj_client_save(watch.client, "b-1", at.path, NULL, NULL, save_inside, &watch, NULL), BJ_OK);
    CHECK_INT(watch.inside, BJ_E_FILE);
    check_saved(content.text, content.text_length);
    bj_client_destroy(watch.client);
    drop(&content);
    host_close(&host);
    folder_close();
}

/* The file may not grow further: no other limit of a file system is to be had without privileges. */
static void disk_full(void) {
    for (int format = 0; format < 2; format++)
        for (rlim_t limit = 1; limit < 2200; limit += 700) {
            struct host host;
            bj_options *options = make_options("save_format", FORMATS[format], NULL);
            bj_error *error;
            struct rlimit old, small;
            check_context("%s, %d bytes", FORMATS[format], (int)limit);
            folder_open();
            host_open(&host);
            struct content content = serve(&host, 3, 0, ETAG, 0);
            bj_client *client = host_client(&host, "crustdata", NULL, NULL);
            CHECK(length_of(&content, format) > 2200);
            signal(SIGXFSZ, SIG_IGN);
            getrlimit(RLIMIT_FSIZE, &old);
            small = old;
            small.rlim_cur = limit;
            setrlimit(RLIMIT_FSIZE, &small);
            bj_status status = save(client, options, NULL, &error);
            setrlimit(RLIMIT_FSIZE, &old);
            signal(SIGXFSZ, SIG_DFL);
            CHECK_TEXT(bj_error_detail(error, "errno"), "EFBIG");
            CHECK_HAS(bj_error_message(error), at.partial);
            EXPECT_ERROR(status, BJ_E_FILE, error);
            CHECK(!file_exists(at.path));
            CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
            check_saved(bytes_of(&content, format), length_of(&content, format));
            bj_options_destroy(options);
            bj_client_destroy(client);
            drop(&content);
            host_close(&host);
            folder_close();
        }
}

/* A process that is killed on the way, after a place was noted: the next one goes on there. The host sends the same
 * lines over and over, 100 MiB of them in two files, and waits before the end of the second. */
static void killed(void) {
    for (int format = 0; format < 2; format++) {
        struct host host;
        struct content content = {0};
        bj_options *options = make_options("save_format", FORMATS[format], NULL);
        const size_t times = 50;
        char *lines = malloc(1 << 20), *to = lines;
        struct watch watch = {0};
        check_context("%s", FORMATS[format]);
        folder_open();
        host_open(&host);
        while (to - lines < (1 << 20) - 100) to += sprintf(to, "{\"n\":%zu,\"fill\":\"%080d\"}\n", content.records++, 7);
        content.text = lines;
        content.text_length = (size_t)(to - lines);
        content.packed = gzip_member(lines, content.text_length, &content.packed_length);
        for (int i = 0; i < 2; i++) {
            struct host_file *file = host_add(&host, content.packed, content.packed_length);
            file->etag = ETAG;
            file->repeat = times;
        }
        host_job(&host, (long long)(content.records * times * 2));
        host_release(&host, &host.files[1], content.packed_length * times - 10);
        pid_t child = fork();
        if (child == 0) {
            bj_client *client = host_client(&host, "crustdata", NULL, NULL);
            save(client, options, NULL, NULL);
            _exit(1); /* it cannot come to its end */
        }
        int64_t until = now_ms() + patience(20000);
        while (!file_exists(at.note) && now_ms() < until) sleep_ms(2);
        CHECK(file_exists(at.note));
        int state;
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &state, 0) == child && WIFSIGNALED(state));
        CHECK(!file_exists(at.path));
        CHECK(file_exists(at.partial));
        host_release(&host, &host.files[1], SIZE_MAX);
        host_forget(&host);
        bj_client *client = host_client(&host, "crustdata", NULL, NULL);
        CHECK_INT(save(client, options, &watch, NULL), BJ_OK);
        CHECK_INT(host_asked(&host, 0), 0);
        CHECK_INT(host_asked(&host, 1), 1);
        CHECK(format == 1 || host_last_start(&host, 1) > 0);
        CHECK_INT(watch.records, content.records * times * 2);
        size_t found, wanted = length_of(&content, format);
        char *bytes = read_file(at.path, &found);
        CHECK_INT(found, wanted * times * 2);
        for (size_t i = 0; i < times * 2 && found == wanted * times * 2; i++)
            if (!CHECK(memcmp(bytes + i * wanted, bytes_of(&content, format), wanted) == 0)) break;
        free(bytes);
        CHECK(!file_exists(at.partial) && !file_exists(at.note));
        bj_options_destroy(options);
        bj_client_destroy(client);
        host_close(&host);
        drop(&content);
        folder_close();
    }
}

int main(void) {
    RUN(each_service);
    RUN(packed);
    RUN(packed_without_line_ends);
    RUN(one_record_one_line);
    RUN(bad_names);
    RUN(no_permission);
    RUN(existing_file);
    RUN(taken_up_after_an_error);
    RUN(what_is_not_proven);
    RUN(stopped_on_the_way);
    RUN(progress);
    RUN(leftovers);
    RUN(behind_a_token);
    RUN(two_at_once);
    RUN(disk_full);
    RUN(killed);
    return check_report("save");
}
