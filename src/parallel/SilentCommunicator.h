// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_SilentCommunicator_h
#define gnr_parallel_SilentCommunicator_h

#include "gnr/Communicator.h"

#include <utility>

namespace gnr
{

/** One process that hears nothing and says nothing: it is alone, or the others are only thought of. */
class SilentCommunicator : public Communicator
{
public:
  SilentCommunicator(int rank, int size, std::string description)
    : rank_(rank)
    , size_(size)
    , description_(std::move(description))
  {}
  int
  rank() const override
  {
    return rank_;
  }
  int
  size() const override
  {
    return size_;
  }
  int
  rankOnMachine() const override
  {
    return 0;
  }
  int
  sizeOnMachine() const override
  {
    return 1;
  }
  std::string
  description() const override
  {
    return description_;
  }
  void
  sum(double *, std::size_t) override
  {}
  void
  minimum(double *, std::size_t) override
  {}
  void
  maximum(double *, std::size_t) override
  {}
  void
  broadcast(void *, std::size_t, int) override
  {}
  void
  finishExchange() override
  {}
  void
  announceFailure(ErrorKind, const std::string &) override
  {}

protected:
  void
  start(const std::vector<Message> &, const std::vector<Message> &) override
  {}

private:
  int         rank_;
  int         size_;
  std::string description_;
};

} // namespace gnr

#endif
