// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Silence_h
#define gnr_parallel_Silence_h

#include "gnr/Error.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

namespace gnr
{

/** Processes tell one another that they live, by a thread that does nothing else: so often, whatever they compute. */
constexpr std::chrono::milliseconds beatPeriod{ 500 };

/** Seconds after which a process that is not heard of is given up: 60, or the environment variable GNR_SILENCE_LIMIT.
 * Nothing: never. Throws Error(BadInput) where that is neither a number of at least `least` nor `none`. */
inline std::optional<double>
silenceLimit()
{
  constexpr double   normal = 60.0, least = 3.0;
  const char * const text = std::getenv("GNR_SILENCE_LIMIT");
  if (text == nullptr || *text == '\0')
  {
    return normal;
  }
  if (std::string(text) == "none")
  {
    return std::nullopt;
  }
  char *       end = nullptr;
  const double seconds = std::strtod(text, &end);
  if (*end != '\0' || !(seconds >= least))
  {
    throw Error(ErrorKind::BadInput,
                std::string("GNR_SILENCE_LIMIT is '") + text +
                  "'; let it be a number of seconds, at least 3, or none, or unset it");
  }
  return seconds;
}

/** For how long another process has not been heard of, in the time that this one was at work: whoever was stopped or
 * suspended, alone or with all others, has to listen again before it may complain. */
class Silence
{
public:
  void
  heard()
  {
    seconds_ = 0.0;
  }

  /** To be called several times a second. Seconds so far. */
  double
  look(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now())
  {
    constexpr std::chrono::duration<double> longest = 2 * beatPeriod; // between two looks of a process that runs
    seconds_ += std::min<std::chrono::duration<double>>(now - last_, longest).count();
    last_ = now;
    return seconds_;
  }

  /** What to say of `who` ("process 1 of 3"). */
  static std::string
  words(const std::string & who, double limit)
  {
    std::ostringstream text;
    text
      << who << " has not been heard of for " << limit
      << " s: it is stopped, or its machine cannot be reached; let it go on or look at its machine, and run it again";
    return text.str();
  }

private:
  double                                seconds_ = 0.0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

} // namespace gnr

#endif
