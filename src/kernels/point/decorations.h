// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_decorations_h
#define gnr_kernels_point_decorations_h

/** Point functions are compiled into every backend. They are always inlined, also because the CPU backend exists once
 * per instruction set: an out-of-line copy could be taken by the linker from the wrong one. */
#if defined(__CUDACC__)
#  define GNR_POINT __host__ __device__ __forceinline__
/** Before a loop over an array that is to stay in registers. */
#  define GNR_UNROLL _Pragma("unroll")
#else
#  define GNR_POINT inline __attribute__((always_inline))
#  define GNR_UNROLL
#endif

#endif
