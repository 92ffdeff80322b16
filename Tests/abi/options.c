/* Section "Options": what may be set, what is refused, and that refusals come before any request. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static bj_options *empty;

static void refused(const char *name, const char *value) {
    bj_error *error = (bj_error *)1;
    check_context("%s=%.80s", name != NULL ? name : "(NULL)", value != NULL ? value : "(NULL)");
    bj_status status = bj_options_set(empty, name, value, &error);
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    CHECK_INT(bj_options_set(empty, name, value, NULL), BJ_E_ARGUMENT);
}

static void accepted(const char *name, const char *value) {
    bj_error *error = (bj_error *)1;
    check_context("%s=%.80s", name, value != NULL ? value : "(NULL)");
    CHECK_INT(bj_options_set(empty, name, value, &error), BJ_OK);
    CHECK(error == NULL);
    bj_error_destroy(error);
}

/* Every row of the library's own table, at its borders and beyond them. */
static void ranges(void) {
    for (size_t i = 0; i < bj_option_count(); i++) {
        const char *name = bj_option_name(i), *range = bj_option_range(i);
        char text[64];
        switch (bj_option_kind(i)) {
        case BJ_OPTION_INTEGER: {
            int64_t low = strtoll(range, NULL, 10), high = strtoll(strstr(range, "..") + 2, NULL, 10);
            snprintf(text, sizeof text, "%" PRId64, low);
            accepted(name, text);
            snprintf(text, sizeof text, "%" PRId64, high);
            accepted(name, text);
            snprintf(text, sizeof text, "%" PRId64, low - 1);
            refused(name, text);
            snprintf(text, sizeof text, "%" PRId64, high + 1);
            refused(name, text);
            static const char *const wrong[] = {"", " ", "x", "1x", " 1", "1 ", "+1", "-1", "1.5", "1e3", "0x10",
                                                "9223372036854775807", "9223372036854775808",
                                                "99999999999999999999999999", "\xD9\xA1", NULL};
            for (size_t at = 0; wrong[at] != NULL; at++) refused(name, wrong[at]);
            break;
        }
        case BJ_OPTION_BOOL: {
            static const char *const wrong[] = {"", "1", "0", "yes", "TRUE", "True", "false ", NULL};
            accepted(name, "true");
            accepted(name, "false");
            for (size_t at = 0; wrong[at] != NULL; at++) refused(name, wrong[at]);
            break;
        }
        case BJ_OPTION_CHOICE: {
            char copy[200];
            snprintf(copy, sizeof copy, "%s", range);
            for (char *word = strtok(copy, "|"); word != NULL; word = strtok(NULL, "|")) accepted(name, word);
            refused(name, "");
            refused(name, "no such word");
            refused(name, range);
            break;
        }
        default:
            if (strcmp(name, "result_hosts") != 0) {
                accepted(name, "some text");
                accepted(name, "d\xC3\xA9j\xC3\xA0 vu");
            }
            refused(name, "line\nfeed");
            refused(name, "return\r");
            refused(name, "not\xFFutf8");
        }
        accepted(name, NULL);
    }
}

static void names(void) {
    refused(NULL, "x");
    refused("", "x");
    refused("no_such_option", "x");
    refused("API_KEY", "x");
    refused("api_key ", "x");
    refused("api\xFFkey", "x");
    refused("no_such_option", NULL);
    bj_error *error;
    bj_options_set(empty, "page_sise", "10", &error);
    CHECK_HAS(bj_error_message(error), "page_sise");
    CHECK_HAS(bj_error_message(error), "page_size");
    CHECK_TEXT(bj_error_detail(error, "option"), "page_sise");
    EXPECT_ERROR(BJ_E_ARGUMENT, BJ_E_ARGUMENT, error);
    bj_options_set(empty, "page_size", "0", &error);
    CHECK_HAS(bj_error_message(error), "1..1000");
    EXPECT_ERROR(BJ_E_ARGUMENT, BJ_E_ARGUMENT, error);
    CHECK_INT(bj_options_set(NULL, "api_key", "x", &error), BJ_E_ARGUMENT);
    EXPECT_ERROR(BJ_E_ARGUMENT, BJ_E_ARGUMENT, error);
    CHECK_INT(bj_options_new(NULL, &error), BJ_E_ARGUMENT);
    EXPECT_ERROR(BJ_E_ARGUMENT, BJ_E_ARGUMENT, error);
}

/* A list of hosts is checked when it is set: one with a slip in it would allow nothing, or too much. */
static void hosts(void) {
    static const char *const right[] = {"files.example.com", "*.example.com", "127.0.0.1:8080", "[::1]", "[::1]:443",
                                        "A.example, *.b.example:444 ,c", NULL};
    static const char *const wrong[] = {"", " ", ",", "a,", "a,,b", "*", "*.", "a.*", "https://a", "a/b", "a@b", "a b",
                                        "a:", "a:0", "a:65536", "a:http", "::1", "[::1", "d\xC3\xA9j\xC3\xA0", NULL};
    for (size_t at = 0; right[at] != NULL; at++) accepted("result_hosts", right[at]);
    for (size_t at = 0; wrong[at] != NULL; at++) refused("result_hosts", wrong[at]);
    accepted("result_hosts", NULL);
}

