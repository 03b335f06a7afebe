#pragma once

#include <stdexcept>

namespace windrow::detail {

/// An output that is not there or is not what it should be; the message says where it was looked for.
class BadOutput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One that is not there, which is well for an output that is optional.
class MissingOutput : public BadOutput {
 public:
  using BadOutput::BadOutput;
};

/// What the program left says that the point failed; the message says all.
class FailedCheck : public BadOutput {
 public:
  using BadOutput::BadOutput;
};

}  // namespace windrow::detail
