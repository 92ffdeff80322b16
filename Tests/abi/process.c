/* The library in a process with a life of its own: fork, signals, descriptors that run out. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers.h"
#include "support.h"

static int32_t count_page(const bj_page *page, void *payload) {
    *(size_t *)payload += bj_page_count(page);
    return 0;
}

static int32_t count_record(const bj_record *record, void *payload) {
    *(size_t *)payload += bj_record_index(record) >= 0;
    return 0;
}

static bj_status get(bj_client *client, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, error);
    bj_job_destroy(job);
    return status;
}

/* Fork */

struct family {
    bj_client *client;
    bj_pages *pages, *unasked;
    bj_results *results;
    const bj_page *page;
    bj_cancel *cancel;
    bj_job *job;
    bj_columns *columns;
};

/* In the child: the number of things that were not as they should be. */
static int is_state(bj_status status, bj_error *error) {
    int wrong = status != BJ_E_STATE || bj_error_status(error) != BJ_E_STATE || bj_error_message(error) == NULL;
    if (wrong) fprintf(stderr, "in the child: %s: %s\n", bj_status_name(status), bj_error_message(error));
    bj_error_destroy(error);
    return wrong;
}

static int child(struct family *family, int uses) {
    int wrong = 0;
    if (uses) {
        bj_error *error;
        const bj_page *page;
        const bj_record *record;
        bj_job *job;
        bj_pages *pages;
        bj_results *results;
        bj_status status;
        size_t count = 0;
        for (int round = 0; round < 2; round++) {
            status = bj_pages_next(&page, family->pages, &error);
            wrong += is_state(status, error) || page != NULL;
            status = bj_pages_next(&page, family->unasked, &error);
            wrong += is_state(status, error);
            status = bj_results_next(&record, family->results, &error);
            wrong += is_state(status, error) || record != NULL;
            status = bj_client_get(&job, family->client, sample("crustdata", "succeeded"), NULL, NULL, &error);
            wrong += is_state(status, error) || job != NULL;
            status = bj_client_list(family->client, NULL, NULL, count_page, &count, &error);
            wrong += is_state(status, error);
            status = bj_client_results(family->client, sample("crustdata", "succeeded"), NULL, NULL, count_record, &count, &error);
            wrong += is_state(status, error);
            status = bj_pages_open(&pages, family->client, NULL, NULL, &error);
            wrong += is_state(status, error) || pages != NULL;
            status = bj_results_open(&results, family->client, sample("crustdata", "succeeded"), NULL, NULL, &error);
            wrong += is_state(status, error) || results != NULL;
        }
        wrong += count != 0;
        /* What lives in memory only can still be read, and a client of the child's own works. */
        wrong += strcmp(bj_job_id(family->job), sample("crustdata", "succeeded")) != 0;
        wrong += bj_columns_count(family->columns) != 20;
        bj_client *own = make_client("crustdata", NULL, NULL);
        wrong += get(own, NULL) != BJ_OK;
        bj_client_destroy(own);
        bj_client_cancel(family->client);
        bj_cancel_fire(family->cancel); /* the child's own flag; the parent's is another */
    }
    bj_results_destroy(family->results);
    bj_pages_destroy(family->pages);
    bj_pages_destroy(family->unasked);
    bj_client_destroy(family->client);
    bj_cancel_destroy(family->cancel);
    bj_job_destroy(family->job);
    bj_columns_destroy(family->columns);
    return wrong;
}

/* The one a job was asked for on: a page that is fetched ahead may be noted at any time. */
static json_int_t last_connection(const char *service) {
    json_t *list = requests();
    json_int_t number = -1;
    for (size_t i = json_array_size(list); i-- > 0 && number < 0;) {
        json_t *request = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(request, "service")), service) == 0 &&
            strcmp(json_string_value(json_object_get(request, "operation")), "get") == 0)
            number = json_integer_value(json_object_get(request, "connection"));
    }
    json_decref(list);
    return number;
}

/* Ends the child by becoming another program: what libcurl holds for the parent's connections is left
 * behind on purpose, and valgrind would call it lost. */
static void end_child(int wrong) {
    char command[20];
    fflush(stderr);
    snprintf(command, sizeof command, "exit %d", wrong);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(98);
}

