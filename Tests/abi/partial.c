/* Section "Save": what a call that did not end leaves beside the name, and how the next one takes it up. */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "saving.h"

/* What a call that did not end leaves is taken up: torn at many places, the file is whole after the second
 * call, which asks for no more than it must. */
static void taken_up_after_an_error(void) {
    static const char *const etags[] = {ETAG, NULL};
    for (int format = 0; format < 2; format++)
        for (size_t e = 0; e < 2; e++) {
            struct scene scene;
            scene_open(&scene, format, 3, etags[e]);
            struct host_file *file = &scene.host.files[1];
            for (size_t cut = 1; cut < file->length; cut += 1 + file->length / 14) {
                bj_error *error;
                check_context("%s, %s, torn at %zu", FORMATS[format], e == 0 ? "a strong validator" : "none", cut);
                file->cut_at = cut;
                file->cuts = 1000;
                EXPECT_ERROR(save(scene.client, scene.options, NULL, &error), BJ_E_TRUNCATED, error);
                CHECK(!file_exists(at.path));
                CHECK(file_exists(at.partial) && file_exists(at.note));
                file->cuts = 0;
                host_forget(&scene.host);
                struct watch watch = {0};
                CHECK_INT(save(scene.client, scene.options, &watch, NULL), BJ_OK);
                check_saved(bytes_of(&scene.content, format), length_of(&scene.content, format));
                CHECK_INT(watch.records, scene.content.records);
                CHECK_INT(host_asked(&scene.host, 0), 0);
                CHECK_INT(host_asked(&scene.host, 1), 1);
                unlink(at.path);
            }
            scene_close(&scene);
        }
}

/* Stopped, cancelled, and over time on the way: it goes on from there. */
static void stopped_on_the_way(void) {
    for (int format = 0; format < 2; format++)
        for (int how = 0; how < 3; how++) {
            static const char *const hows[] = {"stopped", "cancelled", "over time"};
            struct scene scene;
            bj_error *error;
            bj_cancel *cancel = NULL;
            check_context("%s, %s", FORMATS[format], hows[how]);
            scene_open(&scene, format, 3, ETAG);
            struct host_file *file = &scene.host.files[1];
            if (how == 1) CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
            if (how == 2) CHECK_INT(bj_options_set(scene.options, "timeout_ms", "700", NULL), BJ_OK);
            if (how == 2) file->hold_at = file->length - 100;
            else file->slice = (int)file->length / 20, file->pause = 60;
            struct watch watch = {.stop_at = how == 2 ? 0 : 2, .cancel = cancel};
            bj_status status = save(scene.client, scene.options, &watch, &error);
            if (how == 0) CHECK_INT(status, BJ_STOPPED);
            if (how == 0) CHECK(error == NULL);
            if (how == 1) EXPECT_ERROR(status, BJ_E_CANCELLED, error);
            if (how == 2) EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
            if (how != 2) CHECK_INT(watch.calls, 2);
            if (how != 2) CHECK(watch.records > LINES && watch.records < 2 * LINES);
            CHECK(!file_exists(at.path));
            CHECK(file_exists(at.partial) && file_exists(at.note));
            int64_t before = watch.records;
            host_release(&scene.host, file, SIZE_MAX);
            file->slice = file->pause = 0;
            host_forget(&scene.host);
            CHECK_INT(bj_options_set(scene.options, "timeout_ms", NULL, NULL), BJ_OK);
            watch = (struct watch){0};
            CHECK_INT(save(scene.client, scene.options, &watch, NULL), BJ_OK);
            check_saved(bytes_of(&scene.content, format), length_of(&scene.content, format));
            CHECK(watch.records == (int64_t)scene.content.records && watch.records > before);
            CHECK_INT(host_asked(&scene.host, 0), 0);
            bj_cancel_destroy(cancel);
            scene_close(&scene);
        }
}

