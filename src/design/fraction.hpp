#pragma once

#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "design/coded.hpp"

namespace windrow::detail {

/// All corners, or those that generators leave, in standard order.
class Fraction {
 public:
  /// @throws BadTerm for generators that are none
  Fraction(const std::vector<Parameter>& parameters, const std::vector<std::string>& generators);

  std::uint64_t points() const { return points_; }
  bool is_high(std::size_t place, std::uint64_t index) const {
    const Column& column = columns_[place];
    return (std::popcount(index & column.of) % 2 == 1) != column.is_turned;
  }
  /// The generators as they are given; none if there are none.
  KernelOptions options() const;
  /// What is mixed up with what: "resolution IV, I = a*b*c*d".
  std::optional<std::string> note() const { return note_; }

 private:
  /// A sign is the product of those of some basic parameters, which are bits of the index.
  struct Column {
    std::uint64_t of = 0;
    bool is_turned = false;
  };

  void check_words(const std::vector<Parameter>& parameters, const std::vector<std::uint64_t>& words);

  std::uint64_t points_ = 1;
  std::vector<Column> columns_;
  std::vector<std::string> generators_;
  std::optional<std::string> note_;
};

}  // namespace windrow::detail
