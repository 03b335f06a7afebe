#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace windrow::detail {

/// An expression of named numbers, as muparser knows them: arithmetic, comparisons, `&&`, `||`, `a ? b : c`, min, max,
/// abs, sqrt, floor, ceil, rint, ... Several threads may ask.
class Expression {
 public:
  /// @param key    what messages call it: "ranks"
  /// @param names  what it may use
  /// @param kind   what such a name is: "parameter"
  /// @throws SpecError for an expression that cannot be read, and a name in it that is none of these
  Expression(std::string text, const std::string& key, const std::vector<std::string>& names, const std::string& kind);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;

  const std::string& text() const;
  /// Positions, among the names, of those that it uses.
  const std::vector<std::size_t>& used() const;
  /// @param values  of those that it uses, in their order
  /// @throws SpecError where it has no value
  double operator()(const std::vector<double>& values) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windrow::detail
