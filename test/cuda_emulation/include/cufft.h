// SPDX-License-Identifier: Apache-2.0
// Stands in for cuFFT's header of the same name; see cuda_runtime.h.
#ifndef cuda_emulation_cufft_h
#define cuda_emulation_cufft_h

#include <cuda_runtime.h>

using cufftHandle = int;
using cufftReal = float;
using cufftComplex = float2;

enum cufftResult
{
  CUFFT_SUCCESS = 0,
  CUFFT_INVALID_PLAN = 1,
  CUFFT_ALLOC_FAILED = 2,
  CUFFT_INVALID_VALUE = 4,
  CUFFT_INTERNAL_ERROR = 5,
  CUFFT_EXEC_FAILED = 6,
  CUFFT_SETUP_FAILED = 7,
  CUFFT_INVALID_SIZE = 8
};
enum cufftType
{
  CUFFT_C2C = 0x29,
  CUFFT_R2C = 0x2a,
  CUFFT_C2R = 0x2c
};
constexpr int CUFFT_FORWARD = -1;
constexpr int CUFFT_INVERSE = 1;

cufftResult
cufftCreate(cufftHandle * plan);
cufftResult
cufftDestroy(cufftHandle plan);
cufftResult
cufftSetAutoAllocation(cufftHandle plan, int automatic);
cufftResult
cufftSetWorkArea(cufftHandle plan, void * area);
cufftResult
cufftSetStream(cufftHandle plan, cudaStream_t stream);
cufftResult
cufftMakePlanMany64(cufftHandle     plan,
                    int             rank,
                    long long int * n,
                    long long int * inEmbed,
                    long long int   inStride,
                    long long int   inDistance,
                    long long int * outEmbed,
                    long long int   outStride,
                    long long int   outDistance,
                    cufftType       type,
                    long long int   batch,
                    std::size_t *   workBytes);
cufftResult
cufftExecC2C(cufftHandle plan, cufftComplex * in, cufftComplex * out, int direction);
cufftResult
cufftExecR2C(cufftHandle plan, cufftReal * in, cufftComplex * out);
cufftResult
cufftExecC2R(cufftHandle plan, cufftComplex * in, cufftReal * out);

#endif
