// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_launch_h
#define gnr_kernels_cuda_launch_h

#include "kernels/cuda/KernelTimer.h"
#include "kernels/types.h"

#include <cstddef>

namespace gnr
{
namespace cuda
{

/** A stream, and the line of the source that works on it. */
struct StreamHere
{
  Queue        queue;
  Place        place;
  const char * name; ///< of the function, which is that of the kernel in kernels.h

  StreamHere(Queue        q,
             const char * file = __builtin_FILE(),
             int          line = __builtin_LINE(),
             const char * function = __builtin_FUNCTION())
    : queue(q)
    , place{ file, line }
    , name(function)
  {}
};

/** Starts a kernel: the one way to do it here. */
template <typename... Parameters, typename... Arguments>
void
launch(void (*kernel)(Parameters...),
       dim3        grid,
       dim3        block,
       std::size_t shared,
       StreamHere  here,
       Arguments... arguments)
{
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = grid;
  configuration.blockDim = block;
  configuration.dynamicSmemBytes = shared;
  configuration.stream = here.queue;
  measured(here.queue, here.name, [&] {
    check(cudaLaunchKernelEx(&configuration, kernel, static_cast<Parameters>(arguments)...),
          "cudaLaunchKernelEx",
          here.place);
  });
}

constexpr unsigned
blocksFor(std::size_t n, std::size_t perBlock)
{
  return static_cast<unsigned>((n + perBlock - 1) / perBlock);
}

// Kernels that hold shared memory, and these templates, are internal to their file: the emulation finds the shared
// memory of a file by its section.
namespace
{

constexpr int lineBlock = 256;

template <typename Body>
__global__ void
__launch_bounds__(lineBlock) forEachKernel(std::size_t n, Body body)
{
  const std::size_t i = static_cast<std::size_t>(blockIdx.x) * lineBlock + threadIdx.x;
  if (i < n)
  {
    body(i);
  }
}

/** body(i) for 0 <= i < n: one value a thread, neighbours in neighbouring threads. */
template <typename Body>
void
forEach(StreamHere here, std::size_t n, Body body)
{
  if (n > 0)
  {
    launch(forEachKernel<Body>, dim3(blocksFor(n, lineBlock)), dim3(lineBlock), 0, here, n, body);
  }
}

constexpr int pointBlockX = 32;
constexpr int pointBlockY = 8;

template <typename Body>
__global__ void
__launch_bounds__(pointBlockX * pointBlockY) forEachPointKernel(int nx, int ny, Body body)
{
  const int i = static_cast<int>(blockIdx.x) * pointBlockX + static_cast<int>(threadIdx.x);
  const int j = static_cast<int>(blockIdx.y) * pointBlockY + static_cast<int>(threadIdx.y);
  if (i < nx && j < ny)
  {
    body(i, j, static_cast<int>(blockIdx.z));
  }
}

/** body(i, j, k) for every point of a box, x fastest. */
template <typename Body>
void
forEachPoint(StreamHere here, const Extents & e, Body body)
{
  if (e.nx > 0 && e.ny > 0 && e.nz > 0)
  {
    launch(forEachPointKernel<Body>,
           dim3(blocksFor(e.nx, pointBlockX), blocksFor(e.ny, pointBlockY), static_cast<unsigned>(e.nz)),
           dim3(pointBlockX, pointBlockY),
           0,
           here,
           e.nx,
           e.ny,
           body);
  }
}

} // namespace
} // namespace cuda
} // namespace gnr

#endif
