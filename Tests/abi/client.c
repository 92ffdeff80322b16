/* Section "Client": what makes one, what goes over the wire, connections, lifetimes, TLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* Wrong ways to make a client: each says what would be right, and sends nothing. */
static void bad_arguments(void) {
    static const struct { const char *provider, *name, *value, *says; } rows[] = {
        {NULL, "api_key", "k", "provider"},
        {"", "api_key", "k", "crustdata"},
        {"nobody", "api_key", "k", "veryfront"},
        {"CRUSTDATA", "api_key", "k", "crustdata"},
        {"crust\xFF" "data", "api_key", "k", "UTF-8"},
        {"crustdata", "user_agent", "me", "api_key"},
        {"veryfront", "api_key", "k", "project"},
        {"veryfront", "project", "p", "api_key"},
        {"spidra", "tenant_id", "t", "tenant_id"},
        {"crustdata", "base_url", "", NULL},
        {"crustdata", "base_url", "not a url", "address"},
        {"crustdata", "base_url", "127.0.0.1:80", "address"},
        {"crustdata", "base_url", "ftp://127.0.0.1", "address"},
        {"crustdata", "base_url", "file:///etc/passwd", "address"},
        {"crustdata", "base_url", "http://", "address"},
        {"crustdata", "base_url", "https://user:pw@host.example", "address"},
        {"crustdata", "base_url", "http://127.0.0.1:99999", "address"},
        {"crustdata", "base_url", "https://host.example/?q=1", "address"},
        {"crustdata", "base_url", "https://host.example/#part", "address"},
        {"crustdata", "base_url", "http://api.example", "allow_http"},
        {"crustdata", "base_url", "http://127.0.0.1.evil.example", "allow_http"},
        {"crustdata", "base_url", "http://localhost.evil.example", "allow_http"},
        {"crustdata", "proxy", "not a proxy", "proxy"},
    };
    calm();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = (bj_client *)1;
        bj_error *error = (bj_error *)1;
        int names_key = strcmp(rows[i].name, "user_agent") == 0 || strcmp(rows[i].name, "project") == 0;
        bj_options *options = make_options(names_key ? NULL : "api_key", "k", NULL);
        check_context("%s %s=%s", rows[i].provider, rows[i].name, rows[i].value);
        /* Some are refused when set, the others when used. */
        bj_status status = bj_options_set(options, rows[i].name, rows[i].value, &error);
        if (status == BJ_OK) {
            status = bj_client_new(&client, rows[i].provider, options, &error);
            CHECK(client == NULL);
            if (rows[i].says != NULL) CHECK_HAS(bj_error_message(error), rows[i].says);
        }
        EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        if (client != (bj_client *)1) bj_client_destroy(client);
        bj_options_destroy(options);
    }
    check_context("%s", "NULL");
    bj_client *client;
    bj_error *error;
    bj_options *options = make_options("api_key", "k", NULL);
    bj_status status = bj_client_new(NULL, "crustdata", options, &error);
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    status = bj_client_new(&client, "crustdata", NULL, &error);
    CHECK_HAS(bj_error_message(error), "api_key");
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    CHECK_INT(bj_client_new(&client, "crustdata", NULL, NULL), BJ_E_ARGUMENT);
    bj_options_destroy(options);
    CHECK_INT(request_count(), 0);
}

static void supports(void) {
    for (size_t i = 0; SERVICES[i] != NULL; i++) {
        bj_client *client = make_client(SERVICES[i], NULL, NULL);
        for (int32_t what = -1; what <= 5; what++)
            CHECK_INT(bj_client_supports(client, what), bj_provider_supports(SERVICES[i], what));
        bj_client_destroy(client);
    }
    CHECK_INT(bj_client_supports(NULL, BJ_CAN_LIST), -1);
}

/* Making a client opens nothing and sends nothing. */
static void new_sends_nothing(void) {
    calm();
    for (size_t i = 0; SERVICES[i] != NULL; i++) bj_client_destroy(make_client(SERVICES[i], NULL, NULL));
    CHECK_INT(request_count(), 0);
}

static void get_one(bj_client *client, const char *service) {
    bj_job *job;
    bj_error *error;
    if (CHECK_INT(bj_client_get(&job, client, sample(service, "succeeded"), NULL, NULL, &error), BJ_OK))
        CHECK_TEXT(bj_job_id(job), sample(service, "succeeded"));
    else fprintf(stderr, "    %s\n", bj_error_message(error));
    bj_error_destroy(error);
    bj_job_destroy(job);
}

