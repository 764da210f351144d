// SPDX-License-Identifier: Apache-2.0
#include "registration/Checkpoint.h"

#include "kernels/Plugin.h"
#include "registration/Archive.h"

#include "gnr/Error.h"
#include "gnr/OptionTable.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <sstream>
#include <utility>

namespace gnr
{
namespace
{

constexpr const char * formatLine = "  \"format\": \"gnr-checkpoint 2\",\n";
constexpr const char * headerBegin = "{\n";
constexpr const char * headerEnd = "}";
constexpr const char * remedy = "; delete it to begin anew, or give another name";

/** "12 minutes" */
std::string
durationText(double seconds)
{
  constexpr std::pair<double, const char *> units[] = { { 86400.0, "day" }, { 3600.0, "hour" }, { 60.0, "minute" } };
  for (const auto & [length, name] : units)
  {
    if (seconds >= 2.0 * length)
    {
      return std::to_string(static_cast<long long>(seconds / length)) + " " + name + "s";
    }
  }
  return std::to_string(static_cast<long long>(std::max(seconds, 0.0))) + " seconds";
}

/** Beside the identity, what is said of a checkpoint that is gone on from. */
struct Circumstances
{
  std::int64_t time = 0; ///< UTC, seconds since 1970
  int          processes = 1;
  int          level = 0;
  int          levels = 1;
  int          step = 1;
};

std::string
textOf(const Circumstances & then)
{
  const double age = std::difftime(std::time(nullptr), static_cast<std::time_t>(then.time));
  return "level " + std::to_string(then.level + 1) + " of " + std::to_string(then.levels) + ", step " +
         std::to_string(then.step) + ", written " + durationText(age) + " ago by " + std::to_string(then.processes) +
         (then.processes == 1 ? " process" : " processes");
}

[[noreturn]] void
refuse(const std::string & what)
{
  throw Error(ErrorKind::BadInput, "checkpoint: " + what);
}

/** The same on every number of processes. Planes that several have count once. Collective. */
std::uint64_t
digestOf(const InputImage & image, const Grid & grid, int components, Communicator & communicator)
{
  const int           planes = grid.size[2];
  const std::size_t   bytes = sizeof(float) * components * grid.size[0] * grid.size[1];
  std::vector<double> halves(2 * static_cast<std::size_t>(planes), -1.0); // of what a double holds exactly
  for (int z = image.planes.begin; z < image.planes.end; ++z)
  {
    Digest plane;
    plane.add(reinterpret_cast<const char *>(image.data) + bytes * (z - image.planes.begin), bytes);
    halves[2 * z] = static_cast<double>(plane.value() >> 32);
    halves[2 * z + 1] = static_cast<double>(plane.value() & 0xffffffffU);
  }
  communicator.maximum(halves.data(), halves.size());
  if (halves[0] < 0.0)
  {
    return 0;
  }
  Digest all;
  all.add(halves.data(), halves.size() * sizeof(double));
  return std::max<std::uint64_t>(all.value(), 1);
}

SolveIdentity
identityOf(const Options & options, const InputImages & input, Communicator & communicator)
{
  SolveIdentity identity{ pluginVersion(), input.grid, options, {} };
  identity.options.timeLimit.reset();
  const auto add = [&](const std::string & name, const InputImage & image, int components) {
    identity.images.emplace_back(name, digestOf(image, input.grid, components, communicator));
  };
  for (std::size_t i = 0; i < input.pairs.size(); ++i)
  {
    const std::string number = i == 0 ? "" : " " + std::to_string(i + 1);
    add("fixed image" + number, input.pairs[i].fixed, 1);
    add("moving image" + number, input.pairs[i].moving, 1);
  }
  add("mask of the fixed image", input.fixedWeight, 1);
  add("mask of the moving image", input.movingWeight, 1);
  add("image of incompressibility", input.incompressibility, 1);
  add("initial velocity", input.velocity, 3);
  Digest landmarks;
  landmarks.add(input.landmarks.data(), input.landmarks.size() * sizeof(LandmarkPair));
  identity.images.emplace_back("landmarks",
                               input.landmarks.empty() ? 0 : std::max<std::uint64_t>(landmarks.value(), 1));
  return identity;
}

void
transfer(Archive & archive, SolveIdentity & identity)
{
  archive(identity.version);
  if (archive.isReading() && identity.version != pluginVersion())
  {
    return; // what follows may be of another form
  }
  archive(identity.grid, identity.options, identity.images);
}

/** As a member of JSON. */
std::string
quoted(const std::string & text)
{
  std::string result = "\"";
  for (const char c : text)
  {
    char code[8];
    std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned int>(static_cast<unsigned char>(c)));
    result += c == '"' || c == '\\'                              ? std::string{ '\\', c }
              : std::iscntrl(static_cast<unsigned char>(c)) != 0 ? code
                                                                 : std::string(1, c);
  }
  return result + '"';
}

std::string
sizeText(const Grid & grid)
{
  return "[" + std::to_string(grid.size[0]) + ", " + std::to_string(grid.size[1]) + ", " +
         std::to_string(grid.size[2]) + "]";
}

std::string
hexadecimal(std::uint64_t value)
{
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

} // namespace

std::optional<std::string>
SolveIdentity::differenceTo(const SolveIdentity & now) const
{
  if (version != now.version)
  {
    return "it was written by " + version + ", and this is " + now.version;
  }
  if (grid != now.grid)
  {
    return "its fixed image has another grid";
  }
  if (images.size() != now.images.size())
  {
    return "it is of a run with another number of images";
  }
  for (std::size_t i = 0; i < images.size(); ++i)
  {
    const auto & [name, digest] = images[i];
    const std::uint64_t digestNow = now.images[i].second;
    if (digest != digestNow)
    {
      return digest == 0      ? "it is of a run without " + name
             : digestNow == 0 ? "it is of a run with " + name
                              : "it is of another " + name;
    }
  }
  if (const auto name = firstDifference(options, now.options))
  {
    return "it is of a run with " + *name + " " + getOption(options, *name) + ", and this one has " +
           getOption(now.options, *name);
  }
  return std::nullopt;
}

Checkpoint::Checkpoint(const Options & options, const InputImages & input, Communicator & communicator)
  : files_(options.checkpoint.value())
  , interval_(options.checkpointInterval)
  , communicator_(communicator)
{
  if (communicator_.rank() == 0)
  {
    checkFolder();
  }
  identity_ = identityOf(options, input, communicator_);
}

void
Checkpoint::checkFolder() const
{
  const std::size_t slash = files_.last.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : files_.last.substr(0, slash + 1);
  if (files_.last.compare(slash + 1, std::string::npos, ".gnr") == 0)
  {
    refuse("'" + folder + "' is a folder; add the start of the names of the files, as in out/pair");
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0)
  {
    const bool isMissing = errno == ENOENT;
    refuse("the folder " + folder +
           (isMissing ? " does not exist; create it" : " cannot be written; change its permissions") +
           ", or give another name");
  }
}

bool
Checkpoint::open(const std::string & path)
{
  reader_ = std::make_unique<CheckpointReader>(path);
  switch (reader_->state())
  {
    case CheckpointReader::State::Missing:
      return false;
    case CheckpointReader::State::Unreadable:
      refuse(path + " cannot be read; change its permissions, or give another name");
    case CheckpointReader::State::Damaged:
      notes_.push_back("checkpoint: " + path + " is damaged or was cut short");
      return false;
    case CheckpointReader::State::Good:
      break;
  }
  const std::string header = reader_->readUntil(headerEnd);
  if (header.compare(0, std::strlen(headerBegin) + std::strlen(formatLine), std::string(headerBegin) + formatLine) != 0)
  {
    refuse(path + " is of another version of this program" + remedy);
  }
  std::uint64_t bytes = 0;
  reader_->read(&bytes, sizeof bytes);
  std::string content(std::min<std::uint64_t>(bytes, 1U << 20), '\0');
  reader_->read(content.data(), content.size());
  Archive       archive(content);
  SolveIdentity identity;
  transfer(archive, identity);
  if (const auto difference = identity.differenceTo(identity_))
  {
    refuse(path + ": " + *difference + remedy);
  }
  Circumstances then;
  archive(then);
  notes_.push_back("goes on from the checkpoint " + path + ": " + textOf(then));
  return true;
}

bool
Checkpoint::find()
{
  std::uint8_t isFound = 0;
  if (communicator_.rank() == 0)
  {
    isFound = open(files_.last) ? 1 : 0;
    isLastDamaged_ = !notes_.empty() && isFound == 0;
    isFound = isFound != 0 || open(files_.previous) ? 1 : 0;
    if (isFound == 0 && !notes_.empty())
    {
      refuse(notes_.front().substr(std::strlen("checkpoint: ")) + ", and there is none before it that could be used" +
             remedy);
    }
  }
  communicator_.broadcast(&isFound, 1, 0);
  std::string notes;
  for (const std::string & note : notes_)
  {
    notes += note + '\n';
  }
  notes_.clear();
  std::istringstream lines(communicator_.broadcastText(notes, 0));
  for (std::string line; std::getline(lines, line);)
  {
    notes_.push_back(line);
  }
  return isFound != 0;
}

ByteSource
Checkpoint::source()
{
  return [this](void * data, std::size_t bytes) { reader_->read(data, bytes); };
}

bool
Checkpoint::isDue(double seconds) const
{
  std::uint8_t is = seconds - lastSeconds_ >= interval_ ? 1 : 0;
  communicator_.broadcast(&is, 1, 0);
  return is != 0;
}

std::string
Checkpoint::headerOf(const SolveState & state, int levels) const
{
  const LevelRecord & record = state.newton.record;
  char                time[32] = "";
  const std::time_t   now = std::time(nullptr);
  std::tm             utc{};
  std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  std::ostringstream json;
  json << headerBegin << formatLine << "  \"program\": " << quoted(identity_.version) << ",\n  \"written\": \"" << time
       << "\",\n  \"processes\": " << communicator_.size() << ",\n  \"bytesPerValue\": " << sizeof(Real)
       << ",\n  \"imageGrid\": " << sizeText(identity_.grid) << ",\n  \"grid\": " << sizeText(record.grid)
       << ",\n  \"level\": " << record.level + 1 << ",\n  \"levels\": " << levels
       << ",\n  \"step\": " << state.newton.iteration << ",\n  \"seconds\": " << state.report.wallSeconds
       << ",\n  \"images\": {";
  const char * comma = "";
  for (const auto & [name, digest] : identity_.images)
  {
    json << comma << "\n    " << quoted(name) << ": " << (digest == 0 ? "null" : quoted(hexadecimal(digest)));
    comma = ",";
  }
  Digest options;
  json << "\n  },\n  \"options\": {";
  for (const OptionRow & row : optionTable())
  {
    if (row.group != OptionGroup::Machine && row.key() != "timeLimitSeconds")
    {
      const std::string text = row.text(identity_.options);
      options.add(row.name.c_str(), row.name.size() + 1);
      options.add(text.c_str(), text.size() + 1);
      json << "\n    " << quoted(row.key()) << ": " << quoted(text) << ",";
    }
  }
  json << "\n    \"hash\": " << quoted(options.text()) << "\n  }\n" << headerEnd << '\n';
  return json.str();
}

std::optional<std::string>
Checkpoint::write(SolveState & state, int levels, Kernels & kernels, double seconds)
{
  std::unique_ptr<CheckpointWriter> writer;
  if (communicator_.rank() == 0)
  {
    writer = std::make_unique<CheckpointWriter>(files_);
    const std::string header = headerOf(state, levels);
    writer->write(header.data(), header.size());
    Archive       archive;
    Circumstances now{ static_cast<std::int64_t>(std::time(nullptr)),
                       communicator_.size(),
                       state.newton.record.level,
                       levels,
                       state.newton.iteration };
    transfer(archive, identity_);
    archive(now);
    const std::uint64_t bytes = archive.bytes().size();
    writer->write(&bytes, sizeof bytes);
    writer->write(archive.bytes().data(), bytes);
  }
  const auto sink = [&](const void * data, std::size_t bytes) { writer->write(data, bytes); };
  state.write(sink, kernels, communicator_);
  const std::string problem = communicator_.broadcastText(writer ? writer->commit(isLastDamaged_) : "", 0);
  lastSeconds_ = seconds;
  isWritten_ = problem.empty();
  isLastDamaged_ = isLastDamaged_ && !isWritten_;
  if (isWritten_ || hasFailed_)
  {
    return std::nullopt;
  }
  hasFailed_ = true;
  return "checkpoint: " + files_.last + " cannot be written (" + problem +
         "), and is tried again later; make room, or the work is lost if this run is ended";
}

} // namespace gnr
