/* libbatchjobs: every record of a job, one by one. */
#include "../ours.h"

int main(int argc, char **argv) { /* ours BASE_URL ID [OPTION=VALUE]... */
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    bj_status status;
    long long records = 0, bytes = 0;

    if (argc < 3) return fputs("usage: ours BASE_URL ID [OPTION=VALUE]...\n", stderr), 2;
    bj_client *client = client_of("crustdata", argv[1], argv + 3);
    must(bj_results_open(&results, client, argv[2], NULL, NULL, &error), &error);
    while ((status = bj_results_next(&record, results, &error)) == BJ_OK) {
        size_t length;
        bj_record_data(record, &length);
        bytes += (long long)length;
        records++;
    }
    must(status, &error);
    printf("%lld %lld\n", records, bytes);
    bj_results_destroy(results);
    bj_client_destroy(client);
    return 0;
}
