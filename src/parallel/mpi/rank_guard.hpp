#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "windrow/parallel/launch.hpp"
#include "windrow/process/fd.hpp"

namespace windrow::detail {

/// For launch() where the launcher leaves a job alone that has lost a rank (mpirun --enable-recovery): ends this
/// process when there is nothing left to work for, whatever its main thread is doing. That is when the root has gone,
/// when the launcher itself has, and when a rank of this machine dies before MPI has started, for which the others
/// would wait without end. Makes no MPI calls.
class RankGuard {
 public:
  /// Before MPI_Init, after whatever this process forks.
  explicit RankGuard(const LaunchOptions& options);
  ~RankGuard();
  RankGuard(const RankGuard&) = delete;
  RankGuard& operator=(const RankGuard&) = delete;

  /// All ranks have come through.
  /// @param root_lifeline  readable when the root is gone, or -1
  /// @param last_words     what is then told (LaunchOptions::on_message); nothing if empty
  void has_started(int root_lifeline, std::string last_words);
  /// From now on the root may go first.
  void is_ending();

 private:
  enum class Phase { starting, working, ending };
  void run();
  void look_for_siblings();
  [[noreturn]] void end_process(const std::string& message) const;

  const LaunchOptions& options_;
  Fd wake_;
  Fd launcher_;
  std::atomic<Phase> phase_ = Phase::starting;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> root_lifeline_ = -1;
  std::string last_words_;
  double missing_since_ = -1.0;  // a rank of this machine
  bool speaks_ = false;          // of it, for all that are here
  std::thread thread_;
};

}  // namespace windrow::detail
