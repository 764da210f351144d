// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_threads_h
#define gnr_test_threads_h

#include "parallel/Exchange.h"

#include "gnr/Communicator.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gnr
{
namespace test
{

/** Ranks as threads of this process, so that everything distributed can be tested without a launcher. */
class ThreadTeam
{
public:
  explicit ThreadTeam(int size)
    : size_(size)
    , told_(size)
  {}

  /** What the members were told that they do together, and the reductions; of the calling rank alone while run(). */
  Exchanges &
  told(int rank)
  {
    return told_[rank];
  }

  /** Runs `work` on every rank; throws what rank 0 has thrown, else the first that another one has. */
  void
  run(const std::function<void(std::shared_ptr<Communicator>)> & work)
  {
    std::vector<std::thread>        threads;
    std::vector<std::exception_ptr> errors(size_);
    for (int rank = 0; rank < size_; ++rank)
    {
      threads.emplace_back([&, rank] {
        try
        {
          work(std::make_shared<Member>(*this, rank));
        }
        catch (...)
        {
          errors[rank] = std::current_exception();
        }
      });
    }
    for (std::thread & thread : threads)
    {
      thread.join();
    }
    for (const std::exception_ptr & error : errors)
    {
      if (error)
      {
        std::rethrow_exception(error);
      }
    }
    for (const auto & mail : mail_)
    {
      if (!mail.second.empty() && !failure_)
      {
        throw std::logic_error("a message from rank " + std::to_string(mail.first.first) + " to rank " +
                               std::to_string(mail.first.second) + " was never received");
      }
    }
  }

private:
  using Bytes = std::vector<char>;

  void
  post(int from, int to, const void * data, std::size_t bytes)
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const char * const                first = static_cast<const char *>(data);
    mail_[{ from, to }].emplace_back(first, first + bytes);
    changed_.notify_all();
  }

  void
  fetch(int from, int to, void * data, std::size_t bytes)
  {
    std::unique_lock<std::mutex> lock(mutex_);
    auto &                       queue = mail_[{ from, to }];
    changed_.wait(lock, [&] { return !queue.empty() || failure_; });
    if (queue.empty())
    {
      throw *failure_;
    }
    const Bytes message = std::move(queue.front());
    queue.pop_front();
    if (message.size() != bytes)
    {
      throw std::logic_error("rank " + std::to_string(to) + " expects " + std::to_string(bytes) + " bytes from rank " +
                             std::to_string(from) + ", which has sent " + std::to_string(message.size()));
    }
    std::memcpy(data, message.data(), bytes);
  }

  class Member : public Communicator
  {
  public:
    Member(ThreadTeam & team, int rank)
      : team_(team)
      , rank_(rank)
    {}
    int
    rank() const override
    {
      return rank_;
    }
    int
    size() const override
    {
      return team_.size_;
    }
    int
    rankOnMachine() const override
    {
      return rank_;
    }
    int
    sizeOnMachine() const override
    {
      return team_.size_;
    }
    std::string
    description() const override
    {
      return "threads";
    }
    void
    announce(const Exchange & exchange) override
    {
      ++team_.told_[rank_][exchange];
    }
    void
    sum(double * values, std::size_t n) override
    {
      reduce(values, n, [](double a, double b) { return a + b; });
    }
    void
    minimum(double * values, std::size_t n) override
    {
      reduce(values, n, [](double a, double b) { return std::min(a, b); });
    }
    void
    maximum(double * values, std::size_t n) override
    {
      // Not std::max(a, b), which would lose a NaN in b.
      reduce(values, n, [](double a, double b) { return a > b || a != a ? a : b; });
    }
    void
    broadcast(void * data, std::size_t bytes, int root) override
    {
      for (int other = 0; other < size(); ++other)
      {
        if (rank_ == root && other != root)
        {
          count(Purpose::Reduction, 1, bytes);
          team_.post(rank_, other, data, bytes);
        }
      }
      if (rank_ != root)
      {
        team_.fetch(root, rank_, data, bytes);
      }
    }
    void
    finishExchange() override
    {
      for (const Message & message : receive_)
      {
        team_.fetch(message.rank, rank_, message.data, message.bytes);
      }
      receive_.clear();
    }
    void
    announceFailure(ErrorKind kind, const std::string & message) override
    {
      const std::lock_guard<std::mutex> lock(team_.mutex_);
      if (!team_.failure_)
      {
        team_.failure_.emplace(kind, message);
      }
      team_.changed_.notify_all();
    }

  protected:
    void
    start(const std::vector<Message> & send, const std::vector<Message> & receive) override
    {
      for (const Message & message : send)
      {
        if (message.rank == rank_ || message.bytes == 0)
        {
          throw std::logic_error("a message to oneself or without content");
        }
        team_.post(rank_, message.rank, message.data, message.bytes);
      }
      receive_ = receive;
    }

  private:
    /** Rank 0 takes the values of the others in their order. */
    template <typename Operation>
    void
    reduce(double * values, std::size_t n, Operation operation)
    {
      Exchange reduction;
      reduction.count = static_cast<int>(n);
      announce(reduction);
      if (rank_ == 0)
      {
        std::vector<double> other(n);
        for (int from = 1; from < size(); ++from)
        {
          team_.fetch(from, 0, other.data(), n * sizeof(double));
          for (std::size_t i = 0; i < n; ++i)
          {
            values[i] = operation(values[i], other[i]);
          }
        }
      }
      else
      {
        count(Purpose::Reduction, 1, n * sizeof(double));
        team_.post(rank_, 0, values, n * sizeof(double));
      }
      broadcast(values, n * sizeof(double), 0);
    }

    ThreadTeam &         team_;
    int                  rank_;
    std::vector<Message> receive_;
  };

  int                                              size_;
  std::vector<Exchanges>                           told_;
  std::mutex                                       mutex_;
  std::condition_variable                          changed_;
  std::map<std::pair<int, int>, std::deque<Bytes>> mail_;
  std::optional<Error>                             failure_;
};

} // namespace test
} // namespace gnr

#endif
