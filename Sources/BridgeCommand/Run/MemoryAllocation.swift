import CMemoryAllocation
import FoundationEssentials

/// How malloc keeps memory in this process.
enum MemoryAllocation {
    /// malloc makes eight arenas for each core, so that threads do not wait for each other, and what is free in one is of no use to
    /// another. The threads here allocate little at a time: with four, 1,000 events/s take a tenth less memory, and no more time.
    private static let mostArenas: CInt = 4

    /// Blocks of so many bytes come from the system and go back to it, and so does what is free at the end of an arena, from so many bytes
    /// on. malloc raises its own bounds to the largest block that was ever freed, and then keeps megabytes. Smaller bounds save two
    /// megabytes more at 1,000 events/s, but then the buffers of a flood are asked for page by page, three times as many.
    private static let bound: CInt = 4 << 20

    /// Call it before there are threads. What the environment says of malloc counts for more.
    static func configure() {
        let environment = ProcessInfo.processInfo.environment
        if environment["MALLOC_ARENA_MAX"] == nil { cmemoryallocation_limit_arenas(mostArenas) }
        if environment["MALLOC_MMAP_THRESHOLD_"] == nil, environment["MALLOC_TRIM_THRESHOLD_"] == nil {
            cmemoryallocation_give_back_from(bound)
        }
    }
}
