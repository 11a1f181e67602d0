#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The search for what may announce a secret in a frame. Swift's own vectors of bytes take a hundred times as long to compare. These
 * are plain vectors of the compiler: SSE2 on x86-64, NEON on 64-bit ARM.
 *
 * Announced are secrets by the end of a quoted key, by `=` and `%3` after a name, by `/`, `yJ` and `r `.
 */

typedef uint8_t cbytesearch_vector __attribute__((vector_size(16)));
typedef uint8_t cbytesearch_loose_vector __attribute__((vector_size(16), aligned(1)));

/* How far a search has come: the next block, the start of the one that is being looked through, and what is left of its marks. */
typedef struct {
    size_t next;
    size_t block;
    uint64_t marks;
} cbytesearch_cursor;

/* A bit for each of sixteen bytes, which are all ones or all zeros. */
static inline uint64_t cbytesearch_bits(cbytesearch_vector bytes) {
#if defined(__SSE2__)
    typedef char signed_bytes __attribute__((vector_size(16)));
    return (uint16_t)__builtin_ia32_pmovmskb128((signed_bytes)bytes);
#else
    uint64_t words[2];
    memcpy(words, &bytes, sizeof words);
    const uint64_t ones = 0x0101010101010101, gather = 0x0102040810204080;
    return (words[0] & ones) * gather >> 56 | ((words[1] & ones) * gather >> 56) << 8;
#endif
}

/* The marks of sixteen bytes; the byte after them is read, too. */
static inline uint64_t cbytesearch_marks(const uint8_t *bytes) {
    const cbytesearch_vector byte = *(const cbytesearch_loose_vector *)bytes;
    const cbytesearch_vector next = *(const cbytesearch_loose_vector *)(bytes + 1);
    return cbytesearch_bits((cbytesearch_vector)(
        (((byte == '"') | (byte == '\'')) & ((next == ':') | (next == '\\') | (next <= 0x20)))
        | (byte == '=') | (byte == '/') | ((byte == 'y') & (next == 'J')) | ((byte == 'r') & (next == ' '))
        | ((byte == '%') & (next == '3'))));
}

/*
 * Whether the quote at `index`, which has four bytes before it, may end the name of a secret: one bit for each letter that may stand at
 * each of the last four places of such a name, upper case or lower. A backslash before it needs a closer look.
 */
static inline int cbytesearch_ends_name(const uint8_t *bytes, size_t index) {
    const uint32_t bits = 0x809CAB3C >> (bytes[index - 4] & 31) & 0x802D8A02 >> (bytes[index - 3] & 31)
        & 0x009C8230 >> (bytes[index - 2] & 31) & 0x021058B2 >> (bytes[index - 1] & 31);
    return (bits & 1) | (bytes[index - 1] == '\\');
}

/* The next byte that may announce a secret, or `count`. A cursor starts as zeros. */
static inline size_t cbytesearch_next(cbytesearch_cursor *cursor, const uint8_t *bytes, size_t count) {
    for (;;) {
        while (cursor->marks) {
            const size_t index = cursor->block + (size_t)__builtin_ctzll(cursor->marks);
            cursor->marks &= cursor->marks - 1;
            const int is_quote = (bytes[index] == '"') | (bytes[index] == '\'');
            if (!is_quote || index < 4 || cbytesearch_ends_name(bytes, index)) return index;
        }
        const size_t block = cursor->next;
        cursor->block = block;
        if (block + 65 <= count) {
            cursor->marks = cbytesearch_marks(bytes + block) | cbytesearch_marks(bytes + block + 16) << 16
                | cbytesearch_marks(bytes + block + 32) << 32 | cbytesearch_marks(bytes + block + 48) << 48;
            cursor->next = block + 64;
        } else if (block + 17 <= count) {
            cursor->marks = cbytesearch_marks(bytes + block);
            cursor->next = block + 16;
        } else if (block < count) {
            /* The rest, in a block of its own that ends in zeros. */
            uint8_t rest[17] = {0};
            memcpy(rest, bytes + block, count - block);
            cursor->marks = cbytesearch_marks(rest);
            cursor->next = count;
        } else {
            return count;
        }
    }
}
