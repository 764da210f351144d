// SPDX-License-Identifier: Apache-2.0
// In place of src/kernels/cpu, which is not compiled in double precision.
#include "kernels/kernels.h"

#include "gnr/Error.h"

namespace gnr
{
namespace cpu_baseline
{

std::unique_ptr<Kernels>
makeKernels(int threads)
{
  throw Error(ErrorKind::BadInput,
              "device cpu (threads: " + std::to_string(threads) +
                "): in double precision there are the reference kernels only; use Device::Reference");
}

} // namespace cpu_baseline
} // namespace gnr
