// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/Transforms.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

namespace
{
constexpr std::align_val_t scratchAlignment{ 64 };
}

// Not inline: that the memory is new tells the compiler that nothing else points to it, and with that it fuses other
// multiplications and additions.
Scratch::Scratch(std::size_t complexNumbers)
  : data_(static_cast<Complex *>(::operator new(sizeof(Complex) * complexNumbers, scratchAlignment)))
{}

Scratch::~Scratch()
{
  ::operator delete(data_, scratchAlignment);
}

const RowTransform *
Transforms::rows(int n, Direction direction)
{
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<RowTransform> &   transform = rows_[{ n, direction }];
  if (transform == nullptr)
  {
    transform = makeRowTransform(n, direction);
  }
  return transform.get();
}

const ColumnTransform *
Transforms::columns(int n, int width, Direction direction)
{
  const std::lock_guard<std::mutex>  lock(mutex_);
  std::unique_ptr<ColumnTransform> & transform = columns_[{ n, width, direction }];
  if (transform == nullptr)
  {
    transform = makeColumnTransform(n, width, direction);
  }
  return transform.get();
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
