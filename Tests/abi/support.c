#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const LISTING[] = {"crustdata", "spidra", "reach", NULL};
const char *const SERVICES[] = {"crustdata", "spidra", "reach", "veryfront", NULL};

static void broken(const char *what) {
    fprintf(stderr, "the test's own machinery failed: %s\n", what);
    exit(3);
}

/* Facts */

static json_t *facts(void) {
    static json_t *document;
    if (document == NULL) {
        const char *path = getenv("SIMULATOR");
        json_error_t error;
        if (path == NULL) broken("SIMULATOR is not set; run the tests with scripts/test.py");
        document = json_load_file(path, 0, &error);
        if (document == NULL) broken(error.text);
    }
    return document;
}

const char *fact(const char *name) { return json_string_value(json_object_get(facts(), name)); }

const char *service_key(const char *service) {
    return json_string_value(json_object_get(json_object_get(facts(), "keys"), service));
}

const char *sample(const char *service, const char *which) {
    json_t *samples = json_object_get(json_object_get(facts(), "samples"), service);
    return json_string_value(json_object_get(samples, which));
}

/* HTTP without the library */

struct answer {
    char *bytes;
    size_t length;
};

static size_t collect(char *data, size_t size, size_t count, void *payload) {
    struct answer *answer = payload;
    char *grown = realloc(answer->bytes, answer->length + size * count + 1);
    if (grown == NULL) return 0;
    memcpy(grown + answer->length, data, size * count);
    answer->bytes = grown;
    answer->length += size * count;
    answer->bytes[answer->length] = '\0';
    return size * count;
}

static struct answer ask(const char *method, const char *base, const char *path, const char *body,
                         struct curl_slist *headers) {
    struct answer answer = {NULL, 0};
    char url[2048];
    CURL *curl = curl_easy_init();
    snprintf(url, sizeof url, "%s%s", base, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    if (body != NULL) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) broken(curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    return answer;
}

char *fetch(const char *service, const char *path, size_t *length) {
    char header[1024];
    snprintf(header, sizeof header, strcmp(service, "spidra") == 0 ? "x-api-key: %s" : "Authorization: Bearer %s",
             service_key(service));
    struct curl_slist *headers = curl_slist_append(NULL, header);
    struct answer answer = ask("GET", fact(service), path, NULL, headers);
    curl_slist_free_all(headers);
    *length = answer.length;
    return answer.bytes;
}

char *fetch_link(const char *link, size_t *length) {
    struct answer answer = ask("GET", link, "", NULL, NULL);
    *length = answer.length;
    return answer.bytes;
}

json_t *control(const char *method, const char *path, json_t *body) {
    char *text = body != NULL ? json_dumps(body, 0) : NULL;
    struct answer answer = ask(method, fact("control"), path, text, NULL);
    json_error_t error;
    json_t *value = json_loadb(answer.bytes, answer.length, JSON_DECODE_ANY, &error);
    if (value == NULL) broken(error.text);
    if (json_is_object(value) && json_object_get(value, "error") != NULL)
        broken(json_string_value(json_object_get(value, "error")));
    free(answer.bytes);
    free(text);
    return value;
}

void fault(const char *format, ...) {
    va_list arguments;
    json_error_t error;
    va_start(arguments, format);
    json_t *document = json_vpack_ex(&error, 0, format, arguments);
    va_end(arguments);
    if (document == NULL) broken(error.text);
    json_decref(control("PUT", "/faults", document));
    json_decref(document);
}

void plant(const char *service, const char *operation, int times, int after, const char *json) {
    json_error_t error;
    json_t *document = json_loads(json, 0, &error);
    if (document == NULL) broken(error.text);
    json_object_set_new(document, "service", json_string(service));
    json_object_set_new(document, "operation", json_string(operation));
    json_object_set_new(document, "times", json_integer(times));
    json_object_set_new(document, "after", json_integer(after));
    json_decref(control("PUT", "/faults", document));
    json_decref(document);
}

void set_busy(const char *service, size_t jobs, double first, double step) {
    json_t *seconds = json_array(), *document = json_pack("{ss so}", "service", service, "busy", seconds);
    for (size_t i = 0; i < jobs; i++) json_array_append_new(seconds, json_real(first + (double)i * step));
    json_decref(control("PUT", "/settings", document));
    json_decref(document);
}

void advance_clock(double seconds) {
    json_t *document = json_pack("{sf}", "advance", seconds);
    json_decref(control("PUT", "/clock", document));
    json_decref(document);
}

void calm(void) {
    json_decref(control("DELETE", "/faults", NULL));
    json_decref(control("DELETE", "/requests", NULL));
}

json_t *requests(void) {
    json_t *report = control("GET", "/requests", NULL);
    json_t *list = json_incref(json_object_get(report, "requests"));
    json_decref(report);
    return list;
}

size_t request_count(void) {
    json_t *list = requests();
    size_t count = json_array_size(list);
    json_decref(list);
    return count;
}

size_t request_count_of(const char *service, const char *operation) {
    json_t *list = requests(), *request;
    size_t count = 0, i;
    json_array_foreach(list, i, request) {
        const char *to = json_string_value(json_object_get(request, "service"));
        const char *what = json_string_value(json_object_get(request, "operation"));
        count += (strcmp(service, "any") == 0 || strcmp(service, to) == 0) &&
                 (strcmp(operation, "any") == 0 || strcmp(operation, what) == 0);
    }
    json_decref(list);
    return count;
}

const char *request_header(const json_t *request, const char *name) {
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(request, "headers"), i, pair) {
        const char *found = json_string_value(json_array_get(pair, 0)), *a = found, *b = name;
        while (*a != '\0' && (*a | 32) == (*b | 32)) a++, b++;
        if (*a == '\0' && *b == '\0') return json_string_value(json_array_get(pair, 1));
    }
    return NULL;
}

