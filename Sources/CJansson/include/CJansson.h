/* jansson, and functions for those of its macros that Swift cannot see. */
#ifndef BJ_CJANSSON_H
#define BJ_CJANSSON_H

#include <errno.h>
#include <jansson.h>

static inline json_type bjj_typeof(const json_t *value) { return json_typeof(value); }

static inline enum json_error_code bjj_error_code(const json_error_t *error) {
    return json_error_code(error);
}

/* json_loadb. Where memory runs out amid a text, jansson goes on with a text that lacks bytes: errno
 * tells, but for what a number behind it resets. */
static inline json_t *bjj_load(const char *bytes, size_t length, size_t flags, json_error_t *error) {
    int before = errno;
    errno = 0;
    json_t *value = json_loadb(bytes, length, flags, error);
    if (errno == ENOMEM) {
        json_decref(value);
        value = NULL;
        error->text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory;
    }
    errno = before;
    return value;
}

static inline void bjj_decref(json_t *value) { json_decref(value); }

#endif
