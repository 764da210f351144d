// SPDX-License-Identifier: Apache-2.0
#include "registration/SolveState.h"

#include "kernels/Plugin.h"
#include "registration/Archive.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace gnr
{
namespace
{

constexpr std::size_t piece = std::size_t(1) << 18; // values of a field that are copied at a time

[[noreturn]] void
throwUnusable(const char * why)
{
  throw Error(ErrorKind::BadInput, std::string("saved solve: ") + why + "; begin the registration anew");
}

/** The fields, which go after the rest. */
std::array<Buffer *, 3>
fieldsOf(SolveState & state)
{
  return { { &state.velocity, &state.bestStart.velocity, &state.admissible.velocity } };
}

void
readExactly(std::istream & stream, void * data, std::size_t bytes)
{
  if (!stream.read(static_cast<char *>(data), static_cast<std::streamsize>(bytes)))
  {
    throwUnusable("it was cut short");
  }
}

void
transfer(Archive & archive, NewtonState & state)
{
  auto & [isBegun, isWarm, iteration, timeSteps, norm, distance, record] = state;
  archive(isBegun, isWarm, iteration, timeSteps, norm, distance, record);
}

void
transfer(Archive & archive, Incumbent & incumbent)
{
  archive(incumbent.objective, incumbent.beta, incumbent.reason);
}

void
transfer(Archive & archive, SolveState & state, std::array<std::uint64_t, 3> & sizes)
{
  archive(state.level, state.start, state.weight, state.search);
  transfer(archive, state.newton);
  transfer(archive, state.bestStart);
  transfer(archive, state.admissible);
  archive(state.report, state.isInterrupted, state.foundWithinBounds, sizes);
}

} // namespace

void
SolveState::write(std::ostream & stream, Kernels & kernels)
{
  std::array<std::uint64_t, 3> sizes{};
  std::string                  version = pluginVersion();
  for (int i = 0; i < 3; ++i)
  {
    sizes[i] = fieldsOf(*this)[i]->size();
  }
  Archive archive;
  archive(version);
  transfer(archive, *this, sizes);
  const std::uint64_t bytes = archive.bytes().size();
  stream.write(reinterpret_cast<const char *>(&bytes), sizeof bytes);
  stream << archive.bytes();
  std::vector<Real> host(piece);
  for (const Buffer * field : fieldsOf(*this))
  {
    for (std::size_t at = 0; at < field->size(); at += piece)
    {
      const std::size_t count = std::min(piece, field->size() - at);
      kernels.copyToHost(field->data() + at, host.data(), count * sizeof(Real));
      stream.write(reinterpret_cast<const char *>(host.data()), static_cast<std::streamsize>(count * sizeof(Real)));
    }
  }
}

void
SolveState::read(std::istream & stream, Kernels & kernels)
{
  std::uint64_t bytes = 0;
  readExactly(stream, &bytes, sizeof bytes);
  std::string content;
  for (std::vector<char> part(piece); content.size() < bytes;) // the number may be anything
  {
    const std::size_t count = std::min<std::uint64_t>(piece, bytes - content.size());
    readExactly(stream, part.data(), count);
    content.append(part.data(), count);
  }
  Archive     archive(content);
  std::string version;
  archive(version);
  if (version != pluginVersion())
  {
    throwUnusable("it is of another build of this program");
  }
  std::array<std::uint64_t, 3> sizes{};
  transfer(archive, *this, sizes);
  std::vector<Real> host(piece);
  for (int i = 0; i < 3; ++i)
  {
    Buffer & field = *fieldsOf(*this)[i];
    field = sizes[i] > 0 ? Buffer(kernels, sizes[i]) : Buffer();
    for (std::size_t at = 0; at < field.size(); at += piece)
    {
      const std::size_t count = std::min(piece, field.size() - at);
      readExactly(stream, host.data(), count * sizeof(Real));
      kernels.copyFromHost(host.data(), field.data() + at, count * sizeof(Real));
    }
  }
}

} // namespace gnr
