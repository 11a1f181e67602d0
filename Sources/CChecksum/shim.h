#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * CRC32C (Castagnoli, reflected polynomial 0x82F63B78), three ways that give the same numbers: by the processor (SSE4.2 or
 * ARMv8 CRC, three streams side by side), and by tables (slicing by 8) where the processor cannot.
 *
 * All functions take and return finished checksums, so that a text in two parts is cchecksum_*(t, cchecksum_*(t, 0, a), b).
 */

#define CCHECKSUM_POLYNOMIAL 0x82F63B78u

/* Bytes of each of the three streams: long blocks for frames of many kilobytes, short ones for the usual event. */
enum { cchecksum_long = 4096, cchecksum_short = 128 };

/* Filled once by cchecksum_prepare; 16 KiB, read only afterwards. */
struct cchecksum_tables {
    uint32_t slice[8][256];
    /* What 4096 or 128 zero bytes make of a checksum, byte by byte of it. */
    uint32_t skip_long[4][256];
    uint32_t skip_short[4][256];
};

static inline void cchecksum_prepare_skip(const struct cchecksum_tables *tables, uint32_t skip[4][256], size_t zeros) {
    uint32_t bits[32];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t crc = 1u << bit;
        for (size_t count = 0; count < zeros; count++) { crc = tables->slice[0][crc & 255] ^ (crc >> 8); }
        bits[bit] = crc;
    }
    for (int place = 0; place < 4; place++) {
        for (int value = 0; value < 256; value++) {
            uint32_t crc = 0;
            for (int bit = 0; bit < 8; bit++) {
                if (value >> bit & 1) { crc ^= bits[place * 8 + bit]; }
            }
            skip[place][value] = crc;
        }
    }
}

static inline void cchecksum_prepare(struct cchecksum_tables *tables) {
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t crc = value;
        for (int bit = 0; bit < 8; bit++) { crc = crc & 1 ? crc >> 1 ^ CCHECKSUM_POLYNOMIAL : crc >> 1; }
        tables->slice[0][value] = crc;
    }
    for (int value = 0; value < 256; value++) {
        for (int place = 1; place < 8; place++) {
            uint32_t crc = tables->slice[place - 1][value];
            tables->slice[place][value] = tables->slice[0][crc & 255] ^ (crc >> 8);
        }
    }
    cchecksum_prepare_skip(tables, tables->skip_long, cchecksum_long);
    cchecksum_prepare_skip(tables, tables->skip_short, cchecksum_short);
}

