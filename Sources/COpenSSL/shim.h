#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/// Makes the process leave no core dump and refuse debuggers of the same user. Returns 0, or the errno of what failed.
/// prctl is variadic, which Swift cannot call, and RLIMIT_CORE is an enum in C but an int in the prototype.
static inline int cossl_harden_process(void) {
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) { return errno; }
    if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0) { return errno; }
    return 0;
}

/// Whether the process may be dumped or debugged by its own user.
static inline int cossl_process_is_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 1; }

/// EVP_PKEY_ED25519 is a macro of a macro, which Swift does not see.
static inline int cossl_ed25519(void) { return EVP_PKEY_ED25519; }
