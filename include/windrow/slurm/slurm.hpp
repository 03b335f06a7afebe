#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "windrow/parallel/slots.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// The Slurm job that this process runs in (SLURM_JOB_ID), or an empty text.
std::string slurm_job();

/// When the Slurm job that this process runs in ends, in seconds since the Unix epoch: by SLURM_JOB_END_TIME, or else
/// by `scontrol show job`. None outside of Slurm, for a job without an end, and where scontrol does not answer in 5 s.
std::optional<double> slurm_job_end();

/// The nodes of the Slurm job that this process runs in, with the tasks that it may have on each (SLURM_JOB_NODELIST,
/// SLURM_TASKS_PER_NODE). Empty outside of Slurm.
/// @throws SystemError  if there is no scontrol, which knows what the list of nodes means
/// @throws Error        with what scontrol said, or if the two variables do not go together
Slots slurm_slots();

/// Has Slurm put the job of this process into its queue again. Slurm then ends the job, and may do so before this
/// returns: what is to be stored or said comes first.
/// @throws Error  with what scontrol said, if it could not be done, or if it did not answer within 2 minutes
void requeue_slurm_job();

/// A batch job that Slurm has taken.
struct SubmittedJob {
  std::string id;        ///< "4711"; on a cluster of several: "4711;cluster"
  std::string messages;  ///< what sbatch said beside it, warnings for example; may be empty
};

/// Hands a batch script to sbatch, with this process's environment.
/// @throws SystemError  if there is no sbatch in PATH
/// @throws Error        with what sbatch said, if it did not take the job, or did not answer within 2 minutes
SubmittedJob submit_slurm_job(const std::filesystem::path& script);

}  // namespace windrow
