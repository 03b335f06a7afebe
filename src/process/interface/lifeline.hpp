#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "windrow/process/fd.hpp"

/// TCP connections (IPv4) that carry nothing: they end when the process at the other end does, however that happens,
/// since its kernel closes them; and 30 s after its machine has gone, since that no longer answers the kernel's probes.
/// A process that computes, or is stopped, keeps them: unlike a heartbeat, they need none of its time.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// The side that others connect to.
class LifelineHost {
 public:
  /// @throws SystemError if there is no port to listen on
  LifelineHost();
  /// How others reach this: every address of the machine, the port, and a secret that tells theirs from strangers.
  const std::string& address() const { return address_; }
  struct Lifeline {
    int number;
    Fd connection;
  };
  /// The next that arrives until then.
  std::optional<Lifeline> accept_until(std::chrono::steady_clock::time_point deadline);

 private:
  std::optional<Lifeline> greet(Fd connection) const;

  Fd listener_;
  std::string secret_;
  std::string address_;
};

/// The other side: a connection that becomes readable when the host has ended. Empty if no address could be reached.
/// @param address  of a LifelineHost, which must be accepting now
/// @param number   by which the host knows this process
Fd connect_lifeline(const std::string& address, int number);

/// Whether the process at the other end is gone: of a lifeline, or of a descriptor as open_process() gives it.
bool has_ended(const Fd& lifeline);

}  // namespace detail
}  // namespace windrow
