#pragma once
#include <stdatomic.h>
#include <stdint.h>

/*
 * A library to load before a program (LD_PRELOAD): it counts what the program asks of libc, for the benchmark. Counts are the same
 * on a busy machine and on a quiet one, which times are not.
 *
 * The file that CALL_COUNTER_FILE names holds these numbers while the program runs; it must be there, as large as the struct.
 */
struct call_counts {
    /* malloc, calloc, realloc and their like, and the bytes asked of them. */
    atomic_uint_fast64_t allocations, allocated_bytes;
    /* memcpy and memmove, where the compiler has left a call of them, and what they moved. */
    atomic_uint_fast64_t copies, copied_bytes;
    /* System calls that move bytes or wait for them, by files and sockets. */
    atomic_uint_fast64_t system_calls;
};
