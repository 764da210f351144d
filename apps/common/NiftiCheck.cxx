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

#include "itkNiftiFileHeader.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace gnrapp
{
namespace
{

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
      if (m_Head.size() < itk::niftiFileHeaderBytes)
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
      m_Header = itk::ParseNiftiFileHeader(m_Head);
      this->Scan(m_Head.data(), m_Head.size());
    }
  }

  /** Nothing if the file is of another kind. */
  const std::optional<itk::NiftiFileHeader> &
  GetHeader() const
  {
    return m_Header;
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
    if (!m_Header || m_Header->floatBytes == 0 || m_Position <= m_Header->begin || start >= m_Header->end)
    {
      return;
    }
    const std::uint64_t from = m_Header->begin > start ? m_Header->begin - start : 0;
    const std::uint64_t to = std::min<std::uint64_t>(bytes, m_Header->end - start);
    m_Pending.append(data + from, data + to);
    std::size_t used = 0;
    for (; used + m_Header->floatBytes <= m_Pending.size(); used += m_Header->floatBytes)
    {
      this->Check(m_Pending.data() + used);
    }
    m_Pending.erase(0, used);
  }

  void
  Check(const char * raw)
  {
    const bool finite = m_Header->floatBytes == sizeof(float)
                          ? std::isfinite(itk::NiftiNumberAt<float>(raw, m_Header->swap))
                          : std::isfinite(itk::NiftiNumberAt<double>(raw, m_Header->swap));
    m_NotFinite += finite ? 0 : 1;
  }

  bool                                m_Parsed = false;
  std::string                         m_Head;
  std::optional<itk::NiftiFileHeader> m_Header;
  std::uint64_t                       m_Position = 0;
  std::string m_Pending; ///< voxels that have arrived but are not checked: at most a part of one after Scan()
  std::size_t m_NotFinite = 0;
};

} // namespace

void
CheckNiftiFile(const std::string & path)
{
  NiftiScanner      scanner;
  const GzipContent content =
    ScanGzip(path, [&scanner](const char * data, std::size_t bytes) { scanner.Consume(data, bytes); });
  scanner.Finish();
  const auto & header = scanner.GetHeader();
  if (!content.intact)
  {
    throw CommandLineError(path + ": the file is damaged or truncated (its compressed stream breaks off or fails its " +
                           "check sum after " + std::to_string(content.bytes) + " bytes). Copy or export it again");
  }
  if (header && content.bytes < header->end)
  {
    throw CommandLineError(path + ": the file is truncated (" + std::to_string(content.bytes) + " bytes of " +
                           std::to_string(header->end) + "). Copy or export it again");
  }
  if (scanner.GetNotFinite() > 0)
  {
    throw CommandLineError(path + ": holds " + std::to_string(scanner.GetNotFinite()) +
                           " values that are NaN or infinite. Replace them by numbers, e.g. 0 outside the object");
  }
}

} // namespace gnrapp
