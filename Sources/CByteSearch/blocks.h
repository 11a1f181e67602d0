/*
 * Included once for each width of vectors: CBYTESEARCH_WIDTH is their bytes, CBYTESEARCH(name) what a name becomes.
 */

typedef uint8_t CBYTESEARCH(vector) __attribute__((vector_size(CBYTESEARCH_WIDTH)));
typedef uint8_t CBYTESEARCH(loose_vector) __attribute__((vector_size(CBYTESEARCH_WIDTH), aligned(1)));

/* A bit for each byte, which are all ones or all zeros. */
static inline uint64_t CBYTESEARCH(bits)(CBYTESEARCH(vector) bytes) {
#if defined(__SSE2__)
    typedef char signed_bytes __attribute__((vector_size(CBYTESEARCH_WIDTH)));
#if CBYTESEARCH_WIDTH == 32
    return (uint32_t)__builtin_ia32_pmovmskb256((signed_bytes)bytes);
#else
    return (uint16_t)__builtin_ia32_pmovmskb128((signed_bytes)bytes);
#endif
#else
    uint64_t words[2];
    memcpy(words, &bytes, sizeof words);
    const uint64_t ones = 0x0101010101010101, gather = 0x0102040810204080;
    return (words[0] & ones) * gather >> 56 | ((words[1] & ones) * gather >> 56) << 8;
#endif
}

/* The marks of one vector; the byte after it is read, too. */
static inline uint64_t CBYTESEARCH(marks)(const uint8_t *bytes) {
    const CBYTESEARCH(vector) byte = *(const CBYTESEARCH(loose_vector) *)bytes;
    const CBYTESEARCH(vector) next = *(const CBYTESEARCH(loose_vector) *)(bytes + 1);
    return CBYTESEARCH(bits)((CBYTESEARCH(vector))(
        (((byte == '"') | (byte == '\'')) & ((next == ':') | (next == '\\') | (next <= 0x20)))
        | (byte == '=') | (byte == '/') | ((byte == 'y') & (next == 'J')) | ((byte == 'r') & (next == ' '))
        | ((byte == '%') & (next == '3'))));
}

/* See `cbytesearch_next`. */
static inline size_t CBYTESEARCH(next)(cbytesearch_cursor *cursor, const uint8_t *bytes, size_t count) {
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
            for (int part = 0; part < 64; part += CBYTESEARCH_WIDTH) {
                cursor->marks |= CBYTESEARCH(marks)(bytes + block + part) << part;
            }
            cursor->next = block + 64;
        } else if (block + CBYTESEARCH_WIDTH + 1 <= count) {
            cursor->marks = CBYTESEARCH(marks)(bytes + block);
            cursor->next = block + CBYTESEARCH_WIDTH;
        } else if (block < count) {
            /* The rest, in a block of its own that ends in zeros. */
            uint8_t rest[CBYTESEARCH_WIDTH + 1] = {0};
            memcpy(rest, bytes + block, count - block);
            cursor->marks = CBYTESEARCH(marks)(rest);
            cursor->next = count;
        } else {
            return count;
        }
    }
}

static inline cbytesearch_structure CBYTESEARCH(structure_of)(const uint8_t *bytes) {
    cbytesearch_structure found = {0, 0, 0, 0};
    for (int part = 0; part < 64; part += CBYTESEARCH_WIDTH) {
        const CBYTESEARCH(vector) byte = *(const CBYTESEARCH(loose_vector) *)(bytes + part);
        /* Square brackets and braces differ by this bit. */
        const CBYTESEARCH(vector) brace = byte | 0x20;
        found.quotes |= CBYTESEARCH(bits)((CBYTESEARCH(vector))(byte == '"')) << part;
        found.backslashes |= CBYTESEARCH(bits)((CBYTESEARCH(vector))(byte == '\\')) << part;
        found.openings |= CBYTESEARCH(bits)((CBYTESEARCH(vector))(brace == '{')) << part;
        found.closings |= CBYTESEARCH(bits)((CBYTESEARCH(vector))(brace == '}')) << part;
    }
    return found;
}

/* See `cbytesearch_end_of_value`. */
static inline size_t CBYTESEARCH(end_of_value)(const uint8_t *bytes, size_t start, size_t count) {
    uint64_t depth = 0, in_string = 0;
    int is_escaped = 0;
    for (size_t block = start; block < count; block += 64) {
        cbytesearch_structure found;
        if (block + 64 <= count) {
            found = CBYTESEARCH(structure_of)(bytes + block);
        } else {
            uint8_t rest[64] = {0};
            memcpy(rest, bytes + block, count - block);
            found = CBYTESEARCH(structure_of)(rest);
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
