#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Three searches in frames: for what may announce a secret, for the end of an object or array, and for the end of what is plain in a
 * string. Swift's own vectors of bytes take a hundred times as long to compare. These are plain vectors of the compiler: SSE2 on
 * x86-64, NEON on 64-bit ARM; and AVX2 for the two searches that see every byte of a frame, where the processor has it.
 */

/*
 * Secrets are announced by the end of a quoted key, by `=` and `%3` after a name, by `/`, `yJ` and `r `.
 */

/* How far a search has come: the next block, the start of the one that is being looked through, and what is left of its marks. */
typedef struct {
    size_t next;
    size_t block;
    uint64_t marks;
} cbytesearch_cursor;

/*
 * Whether the quote at `index`, which has four bytes before it, may end the name of a secret: one bit for each letter that may stand at
 * each of the last four places of such a name, upper case or lower. A backslash before it needs a closer look.
 */
static inline int cbytesearch_ends_name(const uint8_t *bytes, size_t index) {
    const uint32_t bits = 0x809CAB3C >> (bytes[index - 4] & 31) & 0x802D8A02 >> (bytes[index - 3] & 31)
        & 0x009C8230 >> (bytes[index - 2] & 31) & 0x021058B2 >> (bytes[index - 1] & 31);
    return (bits & 1) | (bytes[index - 1] == '\\');
}

/*
 * The end of an object or array of JSON.
 */

/* What matters in 64 bytes, one bit for each. */
typedef struct {
    uint64_t quotes;
    uint64_t backslashes;
    uint64_t openings;
    uint64_t closings;
} cbytesearch_structure;

/* The bytes that a backslash before them takes the meaning of. `is_escaped`: the first byte is one of them; afterwards of the next 64. */
static inline uint64_t cbytesearch_escaped(uint64_t backslashes, int *is_escaped) {
    uint64_t escaped = 0;
    if (*is_escaped) {
        escaped = 1;
        backslashes &= ~(uint64_t)1;
        *is_escaped = 0;
    }
    while (backslashes) {
        const int index = __builtin_ctzll(backslashes);
        if (index == 63) {
            *is_escaped = 1;
            break;
        }
        escaped |= (uint64_t)2 << index;
        backslashes &= ~((uint64_t)3 << index);
    }
    return escaped;
}

/*
 * The two searches over blocks of 64 bytes.
 */

#define CBYTESEARCH_WIDTH 16
#define CBYTESEARCH(name) cbytesearch_narrow_##name
#include "blocks.h"
#undef CBYTESEARCH_WIDTH
#undef CBYTESEARCH

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,popcnt"))), apply_to = function)
#define CBYTESEARCH_WIDTH 32
#define CBYTESEARCH(name) cbytesearch_wide_##name
#include "blocks.h"
#undef CBYTESEARCH_WIDTH
#undef CBYTESEARCH
#pragma clang attribute pop

static inline int cbytesearch_has_wide(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}
#endif

/* The next byte that may announce a secret, or `count`. A cursor starts as zeros. */
static inline size_t cbytesearch_next(cbytesearch_cursor *cursor, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
    if (cbytesearch_has_wide()) return cbytesearch_wide_next(cursor, bytes, count);
#endif
    return cbytesearch_narrow_next(cursor, bytes, count);
}

/*
 * The offset after the bracket that closes the object or array at `start`, or 0 where nothing closes it. Only quotes, backslashes and
 * brackets are looked at, and an object may be closed by the bracket of an array: what lies between is still to be read by someone who
 * knows the grammar.
 */
static inline size_t cbytesearch_end_of_value(const uint8_t *bytes, size_t start, size_t count) {
#if defined(__x86_64__)
    if (cbytesearch_has_wide()) return cbytesearch_wide_end_of_value(bytes, start, count);
#endif
    return cbytesearch_narrow_end_of_value(bytes, start, count);
}

/*
 * The inside of a string of JSON.
 */

/* The first byte from `index` on that is a quote, a backslash, a control character or not ASCII, or `count`. */
static inline size_t cbytesearch_end_of_plain(const uint8_t *bytes, size_t index, size_t count) {
    typedef int8_t signed_vector __attribute__((vector_size(16)));
    for (; index + 16 <= count; index += 16) {
        const cbytesearch_narrow_vector byte = *(const cbytesearch_narrow_loose_vector *)(bytes + index);
        /* As signed numbers, those that are not ASCII come before the control characters. */
        const cbytesearch_narrow_vector special = (cbytesearch_narrow_vector)(
            (byte == '"') | (byte == '\\') | ((signed_vector)byte < 0x20));
        const uint64_t marks = cbytesearch_narrow_bits(special);
        if (marks) return index + (size_t)__builtin_ctzll(marks);
    }
    while (index < count && bytes[index] != '"' && bytes[index] != '\\' && (int8_t)bytes[index] >= 0x20) { index += 1; }
    return index;
}
