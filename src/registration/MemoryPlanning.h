// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_MemoryPlanning_h
#define gnr_registration_MemoryPlanning_h

#include "registration/Context.h"
#include "registration/Preprocessing.h"

namespace gnr
{

/** As Engine::plan(). \param input is told who has what. \param box is decided on. Collective. */
MemoryPlan
planMemory(const Context & context, InputImages & input, const Options & options, SolverBox & box);

/** Plans the memory of the fields anew, for the same grids and other options. */
void
planFields(const Context & context, MemoryPlan & plan, const Options & options);

} // namespace gnr

#endif
