#pragma once

#include <string>
#include <vector>

#include "windrow/process/fd.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Wakes ranks of the same machine that sleep: MPI has no wait that leaves the core to others. After a message, its
/// sender sends a datagram to the receiver's socket. Ranks on other hosts cannot be woken; they look for messages now
/// and then, as every rank does, in case a message is slower than its datagram.
class WakeUpSockets {
 public:
  WakeUpSockets();
  /// How others of this machine reach this rank's socket.
  const std::string& address() const { return address_; }
  /// @param addresses  of every rank's socket; empty for those that cannot be reached
  void know(std::vector<std::string> addresses);

  /// Whether no address is missing.
  bool all_reachable() const { return all_reachable_; }
  void wake(int rank) const;
  /// Forgets that this rank was woken; to be called before one looks for messages. @return whether it was
  bool clear() const;
  /// Sleeps until this rank is woken, one of the others is readable (descriptors, or -1), or the time is over.
  void wait(double seconds, int other, int another = -1) const;

 private:
  Fd socket_;
  std::string address_;
  std::vector<std::string> addresses_;
  bool all_reachable_ = false;
};

}  // namespace detail
}  // namespace windrow
