#pragma once
#include <stddef.h>
#include <stdint.h>

/*
 * The inner loop of the sentence model for x86-64 processors with AVX2 and FMA, which Swift cannot ask for function by function.
 * PanelKernel.swift has the same loop for every other processor.
 */

/* Outputs of a panel, and rows of input that are worked on together. */
enum { ckernels_panel_width = 16, ckernels_row_group = 4 };

#if defined(__x86_64__)
#define CKERNELS_TARGET __attribute__((target("avx2,fma")))
typedef float ckernels_float8 __attribute__((vector_size(32)));
typedef float ckernels_loose_float8 __attribute__((vector_size(32), aligned(4)));
#define CKERNELS_AT(floats) (*(ckernels_loose_float8 *)(floats))
#define CKERNELS_ALL(x) ((ckernels_float8){x, x, x, x, x, x, x, x})
#define CKERNELS_BYTES(bytes) (*(const ckernels_loose_byte8 *)(bytes))
typedef int8_t ckernels_loose_byte8 __attribute__((vector_size(8), aligned(1)));

/* Whether this processor and its operating system have both. */
static inline int ckernels_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/* `depth` inputs of a panel as floats, each output times its scale: floats[k][i] = bytes[k][i] * scales[i]. */
CKERNELS_TARGET static inline void ckernels_expand_avx2(
    const int8_t *bytes, const float *scales, float *floats, size_t depth
) {
    const ckernels_float8 left = CKERNELS_AT(scales), right = CKERNELS_AT(scales + 8);
    const int8_t *end = bytes + ckernels_panel_width * depth;
    for (; bytes < end; bytes += ckernels_panel_width, floats += ckernels_panel_width) {
        CKERNELS_AT(floats) = __builtin_convertvector(CKERNELS_BYTES(bytes), ckernels_float8) * left;
        CKERNELS_AT(floats + 8) = __builtin_convertvector(CKERNELS_BYTES(bytes + 8), ckernels_float8) * right;
    }
}

/*
 * Adds to the sums of `rows` x 16 outputs what `depth` inputs contribute: sums[row][i] += input[row][k] * panel[k][i]. `rows` is a
 * multiple of 4. Without `continues` the sums start at zero. Strides are counted in floats.
 *
 * Everything is written out, because Swift's compiler unrolls no loop of C, and sums in an array would live in memory.
 */
CKERNELS_TARGET static inline void ckernels_multiply_avx2(
    const float *input, size_t input_stride, size_t rows, const float *panel, size_t depth, float *sums, size_t sums_stride,
    int continues
) {
    for (size_t row = 0; row < rows; row += ckernels_row_group) {
        const float *in0 = input + row * input_stride, *in1 = in0 + input_stride, *in2 = in1 + input_stride,
                    *in3 = in2 + input_stride;
        float *out0 = sums + row * sums_stride, *out1 = out0 + sums_stride, *out2 = out1 + sums_stride,
              *out3 = out2 + sums_stride;
        ckernels_float8 a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0};
        if (continues) {
            a0 = CKERNELS_AT(out0), a1 = CKERNELS_AT(out1), a2 = CKERNELS_AT(out2), a3 = CKERNELS_AT(out3);
            b0 = CKERNELS_AT(out0 + 8), b1 = CKERNELS_AT(out1 + 8), b2 = CKERNELS_AT(out2 + 8), b3 = CKERNELS_AT(out3 + 8);
        }
        const float *weights = panel;
        for (size_t k = 0; k < depth; k++, weights += ckernels_panel_width) {
            const ckernels_float8 left = CKERNELS_AT(weights), right = CKERNELS_AT(weights + 8);
            const ckernels_float8 x0 = CKERNELS_ALL(in0[k]), x1 = CKERNELS_ALL(in1[k]);
            const ckernels_float8 x2 = CKERNELS_ALL(in2[k]), x3 = CKERNELS_ALL(in3[k]);
            a0 = a0 + x0 * left, b0 = b0 + x0 * right;
            a1 = a1 + x1 * left, b1 = b1 + x1 * right;
            a2 = a2 + x2 * left, b2 = b2 + x2 * right;
            a3 = a3 + x3 * left, b3 = b3 + x3 * right;
        }
        CKERNELS_AT(out0) = a0, CKERNELS_AT(out1) = a1, CKERNELS_AT(out2) = a2, CKERNELS_AT(out3) = a3;
        CKERNELS_AT(out0 + 8) = b0, CKERNELS_AT(out1 + 8) = b1, CKERNELS_AT(out2 + 8) = b2, CKERNELS_AT(out3 + 8) = b3;
    }
}
#else
static inline int ckernels_has_avx2(void) { return 0; }
/* Never called where ckernels_has_avx2 says no. */
static inline void ckernels_expand_avx2(
    const int8_t *bytes, const float *scales, float *floats, size_t depth
) {}
static inline void ckernels_multiply_avx2(
    const float *input, size_t input_stride, size_t rows, const float *panel, size_t depth, float *sums, size_t sums_stride,
    int continues
) {}
#endif
