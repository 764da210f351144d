// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_Processes_h
#define gnrapp_Processes_h

#include "CommandLineError.h"

#include "gnr/Communicator.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gnrapp
{

/** The processes that run one program together: those that a launcher (mpirun, srun) has started with this one, or this
 * one alone. All methods that say so are collective, and throw what another process has failed with. */
class Processes
{
public:
  /** Collective. Throws CommandLineError where there are several and nothing that connects them. */
  Processes();

  int
  Size() const
  {
    return m_World->size();
  }
  /** The process that reads, prints and writes. */
  bool
  IsRoot() const
  {
    return m_World->rank() == 0;
  }
  int
  Rank() const
  {
    return m_World->rank();
  }
  /** What connects them, in words. */
  std::string
  Description() const
  {
    return m_World->description();
  }

  /** Collective: returns when all have come this far. */
  void
  Agree();

  /** Collective: sums, and maxima, over all processes. */
  std::vector<double>
  Sum(std::vector<double> values);
  std::vector<double>
  Maximum(std::vector<double> values);

  /** Collective: the text of the root. */
  std::string
  Share(std::string text);

  /** True in the first of those that are still there, where that is not the root. */
  bool
  StandsInForTheRoot() const;

  /** Tells the others that this one has failed. */
  void
  Announce(ExitCode exitCode, const std::string & message);

  /** Collective, and the last: waits for the others, even after a failure, so that no launcher ends them while the root
   * still prints. */
  void
  Part();

private:
  std::shared_ptr<gnr::Communicator> m_World;
  std::shared_ptr<gnr::Communicator> m_Parting; ///< sees no errors
};

/** RunProgram() for a program whose processes may be several. Only the root prints; what goes wrong in one process ends
 * all with its message and exit code. */
int
RunSharedProgram(const std::string & program, const std::function<ExitCode(Processes &)> & body);

} // namespace gnrapp

#endif
