// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_Buffer_h
#define gnr_kernels_Buffer_h

#include "kernels/kernels.h"

#include <utility>

namespace gnr
{

/** Owns an array of a backend. Not initialised. */
template <typename T>
class BasicBuffer
{
public:
  BasicBuffer() = default;
  BasicBuffer(Kernels & kernels, std::size_t count)
    : kernels_(&kernels)
    , count_(count)
    , data_(static_cast<T *>(kernels.memory().allocate(count * sizeof(T))))
  {}
  ~BasicBuffer() { reset(); }
  BasicBuffer(BasicBuffer && other) noexcept { swap(other); }
  BasicBuffer &
  operator=(BasicBuffer && other) noexcept
  {
    reset();
    swap(other);
    return *this;
  }
  BasicBuffer(const BasicBuffer &) = delete;
  BasicBuffer &
  operator=(const BasicBuffer &) = delete;

  void
  reset()
  {
    if (data_ != nullptr)
    {
      kernels_->memory().deallocate(data_);
    }
    data_ = nullptr;
    count_ = 0;
  }

  T *
  data() const
  {
    return data_;
  }
  std::size_t
  size() const
  {
    return count_;
  }
  explicit
  operator bool() const
  {
    return data_ != nullptr;
  }

private:
  void
  swap(BasicBuffer & other) noexcept
  {
    std::swap(kernels_, other.kernels_);
    std::swap(count_, other.count_);
    std::swap(data_, other.data_);
  }

  Kernels *   kernels_ = nullptr;
  std::size_t count_ = 0;
  T *         data_ = nullptr;
};

using Buffer = BasicBuffer<Real>;
using ComplexBuffer = BasicBuffer<Complex>;

} // namespace gnr

#endif
