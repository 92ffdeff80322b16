/* A service with one job and the host of its files, in threads of the test: what the simulator cannot
 * do, such as to wait until it is told to go on, or a file of any size. */
#ifndef BJ_TEST_HOST_H
#define BJ_TEST_HOST_H

#include <pthread.h>
#include <stddef.h>

#include "support.h"

struct host_file {
    char *bytes;
    size_t length;
    size_t repeat;    /* how often the bytes come, one after the other; 1 unless changed          */
    const char *etag; /* with its quotes; NULL: none, and then no ranges either                   */
    size_t hold_at;   /* sends no byte from there on until host_release; SIZE_MAX: never waits    */
    size_t cut_at;    /* closes the connection there, so many times                               */
    int cuts;
    int slice, pause; /* sends so many bytes, then waits so many ms; 0: all at once               */
    int no_ranges;    /* sends the whole file to whoever asks for a range                         */
    int no_match;     /* does not look at If-Match                                                */
};

struct host {
    int listener, port, closing, threads;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int sockets[64];
    struct host_file document, files[8];
    size_t file_count;
    struct { int file; long long start; } asked[4096]; /* file -1: the job; start -1: no range */
    size_t asked_count;
    char **retired; /* bytes that were replaced: an answer may still be on its way out of them */
    size_t retired_count;
    int signature; /* that links must have */
    long long records;
};

void host_open(struct host *host);
void host_close(struct host *host);
/* A file more, with a copy of these bytes. Until the next change of the host it is as said above. */
struct host_file *host_add(struct host *host, const void *bytes, size_t length);
/* Replaces a file's bytes by a copy of these. */
void host_set(struct host *host, struct host_file *file, const void *bytes, size_t length);
/* The document: a crustdata job with these files and so many records. */
void host_job(struct host *host, long long records);
/* The links given so far are refused with 403; the document of host_job has fresh ones. */
void host_expire(struct host *host);
/* Another document. */
void host_document(struct host *host, const char *text);
/* The file goes on up to there. */
void host_release(struct host *host, struct host_file *file, size_t up_to);
/* Requests for a file (-1: the job) so far; where the last one began, -1 where it named no range. */
size_t host_asked(struct host *host, int file);
long long host_last_start(struct host *host, int file);
void host_forget(struct host *host);
/* Waits until a file was asked for so often; whether that came to pass. */
int host_wait_asked(struct host *host, int file, size_t times);
/* A client of that service here, with more options in pairs that end with NULL. */
bj_client *host_client(const struct host *host, const char *service, const char *name, ...);

/* Bytes as one member of gzip, not compressed; free the answer. */
char *gzip_member(const void *bytes, size_t length, size_t *packed);
/* A command's output; free it. */
char *output_of(const char *command, size_t *length);
/* A whole file, NULL where there is none; free it. */
char *read_file(const char *path, size_t *length);
int file_exists(const char *path);

#endif
