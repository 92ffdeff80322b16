#include "grid.h"

#include <stdio.h>
#include <string.h>

#define ROWS 33

static const char *const SERVICE[] = {"crustdata", "spidra", "reach", "veryfront"};
static const char *const OPERATION[] = {"list", "get", "wait", "results"};
static struct cell { int held, all, skipped; } cells[ROWS][4][4];

static int place(const char *const *names, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

void grid_add(int row, const char *service, const char *operation, int held) {
    int s = place(SERVICE, 4, service), o = place(OPERATION, 4, operation);
    if (row < 0 || row >= ROWS || s < 0 || o < 0) return;
    struct cell *cell = &cells[row][s][o];
    if (held < 0) {
        cell->skipped++;
    } else {
        cell->held += held;
        cell->all++;
    }
}

static void print_cell(const struct cell *cell) {
    char text[32] = "-";
    if (cell->all > 0) snprintf(text, sizeof text, "%d/%d", cell->held, cell->all);
    else if (cell->skipped > 0) snprintf(text, sizeof text, "(%d)", cell->skipped);
    printf(" %8s", text);
}

void grid_print(void) {
    printf("row ");
    for (int s = 0; s < 4; s++)
        for (int o = 0; o < 4; o++) printf(" %.1s.%-6.6s", SERVICE[s], OPERATION[o]);
    printf("\n");
    for (int row = 0; row < ROWS; row++) {
        int used = 0;
        for (int i = 0; i < 16; i++) used += cells[row][i / 4][i % 4].all + cells[row][i / 4][i % 4].skipped;
        if (used == 0) continue;
        printf("%3d ", row);
        for (int i = 0; i < 16; i++) print_cell(&cells[row][i / 4][i % 4]);
        printf("\n");
    }
}
