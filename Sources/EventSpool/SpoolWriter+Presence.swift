import BridgeConcurrency
import Glibc
import Logging

/// What someone removed or replaced under the running process, and what was done about it.
package struct SpoolPresence: Sendable, Equatable {
    /// The directory was gone, or its path led elsewhere; a new one was made.
    package var isDirectoryRecreated = false

    /// The lock was gone; it was taken anew.
    package var isLockRestored = false

    /// The file with the bridge's id was gone or changed; the same id was written again.
    package var isBridgeIDRestored = false

    /// Numbers of segments that were gone, and whose records were saved through their open descriptors.
    package var restoredSegments: [UInt64] = []

    /// Numbers of segments that are gone for good. A reader that comes to them reports them as damage.
    package var missingSegments: [UInt64] = []

    /// Whether everything was in its place.
    package var isIntact: Bool { self == SpoolPresence() }
}

extension SpoolWriter {
    /// See `EventSpool.checkPresence`.
    func checkPresence() throws(SpoolError) -> SpoolPresence {
        var presence = SpoolPresence()
        if !state.directory.isInPlace {
            let directory = try SpoolDirectory(path: configuration.directory)
            // Before anything is written there: it may be another process's by now.
            lock = try SpoolLock(in: directory)
            state.withLock { guarded in
                guarded.directory = directory
                guarded.statistics.recreatedDirectories += 1
            }
            presence.isDirectoryRecreated = true
            presence.isLockRestored = true
        }
        let directory = state.directory
        if !lock.isInPlace(in: directory) {
            lock = try SpoolLock(in: directory)
            presence.isLockRestored = true
        }
        presence.isBridgeIDRestored = try BridgeIDFile.restore(bridgeID, in: directory)
        for segment in state.withLock({ $0.table.segments }) {
            let now = FileIdentity("\(segment.name)", in: directory.descriptor)
            if let file = segment.file {
                guard now == nil || now != file.identity else { continue }
                try rewrite(segment)
                presence.restoredSegments.append(segment.name.number)
            } else if now == nil, state.withLock({ $0.table.segment(segment.name) != nil }) {
                presence.missingSegments.append(segment.name.number)
            }
        }
        if !presence.isIntact {
            state.logger.error(
                "Files of the spool were removed while in use; what could be saved was written anew.",
                metadata: [
                    LoggingKeys.path: "\(directory.path)", LoggingKeys.count: "\(presence.restoredSegments.count)",
                ])
        }
        return presence
    }
}
