/* jansson, and functions for those of its macros that Swift cannot see. */
#ifndef BJ_CJANSSON_H
#define BJ_CJANSSON_H

#include <jansson.h>

static inline json_type bjj_typeof(const json_t *value) { return json_typeof(value); }

static inline enum json_error_code bjj_error_code(const json_error_t *error) {
    return json_error_code(error);
}

static inline void bjj_decref(json_t *value) { json_decref(value); }

#endif
