#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>  // and the concepts of std::ranges, as in serialize.hpp
#include <type_traits>
#include <vector>

#include "windrow/base/serialize.hpp"

/// What ranks say to each other in collective calls, and what of.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// A number, or something else that may be copied as it lies in memory.
template <typename T>
concept Element = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !std::ranges::view<T>;

/// Does not compile if an element holds a pointer or a view.
template <Element T>
void check_element() {
  [[maybe_unused]] const auto writes = &write_value<T>;
}

/// Elements one after another in memory; texts aside, which are values of their own.
template <typename R>
concept ConstElementRange = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
    Element<std::ranges::range_value_t<R>> && !requires {
  typename R::traits_type;
};

/// The same, and they can be changed.
template <typename R>
concept ElementRange =
    std::ranges::contiguous_range<R> && std::ranges::sized_range<R> && Element<std::ranges::range_value_t<R>> &&
    !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

template <typename Op, typename R>
concept ReducesElements =
    std::is_invocable_r_v<std::ranges::range_value_t<R>, Op&, const std::ranges::range_value_t<R>&,
                          const std::ranges::range_value_t<R>&>;

/// Begins what a rank sends: a value follows, or the text of what was thrown when it was to be sent.
enum class MessageKind : std::uint8_t { value, thrown };

/// A rank (-1: it is not known which) sent what does not belong to the call that this one is in.
[[noreturn]] void throw_other_call(int rank);
Bytes thrown_message(const std::exception_ptr& thrown);
/// What follows in a message with a value. @throws ParallelError that names the rank, for another one
ByteReader value_of_message(std::span<const std::byte> message, int rank);

/// Nothing throws before the others have been told.
template <typename T>
Bytes to_message(const T& value, std::exception_ptr& thrown) {
  try {
    ByteWriter out;
    out.put(MessageKind::value);
    put_value(out, value);
    return out.take();
  } catch (...) {
    thrown = std::current_exception();
    return thrown_message(thrown);
  }
}

/// @throws ParallelError that names the rank, if it sent something else
template <typename T>
T from_message(std::span<const std::byte> message, int rank) {
  const ByteReader value = value_of_message(message, rank);
  try {
    return from_bytes<T>(value.remaining());
  } catch (const ParallelError&) {
    throw_other_call(rank);
  }
}

/// Of all ranks.
template <typename T>
std::vector<T> from_messages(const std::vector<Bytes>& messages) {
  std::vector<T> values;
  values.reserve(messages.size());
  for (const Bytes& message : messages) values.push_back(from_message<T>(message, static_cast<int>(values.size())));
  return values;
}

}  // namespace detail
}  // namespace windrow
