/* libcurl, with functions for its variadics and for what differs between its versions.
 * The floor is 7.68; what is newer is asked for where the header and the library have it. */
#ifndef BJ_CCURL_H
#define BJ_CCURL_H

#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>
#include <stddef.h>

/* curl_global_init, once in the process and safe from any thread. It is never undone: other
 * users of libcurl in the process may depend on it. */
CURLcode bjc_global_init(void);

typedef size_t (*bjc_receive_fn)(char *data, size_t size, size_t count, void *payload);

static inline CURLcode bjc_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode bjc_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode bjc_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode bjc_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode bjc_set_receiver(CURL *easy, CURLoption option, bjc_receive_fn value) {
    return curl_easy_setopt(easy, option, value);
}

/* The library loaded may be older than the header this was compiled with, so an option that it
 * does not know falls back to the older one. */
static inline CURLcode bjc_set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code != CURLE_UNKNOWN_OPTION) {
        return code;
    }
#endif
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

/* Without it, letting go of a transfer waits for its name lookup; before 7.87 it always does. */
static inline void bjc_set_quick_exit(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
#endif
}

/* The status of the last header block; 0 before the first. */
static inline long bjc_response_code(CURL *easy) {
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* What a proxy answered to CONNECT; 0 when none was asked. */
static inline long bjc_proxy_code(CURL *easy) {
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &code);
    return code;
}

/* Whether the connection stands, TLS and proxy included, and the request is on its way. */
static inline int bjc_is_connected(CURL *easy) {
    curl_off_t elapsed = 0;
    return curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &elapsed) == CURLE_OK &&
           elapsed > 0;
}

/* What CURLOPT_PRIVATE was set to. */
static inline void *bjc_private(CURL *easy) {
    char *payload = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &payload);
    return payload;
}

/* The next transfer that ended, or NULL. */
static inline CURL *bjc_next_ended(CURLM *multi, CURLcode *code) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}

/* Waits for the transfers, for a wakeup and for one more descriptor (-1: none). */
static inline CURLMcode bjc_wait(CURLM *multi, int descriptor, int milliseconds) {
    struct curl_waitfd extra = {.fd = descriptor, .events = CURL_WAIT_POLLIN};
    return curl_multi_poll(multi, &extra, descriptor >= 0 ? 1 : 0, milliseconds, NULL);
}

#endif