/* A child that uses what is the parent's, one that only gives it back, one that just ends. */
static void forked(const char *base, const char *ca) {
    for (int kind = 0; kind < 3; kind++) {
        struct family family;
        size_t jobs = 20, records = 1;
        const bj_page *page;
        const bj_record *record;
        bj_status status;
        check_context("%s, child %d", base, kind);
        calm();
        family.client = make_client("crustdata", "page_size", "20", "base_url", base, "ca_file", ca, NULL);
        CHECK_INT(bj_cancel_new(&family.cancel, NULL), BJ_OK);
        CHECK_INT(bj_pages_open(&family.pages, family.client, NULL, family.cancel, NULL), BJ_OK);
        CHECK_INT(bj_pages_open(&family.unasked, family.client, NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_results_open(&family.results, family.client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_client_get(&family.job, family.client, sample("crustdata", "succeeded"), NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_pages_next(&page, family.pages, NULL), BJ_OK);
        CHECK_INT(bj_page_columns(&family.columns, page, NULL), BJ_OK);
        CHECK_INT(bj_results_next(&record, family.results, NULL), BJ_OK);
        CHECK_INT(get(family.client, NULL), BJ_OK);
        json_int_t before = last_connection("crustdata");
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) end_child(kind == 2 ? 0 : child(&family, kind == 0));
        int how = -1;
        CHECK(waitpid(pid, &how, 0) == pid);
        CHECK(WIFEXITED(how));
        CHECK_INT(WEXITSTATUS(how), 0);
        /* The parent goes on where it was, on the connection it had. */
        json_decref(control("DELETE", "/requests", NULL));
        CHECK_INT(get(family.client, NULL), BJ_OK);
        if (ca == NULL) CHECK_INT(last_connection("crustdata"), before);
        while ((status = bj_pages_next(&page, family.pages, NULL)) == BJ_OK) jobs += bj_page_count(page);
        CHECK_INT(status, BJ_END);
        CHECK_INT(jobs, 230);
        while ((status = bj_results_next(&record, family.results, NULL)) == BJ_OK) records++;
        CHECK_INT(status, BJ_END);
        CHECK_INT(records, bj_job_count(bj_results_job(family.results), BJ_COUNT_RESULTS));
        CHECK_INT(child(&family, 0), 0); /* it gives back the same things */
    }
}

static void forks(void) { forked(fact("crustdata"), NULL); }

/* With TLS nothing may be said in the parent's name: its next record would have the wrong number. */
static void forks_with_tls(void) {
    if (getenv("SIMULATOR_TLS") == NULL) check_skip("no TLS simulator");
    else forked(getenv("SIMULATOR_TLS"), getenv("SIMULATOR_CA"));
}

/* Signals */

static void *reset_all(void *payload) {
    peer_answer(payload, 40, "", 1);
    return NULL;
}

/* A peer that goes away while we write: an error of the call, with the disposition nobody changed. */
static void sigpipe(void) {
    struct sigaction action, found;
    struct peer peer;
    pthread_t thread;
    char big[60000];
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &action, NULL);
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    peer_silent(&peer);
    /* A head that takes more than one write, so that the later ones meet a connection that is gone. */
    bj_client *client = make_client("crustdata", "base_url", peer_url(&peer, "http"), "max_attempts", "1", "header.X-A", big,
                                    "header.X-B", big, "header.X-C", big, "header.X-D", big, NULL);
    pthread_create(&thread, NULL, reset_all, &peer);
    for (int i = 0; i < 30; i++) {
        bj_error *error;
        EXPECT_ERROR(get(client, &error), BJ_E_TRANSPORT, error);
    }
    bj_client_destroy(client);
    client = make_client("crustdata", "base_url", peer_url(&peer, "http"), "max_attempts", "1", NULL);
    for (int i = 0; i < 10; i++) get(client, NULL);
    pthread_join(thread, NULL);
    bj_client_destroy(client);
    peer_close(&peer);
    /* TLS writes its goodbye, to nobody. */
    if (getenv("SIMULATOR_TLS") != NULL) {
        client = make_client("crustdata", "base_url", getenv("SIMULATOR_TLS"), "ca_file", getenv("SIMULATOR_CA"), NULL);
        CHECK_INT(get(client, NULL), BJ_OK);
        bj_client_destroy(client);
    }
    sigaction(SIGPIPE, NULL, &found);
    CHECK(found.sa_handler == SIG_DFL);
    /* The mask is as it was, too: neither blocked nor pending. */
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    CHECK_INT(sigismember(&mask, SIGPIPE), 0);
    sigpending(&mask);
    CHECK_INT(sigismember(&mask, SIGPIPE), 0);
}

static volatile sig_atomic_t signals;

static void on_signal(int number) {
    (void)number;
    signals++;
}

static void *raise_often(void *payload) {
    volatile int *going = payload;
    while (*going) {
        kill(getpid(), SIGCHLD);
        sleep_ms(1);
    }
    return NULL;
}

/* A thousand signals a second, without SA_RESTART: EINTR everywhere, and nobody sees it. */
static void storm(void) {
    struct sigaction action, alarm_before, child_before;
    struct itimerval timer = {{0, 1000}, {0, 1000}}, none = {{0, 0}, {0, 0}};
    volatile int going = 1;
    pthread_t thread;
    bj_client *client = make_client("crustdata", "page_size", "20", NULL);
    calm();
    size_t all = 0;
    CHECK_INT(bj_client_results(client, sample("crustdata", "large"), NULL, NULL, count_record, &all, NULL), BJ_OK);
    plant("crustdata", "list", -1, 0, "{\"fault\": \"stall\", \"bytes\": 500, \"seconds\": 0.03}");
    plant("storage", "any", 3, 0, "{\"fault\": \"slow\", \"rate\": 60000}");
    plant("crustdata", "get", 1, 1, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"60\"}}");
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGALRM, &action, &alarm_before);
    sigaction(SIGCHLD, &action, &child_before);
    signals = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    pthread_create(&thread, NULL, raise_often, (void *)&going);
    size_t jobs = 0, records = 0;
    bj_status list = bj_client_list(client, NULL, NULL, count_page, &jobs, NULL);
    bj_status results = bj_client_results(client, sample("crustdata", "large"), NULL, NULL, count_record, &records, NULL);
    bj_status one = get(client, NULL);
    going = 0;
    setitimer(ITIMER_REAL, &none, NULL);
    while (pthread_join(thread, NULL) == EINTR) {}
    sigaction(SIGALRM, &alarm_before, NULL);
    sigaction(SIGCHLD, &child_before, NULL);
    CHECK_INT(list, BJ_OK);
    CHECK_INT(jobs, 230);
    CHECK_INT(results, BJ_OK);
    CHECK_INT(records, all);
    CHECK_INT(one, BJ_OK);
    CHECK(signals > 100);
    bj_client_destroy(client);
    calm();
}

