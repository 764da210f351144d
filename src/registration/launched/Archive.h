// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_launched_Archive_h
#define gnr_registration_launched_Archive_h

#include "registration/launched/Job.h"

#include "gnr/Error.h"
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
namespace launched
{

/** Values as bytes for another process of the same machine and the same build, and back: what writes them reads them.
 */
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
    (transfer(values), ...);
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
  std::enable_if_t<std::is_trivially_copyable_v<T>>
  transfer(T & value)
  {
    raw(&value, sizeof(T));
  }

  void
  transfer(std::string & text)
  {
    std::uint64_t size = text.size();
    transfer(size);
    text.resize(isReading_ ? checked(size) : text.size());
    raw(text.data(), text.size());
  }

  template <typename A, typename B>
  std::enable_if_t<!std::is_trivially_copyable_v<std::pair<A, B>>>
  transfer(std::pair<A, B> & value)
  {
    transfer(value.first);
    transfer(value.second);
  }

  template <typename T>
  void
  transfer(std::vector<T> & values)
  {
    std::uint64_t size = values.size();
    transfer(size);
    values.resize(isReading_ ? checked(size) : values.size());
    for (T & value : values)
    {
      transfer(value);
    }
  }

  void
  transfer(Options & options)
  {
    std::string text = toText(options);
    transfer(text);
    options = isReading_ ? optionsOf(text) : options;
  }

  // Of the structures every member is named, so that a new one does not compile before it is here.
  void
  transfer(Job & job)
  {
    auto & [grid, options, processes, hasFixedWeight, hasMovingWeight, hasVelocity] = job;
    (*this)(grid, options, processes, hasFixedWeight, hasMovingWeight, hasVelocity);
  }

  void
  transfer(LevelRecord & record)
  {
    auto & [level, grid, beta, objective, mismatch, gradient, iterations, reason] = record;
    (*this)(level, grid, beta, objective, mismatch, gradient, iterations, reason);
  }

  void
  transfer(TrafficRecord & record)
  {
    auto & [purpose, total, most] = record;
    (*this)(purpose, total, most);
  }

  void
  transfer(MemoryPlan & plan)
  {
    auto & [imageGrid,
            solverGrid,
            levels,
            device,
            deviceReason,
            threads,
            processes,
            reachesBorder,
            hasFixedWeight,
            hasMovingWeight,
            hasInitialVelocity,
            fieldBytes,
            phases,
            fieldsOnDevice,
            scratchBytes,
            stagingBytes,
            availableBytes,
            availableDeviceBytes] = plan;
    (*this)(imageGrid, solverGrid, levels, device, deviceReason, threads, processes);
    (*this)(reachesBorder, hasFixedWeight, hasMovingWeight, hasInitialVelocity);
    (*this)(fieldBytes, phases, fieldsOnDevice, scratchBytes, stagingBytes, availableBytes, availableDeviceBytes);
  }

  void
  transfer(Report & report)
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
            reason,
            mismatch,
            detailCorrelation,
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
            messages] = report;
    (*this)(device, deviceReason, threads, processes, transport, imageGrid, solverGrid, levels, reason);
    (*this)(mismatch, similarity, detailCorrelation, determinantMinimum, determinantMaximum, determinantMean);
    (*this)(foldedVoxels, maximumDisplacement);
    (*this)(mapSteps, beta, newtonSteps, hessianProducts, innerIterations, wallSeconds, cpuSeconds, phases);
    (*this)(
      memoryPlan, fieldBytes, overflowBytes, phaseBytes, scratchBytes, stagingBytes, mostFieldBytes, traffic, messages);
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

} // namespace launched
} // namespace gnr

#endif
