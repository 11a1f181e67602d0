#pragma once
#include <stddef.h>
#include <stdint.h>

/*
 * The search for what may announce a secret in a frame, sixteen bytes at a time. Swift's own vectors of bytes take a hundred times
 * as long to compare. Plain vectors of the compiler: SSE2 on x86-64, NEON on 64-bit ARM.
 */

typedef uint8_t cbytesearch_vector __attribute__((vector_size(16)));
typedef uint8_t cbytesearch_loose_vector __attribute__((vector_size(16), aligned(1)));
typedef uint64_t cbytesearch_words __attribute__((vector_size(16)));

/* Where something was found: the first of sixteen bytes, and a byte of ones for each that is marked, in the order of memory. */
typedef struct {
    size_t start;
    uint64_t low;
    uint64_t high;
} cbytesearch_block;

/*
 * The first block of sixteen bytes from `start` on in which something is marked: the end of a quoted key, `=` and `%3` after a name,
 * `/`, `yJ` and `r `. Where none is, `start` of the answer is the first byte that was not looked at; fewer than seventeen are left then.
 */
static inline cbytesearch_block cbytesearch_next(const uint8_t *bytes, size_t start, size_t count) {
    for (; start + 17 <= count; start += 16) {
        const cbytesearch_vector byte = *(const cbytesearch_loose_vector *)(bytes + start);
        const cbytesearch_vector next = *(const cbytesearch_loose_vector *)(bytes + start + 1);
        const cbytesearch_words marks = (cbytesearch_words)(
            (((byte == '"') | (byte == '\'')) & ((next == ':') | (next <= 0x20)))
            | (byte == '=') | (byte == '/') | ((byte == 'y') & (next == 'J')) | ((byte == 'r') & (next == ' '))
            | ((byte == '%') & (next == '3')));
        if (marks[0] | marks[1]) return (cbytesearch_block){start, marks[0], marks[1]};
    }
    return (cbytesearch_block){start, 0, 0};
}
