/*
 * libbatchjobs: reads all records of a job, and says how much memory the process held when main
 * began and how much at its peak. VmHWM and not ru_maxrss, which remembers what ran before exec.
 */
#include "../ours.h"

static long long status_kib(const char *name) {
    char line[256];
    long long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0) value = atoll(line + strlen(name));
    if (file != NULL) fclose(file);
    return value;
}

int main(int argc, char **argv) { /* ours SERVICE BASE_URL ID: prints records, bytes, start and peak in KiB */
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    bj_status status;
    long long records = 0, bytes = 0, start = status_kib("VmRSS:");

    if (argc < 4) return fputs("usage: ours SERVICE BASE_URL ID\n", stderr), 2;
    bj_client *client = client_of(argv[1], argv[2], argv + 4);
    must(bj_results_open(&results, client, argv[3], NULL, NULL, &error), &error);
    while ((status = bj_results_next(&record, results, &error)) == BJ_OK) {
        size_t length;
        bj_record_data(record, &length);
        bytes += (long long)length;
        records++;
    }
    must(status, &error);
    printf("%lld %lld %lld %lld\n", records, bytes, start, status_kib("VmHWM:"));
    bj_results_destroy(results);
    bj_client_destroy(client);
    return 0;
}
