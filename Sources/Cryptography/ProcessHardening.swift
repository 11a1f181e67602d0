import COpenSSL
import Glibc

/// Keeps tokens and keys in memory from leaving the process: no core dumps, no debugger of the same user, no reading
/// of its
/// memory through `/proc`.
///
/// A crash ends the process at once, and nothing prints what it held. Call it once, early in `main` and before threads start. A side effect: `/proc/self/fd` and `/proc/self/environ`
/// then belong
/// to root, while `/proc/self/status` stays readable. Throws `.libraryFailure` where the kernel refuses.
package func hardenProcess() throws(CryptographyError) {
    let code = cossl_harden_process()
    guard code == 0 else {
        throw .init(
            .libraryFailure,
            "The kernel refuses to switch off core dumps (errno \(code)). Check the limits that the container sets.")
    }
    // Where the toolchain is installed, Swift's runtime would have a helper print the registers of a process that crashes and the
    // memory behind them. The kernel refuses it that memory now, and the crashed process would wait for it for ever.
    for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] where !isIgnored(number) {
        signal(number, SIG_DFL)
    }
}

/// Whether whoever started this process wants it to live with a signal.
private func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}

/// Whether the kernel would let this process be dumped or debugged: `false` once `hardenProcess()` has run.
package var processAllowsMemoryDumps: Bool { cossl_process_is_dumpable() != 0 }

/// Has OpenSSL keep what it has until the process is gone. Call it before anything else uses OpenSSL.
///
/// By default OpenSSL frees its globals in `exit`, while other threads may be in the middle of a TLS handshake, such as one
/// with a database that does not answer; they would then crash, and the process would end by a signal.
package func keepOpenSSLUntilTheEnd() {
    _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
}
