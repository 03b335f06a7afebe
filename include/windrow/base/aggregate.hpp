#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

/// The members of an aggregate, one after another, without a line of code in it: they are counted by how many values
/// its braces take, and bound by structured bindings. (Boost.PFR does the same; Debian 12's Boost does not have it.)
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

inline constexpr std::size_t kMostMembers = 16;

/// Stands for a value of any type but `T` and its bases, where only types matter.
template <typename T>
struct AnyBut {
  template <typename U>
  requires(!std::is_base_of_v<U, T>) constexpr operator U() const noexcept { __builtin_unreachable(); }
};

/// Whether T{a, b, {c, d}, e} would compile, with so many values before, inside and after the inner braces.
template <typename T, std::size_t... Before, std::size_t... Inside, std::size_t... After>
constexpr bool takes_braces(std::index_sequence<Before...>, std::index_sequence<Inside...>,
                            std::index_sequence<After...>) {
  return requires {
    T{(static_cast<void>(Before), AnyBut<T>{})...,
      {(static_cast<void>(Inside), AnyBut<T>{})...},
      (static_cast<void>(After), AnyBut<T>{})...};
  };
}

template <typename T, std::size_t... Values>
constexpr bool takes_values(std::index_sequence<Values...>) {
  return requires {
    T{(static_cast<void>(Values), AnyBut<T>{})...};
  };
}

/// The most values that T{...} takes: an array among the members counts with all of its elements.
template <typename T, std::size_t Values = sizeof(T) * 8 < 256 ? sizeof(T) * 8 : 256>
constexpr std::size_t most_values() {
  if constexpr (Values == 0 || takes_values<T>(std::make_index_sequence<Values>())) {
    return Values;
  } else {
    return most_values<T, Values - 1>();
  }
}

/// How many of the values from `at` on belong to one member: more than one if that is an array.
template <typename T, std::size_t Values, std::size_t At, std::size_t Size>
constexpr std::size_t values_of_member() {
  if constexpr (Size <= 1) {
    return 1;
  } else if constexpr (takes_braces<T>(std::make_index_sequence<At>(), std::make_index_sequence<Size>(),
                                       std::make_index_sequence<Values - At - Size>()) &&
                       !takes_braces<T>(std::make_index_sequence<At>(), std::make_index_sequence<Size>(),
                                        std::make_index_sequence<Values - At - Size + 1>())) {
    return Size;
  } else {
    return values_of_member<T, Values, At, Size - 1>();
  }
}

template <typename T, std::size_t Values, std::size_t At = 0>
constexpr std::size_t members_from() {
  if constexpr (At >= Values) {
    return 0;
  } else {
    return 1 + members_from<T, Values, At + values_of_member<T, Values, At, Values - At>()>();
  }
}

template <typename T>
inline constexpr std::size_t member_count = members_from<T, most_values<T>()>();

}  // namespace detail
}  // namespace windrow