/* What would end a header, or be a header of the library's own. */
static void headers(void) {
    accepted("header.X-Trace", "abc 123");
    accepted("header.X-Trace", "d\xC3\xA9j\xC3\xA0");
    accepted("header.X-Trace", "");
    accepted("header.X-Trace", NULL);
    refused("header.", "x");
    refused("header.X Trace", "x");
    refused("header.X:Trace", "x");
    refused("header.X\r\nEvil", "x");
    refused("header.\xC3\xA9", "x");
    refused("header.X-Trace", "a\r\nEvil: 1");
    refused("header.X-Trace", "a\nb");
    refused("header.X-Trace", "a\rb");
    refused("header.X-Trace", "a\x01" "b");
    refused("header.X-Trace", "a\x7F");
    refused("header.Host", "elsewhere.example");
    refused("header.Content-Length", "5");
    refused("header.transfer-encoding", "chunked");
}

/* A value that is refused does not end up in the message: it may be a key under a wrong name. */
static void values_stay_private(void) {
    bj_error *error;
    bj_options_set(empty, "page_size", "sk-very-secret", &error);
    CHECK(bj_error_message(error) != NULL && strstr(bj_error_message(error), "sk-very-secret") == NULL);
    bj_error_destroy(error);
    bj_options_set(empty, "api_key", "sk-very-secret\n", &error);
    CHECK(bj_error_message(error) != NULL && strstr(bj_error_message(error), "sk-very-secret") == NULL);
    bj_error_destroy(error);
}

/* The client has its own copy, and so has a call. */
static void copies(void) {
    char key[100];
    bj_client *client;
    bj_pages *pages;
    const bj_page *page;
    snprintf(key, sizeof key, "%s", service_key("crustdata"));
    bj_options *options = make_options("api_key", key, "base_url", fact("crustdata"), "page_size", "3", NULL);
    memset(key, 'x', 10);
    CHECK_INT(bj_client_new(&client, "crustdata", options, NULL), BJ_OK);
    CHECK_INT(bj_options_set(options, "page_size", "7", NULL), BJ_OK);
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK_INT(bj_page_count(page), 3);
    bj_pages_destroy(pages);

    bj_options *call = make_options("page_size", "4", NULL);
    CHECK_INT(bj_pages_open(&pages, client, call, NULL, NULL), BJ_OK);
    CHECK_INT(bj_options_set(call, "page_size", "5", NULL), BJ_OK);
    bj_options_destroy(call);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK_INT(bj_page_count(page), 4);
    bj_pages_destroy(pages);
    bj_options_destroy(options);
    bj_client_destroy(client);
}

/* Options that only bj_client_new takes, or that the service does not know, end a call before a
 * request; the message says what there is. */
static void calls_check_their_options(void) {
    static const struct { const char *service, *name, *value; } rows[] = {
        {"crustdata", "sort_by", "created"},  {"crustdata", "tenant_id", "t"}, {"crustdata", "project", "p"},
        {"spidra", "kind", "x"},              {"spidra", "only_pending", "true"},
        {"reach", "project", "p"},            {"veryfront", "page_size", "5"},
        {"crustdata", "api_key", "other"},    {"spidra", "base_url", "http://127.0.0.1:1"},
        {"reach", "proxy", "none"},           {"crustdata", "status", "no such status"},
        {"spidra", "cursor", "zero"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client(rows[i].service, NULL, NULL);
        bj_options *call = make_options(rows[i].name, rows[i].value, NULL);
        bj_pages *pages;
        bj_job *job;
        bj_error *error;
        check_context("%s %s=%s", rows[i].service, rows[i].name, rows[i].value);
        calm();
        if (bj_client_supports(client, BJ_CAN_LIST) == 1) {
            bj_status status = bj_pages_open(&pages, client, call, NULL, &error);
            CHECK(pages == NULL);
            CHECK_TEXT(bj_error_detail(error, "option"), rows[i].name);
            EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        } else {
            bj_status status = bj_client_get(&job, client, "some-id", call, NULL, &error);
            CHECK(job == NULL);
            EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        }
        CHECK_INT(request_count(), 0);
        bj_options_destroy(call);
        bj_client_destroy(client);
    }
}

int main(void) {
    empty = make_options(NULL, NULL);
    RUN(ranges);
    RUN(names);
    RUN(hosts);
    RUN(headers);
    RUN(values_stay_private);
    RUN(copies);
    RUN(calls_check_their_options);
    bj_options_destroy(empty);
    bj_options_destroy(NULL);
    return check_report("options");
}
