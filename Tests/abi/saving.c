#define _DEFAULT_SOURCE
#include "saving.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct names at;
const char *const FORMATS[2] = {"jsonl", "gzip"};

void folder_open(void) {
    snprintf(at.folder, sizeof at.folder, "%s/save-XXXXXX", getenv("TEST_FOLDER"));
    if (mkdtemp(at.folder) == NULL) exit(3);
    snprintf(at.path, sizeof at.path, "%s/all", at.folder);
    snprintf(at.partial, sizeof at.partial, "%s.partial", at.path);
    snprintf(at.note, sizeof at.note, "%s.partial.json", at.path);
}

void folder_close(void) {
    unlink(at.path), unlink(at.partial), unlink(at.note);
    CHECK_INT(rmdir(at.folder), 0);
}

void check_file(const char *path, const char *wanted, size_t length) {
    size_t found;
    char *bytes = read_file(path, &found);
    if (CHECK(bytes != NULL)) CHECK_BYTES(bytes, found, wanted, length);
    free(bytes);
}

void check_saved(const char *wanted, size_t length) {
    check_file(at.path, wanted, length);
    CHECK(!file_exists(at.partial));
    CHECK(!file_exists(at.note));
}

void put_file(const char *path, const char *text) {
    FILE *to = fopen(path, "w");
    if (to == NULL || fputs(text, to) < 0 || fclose(to) != 0) exit(3);
}

int32_t watching(int64_t bytes, int64_t total, int64_t records, void *payload) {
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

bj_status save(bj_client *client, const bj_options *options, struct watch *watch, bj_error **error) {
    return bj_client_save(client, "b-1", at.path, options, watch != NULL ? watch->cancel : NULL, watch != NULL ? watching : NULL,
                          watch, error);
}

struct content serve(struct host *host, int files, int first, const char *etag, int as_text) {
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

const char *bytes_of(const struct content *content, int format) { return format ? content->packed : content->text; }
size_t length_of(const struct content *content, int format) { return format ? content->packed_length : content->text_length; }

void drop(struct content *content) {
    free(content->text);
    free(content->packed);
}

void scene_open(struct scene *scene, int format, int files, const char *etag) {
    folder_open();
    host_open(&scene->host);
    scene->content = serve(&scene->host, files, 0, etag, 0);
    scene->client = host_client(&scene->host, "crustdata", "max_attempts", "1", "parallel_parts", "1", NULL);
    scene->options = make_options("save_format", FORMATS[format], NULL);
}

void scene_close(struct scene *scene) {
    bj_options_destroy(scene->options);
    bj_client_destroy(scene->client);
    drop(&scene->content);
    host_close(&scene->host);
    folder_close();
}
