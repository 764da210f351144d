// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/Transforms.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

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
