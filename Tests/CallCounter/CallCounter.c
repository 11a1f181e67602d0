#define _GNU_SOURCE
#include "CallCounter.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Until the file is mapped, counts go nowhere. */
static struct call_counts nowhere;
static struct call_counts *counts = &nowhere;

static inline void count(atomic_uint_fast64_t *number, uint64_t by) {
    atomic_fetch_add_explicit(number, by, memory_order_relaxed);
}

static void *(*real_memcpy)(void *, const void *, size_t);
static void *(*real_memmove)(void *, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
    real_memmove = dlsym(RTLD_NEXT, "memmove");
    real_memcpy = dlsym(RTLD_NEXT, "memcpy");
    const char *path = getenv("CALL_COUNTER_FILE");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) { return; }
    void *shared = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) { counts = shared; }
    close(file);
}

/* Memory: glibc has names of its own for what is replaced here. */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static inline void count_allocation(size_t size) {
    count(&counts->allocations, 1);
    count(&counts->allocated_bytes, size);
}

void *malloc(size_t size) {
    count_allocation(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count_allocation(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count_allocation(size);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count_allocation(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count_allocation(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    count_allocation(size);
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) { return ENOMEM; }
    *result = memory;
    return 0;
}

/* Copies. Others call them before the constructor has run, and a loop here must not become a call of itself. */

__attribute__((no_builtin("memcpy", "memmove"))) static void *move_slowly(void *to, const void *from, size_t size) {
    volatile unsigned char *target = to;
    const volatile unsigned char *source = from;
    if (target < source) {
        for (size_t index = 0; index < size; index++) { target[index] = source[index]; }
    } else {
        for (size_t index = size; index > 0; index--) { target[index - 1] = source[index - 1]; }
    }
    return to;
}

static inline void count_copy(size_t size) {
    count(&counts->copies, 1);
    count(&counts->copied_bytes, size);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    count_copy(size);
    return real_memcpy == NULL ? move_slowly(to, from, size) : real_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size) {
    count_copy(size);
    return real_memmove == NULL ? move_slowly(to, from, size) : real_memmove(to, from, size);
}

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room) {
    if (size > room) { abort(); }
    return memcpy(to, from, size);
}

void *__memmove_chk(void *to, const void *from, size_t size, size_t room) {
    if (size > room) { abort(); }
    return memmove(to, from, size);
}

/* System calls. */

#define COUNTED(result, name, parameters, arguments)                                      \
    result name parameters {                                                              \
        static _Atomic(void *) found;                                                     \
        void *next = atomic_load_explicit(&found, memory_order_relaxed);                  \
        if (next == NULL) {                                                               \
            next = dlsym(RTLD_NEXT, #name);                                               \
            atomic_store_explicit(&found, next, memory_order_relaxed);                    \
        }                                                                                 \
        count(&counts->system_calls, 1);                                                  \
        return ((result(*) parameters)next)arguments;                                     \
    }

COUNTED(ssize_t, read, (int file, void *to, size_t size), (file, to, size))
COUNTED(ssize_t, write, (int file, const void *from, size_t size), (file, from, size))
COUNTED(ssize_t, pread, (int file, void *to, size_t size, off_t at), (file, to, size, at))
COUNTED(ssize_t, pwrite, (int file, const void *from, size_t size, off_t at), (file, from, size, at))
COUNTED(ssize_t, pread64, (int file, void *to, size_t size, off64_t at), (file, to, size, at))
COUNTED(ssize_t, pwrite64, (int file, const void *from, size_t size, off64_t at), (file, from, size, at))
COUNTED(ssize_t, readv, (int file, const struct iovec *parts, int number), (file, parts, number))
COUNTED(ssize_t, writev, (int file, const struct iovec *parts, int number), (file, parts, number))
COUNTED(ssize_t, pwritev, (int file, const struct iovec *parts, int number, off_t at), (file, parts, number, at))
COUNTED(ssize_t, recv, (int socket, void *to, size_t size, int flags), (socket, to, size, flags))
COUNTED(ssize_t, send, (int socket, const void *from, size_t size, int flags), (socket, from, size, flags))
COUNTED(ssize_t, recvmsg, (int socket, struct msghdr *message, int flags), (socket, message, flags))
COUNTED(ssize_t, sendmsg, (int socket, const struct msghdr *message, int flags), (socket, message, flags))
COUNTED(int, fsync, (int file), (file))
COUNTED(int, fdatasync, (int file), (file))
COUNTED(int, poll, (struct pollfd *files, nfds_t number, int timeout), (files, number, timeout))
COUNTED(int, epoll_wait, (int poll, struct epoll_event *events, int most, int timeout), (poll, events, most, timeout))
COUNTED(ssize_t, __read_chk, (int file, void *to, size_t size, size_t room), (file, to, size, room))
COUNTED(ssize_t, __recv_chk, (int socket, void *to, size_t size, size_t room, int flags), (socket, to, size, room, flags))
COUNTED(int, __poll_chk, (struct pollfd *files, nfds_t number, int timeout, size_t room), (files, number, timeout, room))
