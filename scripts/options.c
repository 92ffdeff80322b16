/* Writes docs/options.md from the table behind bj_option_name. */
#include <batchjobs.h>
#include <stdio.h>

static const char *kind(int32_t number) {
    switch (number) {
    case BJ_OPTION_TEXT: return "text";
    case BJ_OPTION_INTEGER: return "integer";
    case BJ_OPTION_BOOL: return "true or false";
    case BJ_OPTION_CHOICE: return "choice";
    default: return "?";
    }
}

/* A bar inside a table cell would end it. */
static void cell(const char *text) {
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '|') putchar('\\');
        putchar(*text);
    }
}

static void services(const char *option) {
    size_t takers = 0;
    for (size_t i = 0; i < bj_provider_count(); i++)
        takers += bj_provider_accepts(bj_provider_name(i), option) == 1;
    if (takers == bj_provider_count()) {
        printf("all");
        return;
    }
    for (size_t i = 0; i < bj_provider_count(); i++)
        if (bj_provider_accepts(bj_provider_name(i), option) == 1)
            printf("%s%s", bj_provider_name(i), --takers > 0 ? ", " : "");
}

int main(void) {
    puts("# Options\n");
    puts("Made by `scripts/options.c` from the library's own table; do not edit.\n");
    puts("Set with `bj_options_set(options, name, value, &error)`. Every call takes options of its");
    puts("own, which win over the client's; those marked *client* belong to `bj_client_new` only.");
    puts("`header.<Name>` adds a request header to every call that goes to the service.\n");
    puts("| option | values | default | services | meaning |");
    puts("|---|---|---|---|---|");
    for (size_t i = 0; i < bj_option_count(); i++) {
        const char *name = bj_option_name(i), *range = bj_option_range(i), *preset = bj_option_default(i);
        printf("| `%s`%s | %s", name, bj_option_client_only(i) == 1 ? " *client*" : "", kind(bj_option_kind(i)));
        if (range != NULL) printf(": ");
        cell(range);
        printf(" | ");
        cell(preset);
        printf(" | ");
        services(name);
        printf(" | ");
        cell(bj_option_help(i));
        puts(" |");
    }
    return 0;
}
