/*
 * What a program finds unchanged after the library was loaded, used and destroyed: signal
 * dispositions and mask, threads, file descriptors, directory, locale, environment, output.
 * Loads the library by itself, so that the state before it is known. Since it is never unloaded,
 * what it maps may stay.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <batchjobs.h>
#include <jansson.h>

#include "check.h"

extern char **environ;

struct state {
    struct sigaction actions[65];
    sigset_t mask;
    size_t threads, fds, variables;
    unsigned long environment; /* a sum of it */
    char directory[1000], locale[1000];
    mode_t umask;
    int rounding, exceptions;
};

static size_t entries(const char *path) {
    size_t count = 0;
    DIR *directory = opendir(path);
    while (directory != NULL && readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static void look(struct state *state) {
    memset(state, 0, sizeof *state);
    for (int number = 1; number < 65; number++) sigaction(number, NULL, &state->actions[number]);
    sigprocmask(SIG_BLOCK, NULL, &state->mask);
    state->threads = entries("/proc/self/task");
    state->fds = entries("/proc/self/fd");
    for (char **variable = environ; *variable != NULL; variable++, state->variables++)
        for (char *c = *variable; *c != '\0'; c++) state->environment = state->environment * 31 + (unsigned char)*c;
    CHECK(getcwd(state->directory, sizeof state->directory) != NULL);
    snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
    state->umask = umask(0);
    umask(state->umask);
    state->rounding = fegetround();
}

static void same(const struct state *before, const struct state *after, const char *when) {
    for (int number = 1; number < 65; number++) {
        check_context("%s, signal %d", when, number);
        CHECK(before->actions[number].sa_handler == after->actions[number].sa_handler);
        CHECK_INT(after->actions[number].sa_flags, before->actions[number].sa_flags);
    }
    check_context("%s", when);
    CHECK(memcmp(&before->mask, &after->mask, sizeof before->mask) == 0);
    CHECK_INT(after->threads, before->threads);
    CHECK_INT(after->fds, before->fds);
    CHECK_INT(after->variables, before->variables);
    CHECK(after->environment == before->environment);
    CHECK_TEXT(after->directory, before->directory);
    CHECK_TEXT(after->locale, before->locale);
    CHECK_INT(after->umask, before->umask);
    CHECK_INT(after->rounding, before->rounding);
}

/* The functions of the header, found in the library at run time. */
#define FIND(name)                                     \
    __typeof__(name) *name##_;                         \
    void *found_##name = dlsym(library, #name);        \
    memcpy(&name##_, &found_##name, sizeof found_##name)

static int32_t count_jobs(const bj_page *page, void *payload) {
    (void)page;
    ++*(int *)payload;
    return 0;
}

static int32_t count_records(const bj_record *record, void *payload) {
    (void)record;
    ++*(int *)payload;
    return 0;
}

static void use(void *library, const json_t *facts, const char *service) {
    FIND(bj_options_new);
    FIND(bj_options_set);
    FIND(bj_options_destroy);
    FIND(bj_client_new);
    FIND(bj_client_list);
    FIND(bj_client_results);
    FIND(bj_client_destroy);
    FIND(bj_cancel_new);
    FIND(bj_cancel_fire);
    FIND(bj_cancel_destroy);
    FIND(bj_error_destroy);
    bj_options *options;
    bj_client *client;
    bj_cancel *cancel;
    bj_error *error;
    int pages = 0, records = 0;
    const char *large = json_string_value(json_object_get(json_object_get(json_object_get(facts, "samples"), service), "large"));
    bj_options_new_(&options, NULL);
    bj_options_set_(options, "api_key", json_string_value(json_object_get(json_object_get(facts, "keys"), service)), NULL);
    bj_options_set_(options, "base_url", json_string_value(json_object_get(facts, service)), NULL);
    if (!CHECK_INT(bj_client_new_(&client, service, options, NULL), BJ_OK)) return;
    CHECK_INT(bj_client_list_(client, NULL, NULL, count_jobs, &pages, NULL), BJ_OK);
    CHECK_INT(bj_client_results_(client, large, NULL, NULL, count_records, &records, NULL), BJ_OK);
    CHECK(pages > 0 && records > 0);
    /* An error and a cancel leave nothing behind either. */
    bj_cancel_new_(&cancel, NULL);
    bj_cancel_fire_(cancel);
    CHECK_INT(bj_client_results_(client, large, NULL, cancel, count_records, &records, &error), BJ_E_CANCELLED);
    bj_error_destroy_(error);
    CHECK_INT(bj_client_results_(client, "no-such-job", NULL, NULL, count_records, &records, &error), BJ_E_NOT_FOUND);
    bj_error_destroy_(error);
    bj_cancel_destroy_(cancel);
    bj_client_destroy_(client);
    bj_options_destroy_(options);
}

/* A file in place of stdout or stderr, to see that nothing is written there. */
static int divert(int descriptor, const char *path) {
    int kept = dup(descriptor), file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, descriptor);
    close(file);
    return kept;
}

static off_t restore(int descriptor, int kept) {
    struct stat file;
    fstat(descriptor, &file);
    dup2(kept, descriptor);
    close(kept);
    return file.st_size;
}

static void leaves_no_trace(void) {
    struct state before, loaded, after;
    json_error_t problem;
    json_t *facts = json_load_file(getenv("SIMULATOR"), 0, &problem);
    /* Other libraries open what they need at their first use, whoever uses them. */
    look(&before);
    fflush(NULL);
    int out = divert(1, "hygiene.out"), err = divert(2, "hygiene.err");
    void *library = dlopen("libbatchjobs.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        restore(1, out);
        restore(2, err);
        fprintf(stderr, "%s\n", dlerror());
        CHECK(library != NULL);
        return;
    }
    look(&loaded);
    use(library, facts, "crustdata");
    use(library, facts, "spidra");
    use(library, facts, "reach");
    dlclose(library);
    fflush(NULL);
    CHECK_INT(restore(1, out), 0);
    CHECK_INT(restore(2, err), 0);
    look(&after);
    same(&before, &after, "used");
    loaded.fds -= 2; /* the two that stood in for the output */
    same(&before, &loaded, "loaded");
    /* Not unloaded: the code is still there. */
    CHECK(dlopen("libbatchjobs.so.0", RTLD_NOW | RTLD_NOLOAD) != NULL);
    json_decref(facts);
    unlink("hygiene.out");
    unlink("hygiene.err");
}

int main(void) {
    if (chdir(getenv("TEST_FOLDER") != NULL ? getenv("TEST_FOLDER") : "/tmp") != 0) return 3;
    RUN(leaves_no_trace);
    return check_report("hygiene");
}