static void headers_on_the_wire(void) {
    for (size_t i = 0; SERVICES[i] != NULL; i++) {
        const char *service = SERVICES[i];
        char bearer[1200];
        bj_client *client = make_client(service, "user_agent", "tester/7", "header.X-Trace", "one two", NULL);
        snprintf(bearer, sizeof bearer, "Bearer %s", service_key(service));
        check_context("%s", service);
        calm();
        get_one(client, service);
        json_t *list = requests();
        json_t *request = json_array_get(list, 0);
        CHECK_INT(json_array_size(list), 1);
        CHECK_TEXT(json_string_value(json_object_get(request, "method")), "GET");
        CHECK_TEXT(request_header(request, "X-Trace"), "one two");
        CHECK_HAS(request_header(request, "User-Agent"), "tester/7");
        CHECK_HAS(request_header(request, "User-Agent"), "libbatchjobs");
        CHECK_TEXT(request_header(request, "Cookie"), NULL);
        if (strcmp(service, "spidra") == 0) {
            CHECK_TEXT(request_header(request, "x-api-key"), service_key(service));
            CHECK_TEXT(request_header(request, "Authorization"), NULL);
        } else {
            CHECK_TEXT(request_header(request, "Authorization"), bearer);
            CHECK_TEXT(request_header(request, "x-api-key"), NULL);
        }
        if (strcmp(service, "crustdata") == 0) CHECK_TEXT(request_header(request, "x-api-version"), "2025-11-01");
        json_decref(list);
        bj_client_destroy(client);
    }
}

static void tenant(void) {
    bj_error *error;
    bj_job *job;
    bj_options *call = make_options("tenant_id", fact("reach_tenant_id"), NULL);
    bj_client *client = make_client("reach", "api_key", fact("reach_partner_key"), NULL);
    bj_status status = bj_client_get(&job, client, sample("reach", "succeeded"), NULL, NULL, &error);
    CHECK_HAS(bj_error_message(error), "reach-tenant-id");
    EXPECT_ERROR(status, BJ_E_BAD_REQUEST, error);
    CHECK_INT(bj_client_get(&job, client, sample("reach", "succeeded"), call, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    bj_options_destroy(call);
    bj_client_destroy(client);
}

/* Several calls, one connection; also on another client, where it is another connection. */
static void connections_are_kept(void) {
    for (size_t i = 0; SERVICES[i] != NULL; i++) {
        bj_client *client = make_client(SERVICES[i], NULL, NULL), *other = make_client(SERVICES[i], NULL, NULL);
        check_context("%s", SERVICES[i]);
        calm();
        for (int call = 0; call < 3; call++) get_one(client, SERVICES[i]);
        get_one(other, SERVICES[i]);
        json_t *list = requests();
        json_int_t numbers[4] = {0, 0, 0, 0};
        for (size_t at = 0; at < 4 && at < json_array_size(list); at++)
            numbers[at] = json_integer_value(json_object_get(json_array_get(list, at), "connection"));
        CHECK_INT(numbers[1], numbers[0]);
        CHECK_INT(numbers[2], numbers[0]);
        CHECK(numbers[3] != numbers[0]);
        json_decref(list);
        bj_client_destroy(client);
        bj_client_destroy(other);
    }
}

/* A connection that the server closed in the meantime is no error of the next call. */
static void idle_connection_died(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    calm();
    /* The answer says nothing of closing, and then the connection ends. */
    fault("{ss ss ss si}", "service", "crustdata", "operation", "get", "fault", "cut", "bytes", 1 << 20);
    get_one(client, "crustdata");
    sleep_ms(patience(20));
    get_one(client, "crustdata");
    bj_client_destroy(client);
    calm();
}

/* The client goes first; its iterators go on. */
static void iterators_outlive_the_client(void) {
    bj_client *client = make_client("crustdata", "page_size", "5", "max_items", "12", NULL);
    bj_pages *pages;
    bj_results *results;
    const bj_page *page;
    const bj_record *record;
    bj_job *job;
    size_t jobs = 0, records = 0;
    bj_status status;
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "succeeded"), NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
    bj_client_destroy(client);
    while ((status = bj_pages_next(&page, pages, NULL)) == BJ_OK) jobs += bj_page_count(page);
    CHECK_INT(status, BJ_END);
    CHECK_INT(jobs, 12);
    while ((status = bj_results_next(&record, results, NULL)) == BJ_OK) records++;
    CHECK_INT(status, BJ_END);
    CHECK_INT(records, bj_job_count(bj_results_job(results), BJ_COUNT_RESULTS));
    CHECK_TEXT(bj_job_id(job), sample("crustdata", "failed"));
    bj_pages_destroy(pages);
    bj_results_destroy(results);
    bj_job_destroy(job);
}

/* Iterators that are let go in the middle, and ones that were never asked. */
static void iterators_let_go(void) {
    bj_client *client = make_client("crustdata", "page_size", "5", NULL);
    bj_pages *pages;
    bj_results *results;
    const bj_page *page;
    const bj_record *record;
    for (int asked = 0; asked < 3; asked++) {
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
        for (int i = 0; i < asked; i++) {
            CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
            CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
        }
        bj_results_destroy(results);
        bj_pages_destroy(pages);
    }
    get_one(client, "crustdata");
    bj_client_destroy(client);
}

/* The base_url may end with a slash and have a path. */
static void base_url_shapes(void) {
    char url[300];
    snprintf(url, sizeof url, "%s/", fact("crustdata"));
    bj_client *client = make_client("crustdata", "base_url", url, NULL);
    get_one(client, "crustdata");
    bj_client_destroy(client);
    snprintf(url, sizeof url, "%s/", fact("spidra"));
    client = make_client("spidra", "base_url", url, NULL);
    get_one(client, "spidra");
    bj_client_destroy(client);
    const char *port = strrchr(fact("crustdata"), ':');
    snprintf(url, sizeof url, "http://localhost%s", port);
    client = make_client("crustdata", "base_url", url, NULL);
    bj_client_destroy(client);
}

/* The runner starts a second simulator behind TLS, with a certificate that its own file signs. */
static bj_status get_over_tls(const char *address, const char *option, const char *value, bj_error **error) {
    bj_options *options = make_options("api_key", service_key("crustdata"), "base_url", address, option, value, NULL);
    bj_client *client;
    bj_job *job;
    bj_status status = bj_client_new(&client, "crustdata", options, error);
    if (status == BJ_OK) {
        status = bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, error);
        if (status == BJ_OK) CHECK_TEXT(bj_job_id(job), sample("crustdata", "succeeded"));
        bj_job_destroy(job);
    }
    bj_client_destroy(client);
    bj_options_destroy(options);
    return status;
}

