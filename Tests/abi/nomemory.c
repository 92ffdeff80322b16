/* The n-th allocation fails, for every n, once and from then on: each call ends well or with
 * BJ_E_NO_MEMORY, and leaves nothing behind.
 *
 * malloc and its like are this program's own. They look at the address they are called from: only
 * what the library's C buffers, libcurl and jansson ask for is refused. Objects of Swift come from
 * posix_memalign; Swift has no answer to a refusal but to end the process, so these are left out. */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* glibc's own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* Where the libraries' code lies. */
static struct range {
    uintptr_t from, to;
    const char *of; /* a part of the library's name */
} ranges[16];
static int range_count;

static int find_ranges(struct dl_phdr_info *info, size_t size, void *payload) {
    static const char *const names[] = {"libbatchjobs", "libcurl", "libjansson"};
    const char *of = NULL;
    (void)size, (void)payload;
    for (int i = 0; i < 3; i++)
        if (strstr(info->dlpi_name, names[i]) != NULL) of = names[i];
    if (of == NULL) return 0;
    for (int i = 0; i < info->dlpi_phnum && range_count < 16; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X)) continue;
        uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        ranges[range_count++] = (struct range){from, from + info->dlpi_phdr[i].p_memsz, of};
    }
    return 0;
}

/* Whose code that is; NULL: none of theirs. */
static const char *is_theirs(void *caller) {
    for (int i = 0; i < range_count; i++)
        if ((uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to) return ranges[i].of;
    return NULL;
}

/* What is refused; the test itself is left alone, jansson and libcurl serve it too. */
static struct {
    int armed;       /* a scenario runs */
    long count, at;  /* allocations so far, and the one that fails; 0: none */
    int for_good;
    size_t largest; /* above that all are refused; 0: no such threshold */
    long refused;
    const char *of; /* whose was the first that was refused */
} plan;

/* Blocks that the libraries hold, by address: open addressing, with a mark where one was. */
#define BLOCKS (1u << 16)
#define GONE ((void *)1)
static void *blocks[BLOCKS];
static long held;
static atomic_flag lock = ATOMIC_FLAG_INIT;

static size_t slot_of(void *block) { return ((uintptr_t)block >> 4) * 2654435761u % BLOCKS; }

static void keep(void *block) {
    if (block == NULL) return;
    while (atomic_flag_test_and_set(&lock)) continue;
    size_t slot = slot_of(block);
    while (blocks[slot] != NULL && blocks[slot] != GONE) slot = (slot + 1) % BLOCKS;
    blocks[slot] = block;
    held++;
    atomic_flag_clear(&lock);
}

static int let_go(void *block) {
    int found = 0;
    if (block == NULL || held == 0) return 0;
    while (atomic_flag_test_and_set(&lock)) continue;
    for (size_t slot = slot_of(block); blocks[slot] != NULL; slot = (slot + 1) % BLOCKS)
        if (blocks[slot] == block) {
            blocks[slot] = GONE;
            held--;
            found = 1;
            break;
        }
    atomic_flag_clear(&lock);
    return found;
}

static int refuses(void *caller, size_t size) {
    const char *of = plan.armed ? is_theirs(caller) : NULL;
    if (of == NULL) return 0;
    plan.count++;
    int is_its_turn = plan.at > 0 && plan.count >= plan.at && (plan.count == plan.at || plan.for_good);
    if (!is_its_turn && (plan.largest == 0 || size <= plan.largest)) return 0;
    if (plan.refused++ == 0) plan.of = of;
    errno = ENOMEM;
    return 1;
}

static void *given(void *block, void *caller) {
    if (plan.armed && is_theirs(caller)) keep(block);
    return block;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) { return refuses(CALLER, size) ? NULL : given(__libc_malloc(size), CALLER); }

void *calloc(size_t count, size_t size) { return refuses(CALLER, count * size) ? NULL : given(__libc_calloc(count, size), CALLER); }

void *realloc(void *old, size_t size) {
    if (refuses(CALLER, size)) return NULL;
    int was_theirs = let_go(old);
    void *block = __libc_realloc(old, size);
    if (was_theirs || (plan.armed && is_theirs(CALLER))) keep(block != NULL ? block : old);
    return block;
}

char *strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = refuses(CALLER, size) ? NULL : given(__libc_malloc(size), CALLER);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

/* Swift's objects: never refused, but counted among what is held. */
int posix_memalign(void **out, size_t alignment, size_t size) {
    *out = given(__libc_memalign(alignment, size), CALLER);
    return *out != NULL ? 0 : ENOMEM;
}

void free(void *block) {
    let_go(block);
    __libc_free(block);
}

/* Scenarios: each makes a client, does one thing, gives everything back, and answers how it ended.
 * What they need of the test's own is made before. */
static const char *key, *base, *project, *id;

static bj_status client_of(bj_client **client, const char *service) {
    bj_options *options = NULL;
    bj_error *error = NULL;
    const char *const pairs[][2] = {
        {"api_key", key}, {"base_url", base}, {strcmp(service, "veryfront") == 0 ? "project" : "user_agent", project},
        {"max_attempts", "1"}, {"header.X-Own", "value"}, {"poll_min_ms", "50"}, {"poll_max_ms", "50"},
        {"wait_timeout_ms", "3000"},
    };
    *client = NULL;
    bj_status status = bj_options_new(&options, &error);
    for (size_t i = 0; status == BJ_OK && i < sizeof pairs / sizeof *pairs; i++) {
        bj_error_destroy(error);
        status = bj_options_set(options, pairs[i][0], pairs[i][1], &error);
    }
    if (status == BJ_OK) status = bj_client_new(client, service, options, &error);
    CHECK((error != NULL) == (status < 0) && (*client != NULL) == (status == BJ_OK));
    bj_error_destroy(error);
    bj_options_destroy(options);
    return status;
}

/* What nobody can know better: libcurl calls a refusal in its resolver an unknown host, one amid a
 * header too long a line, and 7.88 sends a request without its query where it could not copy that;
 * jansson goes on with a text that lacks bytes, be it a cursor, where it can hide that behind a number. */
static int may_say(bj_status status) {
    if (plan.of == NULL) return 0;
    if (status == BJ_E_NO_MEMORY) return 1;
    if (strcmp(plan.of, "libcurl") == 0) return status == BJ_E_DNS || status == BJ_E_LIMIT || status == BJ_E_CURSOR;
    return strcmp(plan.of, "libjansson") == 0 && (status == BJ_E_PROTOCOL || status == BJ_E_BAD_REQUEST);
}

/* An error says what it is, also when there was no memory. */
static bj_status ended(bj_status status, bj_error **out) {
    bj_error *error = *out;
    if (status < 0) {
        CHECK_INT(bj_error_status(error), status);
        CHECK(bj_error_message(error) != NULL);
        for (size_t i = 0; i < bj_error_detail_count(error); i++) CHECK(bj_error_detail_name(error, i) != NULL);
        CHECK(bj_error_detail(error, "none") == NULL);
    } else {
        CHECK(error == NULL);
    }
    bj_error_destroy(error);
    return status;
}

static bj_status get(bj_client *client) {
    bj_job *job = NULL, *copy = NULL;
    bj_error *error;
    bj_status status = ended(bj_client_get(&job, client, id, NULL, NULL, &error), &error);
    if (status == BJ_OK) {
        CHECK_TEXT(bj_job_id(job), id);
        status = ended(bj_job_retain(&copy, job, &error), &error);
        if (status == BJ_OK) CHECK_TEXT(bj_job_id(copy), id);
        bj_job_field(job, "/status", NULL, NULL);
    }
    CHECK((copy != NULL) == (status == BJ_OK));
    bj_job_destroy(copy);
    bj_job_destroy(job);
    return status;
}

static bj_status list(bj_client *client) {
    bj_options *options = NULL;
    bj_pages *pages = NULL;
    const bj_page *page;
    bj_error *error;
    size_t jobs = 0;
    bj_status status = ended(bj_options_new(&options, &error), &error);
    if (status == BJ_OK) status = ended(bj_options_set(options, "page_size", "20", &error), &error);
    if (status == BJ_OK) status = ended(bj_options_set(options, "max_items", "30", &error), &error);
    if (status == BJ_OK) status = ended(bj_pages_open(&pages, client, options, NULL, &error), &error);
    while (status == BJ_OK && (status = ended(bj_pages_next(&page, pages, &error), &error)) == BJ_OK) {
        bj_columns *columns;
        jobs += bj_page_count(page);
        bj_page_next_cursor(page);
        status = ended(bj_page_columns(&columns, page, &error), &error);
        bj_columns_destroy(columns);
    }
    if (status == BJ_END) CHECK_INT(jobs, 30);
    bj_pages_destroy(pages);
    bj_options_destroy(options);
    return status == BJ_END ? BJ_OK : status;
}

static bj_status wait_for_one(bj_client *client) {
    bj_job *job;
    bj_error *error;
    bj_status status = ended(bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, &error), &error);
    if (status == BJ_OK) CHECK_INT(bj_job_phase(job), BJ_PHASE_DONE);
    bj_job_destroy(job);
    return status;
}

