// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_Plugin_h
#define gnr_kernels_Plugin_h

#include "GaussNewtonRegistrationVersion.h"

#include <string>

#define GNR_PLUGIN_FUNCTION __attribute__((visibility("default")))

namespace gnr
{

/** What a plugin answers when asked for `gnrPluginVersion`: plugins go with the library of the same build alone. */
inline const char *
pluginVersion()
{
#ifdef GNR_DOUBLE_PRECISION
  return "GaussNewtonRegistration " GaussNewtonRegistration_VERSION " in double precision";
#else
  return "GaussNewtonRegistration " GaussNewtonRegistration_VERSION;
#endif
}

/** Where this code was loaded from, the library or a program that has it inside; with the slash. */
std::string
ownFolder();

/** The file that a plugin is looked for in: beside the library or program that this code is part of, or in the folder
 * that the environment variable GNR_PLUGIN_PATH names. */
std::string
pluginFile(const std::string & name);

/** A function of a plugin, which is opened if it is not yet, and stays open.
 *
 * \param name as in `gnr-cuda`.
 * \param purpose begins the message, as in `device cuda`.
 * \param remedy ends it: what to do where the plugin cannot be opened.
 * Throws Error(BadInput) with the file and the reason. */
void *
pluginFunction(const std::string & name,
               const std::string & function,
               const std::string & purpose,
               const std::string & remedy);

} // namespace gnr

#endif
