// SPDX-License-Identifier: Apache-2.0
#include "BidsDataset.h"

#include "BidsNames.h"
#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/io/InputFile.h"
#include "common/io/OutputFiles.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace gnrapp
{
namespace
{

namespace fs = std::filesystem;

struct Image
{
  std::string path;
  BidsName    name;
};

/** By session, "" for subjects without; within a subject. */
using Sessions = std::map<std::string, Image>;

/** All files below the folders of subjects. */
std::vector<std::string>
FilesOfSubjects(const std::string & dataset)
{
  std::vector<std::string> files;
  std::error_code          error;
  for (const auto & subject : fs::directory_iterator(dataset, error))
  {
    std::error_code none;
    if (subject.path().filename().string().rfind("sub-", 0) != 0 || !subject.is_directory(none))
    {
      continue;
    }
    for (fs::recursive_directory_iterator i(subject.path(), error), end; !error && i != end; i.increment(error))
    {
      if (i->is_regular_file(none))
      {
        files.push_back(i->path().string());
      }
    }
    if (error)
    {
      break;
    }
  }
  if (error)
  {
    throw CommandLineError(dataset + ": cannot be read (" + error.message() + "). Check its permissions");
  }
  std::sort(files.begin(), files.end());
  return files;
}

/** The name without the extensions of NIfTI; empty for other files. */
std::string
StemOf(const std::string & path)
{
  const std::string file = fs::path(path).filename().string();
  for (const std::string extension : { ".nii.gz", ".nii" })
  {
    if (EndsWith(file, extension))
    {
      return file.substr(0, file.size() - extension.size());
    }
  }
  return "";
}

bool
IsSelected(const BidsName & name, const std::vector<std::string> & selected)
{
  std::map<std::string, bool> isMet; // by key
  for (const std::string & entity : selected)
  {
    const std::string key = entity.substr(0, entity.find('-'));
    isMet[key] = isMet[key] || name.Find(key) == entity.substr(key.size() + 1);
  }
  return std::all_of(isMet.begin(), isMet.end(), [](const auto & key) { return key.second; });
}

void
CheckSelected(const std::vector<std::string> & selected)
{
  for (const std::string & entity : selected)
  {
    const auto name = ParseBidsName(entity + "_T1w.nii");
    if (!name || name->entities.size() != 1)
    {
      throw CommandLineError("--select: '" + entity +
                             "' is no entity of BIDS. Give key and label, e.g. sub-01 or run-1");
    }
  }
}

[[noreturn]] void
ThrowAmbiguous(const Image & a, const Image & b)
{
  std::string remedy = "Move one of them away";
  for (const auto & [one, other] : { std::make_pair(&a, &b), std::make_pair(&b, &a) })
  {
    for (const auto & [key, label] : one->name.entities)
    {
      if (other->name.Find(key) != label)
      {
        remedy = "Choose by an entity, e.g. --select " + key + "-" + label;
        break;
      }
    }
  }
  throw CommandLineError(a.path + ": is one of several " + a.name.suffix + " images of its session, another is " +
                         fs::path(b.path).filename().string() + ". " + remedy);
}

/** The images that may be registered, by subject. */
std::map<std::string, Sessions>
FindImages(const BidsQuery & query)
{
  std::map<std::string, Sessions> subjects;
  for (const std::string & path : FilesOfSubjects(query.folder))
  {
    if (!EndsWith(StemOf(path), query.suffix))
    {
      continue;
    }
    const auto name = ParseBidsName(path);
    const auto relative = fs::path(path).lexically_relative(query.folder);
    if (!name || "sub-" + name->Find("sub").value_or("") != relative.begin()->string())
    {
      throw CommandLineError(path + ": its name is not one of BIDS in the folder " + relative.begin()->string() +
                             ". Rename it, e.g. " + relative.begin()->string() + "_" + query.suffix +
                             ".nii.gz, or move it away");
    }
    if (name->suffix != query.suffix || !IsSelected(*name, query.selected))
    {
      continue;
    }
    const Image image{ path, *name };
    const auto [other, isNew] = subjects[*name->Find("sub")].emplace(name->Find("ses").value_or(""), image);
    if (!isNew)
    {
      ThrowAmbiguous(other->second, image);
    }
  }
  if (subjects.empty())
  {
    throw CommandLineError(query.folder + ": has no " + query.suffix + " images (sub-LABEL/.../sub-LABEL_..._" +
                           query.suffix + ".nii.gz)" + (query.selected.empty() ? "" : " of those selected") +
                           ". Check the folder, --suffix and --select");
  }
  return subjects;
}

PairTable::Row
RowOf(const std::string & fixed, const std::string & moving, const BidsQuery & query)
{
  const BidsResults results(fixed, moving, query.output, query.space);
  PairTable::Row    row;
  row.fixed = fixed;
  row.moving = moving;
  row.output = results.Prefix();
  row.argument = query.output;
  row.report = results.NameOf("report.json");
  row.options.push_back("--bids");
  if (query.space)
  {
    row.options.insert(row.options.end(), { "--space", *query.space });
  }
  return row;
}

} // namespace

BidsPairs
FindBidsPairs(const BidsQuery & query)
{
  CheckSelected(query.selected);
  CheckBidsLabel("--suffix", query.suffix);
  const std::string session = "ses-";
  const bool        isSession = query.fixed.rfind(session, 0) == 0 && StemOf(query.fixed).empty();
  const std::string reference = isSession ? query.fixed.substr(session.size()) : "";
  if (!isSession)
  {
    CheckInputFile(query.fixed, "an image file", "Check --fixed: an image, or ses-LABEL for a session of each subject");
  }
  BidsPairs pairs;
  for (const auto & [subject, sessions] : FindImages(query))
  {
    const auto found = sessions.find(reference);
    if (isSession && found == sessions.end())
    {
      pairs.messages.push_back("sub-" + subject + ": has no " + query.suffix + " image of " + query.fixed +
                               ", so none of its images is registered");
      continue;
    }
    for (const auto & [name, image] : sessions)
    {
      const std::string & fixed = isSession ? found->second.path : query.fixed;
      if (!IsSameFile(fixed, image.path))
      {
        pairs.rows.push_back(RowOf(fixed, image.path, query));
      }
    }
  }
  if (pairs.rows.empty())
  {
    throw CommandLineError(query.folder + ": has no " + query.suffix + " images to be registered to " + query.fixed +
                           ". Check --fixed, --suffix and --select");
  }
  return pairs;
}

} // namespace gnrapp
