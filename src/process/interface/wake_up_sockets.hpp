#pragma once

#include <string>
#include <vector>

#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Wakes ranks of the same machine that sleep: MPI has no wait that leaves the core to others. After a message, its
/// sender rings the receiver's bell. Ranks on other hosts cannot be rung; they look for messages now and then, as
/// everybody does, in case a message is slower than its bell.
class WakeUpSockets {
 public:
  WakeUpSockets();
  /// How others of this machine reach the own bell.
  const std::string& address() const { return address_; }
  /// @param addresses  of every rank's bell; empty for those that cannot be reached
  void know(std::vector<std::string> addresses);

  /// Whether no address is missing.
  bool everybody_rings() const { return everybody_rings_; }
  void ring(int rank) const;
  /// Forgets that the own bell was rung; to be called before one looks for messages. @return whether it was
  bool quiet() const;
  /// Sleeps until the own bell is rung, one of the others is readable (descriptors, or -1), or the time is over.
  void wait(double seconds, int other, int another = -1) const;

 private:
  Fd socket_;
  std::string address_;
  std::vector<std::string> addresses_;
  bool everybody_rings_ = false;
};

}  // namespace detail
}  // namespace windrow
