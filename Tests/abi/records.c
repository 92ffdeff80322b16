#include "records.h"

#include <stdlib.h>
#include <string.h>

static void keep(struct list *list, const char *data, size_t length, const char *key, size_t key_length, int64_t index,
                 int32_t outcome) {
    if (list->count == list->room) {
        list->room = list->room * 2 + 64;
        list->all = realloc(list->all, list->room * sizeof *list->all);
    }
    char *copy = malloc(length + 1), *name = NULL;
    memcpy(copy, data, length);
    if (key != NULL) {
        name = calloc(1, key_length + 1);
        memcpy(name, key, key_length);
    }
    list->all[list->count].data = copy;
    list->all[list->count].key = name;
    list->all[list->count].length = length;
    list->all[list->count].index = index;
    list->all[list->count++].outcome = outcome;
}

void list_add(struct list *list, const bj_record *record) {
    size_t length;
    const char *data = bj_record_data(record, &length), *key = bj_record_key(record);
    keep(list, data, length, key, key != NULL ? strlen(key) : 0, bj_record_index(record), bj_record_outcome(record));
}

void list_add_batch(struct list *list, const bj_batch *batch) {
    size_t length, count = bj_batch_count(batch);
    const char *data = bj_batch_data(batch, &length);
    const int64_t *at = bj_batch_offsets(batch), *key_at = (const int64_t *)1;
    const int32_t *outcomes = bj_batch_outcomes(batch);
    const char *keys = bj_batch_keys(batch, &key_at);
    CHECK(count > 0);
    CHECK(data != NULL && at != NULL && outcomes != NULL);
    CHECK((keys == NULL) == (key_at == NULL));
    CHECK(bj_batch_keys(batch, NULL) == keys);
    CHECK(bj_batch_data(batch, NULL) == data);
    CHECK_INT(at[count], length);
    for (size_t i = 0; i < count; i++) {
        size_t named = keys != NULL ? (size_t)(key_at[i + 1] - key_at[i]) : 0;
        if (!CHECK(at[i] >= 0 && at[i] <= at[i + 1])) return;
        /* A key of no bytes is none. */
        keep(list, data + at[i], (size_t)(at[i + 1] - at[i]), named > 0 ? keys + key_at[i] : NULL, named,
             bj_batch_first_index(batch) + (int64_t)i, outcomes[i]);
    }
}

void list_check(const struct list *list, size_t at, const bj_record *record) {
    size_t length;
    const char *data = bj_record_data(record, &length);
    if (!CHECK(at < list->count)) return;
    CHECK_BYTES(data, length, list->all[at].data, list->all[at].length);
    CHECK_TEXT(bj_record_key(record), list->all[at].key);
    CHECK_INT(bj_record_index(record), at);
    CHECK_INT(bj_record_outcome(record), list->all[at].outcome);
}

void list_check_same(const struct list *one, const struct list *other) {
    if (!CHECK_INT(one->count, other->count)) return;
    for (size_t i = 0; i < one->count; i++) {
        CHECK_BYTES(one->all[i].data, one->all[i].length, other->all[i].data, other->all[i].length);
        CHECK_TEXT(one->all[i].key, other->all[i].key);
        CHECK_INT(one->all[i].index, i);
        CHECK_INT(other->all[i].index, i);
        CHECK_INT(one->all[i].outcome, other->all[i].outcome);
    }
}

void list_empty(struct list *list) {
    for (size_t i = 0; i < list->count; i++) free(list->all[i].data), free(list->all[i].key);
    free(list->all);
    memset(list, 0, sizeof *list);
}

bj_status list_read(struct list *list, bj_client *client, const char *id, const bj_options *options) {
    bj_results *results;
    const bj_record *record;
    bj_status status = bj_results_open(&results, client, id, options, NULL, NULL);
    while (status == BJ_OK)
        if ((status = bj_results_next(&record, results, NULL)) == BJ_OK) list_add(list, record);
    bj_results_destroy(results);
    return status;
}
