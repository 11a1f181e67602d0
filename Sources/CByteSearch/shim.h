#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Two searches in frames: for what may announce a secret, and for the end of an object or array. Swift's own vectors of bytes take a
 * hundred times as long to compare. These are plain vectors of the compiler: SSE2 on x86-64, NEON on 64-bit ARM.
 */

typedef uint8_t cbytesearch_vector __attribute__((vector_size(16)));
typedef uint8_t cbytesearch_loose_vector __attribute__((vector_size(16), aligned(1)));

/*
 * Secrets are announced by the end of a quoted key, by `=` and `%3` after a name, by `/`, `yJ` and `r `.
 */

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

static inline cbytesearch_structure cbytesearch_structure_of(const uint8_t *bytes) {
    cbytesearch_structure found = {0, 0, 0, 0};
    for (int part = 0; part < 4; part++) {
        const cbytesearch_vector byte = *(const cbytesearch_loose_vector *)(bytes + 16 * part);
        /* Square brackets and braces differ by this bit. */
        const cbytesearch_vector brace = byte | 0x20;
        const int shift = 16 * part;
        found.quotes |= cbytesearch_bits((cbytesearch_vector)(byte == '"')) << shift;
        found.backslashes |= cbytesearch_bits((cbytesearch_vector)(byte == '\\')) << shift;
        found.openings |= cbytesearch_bits((cbytesearch_vector)(brace == '{')) << shift;
        found.closings |= cbytesearch_bits((cbytesearch_vector)(brace == '}')) << shift;
    }
    return found;
}

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
 * The offset after the bracket that closes the object or array at `start`, or 0 where nothing closes it. Only quotes, backslashes and
 * brackets are looked at, and an object may be closed by the bracket of an array: what lies between is still to be read by someone who
 * knows the grammar.
 */
static inline size_t cbytesearch_end_of_value(const uint8_t *bytes, size_t start, size_t count) {
    uint64_t depth = 0, in_string = 0;
    int is_escaped = 0;
    for (size_t block = start; block < count; block += 64) {
        cbytesearch_structure found;
        if (block + 64 <= count) {
            found = cbytesearch_structure_of(bytes + block);
        } else {
            uint8_t rest[64] = {0};
            memcpy(rest, bytes + block, count - block);
            found = cbytesearch_structure_of(rest);
        }
        if (found.backslashes | (uint64_t)is_escaped) {
            found.quotes &= ~cbytesearch_escaped(found.backslashes, &is_escaped);
        }
        /* Each bit becomes the parity of the quotes up to it: ones from the quote that begins a string up to the one that ends it. */
        uint64_t inside = found.quotes;
        for (int shift = 1; shift < 64; shift *= 2) { inside ^= inside << shift; }
        inside ^= in_string;
        in_string = 0 - (inside >> 63);
        found.openings &= ~inside;
        found.closings &= ~inside;
        const uint64_t closing = (uint64_t)__builtin_popcountll(found.closings);
        if (closing < depth) {
            depth += (uint64_t)__builtin_popcountll(found.openings) - closing;
            continue;
        }
        uint64_t brackets = found.openings | found.closings;
        while (brackets) {
            const uint64_t bit = brackets & (0 - brackets);
            if (found.openings & bit) {
                depth += 1;
            } else if (--depth == 0) {
                return block + (size_t)__builtin_ctzll(bit) + 1;
            }
            brackets &= brackets - 1;
        }
    }
    return 0;
}
