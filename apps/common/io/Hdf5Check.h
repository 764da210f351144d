// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_Hdf5Check_h
#define gnrapp_Hdf5Check_h

#include <optional>
#include <string>

namespace gnrapp
{

/** What is wrong with a transform file in HDF5, as far as that can be seen with little memory and time; nothing
 * otherwise. The library trusts the lengths in a file: it is tried in a process of its own. Throws CommandLineError
 * where there can be none. */
std::optional<std::string>
FaultOfHdf5(const std::string & path);

} // namespace gnrapp

#endif