static void tls(void) {
    const char *address = getenv("SIMULATOR_TLS"), *file = getenv("SIMULATOR_CA");
    bj_error *error;
    char elsewhere[200];
    if (address == NULL) {
        check_skip("no TLS simulator");
        return;
    }
    check_context("%s", "trusted");
    CHECK_INT(get_over_tls(address, "ca_file", file, NULL), BJ_OK);
    check_context("%s", "unknown authority");
    EXPECT_ERROR(get_over_tls(address, NULL, NULL, &error), BJ_E_TLS, error);
    check_context("%s", "another name");
    snprintf(elsewhere, sizeof elsewhere, "https://127.0.0.2%s", strrchr(address, ':'));
    bj_status status = get_over_tls(elsewhere, "ca_file", file, &error);
    CHECK(status == BJ_E_TLS || status == BJ_E_CONNECT);
    EXPECT_ERROR(status, status, error);
    /* The plain server waits for the end of a header that never comes. */
    check_context("%s", "TLS spoken to a plain server");
    snprintf(elsewhere, sizeof elsewhere, "https%s", strchr(fact("crustdata"), ':'));
    status = get_over_tls(elsewhere, "connect_timeout_ms", "300", &error);
    CHECK(status == BJ_E_TLS || status == BJ_E_TIMEOUT);
    EXPECT_ERROR(status, status, error);
    check_context("%s", "plain spoken to a TLS server");
    snprintf(elsewhere, sizeof elsewhere, "http%s", strchr(address, ':'));
    status = get_over_tls(elsewhere, NULL, NULL, &error);
    CHECK(status == BJ_E_TRANSPORT || status == BJ_E_BAD_REQUEST || status == BJ_E_PROTOCOL);
    EXPECT_ERROR(status, status, error);
}

int main(void) {
    RUN(bad_arguments);
    RUN(supports);
    RUN(new_sends_nothing);
    RUN(headers_on_the_wire);
    RUN(tenant);
    RUN(connections_are_kept);
    RUN(idle_connection_died);
    RUN(iterators_outlive_the_client);
    RUN(iterators_let_go);
    RUN(base_url_shapes);
    RUN(tls);
    return check_report("client");
}
