/* Section "Library" of the header: versions, names, providers, the table of options. */
#include <string.h>

#include "support.h"

static void versions(void) {
    CHECK_TEXT(bj_version(), BJ_VERSION_STRING);
    CHECK_INT(bj_abi_version(), BJ_ABI_VERSION);
}

static void status_names(void) {
    static const struct { bj_status status; const char *name; } rows[] = {
        {BJ_OK, "BJ_OK"}, {BJ_END, "BJ_END"}, {BJ_STOPPED, "BJ_STOPPED"},
        {BJ_E_ARGUMENT, "BJ_E_ARGUMENT"}, {BJ_E_BUSY, "BJ_E_BUSY"}, {BJ_E_UNSUPPORTED, "BJ_E_UNSUPPORTED"},
        {BJ_E_STATE, "BJ_E_STATE"}, {BJ_E_NO_MEMORY, "BJ_E_NO_MEMORY"}, {BJ_E_LIMIT, "BJ_E_LIMIT"},
        {BJ_E_CANCELLED, "BJ_E_CANCELLED"}, {BJ_E_TIMEOUT, "BJ_E_TIMEOUT"}, {BJ_E_DNS, "BJ_E_DNS"},
        {BJ_E_CONNECT, "BJ_E_CONNECT"}, {BJ_E_TLS, "BJ_E_TLS"}, {BJ_E_PROXY, "BJ_E_PROXY"},
        {BJ_E_TRANSPORT, "BJ_E_TRANSPORT"}, {BJ_E_BAD_REQUEST, "BJ_E_BAD_REQUEST"},
        {BJ_E_UNAUTHENTICATED, "BJ_E_UNAUTHENTICATED"}, {BJ_E_PAYMENT, "BJ_E_PAYMENT"},
        {BJ_E_FORBIDDEN, "BJ_E_FORBIDDEN"}, {BJ_E_NOT_FOUND, "BJ_E_NOT_FOUND"}, {BJ_E_CONFLICT, "BJ_E_CONFLICT"},
        {BJ_E_GONE, "BJ_E_GONE"}, {BJ_E_UNPROCESSABLE, "BJ_E_UNPROCESSABLE"},
        {BJ_E_RATE_LIMITED, "BJ_E_RATE_LIMITED"}, {BJ_E_SERVER, "BJ_E_SERVER"}, {BJ_E_REFUSED, "BJ_E_REFUSED"},
        {BJ_E_REDIRECT, "BJ_E_REDIRECT"}, {BJ_E_PROTOCOL, "BJ_E_PROTOCOL"}, {BJ_E_CURSOR, "BJ_E_CURSOR"},
        {BJ_E_NOT_READY, "BJ_E_NOT_READY"}, {BJ_E_TRUNCATED, "BJ_E_TRUNCATED"}, {BJ_E_LINK, "BJ_E_LINK"},
        {BJ_E_FILE, "BJ_E_FILE"}, {BJ_E_CHANGED, "BJ_E_CHANGED"},
    };
    size_t known = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) CHECK_TEXT(bj_status_name(rows[i].status), rows[i].name);
    for (bj_status status = -1000; status <= 1000; status++) known += bj_status_name(status) != NULL;
    CHECK_INT(known, sizeof rows / sizeof *rows);
    CHECK_TEXT(bj_status_name(INT32_MIN), NULL);
    CHECK_TEXT(bj_status_name(INT32_MAX), NULL);
}

/* All numbers from 0 have a name, and none besides them. */
static void names(const char *(*name)(int32_t), int32_t first, const char *const *wanted) {
    int32_t number = first;
    for (; wanted[number - first] != NULL; number++) CHECK_TEXT(name(number), wanted[number - first]);
    CHECK_TEXT(name(number), NULL);
    CHECK_TEXT(name(first - 1), NULL);
    CHECK_TEXT(name(INT32_MIN), NULL);
    CHECK_TEXT(name(INT32_MAX), NULL);
}

static void words(void) {
    static const char *const phases[] = {"queued", "running", "done", NULL};
    static const char *const outcomes[] = {"none",      "succeeded", "partial", "failed",
                                           "cancelled", "expired",   "unknown", NULL};
    static const char *const records[] = {"unknown", "ok", "failed", "cancelled", "skipped", "pending", "running", NULL};
    names(bj_phase_name, BJ_PHASE_QUEUED, phases);
    names(bj_outcome_name, BJ_OUTCOME_NONE, outcomes);
    names(bj_record_outcome_name, BJ_RECORD_UNKNOWN, records);
}

