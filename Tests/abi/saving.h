/* For the tests of saving: a folder and the names in it, a job of files, and how far a call is told to be. */
#ifndef BJ_TEST_SAVING_H
#define BJ_TEST_SAVING_H

#include "host.h"

/* A folder of its own for each test, and the names that a call may use there. */
extern struct names { char folder[300], path[320], partial[340], note[340]; } at;

void folder_open(void);
/* Holds that nothing else lies there. */
void folder_close(void);

void check_file(const char *path, const char *wanted, size_t length);
/* The file alone, and these bytes in it. */
void check_saved(const char *wanted, size_t length);
void put_file(const char *path, const char *text);

/* How far a call is, as it was told. */
struct watch {
    int calls, stop_at; /* the call from which on it stops; 0: none */
    int64_t bytes, total, records;
    bj_cancel *cancel; /* fired at that call instead of stopping */
};
int32_t watching(int64_t bytes, int64_t total, int64_t records, void *payload);

/* A save of the host's job; told to `watch` where there is one. */
bj_status save(bj_client *client, const bj_options *options, struct watch *watch, bj_error **error);

/* Files of lines, in `text` as they must be saved and in `packed` as they are stored. */
struct content {
    char *text, *packed;
    size_t text_length, packed_length, records;
};

#define ETAG "\"v1\""
#define LINES 40

/* What bj_client_save is told, by number, and what must come of it. */
extern const char *const FORMATS[2];
const char *bytes_of(const struct content *content, int format);
size_t length_of(const struct content *content, int format);

/* `files` files more of LINES records each, numbered from `first`; not packed where `as_text` is set. */
struct content serve(struct host *host, int files, int first, const char *etag, int as_text);
void drop(struct content *content);

/* A folder, a host with packed files, and a client that tries once. */
struct scene {
    struct host host;
    struct content content;
    bj_client *client;
    bj_options *options; /* of that format */
};
void scene_open(struct scene *scene, int format, int files, const char *etag);
void scene_close(struct scene *scene);

#endif
