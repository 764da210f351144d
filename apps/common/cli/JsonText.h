// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_JsonText_h
#define gnrapp_JsonText_h

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace gnrapp
{

/** As files have it, with a newline at the end. What is no UTF-8, as a path may be, is replaced, for JSON must be. */
std::string
JsonText(const nlohmann::ordered_json & json);

} // namespace gnrapp

#endif