/* A job's id as a path segment. */
static void escaped(const char *text, char *to) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) *to++ = *text;
        else to += sprintf(to, "%%%02X", (unsigned char)*text);
    }
    *to = '\0';
}

json_t *truth_of(const char *service, const char *id) { return truth_part(service, id, 100000); }

json_t *truth_part(const char *service, const char *id, int records) {
    char segment[1024], path[1200];
    escaped(id, segment);
    snprintf(path, sizeof path, "/truth/%s/results/%s?limit=%d", service, segment, records);
    return control("GET", path, NULL);
}

json_t *truth_jobs(const char *service) {
    char path[100];
    snprintf(path, sizeof path, "/truth/%s/jobs", service);
    return control("GET", path, NULL);
}

char *base64_bytes(const char *text, size_t *length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *bytes = malloc(strlen(text) + 1), *to = bytes;
    unsigned int bits = 0, held = 0;
    for (; *text != '\0' && *text != '='; text++) {
        bits = bits << 6 | (unsigned int)(strchr(letters, *text) - letters);
        held += 6;
        if (held >= 8) {
            held -= 8;
            *to++ = (char)(bits >> held & 255);
        }
    }
    *length = (size_t)(to - bytes);
    return bytes;
}

/* Clients and errors */

static void set_pairs(bj_options *options, const char *name, va_list arguments) {
    while (name != NULL) {
        const char *value = va_arg(arguments, const char *);
        bj_error *error;
        if (bj_options_set(options, name, value, &error) != BJ_OK) broken(bj_error_message(error));
        name = va_arg(arguments, const char *);
    }
}

bj_options *make_options(const char *name, ...) {
    bj_options *options;
    va_list arguments;
    if (bj_options_new(&options, NULL) != BJ_OK) broken("bj_options_new");
    va_start(arguments, name);
    set_pairs(options, name, arguments);
    va_end(arguments);
    return options;
}

bj_client *make_client(const char *service, const char *name, ...) {
    bj_options *options = make_options("api_key", service_key(service), "base_url", fact(service), NULL);
    bj_client *client;
    bj_error *error;
    va_list arguments;
    if (strcmp(service, "veryfront") == 0) bj_options_set(options, "project", fact("project"), NULL);
    va_start(arguments, name);
    set_pairs(options, name, arguments);
    va_end(arguments);
    if (bj_client_new(&client, service, options, &error) != BJ_OK) broken(bj_error_message(error));
    bj_options_destroy(options);
    return client;
}

/* Nothing that is shown may hold a key or a signature. */
static int spills(const char *text) {
    if (text == NULL) return 0;
    for (size_t i = 0; SERVICES[i] != NULL; i++)
        if (strstr(text, service_key(SERVICES[i])) != NULL) return 1;
    return strstr(text, "X-Amz-Signature") != NULL;
}

void expect_error(bj_status status, bj_status wanted, bj_error *error, const char *file, int line) {
    const char *message = bj_error_message(error), *found = bj_status_name(status);
    const char *name = bj_status_name(wanted);
    int right = check_text(found != NULL ? found : "(no name)", name, "status", file, line);
    if (!right && message != NULL) fprintf(stderr, "    its message: %s\n", message);
    if (check_true(error != NULL, "an error was given", file, line)) {
        check_int(bj_error_status(error), status, "bj_error_status", file, line);
        check_true(message != NULL && message[0] != '\0', "it has a message", file, line);
        check_true(message != NULL && strpbrk(message, "\r\n") == NULL, "the message is one line", file, line);
        int leak = spills(message) || spills(bj_error_url(error)) || spills(bj_error_code(error));
        for (size_t i = 0; i < bj_error_detail_count(error); i++) {
            const char *detail = bj_error_detail_name(error, i);
            leak = leak || spills(bj_error_detail(error, detail));
            check_true(detail != NULL && bj_error_detail(error, detail) != NULL, "each detail has a value", file, line);
        }
        check_true(!leak, "no key or signature in the error", file, line);
        check_true(bj_error_url(error) == NULL || strchr(bj_error_url(error), '?') == NULL, "no query in the url",
                   file, line);
        check_true(bj_error_retryable(error) == 0 || bj_error_retryable(error) == 1, "retryable is 0 or 1", file, line);
    }
    bj_error_destroy(error);
}

/* Time */

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t patience(int64_t ms) {
    const char *factor = getenv("TEST_SLOW");
    return factor != NULL ? ms * atoi(factor) : ms;
}

void sleep_ms(int64_t ms) {
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}
