import CMemoryAllocation
import FoundationEssentials

/// How malloc keeps memory in this process.
enum MemoryAllocation {
    /// malloc makes eight for each core, so that threads do not wait for each other, and what is free in one is of no use to another. The
    /// threads here allocate little at a time: with four, 1,000 events/s take a tenth less memory, and no more time.
    private static let most: CInt = 4

    /// Blocks of so many bytes come from the system and go back to it. malloc raises its bound to the largest block that was ever freed:
    /// a few megabytes here, which then lie in the arenas between small blocks, and stay. At 1,000 events/s that is an eighth of all memory.
    private static let mappedFrom: CInt = 262_144

    /// Call it before there are threads. `MALLOC_ARENA_MAX` and `MALLOC_MMAP_THRESHOLD_` in the environment count for more.
    static func configure() {
        let environment = ProcessInfo.processInfo.environment
        if environment["MALLOC_ARENA_MAX"] == nil { cmemoryallocation_limit_arenas(most) }
        if environment["MALLOC_MMAP_THRESHOLD_"] == nil { cmemoryallocation_map_blocks_from(mappedFrom) }
    }
}
