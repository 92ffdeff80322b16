/* What came out, by row, service and operation. */
#ifndef BJ_FAULTS_GRID_H
#define BJ_FAULTS_GRID_H

/* Counts one instance; `held` is 1, 0, or -1 when it was skipped. */
void grid_add(int row, const char *service, const char *operation, int held);
void grid_print(void);

#endif
