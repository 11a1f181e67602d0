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

/*
 * Lets malloc ask the system for each block of so many bytes and more, give it back when it is freed, and give back what is free at the end
 * of an arena when that is more. Nothing where malloc knows no such bounds.
 */
static inline void cmemoryallocation_give_back_from(int bytes) {
#if defined(M_MMAP_THRESHOLD) && defined(M_TRIM_THRESHOLD)
    mallopt(M_MMAP_THRESHOLD, bytes);
    mallopt(M_TRIM_THRESHOLD, bytes);
#else
    (void)bytes;
#endif
}
