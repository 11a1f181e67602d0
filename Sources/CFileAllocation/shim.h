#pragma once
#include <linux/falloc.h>
#include <sys/types.h>

/* What the Glibc module of Swift leaves out, because fcntl.h shows it to GNU programs alone. */
extern int fallocate(int file, int mode, off_t start, off_t count);

/* Room on the disk for the first `count` bytes of a file, which stays as long as it is. Returns -1 and sets errno. */
static inline int cfileallocation_reserve(int file, off_t count) {
    return fallocate(file, FALLOC_FL_KEEP_SIZE, 0, count);
}
