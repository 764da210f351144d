// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_launched_Channel_h
#define gnr_registration_launched_Channel_h

#include "parallel/Silence.h"

#include <cstdint>
#include <string>

namespace gnr
{
namespace launched
{

constexpr int beatMilliseconds = static_cast<int>(beatPeriod.count());

/** What the host and the first worker say to one another. */
enum class Word : std::uint32_t
{
  // of the host
  Plan,
  Run,
  Read, ///< Field: into the file of the result
  Save,
  Stop,
  Abort,
  End,
  // of the worker
  Ready,    ///< the answer to the job
  Planned,  ///< MemoryPlan
  Happened, ///< Event
  Finished, ///< Report
  Written,  ///< the field is in its file
  Failed,   ///< ErrorKind, std::string; the last word
  Beat      ///< it lives, whatever it does; every beatMilliseconds
};

struct Frame
{
  Word        word = Word::End;
  std::string body; ///< of Archive
};

enum class Arrival
{
  Frame,
  Nothing, ///< in the time that was given
  Closed   ///< the other process has ended or closed its end, or what it sends is no frame
};

/** A connection between two processes of one machine, by a socket. One thread may send while another receives. */
class Channel
{
public:
  /** \param socket is owned; -1: none yet. */
  explicit Channel(int socket = -1);
  ~Channel();
  Channel(Channel && other) noexcept;
  Channel &
  operator=(Channel && other) noexcept;

  /** Waits at `path` for somebody to connect with accept(). Throws Error. */
  static Channel
  listenAt(const std::string & path);
  /** Throws Error where nobody listens. */
  static Channel
  connectTo(const std::string & path);

  bool
  isOpen() const
  {
    return socket_ >= 0;
  }
  int
  descriptor() const
  {
    return socket_;
  }

  /** The connection of a channel that listens; it must be there. */
  Channel
  accept() const;

  /** False if the other end is closed. */
  bool
  send(Word word, const std::string & body = std::string()) const;

  /** \param milliseconds to wait for the beginning of a frame; -1: for ever. */
  Arrival
  receive(Frame & frame, int milliseconds) const;

private:
  int socket_;
};

} // namespace launched
} // namespace gnr

#endif
