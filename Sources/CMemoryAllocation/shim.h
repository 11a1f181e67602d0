#pragma once
#include <malloc.h>

/*
 * What the Glibc module of Swift leaves out: malloc.h.
 */

/* Lets malloc spread over so many arenas at most; those that are there stay. Nothing where malloc knows no arenas. */
static inline void cmemoryallocation_limit_arenas(int count) {
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, count);
#else
    (void)count;
#endif
}

/* Lets malloc ask the system for each block of so many bytes and give it back when it is freed. Nothing where malloc knows no such bound. */
static inline void cmemoryallocation_map_blocks_from(int bytes) {
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, bytes);
#else
    (void)bytes;
#endif
}