/* What lies there may be of another job, another format, another version, or rubbish: then it begins anew. */
static void leftovers(void) {
    enum { OTHER_JOB, OTHER_FORMAT, OTHER_VERSION, NO_NOTE, SHORT, RUBBISH, HUGE_LENGTH, OTHER_TOKEN, EMPTY, ENDLESS, AS_LEFT, HOWS };
    static const char *const hows[] = {"another job", "another format", "another version", "no note", "shorter than noted",
                                       "a note that is none", "a length beyond all", "no token of ours", "an empty note",
                                       "an endless note", "as it was left"};
    for (int format = 0; format < 2; format++)
        for (int how = 0; how < HOWS; how++) {
            struct scene scene;
            struct host *host = &scene.host;
            bj_options *other = make_options("save_format", FORMATS[!format], NULL);
            bj_error *error;
            char *endless;
            check_context("%s, %s", FORMATS[format], hows[how]);
            scene_open(&scene, format, 2, ETAG);
            struct content fresh = scene.content;
            host->files[1].cut_at = host->files[1].length / 2;
            host->files[1].cuts = 1000;
            if (how == OTHER_JOB) strstr(host->document.bytes, "b-1")[2] = '2';
            EXPECT_ERROR(bj_client_save(scene.client, how == OTHER_JOB ? "b-2" : "b-1", at.path, how == OTHER_FORMAT ? other : scene.options, NULL, NULL,
                                        NULL, &error),
                         BJ_E_TRUNCATED, error);
            host->files[1].cuts = 0;
            host_job(host, (long long)scene.content.records);
            switch (how) {
            case OTHER_VERSION:
                host->file_count = 0;
                fresh = serve(host, 2, 1000, "\"v2\"", 0);
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
            host_forget(host);
            CHECK_INT(save(scene.client, scene.options, NULL, NULL), BJ_OK);
            check_saved(bytes_of(&fresh, format), length_of(&fresh, format));
            CHECK_INT(host_asked(host, 0), how != AS_LEFT);
            if (how == OTHER_VERSION) drop(&fresh);
            bj_options_destroy(other);
            scene_close(&scene);
        }
}

/* With a token of the caller's only what is behind it, whatever lies there. */
static void behind_a_token(void) {
    struct scene scene;
    bj_results *results;
    const bj_record *record;
    const char *token;
    bj_error *error;
    scene_open(&scene, 0, 2, ETAG);
    struct content content = scene.content;
    bj_client *client = scene.client;
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
    scene.host.files[0].cut_at = scene.host.files[0].length / 2;
    scene.host.files[0].cuts = 1000;
    EXPECT_ERROR(save(client, NULL, NULL, &error), BJ_E_TRUNCATED, error);
    CHECK(file_exists(at.note));
    scene.host.files[0].cuts = 0;
    CHECK_INT(save(client, options, NULL, NULL), BJ_OK);
    check_saved(content.text + before, content.text_length - before);
    bj_options_destroy(options);
    options = make_options("resume", "bjr1:not:a:token", "overwrite", "true", NULL);
    host_forget(&scene.host);
    EXPECT_ERROR(save(client, options, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK_INT(host_asked(&scene.host, -1), 0);
    check_file(at.path, content.text + before, content.text_length - before);
    bj_options_destroy(options);
    scene_close(&scene);
}

/* The file may not grow further: no other limit of a file system is to be had without privileges. */
static void disk_full(void) {
    for (int format = 0; format < 2; format++)
        for (rlim_t limit = 1; limit < 2200; limit += 700) {
            struct scene scene;
            bj_error *error;
            struct rlimit old, small;
            check_context("%s, %d bytes", FORMATS[format], (int)limit);
            scene_open(&scene, format, 3, ETAG);
            CHECK(length_of(&scene.content, format) > 2200);
            signal(SIGXFSZ, SIG_IGN);
            getrlimit(RLIMIT_FSIZE, &old);
            small = old;
            small.rlim_cur = limit;
            setrlimit(RLIMIT_FSIZE, &small);
            bj_status status = save(scene.client, scene.options, NULL, &error);
            setrlimit(RLIMIT_FSIZE, &old);
            signal(SIGXFSZ, SIG_DFL);
            CHECK_TEXT(bj_error_detail(error, "errno"), "EFBIG");
            CHECK_HAS(bj_error_message(error), at.partial);
            EXPECT_ERROR(status, BJ_E_FILE, error);
            CHECK(!file_exists(at.path));
            CHECK_INT(save(scene.client, scene.options, NULL, NULL), BJ_OK);
            check_saved(bytes_of(&scene.content, format), length_of(&scene.content, format));
            scene_close(&scene);
        }
}

/* A process that is killed on the way, after a place was noted: the next one goes on there. The host sends the same
 * lines over and over, 72 MiB of them in two files, and waits before the end of the second. */
static void killed(void) {
    for (int format = 0; format < 2; format++) {
        struct host host;
        struct content content = {0};
        bj_options *options = make_options("save_format", FORMATS[format], NULL);
        const size_t times = 36;
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
    RUN(taken_up_after_an_error);
    RUN(stopped_on_the_way);
    RUN(leftovers);
    RUN(behind_a_token);
    RUN(disk_full);
    RUN(killed);
    return check_report("partial");
}