/* Descriptors */

static void no_descriptors(void) {
    struct rlimit before, low;
    bj_client *client = make_client("crustdata", "max_attempts", "1", "timeout_ms", "2000", "connect_timeout_ms", "500", NULL);
    bj_client *warm = make_client("crustdata", "max_attempts", "1", NULL);
    bj_error *error;
    bj_cancel *cancel;
    int held[256], count = 0;
    calm();
    CHECK_INT(get(warm, NULL), BJ_OK);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = 128;
    setrlimit(RLIMIT_NOFILE, &low);
    while (count < 256 && (held[count] = open("/dev/null", O_RDONLY)) >= 0) count++;
    for (int i = 0; i < 3; i++) {
        size_t jobs = 0;
        int64_t began = now_ms();
        bj_status status = get(client, &error);
        CHECK(status < 0 && now_ms() - began <= patience(2500));
        EXPECT_ERROR(status, status, error);
        status = bj_client_list(client, NULL, NULL, count_page, &jobs, &error);
        CHECK(status < 0 && jobs == 0);
        EXPECT_ERROR(status, status, error);
        status = bj_cancel_new(&cancel, &error);
        CHECK(cancel == NULL);
        EXPECT_ERROR(status, BJ_E_LIMIT, error);
        /* A client that has its connection needs no other. */
        CHECK_INT(get(warm, NULL), BJ_OK);
    }
    /* A client can be made without any, and says so when it is used. */
    bj_client *late = make_client("crustdata", "max_attempts", "1", "connect_timeout_ms", "500", NULL);
    bj_status status = get(late, &error);
    CHECK(status < 0);
    EXPECT_ERROR(status, status, error);
    while (count > 0) close(held[--count]);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK_INT(get(client, NULL), BJ_OK);
    CHECK_INT(get(late, NULL), BJ_OK);
    CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
    bj_cancel_destroy(cancel);
    bj_client_destroy(late);
    bj_client_destroy(client);
    bj_client_destroy(warm);
}

int main(void) {
    RUN(forks);
    RUN(forks_with_tls);
    RUN(sigpipe);
    RUN(storm);
    RUN(no_descriptors);
    return check_report("process");
}
