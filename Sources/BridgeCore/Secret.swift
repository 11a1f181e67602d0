import FoundationEssentials

import Glibc

/// Bytes that must never be printed: a Home Assistant token, a key.
///
/// The bytes live in one buffer outside the Swift heap's copy-on-write storage and are overwritten when the last reference
/// goes away. Every textual form is redacted.
package final class Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    // Written only in init, before the reference is shared, and in deinit.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// Copies `bytes`; the caller wipes its own copy where it can.
    package init(_ bytes: some Collection<UInt8>) {
        storage = .allocate(byteCount: max(bytes.count, 1), alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        count = bytes.count
        for (offset, byte) in bytes.enumerated() { storage[offset] = byte }
    }

    /// The number of bytes held.
    package let count: Int

    /// Lends the bytes for the length of `body`; they must not be kept.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: storage[0..<count]))
    }

    deinit {
        // explicit_bzero is not removed by the optimiser, unlike a plain loop before a free.
        if let base = storage.baseAddress { explicit_bzero(base, storage.count) }
        storage.deallocate()
    }

    package var description: String { "‹redacted›" }
    package var debugDescription: String { "‹redacted›" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
