// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_CountingCommunicator_h
#define gnr_parallel_CountingCommunicator_h

#include "parallel/Exchange.h"
#include "parallel/SilentCommunicator.h"

#include <vector>

namespace gnr
{

/** A process among others that are only thought of: counts what they would do together. */
class CountingCommunicator : public SilentCommunicator
{
public:
  CountingCommunicator(int rank, int size)
    : SilentCommunicator(rank, size, "nobody")
  {}

  /** Since the last clear(). */
  const Exchanges &
  exchanges() const
  {
    return exchanges_;
  }
  void
  clear()
  {
    exchanges_.clear();
  }

  void
  announce(const Exchange & exchange) override
  {
    ++exchanges_[exchange];
  }
  void
  sum(double *, std::size_t n) override
  {
    addReduction(n);
  }
  void
  minimum(double *, std::size_t n) override
  {
    addReduction(n);
  }
  void
  maximum(double *, std::size_t n) override
  {
    addReduction(n);
  }

private:
  void
  addReduction(std::size_t values)
  {
    Exchange reduction;
    reduction.count = static_cast<int>(values);
    ++exchanges_[reduction];
  }

  Exchanges exchanges_;
};

/** What each of so many processes sends for one exchange, found as they find it themselves. Messages that are staged in
 * pieces count once. */
std::vector<Traffic>
trafficOf(const Exchange & exchange, int ranks);

} // namespace gnr

#endif
