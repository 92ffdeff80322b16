/* The floor: the same answer by one libcurl handle that counts the bytes and forgets them. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t receive(char *data, size_t size, size_t count, void *payload) {
    (void)data;
    *(long long *)payload += (long long)(size * count);
    return size * count;
}

int main(int argc, char **argv) { /* bare BASE_URL ID CALLS */
    char url[256], error[CURL_ERROR_SIZE] = "";
    long long bytes = 0;

    if (argc < 4) return fputs("usage: bare BASE_URL ID CALLS\n", stderr), 2;
    long calls = atol(argv[3]);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer key");
    snprintf(url, sizeof url, "%s/batch/%s", argv[1], argv[2]);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bytes);
    for (long i = 0; i < calls; i++)
        if (curl_easy_perform(curl) != CURLE_OK) return fprintf(stderr, "%s\n", error), 1;
    printf("%ld %lld\n", calls, bytes);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return 0;
}
