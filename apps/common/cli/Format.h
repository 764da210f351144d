// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_Format_h
#define gnrapp_Format_h

#include <string>

namespace gnrapp
{

/** What printf would print; std::format is not in C++17. */
[[gnu::format(printf, 1, 2)]] std::string
Format(const char * format, ...);

bool
EndsWith(const std::string & text, const std::string & end);

} // namespace gnrapp

#endif
