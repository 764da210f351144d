/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef itkGaussNewtonRegistrationEngine_h
#define itkGaussNewtonRegistrationEngine_h

#include "itkObject.h"
#include "itkObjectFactory.h"

#include "gnr/Communicator.h"

#include "GaussNewtonRegistrationExport.h"

#include <memory>
#include <optional>
#include <ostream>

namespace itk
{

/** \class GaussNewtonRegistrationEngine
 * \brief Which processes compute the registrations of a DiffeomorphicGaussNewtonRegistrationFilter, and which of them
 * get the outputs.
 *
 * - New(): the processes of MPI_COMM_WORLD where MPI is initialised, else this process alone; the default of a filter.
 * - ThisProcess(): this process alone, whatever MPI says; for programs whose processes have pairs of their own.
 * - MPI(handle): the processes of an MPI communicator.
 * - Workers(n): n worker processes on this machine; for programs that do not use MPI, as 3D Slicer or a Python prompt.
 *
 * \code
 *   filter->SetEngine(itk::GaussNewtonRegistrationEngine::Workers(4));
 * \endcode
 *
 * Where the processes are those of an MPI communicator, each has a filter, and all call Update(). Either process 0 (the
 * root) alone has inputs, or each process has the same inputs and asks their sources for its part of them: readers that
 * can stream then read no more than that. The parameters are those of the root. The root gets the outputs as a whole,
 * the others none, unless GatherOutput is off. IterationEvent, MultiResolutionIterationEvent and UserEvent are invoked
 * on the root, ProgressEvent on all; StopRegistration() and AbortGenerateDataOn() on any process hold for all, and what
 * goes wrong on one is thrown on all.
 *
 * Several filters may have the same engine. `doc/parallel.md` has more.
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationEngine : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(GaussNewtonRegistrationEngine);

  using Self = GaussNewtonRegistrationEngine;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);

  /** Run-time type information. */
#ifdef itkOverrideGetNameOfClassMacro
  itkOverrideGetNameOfClassMacro(GaussNewtonRegistrationEngine);
#else
  itkTypeMacro(GaussNewtonRegistrationEngine, Object);
#endif

  /** This process alone. */
  static Pointer
  ThisProcess();

  /** The processes of an MPI communicator, given as a Fortran handle: MPI_Comm_c2f() in C, `comm.py2f()` with mpi4py.
   * Needs the plugin gnr-mpi. Each process has a filter, and Update() is collective: it must be called before what
   * follows in the pipeline asks for the outputs. */
  static Pointer
  MPI(int fortranHandle);

  /** Worker processes, started on this machine for each registration. Update() stays an ordinary call of one process,
   * which never initialises MPI; a worker that crashes is an error here. NumberOfWorkUnits of the filter are shared out
   * among them. Needs the program gnr-worker, the plugin gnr-mpi and a launcher of MPI (mpirun). With 1, this process
   * computes itself; 0 is refused by Update(). */
  static Pointer
  Workers(unsigned int number);

#ifndef ITK_WRAPPING_PARSER
  /** Processes that are connected in another way than by MPI. A communicator that has seen an error is of no use any
   * more. */
  static Pointer
  Of(std::shared_ptr<gnr::Communicator> communicator);
#endif

  /** On (the default): the outputs of process 0 hold everything, those of the others nothing. Off: those of each
   * process hold its slab, of nz planes [nz r / N, nz (r + 1) / N) in process r of N, as their buffered and requested
   * region; no process ever has a whole field. */
  itkSetMacro(GatherOutput, bool);
  itkGetConstMacro(GatherOutput, bool);
  itkBooleanMacro(GatherOutput);

  /** Worker processes; 1 unless made by Workers(). */
  itkGetConstMacro(NumberOfWorkers, unsigned int);

#ifndef ITK_WRAPPING_PARSER
  /** The communicator of a new run; collective. Throws GaussNewtonRegistrationError where there is no MPI. */
  std::shared_ptr<gnr::Communicator>
  MakeCommunicator() const;

  /** Whether that may have several processes. Not collective. */
  bool
  MayHaveOthers() const;
#endif

protected:
  GaussNewtonRegistrationEngine() = default;
  ~GaussNewtonRegistrationEngine() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  bool                               m_IsAlone{ false };
  std::optional<int>                 m_MPICommunicator{};
  std::shared_ptr<gnr::Communicator> m_Communicator{};
  unsigned int                       m_NumberOfWorkers{ 1 };
  bool                               m_GatherOutput{ true };
};

} // namespace itk

#endif
