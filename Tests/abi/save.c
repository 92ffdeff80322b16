/* Section "Save": a job's results under a name, which appears once all is there and proven. What an end before
 * that leaves is in partial.c. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"
#include "saving.h"

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
    struct scene scene;
    bj_options *options = make_options("overwrite", "true", NULL);
    bj_error *error;
    char target[340];
    int looks = 0;
    scene_open(&scene, 0, 2, ETAG);
    const struct content content = scene.content;
    bj_client *client = scene.client;
    put_file(at.path, "mine\n");
    /* It fails: the old one is as it was. */
    scene.host.files[1].cut_at = 500;
    scene.host.files[1].cuts = 1000;
    EXPECT_ERROR(bj_client_save(client, "b-1", at.path, options, NULL, look_at_old, &looks, &error), BJ_E_TRUNCATED, error);
    check_file(at.path, "mine\n", 5);
    scene.host.files[1].cuts = 0;
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
    scene_close(&scene);
}

/* Wrong at its end, or not as many as the service counts: it gets no name. */
static void what_is_not_proven(void) {
    for (int format = 0; format < 2; format++)
        for (int how = 0; how < 3; how++) {
            static const char *const hows[] = {"another sum", "a record less than counted", "a record more than counted"};
            static const bj_status wanted[] = {BJ_E_PROTOCOL, BJ_E_TRUNCATED, BJ_E_PROTOCOL};
            struct scene scene;
            bj_error *error;
            check_context("%s, %s", FORMATS[format], hows[how]);
            scene_open(&scene, format, 2, ETAG);
            struct host_file *file = &scene.host.files[1];
            if (how == 0) file->bytes[file->length - 6] ^= 1;
            else host_job(&scene.host, (long long)scene.content.records + (how == 1 ? 1 : -1));
            for (int again = 0; again < 2; again++) {
                EXPECT_ERROR(save(scene.client, scene.options, NULL, &error), wanted[how], error);
                CHECK(!file_exists(at.path));
            }
            /* Once the service has put it right, the same call does. */
            if (how == 0) file->bytes[file->length - 6] ^= 1, file->etag = "\"v2\"";
            host_job(&scene.host, (long long)scene.content.records);
            CHECK_INT(save(scene.client, scene.options, NULL, NULL), BJ_OK);
            check_saved(bytes_of(&scene.content, format), length_of(&scene.content, format));
            scene_close(&scene);
        }
}

/* About four times a second: bytes as they came, their number once all lengths are known, records. */
static void progress(void) {
    struct scene scene;
    struct watch watch = {0};
    scene_open(&scene, 0, 2, ETAG);
    struct host_file *file = &scene.host.files[0];
    file->slice = (int)file->length / 40;
    file->pause = 40;
    int64_t began = now_ms();
    CHECK_INT(save(scene.client, NULL, &watch, NULL), BJ_OK);
    int64_t took = now_ms() - began;
    CHECK(watch.calls >= 3);
    CHECK(watch.calls <= took / 250 + 1);
    CHECK_INT(watch.bytes, scene.content.packed_length);
    CHECK_INT(watch.total, scene.content.packed_length);
    CHECK_INT(watch.records, scene.content.records);
    /* Who says stop when all is there stops nothing. */
    unlink(at.path);
    file->slice = file->pause = 0;
    watch = (struct watch){.stop_at = 1};
    CHECK_INT(save(scene.client, NULL, &watch, NULL), BJ_OK);
    CHECK_INT(watch.calls, 1);
    check_saved(scene.content.text, scene.content.text_length);
    scene_close(&scene);
}

/* Two at once under one name: the second is told, and the first is not disturbed. */
struct inside { bj_client *client; int calls; bj_status status; };

static int32_t save_inside(int64_t bytes, int64_t total, int64_t records, void *payload) {
    struct inside *inside = payload;
    bj_error *error;
    (void)bytes, (void)total, (void)records;
    if (inside->calls++ > 0) return 0;
    inside->status = save(inside->client, NULL, NULL, &error);
    CHECK_TEXT(bj_error_detail(error, "errno"), "EWOULDBLOCK");
    CHECK_HAS(bj_error_message(error), "another process saves there");
    EXPECT_ERROR(inside->status, BJ_E_FILE, error);
    return 0;
}

static void two_at_once(void) {
    struct scene scene;
    scene_open(&scene, 0, 2, ETAG);
    struct inside inside = {scene.client, 0, BJ_OK};
    CHECK_INT(bj_client_save(scene.client, "b-1", at.path, NULL, NULL, save_inside, &inside, NULL), BJ_OK);
    CHECK_INT(inside.status, BJ_E_FILE);
    check_saved(scene.content.text, scene.content.text_length);
    scene_close(&scene);
}

int main(void) {
    RUN(each_service);
    RUN(packed);
    RUN(packed_without_line_ends);
    RUN(one_record_one_line);
    RUN(bad_names);
    RUN(no_permission);
    RUN(existing_file);
    RUN(what_is_not_proven);
    RUN(progress);
    RUN(two_at_once);
    return check_report("save");
}
