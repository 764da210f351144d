// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Archive_h
#define gnr_registration_Archive_h

#include "gnr/Error.h"
#include "gnr/Observer.h"
#include "gnr/OptionTable.h"
#include "gnr/Report.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gnr
{

class Archive;

template <typename T, typename = void>
constexpr bool hasTransfer = false;
template <typename T>
constexpr bool hasTransfer<T, decltype(transfer(std::declval<Archive &>(), std::declval<T &>()))> = true;

/** Values as bytes for another process of the same build, and back: what writes them reads them. A structure has a
 * function `transfer(Archive &, Structure &)` beside it, or here. */
class Archive
{
public:
  Archive() = default;
  /** To read. */
  explicit Archive(std::string bytes)
    : bytes_(std::move(bytes))
    , isReading_(true)
  {}

  const std::string &
  bytes() const
  {
    return bytes_;
  }

  template <typename... T>
  void
  operator()(T &... values)
  {
    (one(values), ...);
  }

  bool
  isReading() const
  {
    return isReading_;
  }

private:
  void
  raw(void * data, std::size_t size)
  {
    if (!isReading_)
    {
      bytes_.append(static_cast<const char *>(data), size);
      return;
    }
    if (size > bytes_.size() - at_)
    {
      throw Error(ErrorKind::OutOfResources, "several processes: a message between them was cut short; run it again");
    }
    bytes_.copy(static_cast<char *>(data), size, at_);
    at_ += size;
  }

  template <typename T>
  void
  one(T & value)
  {
    if constexpr (hasTransfer<T>)
    {
      transfer(*this, value);
    }
    else
    {
      static_assert(std::is_trivially_copyable_v<T>, "it needs a function transfer()");
      raw(&value, sizeof(T));
    }
  }

  void
  one(std::string & text)
  {
    std::uint64_t size = text.size();
    one(size);
    text.resize(isReading_ ? checked(size) : text.size());
    raw(text.data(), text.size());
  }

  template <typename A, typename B>
  void
  one(std::pair<A, B> & value)
  {
    one(value.first);
    one(value.second);
  }

  template <typename T>
  void
  one(std::vector<T> & values)
  {
    std::uint64_t size = values.size();
    one(size);
    values.resize(isReading_ ? checked(size) : values.size());
    for (T & value : values)
    {
      one(value);
    }
  }

  /** A number of elements, each of which takes a byte at least. */
  std::size_t
  checked(std::uint64_t size) const
  {
    return size <= bytes_.size() ? static_cast<std::size_t>(size) : bytes_.size() + 1;
  }

  std::string bytes_;
  bool        isReading_ = false;
  std::size_t at_ = 0;
};

inline void
transfer(Archive & archive, Options & options)
{
  std::string text = toText(options);
  archive(text);
  options = archive.isReading() ? optionsOf(text) : options;
}

inline void
transfer(Archive & archive, SimilarityList & similarity)
{
  std::string text = similarity.text();
  archive(text);
  similarity = SimilarityList::read(text).value_or(similarity);
}

// Of the structures every member is named, so that a new one does not compile before it is here.
inline void
transfer(Archive & archive, LevelRecord & record)
{
  auto & [level, grid, velocityGrid, beta, objective, mismatch, gradient, iterations, reason] = record;
  archive(level, grid, velocityGrid, beta, objective, mismatch, gradient, iterations, reason);
}

inline void
transfer(Archive & archive, Event & event)
{
  auto & [kind, level, iteration, progress, message] = event;
  archive(kind, level, iteration, progress, message);
}

inline void
transfer(Archive & archive, TrafficRecord & record)
{
  auto & [purpose, total, most] = record;
  archive(purpose, total, most);
}

inline void
transfer(Archive & archive, KernelTime & time)
{
  auto & [name, calls, milliseconds] = time;
  archive(name, calls, milliseconds);
}

inline void
transfer(Archive & archive, MemoryPlan & plan)
{
  auto & [imageGrid,
          solverGrid,
          levels,
          velocityGrid,
          device,
          deviceReason,
          threads,
          processes,
          reachesBorder,
          hasFixedWeight,
          hasMovingWeight,
          hasIncompressibility,
          pairs,
          hasInitialVelocity,
          landmarks,
          choosesWeight,
          fieldBytes,
          phases,
          fieldsOnDevice,
          scratchBytes,
          stagingBytes,
          availableBytes,
          availableDeviceBytes] = plan;
  archive(imageGrid, solverGrid, levels, velocityGrid, device, deviceReason, threads, processes);
  archive(reachesBorder, hasFixedWeight, hasMovingWeight, hasIncompressibility, pairs, hasInitialVelocity, landmarks);
  archive(choosesWeight);
  archive(fieldBytes, phases, fieldsOnDevice, scratchBytes, stagingBytes, availableBytes, availableDeviceBytes);
}

inline void
transfer(Archive & archive, IntensityChange & change)
{
  auto & [exponent, isNegative] = change;
  archive(exponent, isNegative);
}

inline void
transfer(Archive & archive, Report & report)
{
  auto & [device,
          deviceReason,
          threads,
          processes,
          transport,
          imageGrid,
          solverGrid,
          levels,
          similarity,
          intensityChanges,
          reason,
          mismatch,
          detailCorrelation,
          massDrift,
          densityExponent,
          landmarks,
          determinantMinimum,
          determinantMaximum,
          determinantMean,
          foldedVoxels,
          maximumDisplacement,
          mapSteps,
          beta,
          newtonSteps,
          hessianProducts,
          innerIterations,
          wallSeconds,
          cpuSeconds,
          phases,
          memoryPlan,
          fieldBytes,
          overflowBytes,
          phaseBytes,
          scratchBytes,
          stagingBytes,
          mostFieldBytes,
          traffic,
          kernelTimes,
          messages] = report;
  archive(device, deviceReason, threads, processes, transport, imageGrid, solverGrid, levels, reason);
  archive(mismatch, similarity, intensityChanges, detailCorrelation, massDrift, densityExponent, landmarks);
  archive(determinantMinimum, determinantMaximum, determinantMean, foldedVoxels, maximumDisplacement);
  archive(mapSteps, beta, newtonSteps, hessianProducts, innerIterations, wallSeconds, cpuSeconds, phases);
  archive(memoryPlan, fieldBytes, overflowBytes, phaseBytes, scratchBytes, stagingBytes, mostFieldBytes);
  archive(traffic, kernelTimes, messages);
}

template <typename... T>
std::string
pack(T... values)
{
  Archive archive;
  archive(values...);
  return archive.bytes();
}

template <typename T>
T
unpack(const std::string & bytes)
{
  T       value{};
  Archive archive(bytes);
  archive(value);
  return value;
}

} // namespace gnr

#endif