static bj_status wait_for_many(bj_client *client) {
    const char *ids[] = {id, "no-such-job", id, "neither-this"};
    bj_waits *waits = NULL;
    const bj_event *event;
    bj_error *error;
    int finals = 0;
    bj_status status = ended(bj_waits_open(&waits, client, ids, 4, NULL, NULL, &error), &error);
    while (status == BJ_OK && (status = ended(bj_waits_next(&event, waits, &error), &error)) == BJ_OK) {
        finals += bj_event_is_final(event);
        if (bj_event_error(event) == NULL) continue;
        bj_status failed = bj_error_status(bj_event_error(event));
        CHECK(failed == BJ_E_NOT_FOUND || may_say(failed));
    }
    if (status == BJ_END) CHECK_INT(finals, 4);
    bj_waits_destroy(waits);
    return status == BJ_END ? BJ_OK : status;
}

static bj_status results(bj_client *client) {
    bj_results *results = NULL;
    const bj_batch *batch;
    const char *token;
    bj_error *error;
    bj_status status = ended(bj_results_open(&results, client, id, NULL, NULL, &error), &error);
    while (status == BJ_OK && (status = ended(bj_results_next_batch(&batch, results, &error), &error)) == BJ_OK) {
        int64_t last = bj_batch_first_index(batch) + (int64_t)bj_batch_count(batch) - 1;
        bj_batch_keys(batch, NULL);
        status = ended(bj_results_token_at(&token, results, last, &error), &error);
    }
    if (status == BJ_END) CHECK(bj_results_records(results) > 0);
    if (status == BJ_END && bj_results_expected(results) >= 0) CHECK_INT(bj_results_records(results), bj_results_expected(results));
    bj_results_destroy(results);
    return status == BJ_END ? BJ_OK : status;
}

