/* libbatchjobs: the same records, as many at a time as are there. */
#include "../ours.h"

int main(int argc, char **argv) { /* ours_batch BASE_URL ID [OPTION=VALUE]... */
    bj_results *results;
    const bj_batch *batch;
    bj_error *error;
    bj_status status;
    long long records = 0, bytes = 0;

    if (argc < 3) return fputs("usage: ours_batch BASE_URL ID [OPTION=VALUE]...\n", stderr), 2;
    bj_client *client = client_of("crustdata", argv[1], argv + 3);
    must(bj_results_open(&results, client, argv[2], NULL, NULL, &error), &error);
    while ((status = bj_results_next_batch(&batch, results, &error)) == BJ_OK) {
        size_t count = bj_batch_count(batch);
        const int64_t *offsets = bj_batch_offsets(batch);
        for (size_t i = 0; i < count; i++) bytes += offsets[i + 1] - offsets[i];
        records += (long long)count;
    }
    must(status, &error);
    printf("%lld %lld\n", records, bytes);
    bj_results_destroy(results);
    bj_client_destroy(client);
    return 0;
}
