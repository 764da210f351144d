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
#include "itkGaussNewtonRegistrationEngine.h"

#include "itkGaussNewtonRegistrationCoreErrors.h"

#include <utility>

namespace itk
{

auto
GaussNewtonRegistrationEngine::ThisProcess() -> Pointer
{
  const Pointer engine = New();
  engine->m_IsAlone = true;
  return engine;
}

auto
GaussNewtonRegistrationEngine::MPI(int fortranHandle) -> Pointer
{
  const Pointer engine = New();
  engine->m_MPICommunicator = fortranHandle;
  return engine;
}

auto
GaussNewtonRegistrationEngine::Workers(unsigned int number) -> Pointer
{
  const Pointer engine = ThisProcess();
  engine->m_NumberOfWorkers = number;
  return engine;
}

auto
GaussNewtonRegistrationEngine::Of(std::shared_ptr<gnr::Communicator> communicator) -> Pointer
{
  const Pointer engine = New();
  engine->m_Communicator = std::move(communicator);
  return engine;
}

std::shared_ptr<gnr::Communicator>
GaussNewtonRegistrationEngine::MakeCommunicator() const
{
  if (m_Communicator)
  {
    return m_Communicator;
  }
  if (m_IsAlone || (!m_MPICommunicator && !gnr::isMpiInitialized()))
  {
    return gnr::makeSelfCommunicator();
  }
  if (!m_MPICommunicator && gnr::launchedProcesses().value_or(1) == 1)
  {
    // A host that is alone and has initialised MPI for reasons of its own needs no plugin.
    try
    {
      return gnr::makeMpiCommunicator();
    }
    catch (const gnr::Error &)
    {
      return gnr::makeSelfCommunicator();
    }
  }
  return GaussNewtonRegistrationCoreErrors::WithItkErrors(
    ITK_LOCATION, [this] { return gnr::makeMpiCommunicator(m_MPICommunicator); });
}

bool
GaussNewtonRegistrationEngine::MayHaveOthers() const
{
  if (m_Communicator)
  {
    return m_Communicator->size() > 1;
  }
  return !m_IsAlone && (m_MPICommunicator || (gnr::isMpiInitialized() && gnr::launchedProcesses().value_or(1) > 1));
}

void
GaussNewtonRegistrationEngine::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "ThisProcess: " << (m_IsAlone ? "On" : "Off") << std::endl;
  os << indent << "MPICommunicator: ";
  m_MPICommunicator ? os << *m_MPICommunicator : os << "default";
  os << std::endl;
  os << indent << "Communicator: " << (m_Communicator ? m_Communicator->description() : "none") << std::endl;
  os << indent << "NumberOfWorkers: " << m_NumberOfWorkers << std::endl;
  os << indent << "GatherOutput: " << (m_GatherOutput ? "On" : "Off") << std::endl;
}

} // namespace itk