static bj_status save(bj_client *client) {
    char path[300];
    bj_error *error;
    snprintf(path, sizeof path, "%s/nomemory.jsonl", getenv("TEST_FOLDER"));
    bj_status status = ended(bj_client_save(client, id, path, NULL, NULL, NULL, NULL, &error), &error);
    unlink(path);
    return status;
}

static bj_status nothing(bj_client *client) {
    bj_cancel *cancel;
    bj_error *error;
    (void)client;
    bj_status status = ended(bj_cancel_new(&cancel, &error), &error);
    bj_cancel_fire(cancel);
    bj_cancel_destroy(cancel);
    return status;
}

static const struct scenario {
    const char *name, *service, *sample;
    bj_status (*run)(bj_client *client);
    bj_status wanted;
} SCENARIOS[] = {
    {"client", "crustdata", "succeeded", nothing, BJ_OK},
    {"get", "crustdata", "succeeded", get, BJ_OK},
    {"get", "veryfront", "succeeded", get, BJ_OK},
    {"a job that is not there", "reach", NULL, get, BJ_E_NOT_FOUND},
    {"list", "crustdata", "succeeded", list, BJ_OK},
    {"list", "spidra", "succeeded", list, BJ_OK},
    {"list", "reach", "succeeded", list, BJ_OK},
    {"wait", "reach", "succeeded", wait_for_one, BJ_OK},
    {"waits", "spidra", "succeeded", wait_for_many, BJ_OK},
    {"results", "crustdata", "succeeded", results, BJ_OK},
    {"results", "spidra", "succeeded", results, BJ_OK},
    {"results", "reach", "partial", results, BJ_OK},
    {"results", "veryfront", "succeeded", results, BJ_OK},
    {"save", "crustdata", "succeeded", save, BJ_OK},
};