static void providers(void) {
    size_t count = bj_provider_count();
    CHECK_INT(count, 4);
    for (size_t i = 0; SERVICES[i] != NULL; i++) {
        int found = 0;
        for (size_t at = 0; at < count; at++) found += strcmp(bj_provider_name(at), SERVICES[i]) == 0;
        check_context("%s", SERVICES[i]);
        CHECK_INT(found, 1);
        CHECK_INT(bj_provider_supports(SERVICES[i], BJ_CAN_GET), 1);
        CHECK_INT(bj_provider_supports(SERVICES[i], BJ_CAN_RESULTS), 1);
        CHECK_INT(bj_provider_supports(SERVICES[i], BJ_CAN_LIST), strcmp(SERVICES[i], "veryfront") != 0);
        CHECK_INT(bj_provider_supports(SERVICES[i], 0), -1);
        CHECK_INT(bj_provider_supports(SERVICES[i], 4), -1);
        CHECK_INT(bj_provider_supports(SERVICES[i], -1), -1);
        CHECK_INT(bj_provider_accepts(SERVICES[i], "api_key"), 1);
        CHECK_INT(bj_provider_accepts(SERVICES[i], "project"), strcmp(SERVICES[i], "veryfront") == 0);
        CHECK_INT(bj_provider_accepts(SERVICES[i], "tenant_id"), strcmp(SERVICES[i], "reach") == 0);
        CHECK_INT(bj_provider_accepts(SERVICES[i], "no_such_option"), -1);
        CHECK_INT(bj_provider_accepts(SERVICES[i], ""), -1);
        CHECK_INT(bj_provider_accepts(SERVICES[i], NULL), -1);
    }
    check_context("%s", "");
    CHECK_TEXT(bj_provider_name(count), NULL);
    CHECK_TEXT(bj_provider_name(SIZE_MAX), NULL);
    CHECK_INT(bj_provider_supports("nobody", BJ_CAN_GET), -1);
    CHECK_INT(bj_provider_supports("Crustdata", BJ_CAN_GET), -1);
    CHECK_INT(bj_provider_supports("", BJ_CAN_GET), -1);
    CHECK_INT(bj_provider_supports(NULL, BJ_CAN_GET), -1);
    CHECK_INT(bj_provider_accepts("nobody", "api_key"), -1);
    CHECK_INT(bj_provider_accepts(NULL, "api_key"), -1);
}

static void options(void) {
    /* What the issue names must be there, whatever else is. */
    static const char *const wanted[] = {
        "api_key", "page_size", "max_items", "max_pages", "cursor", "status", "kind", "sort_by", "sort_direction",
        "include_pending", "only_pending", "tenant_id", "project", "base_url", "user_agent", "http_version", "proxy",
        "timeout_ms", "ca_file", "ca_dir", "result_hosts", "max_record_bytes", "max_gzip_ratio", "parallel_parts",
        "read_ahead_bytes", "resume", "save_format", "overwrite", NULL};
    size_t count = bj_option_count();
    for (size_t i = 0; i < count; i++) {
        const char *name = bj_option_name(i), *range = bj_option_range(i), *help = bj_option_help(i);
        int32_t kind = bj_option_kind(i);
        check_context("%s", name);
        CHECK(name != NULL && name[0] != '\0');
        CHECK(help != NULL && help[0] != '\0');
        CHECK(kind >= BJ_OPTION_TEXT && kind <= BJ_OPTION_CHOICE);
        CHECK((kind == BJ_OPTION_INTEGER) == (range != NULL && strstr(range, "..") != NULL));
        CHECK((kind == BJ_OPTION_CHOICE) == (range != NULL && strchr(range, '|') != NULL));
        CHECK(bj_option_client_only(i) == 0 || bj_option_client_only(i) == 1);
        /* A default is a value that the option takes. */
        const char *preset = bj_option_default(i);
        if (preset != NULL) {
            bj_options *set = make_options(NULL, NULL);
            CHECK_INT(bj_options_set(set, name, preset, NULL), BJ_OK);
            bj_options_destroy(set);
        }
        int takers = 0;
        for (size_t at = 0; at < bj_provider_count(); at++) {
            int32_t takes = bj_provider_accepts(bj_provider_name(at), name);
            CHECK(takes == 0 || takes == 1);
            takers += takes;
        }
        CHECK(takers > 0);
        for (size_t other = 0; other < i; other++) CHECK(strcmp(bj_option_name(other), name) != 0);
    }
    for (size_t i = 0; wanted[i] != NULL; i++) {
        int found = 0;
        for (size_t at = 0; at < count; at++) found += strcmp(bj_option_name(at), wanted[i]) == 0;
        check_context("%s", wanted[i]);
        CHECK_INT(found, 1);
    }
    check_context("%s", "beyond the last");
    for (int i = 0; i < 2; i++) {
        size_t beyond = i == 0 ? count : SIZE_MAX;
        CHECK_TEXT(bj_option_name(beyond), NULL);
        CHECK_INT(bj_option_kind(beyond), -1);
        CHECK_TEXT(bj_option_range(beyond), NULL);
        CHECK_TEXT(bj_option_default(beyond), NULL);
        CHECK_TEXT(bj_option_help(beyond), NULL);
        CHECK(bj_option_client_only(beyond) <= 0);
    }
}

/* Constants live for ever: the same pointer each time. */
static void constants(void) {
    CHECK(bj_version() == bj_version());
    CHECK(bj_status_name(BJ_E_DNS) == bj_status_name(BJ_E_DNS));
    CHECK(bj_option_name(0) == bj_option_name(0));
    CHECK(bj_provider_name(0) == bj_provider_name(0));
}

int main(void) {
    RUN(versions);
    RUN(status_names);
    RUN(words);
    RUN(providers);
    RUN(options);
    RUN(constants);
    return check_report("library");
}
