/* ISA-L: undoing the compressed part of gzip, one member at a time, and the CRC-64 of files. */
#ifndef BJ_CINFLATE_H
#define BJ_CINFLATE_H

#include <isa-l/crc64.h>
#include <isa-l/igzip_lib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct inflate_state bji_state;

enum {
    BJI_MORE = 0, /* the member goes on                                            */
    BJI_END = 1   /* the member is complete and its checksum and length were right */
                  /* below 0: an error of ISA-L (ISAL_INVALID_BLOCK and so on)     */
};

/* Makes the state ready for the first byte behind the header of a member. The header is not left
 * to ISA-L: 2.30 loses its way in one that comes in pieces. In damaged data 2.30 also looks up codes
 * that the data does not define: what it finds must be neither another member's nor of the heap. */
static inline void bji_restart(bji_state *state) {
    isal_inflate_reset(state);
    memset(&state->lit_huff_code, 0, sizeof state->lit_huff_code);
    memset(&state->dist_huff_code, 0, sizeof state->dist_huff_code);
    state->crc_flag = ISAL_GZIP_NO_HDR_VER;
}

/* NULL when there is no memory. */
static inline bji_state *bji_new(void) {
    bji_state *state = calloc(1, sizeof *state);
    if (state != NULL) {
        isal_inflate_init(state);
        bji_restart(state);
    }
    return state;
}

static inline void bji_free(bji_state *state) { free(state); }

/* Takes input and gives output until one of them is used up or the member ends. */
static inline int bji_feed(bji_state *state, const uint8_t *in, uint32_t in_length, uint8_t *out,
                           uint32_t out_length, uint32_t *used, uint32_t *written) {
    state->next_in = (uint8_t *)in;
    state->avail_in = in_length;
    state->next_out = out;
    state->avail_out = out_length;
    int code = isal_inflate(state);
    *used = in_length - state->avail_in;
    *written = out_length - state->avail_out;
    if (code < 0) {
        return code;
    }
    return state->block_state == ISAL_BLOCK_FINISH ? BJI_END : BJI_MORE;
}

/* Goes on with the CRC of the bytes before; 0 for none. */
static inline uint64_t bji_checksum(uint64_t before, const uint8_t *bytes, uint64_t length) {
    return length == 0 ? before : crc64_ecma_refl(before, bytes, length);
}

#endif