static bj_status once(const struct scenario *scenario, long at, int for_good) {
    bj_client *client;
    plan.at = at, plan.for_good = for_good, plan.count = plan.refused = 0, plan.of = NULL;
    plan.armed = 1;
    bj_status status = client_of(&client, scenario->service);
    if (status == BJ_OK) status = scenario->run(client);
    plan.at = 0;
    bj_client_destroy(client);
    plan.armed = 0;
    return status;
}

static void torture(const struct scenario *scenario) {
    key = service_key(scenario->service), base = fact(scenario->service), project = fact("project");
    id = scenario->sample != NULL ? sample(scenario->service, scenario->sample) : "nobody";
    calm();
    /* What is made once for the process is made here. */
    for (int i = 0; i < 2; i++) CHECK_INT(once(scenario, 0, 0), scenario->wanted);
    long all = plan.count, before = held, refused = 0, other = 0;
    CHECK(all > 5);
    for (int for_good = 0; for_good < 2; for_good++)
        for (long n = 1; n <= all + 2; n++) {
            check_context("%s %s, n=%ld of %ld%s", scenario->service, scenario->name, n, all, for_good ? " and on" : "");
            bj_status status = once(scenario, n, for_good);
            refused += plan.refused > 0;
            other += plan.refused > 0 && status != BJ_E_NO_MEMORY;
            if (status < 0 && !may_say(status)) CHECK_INT(status, scenario->wanted);
            /* What is made once for the process may be made here; a leak would come again. */
            if (held > before) before = held, once(scenario, n, for_good);
            if (!CHECK_INT(held, before)) before = held;
        }
    CHECK(refused >= all); /* they were really refused */
    printf("  %s %s: %ld allocations, %ld refusals, %ld of them without harm\n", scenario->service, scenario->name, all, refused, other);
}

static void every_allocation(void) {
    if (!CHECK(range_count >= 3)) return;
    for (size_t i = 0; i < sizeof SCENARIOS / sizeof *SCENARIOS; i++) torture(&SCENARIOS[i]);
}

/* Only what is large is refused: the call fails, and the client is as good as before. */
static void over_a_threshold(void) {
    for (size_t i = 0; i < sizeof SCENARIOS / sizeof *SCENARIOS; i++) {
        const struct scenario *scenario = &SCENARIOS[i];
        bj_client *client;
        if (scenario->sample == NULL || scenario->run == nothing) continue;
        key = service_key(scenario->service), base = fact(scenario->service), project = fact("project");
        id = sample(scenario->service, scenario->sample);
        calm();
        CHECK_INT(client_of(&client, scenario->service), BJ_OK);
        for (size_t largest = 100000; largest >= 100; largest /= 10) {
            check_context("%s %s, nothing above %zu bytes", scenario->service, scenario->name, largest);
            plan.largest = largest, plan.refused = 0, plan.of = NULL, plan.armed = 1;
            bj_status status = scenario->run(client);
            plan.largest = 0, plan.armed = 0;
            CHECK(plan.refused > 0 ? status == BJ_OK || may_say(status) : status == BJ_OK);
            if (largest == 100) CHECK(plan.refused > 0 && status < 0);
            CHECK_INT(scenario->run(client), BJ_OK);
        }
        bj_client_destroy(client);
    }
}

int main(void) {
    dl_iterate_phdr(find_ranges, NULL);
    RUN(every_allocation);
    RUN(over_a_threshold);
    return check_report("nomemory");
}
