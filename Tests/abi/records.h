/* Records of a stream, copied, so that one way of reading can be held against another. */
#ifndef BJ_TEST_RECORDS_H
#define BJ_TEST_RECORDS_H

#include "support.h"

struct list {
    size_t count, room;
    struct { char *data, *key; size_t length; int64_t index; int32_t outcome; } *all;
};

/* Appends; of a batch it also holds that its columns fit together. */
void list_add(struct list *list, const bj_record *record);
void list_add_batch(struct list *list, const bj_batch *batch);
/* A record at a place of the list and one that was given: bytes, key, index and outcome. */
void list_check(const struct list *list, size_t at, const bj_record *record);
/* Holds that two lists are the same and count from 0. */
void list_check_same(const struct list *one, const struct list *other);
void list_empty(struct list *list);

/* All records there are, of a call with these options (NULL: none), one by one. */
bj_status list_read(struct list *list, bj_client *client, const char *id, const bj_options *options);

#endif
