#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void broken(const char *what) {
    fprintf(stderr, "the fault table: %s\n", what);
    exit(3);
}

int table_has(const json_t *value, const char *text) {
    size_t i;
    json_t *one;
    if (json_is_string(value)) return strcmp(json_string_value(value), text) == 0;
    json_array_foreach(value, i, one) if (table_has(one, text)) return 1;
    return 0;
}

/* A deep copy in which "$name" stands for the value that is bound to the name. */
static json_t *filled(const json_t *value, const json_t *bound) {
    const char *text = json_string_value(value), *name;
    json_t *copy, *one;
    size_t i;
    if (text != NULL && text[0] == '$') {
        json_t *found = json_object_get(bound, text + 1);
        if (found == NULL) broken(text);
        return json_deep_copy(found);
    }
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)value, name, one) json_object_set_new(copy, name, filled(one, bound));
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, one) json_array_append_new(copy, filled(one, bound));
        return copy;
    }
    return json_deep_copy(value);
}

/* The bindings of `vary`: every combination of one value from each list. */
static json_t *combined(const json_t *vary) {
    json_t *rows = json_pack("[{}]"), *values, *row, *value;
    const char *name;
    size_t i, k;
    json_object_foreach((json_t *)vary, name, values) {
        json_t *longer = json_array();
        json_array_foreach(rows, i, row) json_array_foreach(values, k, value) {
            json_t *next = json_copy(row);
            json_object_set(next, name, value);
            json_array_append_new(longer, next);
        }
        json_decref(rows);
        rows = longer;
    }
    return rows;
}

static void add(json_t *instances, const json_t *one, const json_t *bound) {
    json_t *instance = filled(one, bound), *value;
    const char *name;
    char label[400] = "";
    json_object_foreach((json_t *)bound, name, value) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        size_t used = strlen(label);
        snprintf(label + used, sizeof label - used, "%s%s=%.60s", used > 0 ? " " : "", name, text);
        free(text);
    }
    json_object_set_new(instance, "label", json_string(label));
    json_object_del(instance, "each");
    json_object_del(instance, "vary");
    json_array_append_new(instances, instance);
}

json_t *table_read(const char *path) {
    json_error_t error;
    json_t *table = json_load_file(path, JSON_REJECT_DUPLICATES, &error), *instances = json_array(), *one, *row, *other;
    size_t i, k, m;
    if (table == NULL) broken(error.text);
    json_array_foreach(json_object_get(table, "cases"), i, one) {
        json_t *each = json_incref(json_object_get(one, "each")), *vary = combined(json_object_get(one, "vary"));
        if (each == NULL) each = json_pack("[{}]");
        json_array_foreach(each, k, row) json_array_foreach(vary, m, other) {
            json_t *bound = json_copy(row);
            json_object_update(bound, other);
            add(instances, one, bound);
            json_decref(bound);
        }
        json_decref(each);
        json_decref(vary);
    }
    json_decref(table);
    return instances;
}
