/* The same of libcurl alone. */
#include "start.h"
#include <curl/curl.h>
/* Its macros check the types of a direct call. */
#undef curl_easy_setopt

static size_t forget(char *data, size_t size, size_t count, void *payload) {
    (void)data, (void)payload;
    return size * count;
}

int main(int argc, char **argv) { /* start_curl LIBRARY BASE_URL ID: prints microseconds */
    char url[256];

    if (argc < 4) return fputs("usage: start_curl LIBRARY BASE_URL ID\n", stderr), 2;
    double start = microseconds();
    void *library = opened(argv[1]);
    double loaded = microseconds();
    if (FUNCTION(library, curl_global_init)(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;
    CURL *curl = FUNCTION(library, curl_easy_init)();
    double made = microseconds();
    snprintf(url, sizeof url, "%s/batch/%s", argv[2], argv[3]);
    FUNCTION(library, curl_easy_setopt)(curl, CURLOPT_URL, url);
    FUNCTION(library, curl_easy_setopt)(curl, CURLOPT_WRITEFUNCTION, forget);
    if (FUNCTION(library, curl_easy_perform)(curl) != CURLE_OK) return 1;
    double called = microseconds();
    printf("%.1f %.1f %.1f\n", loaded - start, made - loaded, called - made);
    return 0;
}
