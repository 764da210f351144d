// SPDX-License-Identifier: Apache-2.0
#include "kernels/Arena.h"

#include <algorithm>
#include <stdexcept>

namespace gnr
{

std::size_t
Arena::top() const
{
  return pieces_.empty() ? 0 : pieces_.rbegin()->first + pieces_.rbegin()->second;
}

std::optional<std::size_t>
Arena::take(std::size_t bytes, std::size_t limit)
{
  if (bytes > limit || limit - bytes < whole(bytes) - bytes) // in this order nothing overflows
  {
    return std::nullopt;
  }
  const std::size_t wanted = whole(bytes);

  std::optional<std::size_t> place;
  std::size_t                smallest = 0;
  std::size_t                end = 0;
  for (const auto & [offset, held] : pieces_)
  {
    const std::size_t gap = offset - end;
    if (gap >= wanted && (!place || gap < smallest))
    {
      place = end;
      smallest = gap;
    }
    end = offset + held;
  }
  if (!place)
  {
    if (end > limit || wanted > limit - end)
    {
      return std::nullopt;
    }
    place = end;
  }
  pieces_.emplace(*place, wanted);
  highWater_ = std::max(highWater_, *place + wanted);
  return place;
}

void
Arena::give(std::size_t offset)
{
  if (pieces_.erase(offset) == 0)
  {
    throw std::logic_error("Arena: there is no piece at this offset");
  }
}

} // namespace gnr
