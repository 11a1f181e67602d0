import CKernels

/// The two inner loops of the model, in the two ways that processors can run them.
///
/// Every sum is taken over its inputs in their order, for each output on its own. So a row's result does not depend on the rows
/// beside it, and the same machine gives the same bits alone or in a batch. The two ways differ in the last bits: one rounds once
/// for a product and its sum, the other twice.
enum PanelKernel: CaseIterable {
    /// Plain Swift vectors: SSE2 on x86-64, NEON on aarch64.
    case portable
    /// AVX2 with FMA; only where `isAvailable`.
    case avx2

    /// Outputs of a panel.
    static let width = 16
    /// Rows are worked on in groups; a caller pads to a multiple of it.
    static let rowGroup = 4

    /// The quicker one that this machine has.
    static let best: PanelKernel = PanelKernel.avx2.isAvailable ? .avx2 : .portable

    /// Whether this machine can run it.
    var isAvailable: Bool {
        switch self {
        case .portable: true
        case .avx2: ckernels_has_avx2() != 0
        }
    }

    /// Turns `depth` inputs of a panel into floats, each output times its scale: `floats[k][i] = bytes[k][i] × scales[i]`.
    func expand(
        _ bytes: UnsafePointer<Int8>, scales: UnsafePointer<Float>, into floats: UnsafeMutablePointer<Float>, depth: Int
    ) {
        switch self {
        case .avx2: ckernels_expand_avx2(bytes, scales, floats, depth)
        case .portable:
            for row in stride(from: 0, to: depth * Self.width, by: Self.width) {
                for lane in 0..<Self.width { floats[row + lane] = Float(bytes[row + lane]) * scales[lane] }
            }
        }
    }

    /// Adds to the sums of `rows` × 16 outputs what `depth` inputs contribute: `sums[r][i] += input[r][k] × panel[k][i]`.
    ///
    /// `rows` is a multiple of `rowGroup`; strides are counted in floats. Unless it `continues`, the sums start at zero.
    func multiply(
        _ input: UnsafePointer<Float>, stride inputStride: Int, rows: Int, panel: UnsafePointer<Float>, depth: Int,
        sums: UnsafeMutablePointer<Float>, stride sumsStride: Int, continues: Bool
    ) {
        switch self {
        case .avx2:
            ckernels_multiply_avx2(input, inputStride, rows, panel, depth, sums, sumsStride, continues ? 1 : 0)
        case .portable:
            for row in stride(from: 0, to: rows, by: Self.rowGroup) {
                // Half a panel at a time: eight sums of four fit the sixteen registers of SSE.
                for half in [0, 8] {
                    Self.multiplyGroup(
                        input + row * inputStride, inputStride, panel + half, depth,
                        sums + row * sumsStride + half, sumsStride, continues)
                }
            }
        }
    }

    /// Four rows, eight outputs.
    @inline(__always)
    private static func multiplyGroup(
        _ input: UnsafePointer<Float>, _ inputStride: Int, _ panel: UnsafePointer<Float>, _ depth: Int,
        _ sums: UnsafeMutablePointer<Float>, _ sumsStride: Int, _ continues: Bool
    ) {
        var first = SIMD8<Float>()
        var second = SIMD8<Float>()
        var third = SIMD8<Float>()
        var fourth = SIMD8<Float>()
        if continues {
            first = load(sums)
            second = load(sums + sumsStride)
            third = load(sums + 2 * sumsStride)
            fourth = load(sums + 3 * sumsStride)
        }
        var k = 0
        while k < depth {
            let weights = load(panel + width * k)
            first = first + weights * input[k]
            second = second + weights * input[k + inputStride]
            third = third + weights * input[k + 2 * inputStride]
            fourth = fourth + weights * input[k + 3 * inputStride]
            k += 1
        }
        store(first, sums)
        store(second, sums + sumsStride)
        store(third, sums + 2 * sumsStride)
        store(fourth, sums + 3 * sumsStride)
    }

    @inline(__always)
    private static func load(_ floats: UnsafePointer<Float>) -> SIMD8<Float> {
        UnsafeRawPointer(floats).loadUnaligned(as: SIMD8<Float>.self)
    }

    @inline(__always)
    private static func store(_ value: SIMD8<Float>, _ floats: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(floats).storeBytes(of: value, as: SIMD8<Float>.self)
    }
}
