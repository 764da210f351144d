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
#include "NiftiCheck.h"

#include "CommandLineError.h"
#include "GzipFile.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace gnrapp
{
namespace
{

template <typename T>
T
Get(const char * bytes, bool swap)
{
  char raw[sizeof(T)];
  std::memcpy(raw, bytes, sizeof(T));
  if (swap)
  {
    std::reverse(raw, raw + sizeof(T));
  }
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return value;
}

/** Where the voxels of a single-file NIfTI-1 or NIfTI-2 image lie. */
struct Layout
{
  bool          known = false; ///< false: another kind of file
  bool          swap = false;  ///< the other byte order
  std::uint64_t begin = 0;     ///< bytes
  std::uint64_t end = 0;
  std::size_t   floatBytes = 0; ///< 4 or 8; 0 if the voxels are integers
};

constexpr std::size_t headerBytes1 = 348;
constexpr std::size_t headerBytes2 = 540;

Layout
ParseHeader(const std::string & head)
{
  Layout layout;
  if (head.size() < headerBytes1)
  {
    return layout;
  }
  const char * const h = head.data();
  auto               hasSize = [h](std::size_t size, bool swap) {
    return Get<std::int32_t>(h, swap) == static_cast<std::int32_t>(size);
  };
  layout.swap = hasSize(headerBytes1, true) || hasSize(headerBytes2, true);
  const bool swap = layout.swap;
  const bool first = hasSize(headerBytes1, swap) && std::memcmp(h + 344, "n+1", 3) == 0;
  const bool second = head.size() >= headerBytes2 && hasSize(headerBytes2, swap) && std::memcmp(h + 4, "n+2", 3) == 0;
  if (!first && !second)
  {
    return layout;
  }
  const int type = Get<std::int16_t>(h + (first ? 70 : 12), swap);
  double    bytes = Get<std::int16_t>(h + (first ? 72 : 14), swap) / 8.0;
  auto      axis = [=](int i) {
    return first ? static_cast<double>(Get<std::int16_t>(h + 40 + 2 * i, swap))
                      : static_cast<double>(Get<std::int64_t>(h + 16 + 8 * i, swap));
  };
  for (int i = 1; i <= std::min(static_cast<int>(axis(0)), 7); ++i)
  {
    bytes *= axis(i);
  }
  const double begin = first ? Get<float>(h + 108, swap) : static_cast<double>(Get<std::int64_t>(h + 168, swap));
  layout.known = begin >= 0 && bytes >= 0;
  if (layout.known)
  {
    layout.begin = static_cast<std::uint64_t>(begin);
    layout.end = layout.begin + static_cast<std::uint64_t>(bytes);
    constexpr int floatType = 16;
    constexpr int doubleType = 64;
    layout.floatBytes = type == floatType ? sizeof(float) : type == doubleType ? sizeof(double) : 0;
  }
  return layout;
}

/** Counts values that are not finite in a stream that arrives in pieces. */
class NiftiScanner
{
public:
  void
  Consume(const char * data, std::size_t bytes)
  {
    if (!m_Parsed)
    {
      m_Head.append(data, bytes);
      if (m_Head.size() < headerBytes2)
      {
        return;
      }
      this->Finish();
      return;
    }
    this->Scan(data, bytes);
  }

  /** Parses a header that is as short as the file. */
  void
  Finish()
  {
    if (!m_Parsed)
    {
      m_Parsed = true;
      m_Layout = ParseHeader(m_Head);
      this->Scan(m_Head.data(), m_Head.size());
    }
  }

  const Layout &
  GetLayout() const
  {
    return m_Layout;
  }
  std::size_t
  GetNotFinite() const
  {
    return m_NotFinite;
  }

private:
  void
  Scan(const char * data, std::size_t bytes)
  {
    const std::uint64_t start = m_Position;
    m_Position += bytes;
    if (m_Layout.floatBytes == 0 || m_Position <= m_Layout.begin || start >= m_Layout.end)
    {
      return;
    }
    const std::uint64_t from = m_Layout.begin > start ? m_Layout.begin - start : 0;
    const std::uint64_t to = std::min<std::uint64_t>(bytes, m_Layout.end - start);
    m_Pending.append(data + from, data + to);
    std::size_t used = 0;
    for (; used + m_Layout.floatBytes <= m_Pending.size(); used += m_Layout.floatBytes)
    {
      this->Check(m_Pending.data() + used);
    }
    m_Pending.erase(0, used);
  }

  void
  Check(const char * raw)
  {
    const bool finite = m_Layout.floatBytes == sizeof(float) ? std::isfinite(Get<float>(raw, m_Layout.swap))
                                                             : std::isfinite(Get<double>(raw, m_Layout.swap));
    m_NotFinite += finite ? 0 : 1;
  }

  bool          m_Parsed = false;
  std::string   m_Head;
  Layout        m_Layout;
  std::uint64_t m_Position = 0;
  std::string   m_Pending; ///< voxels that have arrived but are not checked: at most a part of one after Scan()
  std::size_t   m_NotFinite = 0;
};

} // namespace

void
CheckNiftiFile(const std::string & path)
{
  NiftiScanner      scanner;
  const GzipContent content =
    ScanGzip(path, [&scanner](const char * data, std::size_t bytes) { scanner.Consume(data, bytes); });
  scanner.Finish();
  const Layout & layout = scanner.GetLayout();
  if (!content.intact)
  {
    throw CommandLineError(path + ": the file is damaged or truncated (its compressed stream breaks off or fails its " +
                           "check sum after " + std::to_string(content.bytes) + " bytes). Copy or export it again");
  }
  if (layout.known && content.bytes < layout.end)
  {
    throw CommandLineError(path + ": the file is truncated (" + std::to_string(content.bytes) + " bytes of " +
                           std::to_string(layout.end) + "). Copy or export it again");
  }
  if (scanner.GetNotFinite() > 0)
  {
    throw CommandLineError(path + ": holds " + std::to_string(scanner.GetNotFinite()) +
                           " values that are NaN or infinite. Replace them by numbers, e.g. 0 outside the object");
  }
}

} // namespace gnrapp
