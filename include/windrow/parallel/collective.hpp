#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <numeric>
#include <span>  // and the concepts of std::ranges, as in serialize.hpp
#include <type_traits>
#include <utility>
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

/// Where a call puts what ranks send, without a copy in between.
class Room {
 public:
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  /// @param sizes  in bytes, of what each rank sends, or of the root's alone
  virtual void make(std::span<const std::uint64_t> sizes) = 0;
  virtual std::byte* of(std::size_t rank) = 0;

 protected:
  Room() = default;
  ~Room() = default;
};

/// An object for each rank.
class ObjectsRoom final : public Room {
 public:
  void make(std::span<const std::uint64_t> sizes) override;
  std::byte* of(std::size_t rank) override { return objects_[rank].data(); }
  std::vector<Bytes> take() { return std::move(objects_); }

 private:
  std::vector<Bytes> objects_;
};

/// Memory that is there already, for what the root sends.
class GivenRoom final : public Room {
 public:
  explicit GivenRoom(std::span<std::byte> memory) : memory_(memory) {}
  /// @throws ParallelError if it is of another size
  void make(std::span<const std::uint64_t> sizes) override;
  std::byte* of(std::size_t) override { return memory_.data(); }

 private:
  std::span<std::byte> memory_;
};

/// Elements of all ranks, one after another, in what can be resized. What is no whole number of elements per rank is
/// taken all the same, so that its sender need not wait, and is an error at the end.
template <typename Elements>
class JoinedRoom final : public Room {
  using T = std::ranges::range_value_t<Elements>;

 public:
  explicit JoinedRoom(Elements& elements) : elements_(elements) {}
  void make(std::span<const std::uint64_t> sizes) override {
    offsets_.resize(sizes.size());
    std::exclusive_scan(sizes.begin(), sizes.end(), offsets_.begin(), std::uint64_t{0});
    const std::uint64_t total = sizes.empty() ? 0 : offsets_.back() + sizes.back();
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      if (sizes[r] % sizeof(T) != 0) wrong_rank_ = static_cast<int>(r);
    }
    if (wrong_rank_ >= 0) return wrong_.resize(static_cast<std::size_t>(total));
    elements_.resize(static_cast<std::size_t>(total) / sizeof(T));
  }
  std::byte* of(std::size_t rank) override {
    auto* const begin = wrong_rank_ >= 0 ? wrong_.data() : reinterpret_cast<std::byte*>(std::ranges::data(elements_));
    return begin + offsets_[rank];
  }
  /// @throws ParallelError after what is no elements
  void check() const {
    if (wrong_rank_ >= 0) throw_other_call(wrong_rank_);
  }

 private:
  Elements& elements_;
  std::vector<std::uint64_t> offsets_;
  Bytes wrong_;
  int wrong_rank_ = -1;
};

/// Elements of all ranks, in a vector for each.
template <typename T>
class SeparateRoom final : public Room {
 public:
  void make(std::span<const std::uint64_t> sizes) override {
    parts_.resize(sizes.size());
    wrong_.resize(sizes.size());
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      if (sizes[r] % sizeof(T) == 0) {
        parts_[r].resize(static_cast<std::size_t>(sizes[r]) / sizeof(T));
      } else {
        wrong_[r].resize(static_cast<std::size_t>(sizes[r]));
      }
    }
  }
  std::byte* of(std::size_t rank) override {
    return wrong_[rank].empty() ? reinterpret_cast<std::byte*>(parts_[rank].data()) : wrong_[rank].data();
  }
  /// @throws ParallelError if what a rank sent is no elements
  std::vector<std::vector<T>> take() {
    for (std::size_t r = 0; r < wrong_.size(); ++r) {
      if (!wrong_[r].empty()) throw_other_call(static_cast<int>(r));
    }
    return std::move(parts_);
  }

 private:
  std::vector<std::vector<T>> parts_;
  std::vector<Bytes> wrong_;
};

/// Numbers that are sent as they lie in memory, alone or in a vector.
template <typename T>
concept SentNumber = PlainNumber<T> && !std::is_same_v<T, bool>;
template <typename T>
inline constexpr bool is_vector_of_numbers = false;
template <SentNumber T>
inline constexpr bool is_vector_of_numbers<std::vector<T>> = true;

/// An operation on elements, for those who only know their bytes.
class Reduction {
 public:
  Reduction(std::size_t element_size, bool may_throw) : element_size_(element_size), may_throw_(may_throw) {}
  Reduction(const Reduction&) = delete;
  Reduction& operator=(const Reduction&) = delete;
  /// out[i] = a[i] * b[i], where `out` may be one of them
  virtual void fold(std::byte* out, const std::byte* a, const std::byte* b, std::size_t bytes) const = 0;
  std::size_t element_size() const { return element_size_; }
  bool may_throw() const { return may_throw_; }

 protected:
  ~Reduction() = default;

 private:
  std::size_t element_size_;
  bool may_throw_;
};

template <typename T, typename Op>
class ReductionBy final : public Reduction {
 public:
  explicit ReductionBy(Op& op)
      : Reduction(sizeof(T), !std::is_nothrow_invocable_r_v<T, Op&, const T&, const T&>), op_(op) {}
  void fold(std::byte* out, const std::byte* a, const std::byte* b, std::size_t bytes) const override {
    auto* const to = reinterpret_cast<T*>(out);
    const auto* const first = reinterpret_cast<const T*>(a);
    const auto* const second = reinterpret_cast<const T*>(b);
    for (std::size_t i = 0; i < bytes / sizeof(T); ++i) to[i] = op_(first[i], second[i]);
  }

 private:
  Op& op_;
};

}  // namespace detail
}  // namespace windrow