static inline uint64_t cchecksum_load64(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint32_t cchecksum_skip(const uint32_t skip[4][256], uint32_t crc) {
    return skip[0][crc & 255] ^ skip[1][crc >> 8 & 255] ^ skip[2][crc >> 16 & 255] ^ skip[3][crc >> 24];
}

/* One bit at a time: slow, obviously right, for tests. */
static inline uint32_t cchecksum_crc32c_bitwise(uint32_t crc, const void *data, size_t count) {
    const unsigned char *bytes = (const unsigned char *)data;
    crc = ~crc;
    for (size_t index = 0; index < count; index++) {
        crc ^= bytes[index];
        for (int bit = 0; bit < 8; bit++) { crc = crc & 1 ? crc >> 1 ^ CCHECKSUM_POLYNOMIAL : crc >> 1; }
    }
    return ~crc;
}

static inline uint32_t cchecksum_crc32c_tables(
    const struct cchecksum_tables *tables, uint32_t crc, const void *data, size_t count
) {
    const unsigned char *bytes = (const unsigned char *)data;
    crc = ~crc;
    while (count >= 8) {
        /* Byte by byte, so that the order of bytes of the machine does not matter. */
        crc ^= (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        crc = tables->slice[7][crc & 255] ^ tables->slice[6][crc >> 8 & 255] ^ tables->slice[5][crc >> 16 & 255]
            ^ tables->slice[4][crc >> 24] ^ tables->slice[3][bytes[4]] ^ tables->slice[2][bytes[5]]
            ^ tables->slice[1][bytes[6]] ^ tables->slice[0][bytes[7]];
        bytes += 8;
        count -= 8;
    }
    while (count-- > 0) { crc = tables->slice[0][(crc ^ *bytes++) & 255] ^ (crc >> 8); }
    return ~crc;
}

#if defined(__x86_64__)
#include <cpuid.h>
/* The compiler's own names: the wrappers of nmmintrin.h and arm_acle.h are lost when Swift imports them. */
#define CCHECKSUM_TARGET __attribute__((target("sse4.2")))
#define CCHECKSUM_STEP64(crc, word) __builtin_ia32_crc32di(crc, word)
#define CCHECKSUM_STEP8(crc, byte) __builtin_ia32_crc32qi((uint32_t)(crc), byte)
typedef uint64_t cchecksum_register;
/* Whether this processor computes CRC32C itself. */
static inline int cchecksum_has_hardware(void) {
    unsigned int a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) != 0;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define CCHECKSUM_TARGET __attribute__((target("crc")))
#define CCHECKSUM_STEP64(crc, word) __builtin_arm_crc32cd(crc, word)
#define CCHECKSUM_STEP8(crc, byte) __builtin_arm_crc32cb(crc, byte)
typedef uint32_t cchecksum_register;
/* Whether this processor computes CRC32C itself; bit 7 is HWCAP_CRC32. */
static inline int cchecksum_has_hardware(void) { return (getauxval(AT_HWCAP) & 1ul << 7) != 0; }
#endif

#if defined(CCHECKSUM_TARGET)
/* Inlined, so that nothing asks for the target where there is none. */
#define CCHECKSUM_INLINE CCHECKSUM_TARGET static inline __attribute__((always_inline))

/* The next eight bytes, which are copied to `target` where there is one. */
CCHECKSUM_INLINE uint64_t cchecksum_take64(unsigned char *target, const unsigned char *bytes, size_t index) {
    const uint64_t word = cchecksum_load64(bytes + index);
    if (target) { memcpy(target + index, &word, sizeof word); }
    return word;
}

/* Three streams, because an instruction takes three cycles but one can start in each. `crc` is unfinished here. */
CCHECKSUM_INLINE uint32_t cchecksum_three_streams(
    const uint32_t skip[4][256], uint32_t crc, unsigned char *target, const unsigned char *bytes, size_t block
) {
    cchecksum_register first = crc, second = 0, third = 0;
    for (size_t index = 0; index < block; index += 8) {
        first = CCHECKSUM_STEP64(first, cchecksum_take64(target, bytes, index));
        second = CCHECKSUM_STEP64(second, cchecksum_take64(target, bytes, block + index));
        third = CCHECKSUM_STEP64(third, cchecksum_take64(target, bytes, 2 * block + index));
    }
    crc = cchecksum_skip(skip, (uint32_t)first) ^ (uint32_t)second;
    return cchecksum_skip(skip, crc) ^ (uint32_t)third;
}

CCHECKSUM_INLINE uint32_t cchecksum_crc32c_streams(
    const struct cchecksum_tables *tables, uint32_t crc, unsigned char *target, const unsigned char *bytes, size_t count
) {
    size_t done = 0;
    crc = ~crc;
    for (; count - done >= 3 * cchecksum_long; done += 3 * cchecksum_long) {
        crc = cchecksum_three_streams(tables->skip_long, crc, target ? target + done : target, bytes + done, cchecksum_long);
    }
    for (; count - done >= 3 * cchecksum_short; done += 3 * cchecksum_short) {
        crc = cchecksum_three_streams(tables->skip_short, crc, target ? target + done : target, bytes + done, cchecksum_short);
    }
    cchecksum_register rest = crc;
    for (; count - done >= 8; done += 8) { rest = CCHECKSUM_STEP64(rest, cchecksum_take64(target, bytes, done)); }
    crc = (uint32_t)rest;
    for (; done < count; done++) {
        if (target) { target[done] = bytes[done]; }
        crc = CCHECKSUM_STEP8(crc, bytes[done]);
    }
    return ~crc;
}

CCHECKSUM_TARGET static inline uint32_t cchecksum_crc32c_hardware(
    const struct cchecksum_tables *tables, uint32_t crc, const void *data, size_t count
) {
    return cchecksum_crc32c_streams(tables, crc, NULL, (const unsigned char *)data, count);
}

/* As above, and copies the bytes to `target` on the way: each is loaded once. */
CCHECKSUM_TARGET static inline uint32_t cchecksum_copy_crc32c_hardware(
    const struct cchecksum_tables *tables, uint32_t crc, void *target, const void *data, size_t count
) {
    return cchecksum_crc32c_streams(tables, crc, (unsigned char *)target, (const unsigned char *)data, count);
}
#else
static inline int cchecksum_has_hardware(void) { return 0; }
/* Never called where cchecksum_has_hardware says no. */
static inline uint32_t cchecksum_crc32c_hardware(
    const struct cchecksum_tables *tables, uint32_t crc, const void *data, size_t count
) {
    return cchecksum_crc32c_tables(tables, crc, data, count);
}
static inline uint32_t cchecksum_copy_crc32c_hardware(
    const struct cchecksum_tables *tables, uint32_t crc, void *target, const void *data, size_t count
) {
    if (count > 0) { memcpy(target, data, count); }
    return cchecksum_crc32c_tables(tables, crc, data, count);
}
#endif
