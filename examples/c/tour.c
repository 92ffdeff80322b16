/*
 * A walk through the library: list, get and results, on every service there is
 * a key for. `make demo` runs it against simulated services; with your own:
 *
 *     CRUSTDATA_KEY=... SPIDRA_KEY=... ./tour
 *
 * SERVICE_KEY    the account's key         SERVICE_URL  another address to ask
 * SERVICE_JOB    a job to look at, where the service has no list
 * VERYFRONT_PROJECT                        the project's id or slug
 */
#include <batchjobs.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { JOBS = 8, RECORDS = 3, WIDTH = 60 };

/* The environment variable SERVICE_NAME, or NULL. */
static const char *setting(const char *service, const char *name) {
    char variable[64];
    snprintf(variable, sizeof variable, "%s_%s", service, name);
    for (char *c = variable; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
    return getenv(variable);
}

static int failed(const char *what, bj_error *error) {
    printf("   %s: %s: %s\n", what, bj_status_name(bj_error_status(error)), bj_error_message(error));
    bj_error_destroy(error);
    return 1;
}

static const char *day(int64_t ms, char text[32]) {
    time_t seconds = (time_t)(ms / 1000);
    if (ms == BJ_TIME_NONE) return "-";
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", gmtime(&seconds));
    return text;
}

static void print_heading(void) {
    printf("   %-36s  %-7s  %-9s  %-15s  %-19s  %5s  %5s  %5s  %5s\n", "id", "phase", "outcome", "service's word",
           "created (UTC)", "total", "ended", "good", "bad");
}

static void print_job(const bj_job *job) {
    char text[32];
    const char *word = bj_job_status_word(job);
    printf("   %-36s  %-7s  %-9s  %-15s  %-19s", bj_job_id(job), bj_phase_name(bj_job_phase(job)),
           bj_outcome_name(bj_job_outcome(job)), word != NULL ? word : "-",
           day(bj_job_time(job, BJ_TIME_CREATED), text));
    /* A count that the service does not give is -1. */
    for (int which = BJ_COUNT_TOTAL; which <= BJ_COUNT_FAILED; which++) {
        int64_t count = bj_job_count(job, which);
        if (count < 0) printf("  %5s", "-");
        else printf("  %5lld", (long long)count);
    }
    putchar('\n');
}

/* Prints the newest jobs and keeps a copy of the first whose results are all there. */
static int list(bj_client *client, bj_job **chosen) {
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status status;
    size_t shown = 0;

    if (bj_pages_open(&pages, client, NULL, NULL, &error) < 0) return failed("list", error);
    print_heading();
    while ((status = bj_pages_next(&page, pages, &error)) == BJ_OK) {
        for (size_t i = 0; i < bj_page_count(page); i++) {
            const bj_job *job = bj_page_job(page, i);
            if (shown++ < JOBS) print_job(job);
            if (*chosen == NULL && bj_job_phase(job) == BJ_PHASE_DONE && bj_job_count(job, BJ_COUNT_FAILED) != 0 &&
                bj_job_outcome(job) != BJ_OUTCOME_FAILED && bj_job_retain(chosen, job, &error) < 0)
                return failed("retain", error);
        }
    }
    bj_pages_destroy(pages);
    if (status < 0) return failed("list", error);
    if (shown > JOBS) printf("   ... %zu jobs in all\n", shown);
    return 0;
}

static int get(bj_client *client, const char *id) {
    bj_job *job;
    bj_error *error;
    if (bj_client_get(&job, client, id, NULL, NULL, &error) < 0) return failed("get", error);
    printf("   one job, asked for by its id:\n");
    print_job(job);
    bj_job_destroy(job);
    return 0;
}

static int32_t print_record(const bj_record *record, void *payload) {
    size_t *count = payload, length;
    const char *data = bj_record_data(record, &length), *key = bj_record_key(record);
    if ((*count)++ >= RECORDS) return 0;
    if (length > WIDTH) {
        length = WIDTH; /* not in the middle of a character */
        while (length > 0 && ((unsigned char)data[length] & 0xC0) == 0x80) length--;
    }
    printf("   %3lld  %-9s  %-40s  %.*s\n", (long long)bj_record_index(record),
           bj_record_outcome_name(bj_record_outcome(record)), key != NULL ? key : "-", (int)length, data);
    return 0;
}

static int results(bj_client *client, const char *id) {
    bj_error *error;
    size_t count = 0;
    printf("   its records:\n");
    if (bj_client_results(client, id, NULL, NULL, print_record, &count, &error) < 0) return failed("results", error);
    printf("   ... %zu records in all\n", count);
    return 0;
}

static int visit(const char *service) {
    bj_options *options;
    bj_client *client;
    bj_error *error;
    bj_job *chosen = NULL;
    int problems = 0;

    printf("\n== %s\n", service);
    if (bj_options_new(&options, &error) < 0) return failed("options", error);
    bj_options_set(options, "api_key", setting(service, "KEY"), NULL);
    bj_options_set(options, "base_url", setting(service, "URL"), NULL);
    bj_options_set(options, "project", setting(service, "PROJECT"), NULL);
    if (bj_client_new(&client, service, options, &error) < 0) {
        bj_options_destroy(options);
        return failed("client", error);
    }
    if (bj_client_supports(client, BJ_CAN_LIST) == 1) problems += list(client, &chosen);
    else printf("   this service has no list of jobs\n");

    const char *id = chosen != NULL ? bj_job_id(chosen) : setting(service, "JOB");
    if (id != NULL) problems += get(client, id) + results(client, id);
    bj_job_destroy(chosen);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return problems;
}

int main(void) {
    int problems = 0;
    printf("libbatchjobs %s\n", bj_version());
    for (size_t i = 0; i < bj_provider_count(); i++)
        if (setting(bj_provider_name(i), "KEY") != NULL) problems += visit(bj_provider_name(i));
    return problems > 0;
}
