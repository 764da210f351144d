// SPDX-License-Identifier: Apache-2.0
#include "FailureTable.h"

namespace gnrapp
{
namespace
{

std::string
CodeOf(ExitCode code)
{
  return std::to_string(static_cast<int>(code));
}

const char *
NameOf(FailureClass kind)
{
  switch (kind)
  {
    case FailureClass::Input:
      return "input";
    case FailureClass::Resources:
      return "resources";
    case FailureClass::Communication:
      return "communication";
    case FailureClass::Numerics:
      return "numerics";
    case FailureClass::Interruption:
      return "interruption";
  }
  return "";
}

} // namespace

const std::vector<Failure> &
FailureTable()
{
  constexpr auto    input = FailureClass::Input, resources = FailureClass::Resources;
  constexpr auto    communication = FailureClass::Communication, numerics = FailureClass::Numerics;
  constexpr auto    interruption = FailureClass::Interruption;
  const std::string bad = CodeOf(ExitCode::BadInput), scarce = CodeOf(ExitCode::OutOfResources);
  const std::string numerical = CodeOf(ExitCode::NumericalFailure), limit = CodeOf(ExitCode::TimeLimit);
  const std::string no = "no";

  // clang-format off
  static const std::vector<Failure> table = {
    { input, "no such file", bad, "a path is wrong", "correct it", no },
    { input, "the file is truncated", bad, "a copy or a download broke off", "copy or export it again", "once the file is complete" },
    { input, "its header", bad, "a header that no image has; the field is named", "export the image again, or correct it", no },
    { input, "is not an image in a known format", bad, "another format, or no image", "convert it to NIfTI, NRRD or MetaImage", no },
    { input, "its axes are not at right angles", bad, "a sheared grid as fixed image or `--reference`", "resample it first", no },
    { input, "values that are NaN or infinite", bad, "voxels that are no numbers", "replace them, or mask them out", no },
    { input, "has changed since it was first read here", bad, "somebody wrote the image during the run", "leave it alone", "yes" },
    { input, "its name is not one of BIDS", bad, "`--bids`, or a dataset in `gnr-batch`, with a name that is not `sub-01_..._T1w.nii.gz`", "rename the image; `--space`", no },
    { input, "is an input as well", bad, "a result would replace what it is made of", "choose another name", no },
    { input, "is writing files of this name", bad, "two runs with one `--output` or `--checkpoint`", "wait, or choose another name", "when the other has ended" },
    { input, "the output folder cannot be written", bad + ", " + scarce, "permissions; with " + scarce + ", the disk is full", "change them, or make room", "with " + scarce },
    { resources, "not enough memory", scarce, "images too large for the machine or its limit", "`--dry-run` tells the need; more processes, a larger machine, smaller images", "on a larger machine" },
    { resources, "the system gives no", scarce, "a limit of threads, processes or pipes", "raise it, or use fewer `--threads`", "when others have ended" },
    { resources, "cannot be written completely", scarce, "disk full, quota, limit of file sizes", "make room", "when there is room" },
    { resources, "device cuda: ", bad + ", " + scarce, "no GPU, an old driver, or too little of its memory", "`--device cpu`, a newer driver, more GPUs", "with " + scarce },
    { communication, "has not been heard of for", scarce, "a process was stopped, or its machine or network is down", "look at the machine; `GNR_SILENCE_LIMIT`", "yes" },
    { communication, "is no more", scarce, "a process was killed, mostly for lack of memory", "as for memory", "on a larger machine" },
    { communication, "was ended by signal", scarce, "likewise, of worker processes", "as for memory", "on a larger machine" },
    { communication, "a process or the network between the machines may have died", scarce, "a connection was lost", "look at the machines", "yes" },
    { communication, "Try mpirun -np 2 hostname", scarce, "the launcher failed; its words stand in the message", "mend the installation of MPI, or name a launcher by `GNR_MPIEXEC`", no },
    { communication, "several processes (MPI): ", bad, "launcher and plugin are of different MPI libraries", "use those that belong together ([parallel.md](parallel.md#install))", no },
    { numerics, "is not finite", numerical, "intensities beyond single precision, or too small a `--beta`", "check the images, increase `--beta`", no },
    { numerics, "the deformation left the image", numerical, "images that lie far apart", "`--initial-transform affine`, a larger `--beta`", no },
    { numerics, "The alignment of FixedImage and MovingImage failed", numerical, "images that show different things", "masks, or a transform of another tool", no },
    { interruption, "", limit + ", or `--requeue-exit-code`", "`--time-limit`, or SIGTERM to a run with `--checkpoint`; the result so far is there", "the same command goes on from the checkpoint", "yes" },
    { interruption, "", "128 + number", "a signal; nothing was written, nothing is left", "the same command", "yes" },
  };
  // clang-format on
  return table;
}

std::string
FailurePage()
{
  std::string page =
    "| class | exit code | message has | cause | remedy | retry |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const Failure & row : FailureTable())
  {
    page += std::string("| ") + NameOf(row.kind) + " | " + row.exitCode + " | " +
            (row.message.empty() ? "" : "`" + row.message + "`") + " | " + row.cause + " | " + row.remedy + " | " +
            row.retry + " |\n";
  }
  return page;
}

} // namespace gnrapp
