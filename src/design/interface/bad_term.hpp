#pragma once

#include <string>
#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

/// What a parameter's source says by a name (`sd`, `step`, `weights`) that it cannot say.
class BadTerm : public SpecError {
 public:
  /// @param before, after  of the message: "missing ", or " must be above 0, not -1"
  BadTerm(std::string name, std::string before, std::string after)
      : SpecError(before + "`" + name + "`" + after),
        name_(std::move(name)),
        before_(std::move(before)),
        after_(std::move(after)) {}
  BadTerm(std::string name, std::string after) : BadTerm(std::move(name), "", std::move(after)) {}

  const std::string& name() const { return name_; }
  /// The same with another text for the name: "`sd` in [parameters.x.values.normal] must be above 0, not -1".
  std::string message(const std::string& called) const { return before_ + called + after_; }

 private:
  std::string name_, before_, after_;
};

/// A parameter that a method cannot take.
class UnfitParameter : public SpecError {
 public:
  UnfitParameter(std::string name, const std::string& message) : SpecError(message), name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace windrow::detail
