#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

/// windrow: parameter sweeps over the processes of a machine or a cluster.
namespace [[gnu::visibility("default")]] windrow {

/// Base of every exception that windrow throws. A failed evaluation is not one: see Outcome.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument, a design or a study file that makes no sense. The message says what, where and what to do.
class SpecError : public Error {
 public:
  using Error::Error;
};

/// A system call failed. The message ends in the system's own text for `errno`.
class SystemError : public Error {
 public:
  SystemError(const std::string& what, int error_number)
      : Error(what + ": " + std::generic_category().message(error_number)), error_number_(error_number) {}
  int error_number() const { return error_number_; }

 private:
  int error_number_;
};

/// Ranks or workers cannot go on together: wrong backend, mismatched collective calls, a garbled message.
class ParallelError : public Error {
 public:
  using Error::Error;
};

/// A peer died or closed its end while this process needed it.
class PeerLost : public ParallelError {
 public:
  using ParallelError::ParallelError;
};

/// Thrown on the other ranks where the root could not go on; the root throws what stopped it.
class RootFailed : public ParallelError {
 public:
  using ParallelError::ParallelError;
};

/// The results store cannot be opened, read or written.
class StoreError : public Error {
 public:
  using Error::Error;
};

/// The results store is in order, but another machine writes it in a way that only that machine can read.
class StoreElsewhere : public StoreError {
 public:
  using StoreError::StoreError;
};

/// The file of a results store is there, but no run has begun to write it: one was killed while it made the file.
class StoreEmpty : public StoreError {
 public:
  using StoreError::StoreError;
};

/// Thrown inside an evaluation that was asked to stop; the point counts as not evaluated.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

/// Thrown by an evaluation that turns its point down before doing any work (outside the model's domain, infeasible,
/// ...).
class Rejected : public Error {
 public:
  using Error::Error;
};

}  // namespace windrow
