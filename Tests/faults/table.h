/* Tests/faults/table.json as a C program reads it: one instance for each case and binding. */
#ifndef BJ_FAULTS_TABLE_H
#define BJ_FAULTS_TABLE_H

#include <jansson.h>

/* All instances, as objects with the members of README.md and every "$name" filled in; the member
 * "label" tells instances of one case apart. Free with json_decref. */
json_t *table_read(const char *path);

/* Whether a member that is a text or a list of texts is, or holds, this one. */
int table_has(const json_t *value, const char *text);

#endif
