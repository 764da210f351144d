// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Descriptors_h
#define gnr_model_similarity_Descriptors_h

#include "kernels/Buffer.h"

#include <cstdint>
#include <vector>

namespace gnr
{

using ByteBuffer = BasicBuffer<std::uint8_t>;

/** Scalar fields of numbers from 0 to 1 in 256 steps, which describe an image: a byte per point. The steps are far
 * below what noise does to a descriptor. */
using Descriptors = std::vector<ByteBuffer>;

/** A field on a domain as it is stored: values, or bytes of Descriptors. It must live as long as what uses it. */
struct ChannelField
{
  const Real *         values = nullptr;
  const std::uint8_t * bytes = nullptr; ///< in place of values

  ChannelField() = default;
  ChannelField(const Real * field)
    : values(field)
  {}
  explicit ChannelField(const ByteBuffer & field)
    : bytes(field.data())
  {}

  /** Its values, in `scratch` if they are stored as bytes. */
  const Real *
  read(Kernels & kernels, const Buffer & scratch) const
  {
    if (values != nullptr)
    {
      return values;
    }
    kernels.fromBytes(bytes, scratch.data(), scratch.size());
    return scratch.data();
  }
};

} // namespace gnr

#endif
