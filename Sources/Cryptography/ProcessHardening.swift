import COpenSSL

/// Keeps tokens and keys in memory from leaving the process: no core dumps, no debugger of the same user, no reading
/// of its
/// memory through `/proc`.
///
/// Call it once, early in `main` and before threads start. A side effect: `/proc/self/fd` and `/proc/self/environ`
/// then belong
/// to root, while `/proc/self/status` stays readable. Throws `.libraryFailure` where the kernel refuses.
package func hardenProcess() throws(CryptographyError) {
    let code = cossl_harden_process()
    guard code == 0 else {
        throw .init(
            .libraryFailure,
            "The kernel refuses to switch off core dumps (errno \(code)). Check the limits that the container sets.")
    }
}

/// Whether the kernel would let this process be dumped or debugged: `false` once `hardenProcess()` has run.
package var processAllowsMemoryDumps: Bool { cossl_process_is_dumpable() != 0 }
