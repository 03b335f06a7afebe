#pragma once

#include <array>
#include <bit>
#include <boost/serialization/access.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>  // and the concepts of std::ranges: <ranges> itself, with all its views, takes .2 s to compile
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/base/aggregate.hpp"
#include "windrow/base/byte_stream.hpp"

/// Objects as bytes, for another process that runs the same program: results, messages, broadcasts. What can be sent:
/// - numbers, enumerations, std::complex, durations and time points, and other plain classes (trivially copyable ones
///   with nothing to call), as they lie in memory;
/// - texts, paths, containers, std::array, std::pair, std::tuple, std::optional, std::variant, std::unique_ptr and
///   std::shared_ptr (an object of its own at the receiver) of what can be sent;
/// - aggregates of up to 16 such members, without a line of code;
/// - classes with a serialize(Archive&, unsigned) as Boost.Serialization has it: a member (private ones are called if
///   boost::serialization::access is a friend) or a function in the namespace of the class. They need a default
///   constructor.
/// Pointers and views cannot be sent, since they mean nothing in another process.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

class SavingArchive;
class LoadingArchive;

template <typename T, template <typename...> class Template>
inline constexpr bool is_a = false;
template <template <typename...> class Template, typename... Arguments>
inline constexpr bool is_a<Template<Arguments...>, Template> = true;

template <typename T>
inline constexpr bool is_std_array = false;
template <typename T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

template <typename T>
concept PlainNumber = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// Names that a class has, whoever may use them: a class that inherits the same name from elsewhere, too, cannot say
/// which one it means.
struct NamesThemToo {
  void serialize();
  void operator()();
};
template <typename T>
struct WithNames : T, NamesThemToo {};
template <typename T>
concept CanBeInherited = std::is_class_v<T> && !std::is_final_v<T>;
template <typename T>
concept NamesSerialize = CanBeInherited<T> && !requires {
  &WithNames<T>::serialize;
};
template <typename T>
concept NamesCall = !CanBeInherited<T> || !requires {
  &WithNames<T>::operator();
};

template <typename T>
concept HasSerialize = NamesSerialize<T> || requires(T& object, SavingArchive& archive) {
  object.serialize(archive, 0U);
};
template <typename T>
concept HasSerializeBeside = std::is_class_v<T> && requires(T& object, SavingArchive& archive) {
  serialize(archive, object, 0U);
};

template <typename T>
concept PathLike = requires(const T& path) {
  path.native();
  requires std::is_constructible_v<T, std::decay_t<decltype(path.native())>>;
};

template <typename T>
concept Container = std::ranges::sized_range<T> && requires(T& container, typename T::value_type item) {
  container.clear();
  container.insert(container.end(), std::move(item));
};

template <typename T>
concept NumberContainer = Container<T> && std::ranges::contiguous_range<T> && PlainNumber<typename T::value_type>;

/// Without the const of a map's keys.
template <typename T>
struct Mutable {
  using Type = T;
};
template <typename Key, typename T>
struct Mutable<std::pair<const Key, T>> {
  using Type = std::pair<Key, T>;
};

template <typename T>
concept Tuple = is_a<T, std::pair> || is_a<T, std::tuple>;
template <typename T>
concept MaybeObject = is_a<T, std::unique_ptr> || is_a<T, std::shared_ptr> || requires(const T& object) {
  object.has_value();
  *object;
};
template <typename T>
concept Memory = std::is_class_v<T> && std::is_trivially_copyable_v<T> && !std::ranges::range<T> && !NamesCall<T>;

template <typename>
inline constexpr bool cannot_be_sent = false;

/// Calls `use` with all members of an aggregate.
template <typename T, typename Use>
decltype(auto) with_members(T& object, Use&& use) {
  constexpr std::size_t count = member_count<std::remove_const_t<T>>;
  static_assert(count <= kMostMembers, "windrow can send structs of up to 16 members: give this one a serialize()");
  if constexpr (count == 0) {
    return use();
  } else if constexpr (count == 1) {
    auto& [a] = object;
    return use(a);
  } else if constexpr (count == 2) {
    auto& [a, b] = object;
    return use(a, b);
  } else if constexpr (count == 3) {
    auto& [a, b, c] = object;
    return use(a, b, c);
  } else if constexpr (count == 4) {
    auto& [a, b, c, d] = object;
    return use(a, b, c, d);
  } else if constexpr (count == 5) {
    auto& [a, b, c, d, e] = object;
    return use(a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto& [a, b, c, d, e, f] = object;
    return use(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto& [a, b, c, d, e, f, g] = object;
    return use(a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto& [a, b, c, d, e, f, g, h] = object;
    return use(a, b, c, d, e, f, g, h);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = object;
    return use(a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = object;
    return use(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = object;
    return use(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = object;
    return use(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (count == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = object;
    return use(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (count == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = object;
    return use(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (count == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = object;
    return use(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else if constexpr (count == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = object;
    return use(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}

template <typename T>
void write_value(ByteWriter& out, const T& value);
template <typename T>
T read_value(ByteReader& in);
template <typename T>
void read_into(ByteReader& in, T& value);

/// What serialize() is handed by the sender.
class SavingArchive {
 public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;

  explicit SavingArchive(ByteWriter& out) : out_(out) {}
  template <typename T>
  SavingArchive& operator&(const T& value) {
    write_value(out_, value);
    return *this;
  }
  template <typename T>
  SavingArchive& operator<<(const T& value) {
    return *this & value;
  }

 private:
  ByteWriter& out_;
};

/// And by the receiver.
class LoadingArchive {
 public:
  using is_saving = std::false_type;
  using is_loading = std::true_type;

  explicit LoadingArchive(ByteReader& in) : in_(in) {}
  template <typename T>
  LoadingArchive& operator&(T&& value) {
    read_into(in_, const_cast<std::remove_cvref_t<T>&>(value));  // Boost's wrappers are const, what they hold is not
    return *this;
  }
  template <typename T>
  LoadingArchive& operator>>(T&& value) {
    return *this & value;
  }

 private:
  ByteReader& in_;
};

/// Of a class that has a serialize(), or has one beside it.
template <typename Archive, typename T>
void call_serialize(Archive archive, T& object) {
  if constexpr (HasSerialize<T>) {
    boost::serialization::access::serialize(archive, object, 0U);
  } else {
    serialize(archive, object, 0U);
  }
}

template <typename T>
void write_value(ByteWriter& out, const T& value) {
  const auto write_all = [&out](const auto&... parts) { (write_value(out, parts), ...); };
  if constexpr (PlainNumber<T>) {
    out.put(value);
  } else if constexpr (HasSerialize<T> || HasSerializeBeside<T>) {
    call_serialize(SavingArchive(out), const_cast<T&>(value));  // one function both reads and writes
  } else if constexpr (PathLike<T>) {
    write_value(out, value.native());
  } else if constexpr (Container<T>) {
    out.put(static_cast<std::uint64_t>(std::ranges::size(value)));
    if constexpr (NumberContainer<T>) {
      out.put_bytes(std::as_bytes(std::span(std::ranges::data(value), std::ranges::size(value))));
    } else {
      for (const auto& item : value) write_value<typename T::value_type>(out, item);
    }
  } else if constexpr (std::is_array_v<T> || is_std_array<T>) {
    for (const auto& item : value) write_value(out, item);
  } else if constexpr (Tuple<T>) {
    std::apply(write_all, value);
  } else if constexpr (MaybeObject<T>) {
    out.put(static_cast<bool>(value));
    if (value) write_value(out, *value);
  } else if constexpr (is_a<T, std::variant>) {
    out.put(static_cast<std::uint64_t>(value.index()));
    std::visit(write_all, value);
  } else if constexpr (std::is_empty_v<T> && std::is_default_constructible_v<T>) {
  } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
    with_members(value, write_all);
  } else if constexpr (Memory<T>) {
    out.put(value);
  } else {
    static_assert(cannot_be_sent<T>,
                  "windrow cannot send this type to another process: it is no struct of what can be sent, and has no "
                  "serialize(Archive&, unsigned)");
  }
}

template <typename T, std::size_t At = 0>
T read_variant(ByteReader& in, std::uint64_t index) {
  if constexpr (At == std::variant_size_v<T>) {
    throw ParallelError("a message is garbled");
  } else {
    if (index == At) return T(std::in_place_index<At>, read_value<std::variant_alternative_t<At, T>>(in));
    return read_variant<T, At + 1>(in, index);
  }
}

template <typename T>
T read_container(ByteReader& in) {
  using Item = typename Mutable<typename T::value_type>::Type;
  const auto count = in.get<std::uint64_t>();
  T container;
  if constexpr (NumberContainer<T>) {
    if (count > in.remaining().size() / sizeof(Item)) throw ParallelError("a message ends too early");
    container.resize(static_cast<std::size_t>(count));
    const auto bytes = in.take(count * sizeof(Item));
    if (count > 0) std::memcpy(container.data(), bytes.data(), bytes.size());
  } else {
    if constexpr (requires { container.reserve(0); }) {
      const std::uint64_t most = in.remaining().size();
      container.reserve(static_cast<std::size_t>(count < most ? count : most));
    }
    for (std::uint64_t i = 0; i < count; ++i) container.insert(container.end(), read_value<Item>(in));
  }
  return container;
}

template <typename T>
T read_value(ByteReader& in) {
  // Braces keep the order, in which a call's arguments need not be evaluated.
  [[maybe_unused]] const auto braced = [&in]<typename... Parts>(std::type_identity<Parts>...) {
    return T{read_value<std::remove_const_t<Parts>>(in)...};
  };
  if constexpr (PlainNumber<T>) {
    return in.get<T>();
  } else if constexpr (HasSerialize<T> || HasSerializeBeside<T>) {
    static_assert(std::is_default_constructible_v<T>,
                  "windrow cannot receive this type: a class with a serialize() needs a default constructor");
    T value{};
    call_serialize(LoadingArchive(in), value);
    return value;
  } else if constexpr (PathLike<T>) {
    return T(read_value<std::decay_t<decltype(std::declval<const T&>().native())>>(in));
  } else if constexpr (Container<T>) {
    return read_container<T>(in);
  } else if constexpr (is_std_array<T>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return T{{(static_cast<void>(I), read_value<typename T::value_type>(in))...}};
    }
    (std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (Tuple<T>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return braced(std::type_identity<std::tuple_element_t<I, T>>()...);
    }
    (std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (MaybeObject<T>) {
    using Object = std::remove_cvref_t<decltype(*std::declval<T&>())>;
    static_assert(!std::is_polymorphic_v<Object> || std::is_final_v<Object>,
                  "windrow cannot send what a pointer to a base class points to");
    if (!in.get<bool>()) return T();
    if constexpr (requires { typename T::element_type; }) {
      return T(new Object(read_value<Object>(in)));
    } else {
      return T(read_value<Object>(in));
    }
  } else if constexpr (is_a<T, std::variant>) {
    return read_variant<T>(in, in.get<std::uint64_t>());
  } else if constexpr (std::is_empty_v<T> && std::is_default_constructible_v<T>) {
    return T();
  } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
    if constexpr (std::is_default_constructible_v<T> && std::is_move_assignable_v<T>) {
      T value{};
      with_members(value, [&in](auto&... members) { (read_into(in, members), ...); });
      return value;
    } else {  // only its braces can make one
      using Members = decltype(with_members(
          std::declval<T&>(), []<typename... M>(M&...) { return std::type_identity<std::tuple<M...>>(); }));
      return [&]<typename... M>(std::type_identity<std::tuple<M...>>) {
        return braced(std::type_identity<M>()...);
      }(Members());
    }
  } else if constexpr (Memory<T>) {
    std::array<std::byte, sizeof(T)> memory;
    std::memcpy(memory.data(), in.take(sizeof(T)).data(), sizeof(T));
    return std::bit_cast<T>(memory);
  } else {
    static_assert(cannot_be_sent<T>, "windrow cannot receive this type from another process");
  }
}

template <typename T>
void read_into(ByteReader& in, T& value) {
  if constexpr (std::is_array_v<T>) {
    for (auto& item : value) read_into(in, item);
  } else if constexpr (HasSerialize<T> || HasSerializeBeside<T>) {
    call_serialize(LoadingArchive(in), value);
  } else {
    value = read_value<T>(in);
  }
}

/// Whose bytes are all there is: they tell their number.
template <typename T>
inline constexpr bool is_number_vector = false;
template <typename T, typename A>
inline constexpr bool is_number_vector<std::vector<T, A>> = PlainNumber<T> && !std::is_same_v<T, bool>;

/// Writes what from_bytes<T> reads.
template <typename T>
void put_value(ByteWriter& out, const T& value) {
  if constexpr (is_number_vector<T>) {
    out.put_bytes(std::as_bytes(std::span(value)));
  } else {
    write_value(out, value);
  }
}

template <typename T>
Bytes to_bytes(const T& value) {
  if constexpr (is_number_vector<T>) {
    const auto bytes = std::as_bytes(std::span(value));
    return Bytes(bytes.begin(), bytes.end());  // without setting the memory to zero first
  } else {
    ByteWriter out;
    write_value(out, value);
    return out.take();
  }
}

/// @throws ParallelError if the bytes are not a T
template <typename T>
T from_bytes(std::span<const std::byte> bytes) {
  if constexpr (is_number_vector<T>) {
    if (bytes.size() % sizeof(typename T::value_type) != 0) throw ParallelError("a message has the wrong size");
    T values(bytes.size() / sizeof(typename T::value_type));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  } else {
    ByteReader in(bytes);
    T value = read_value<T>(in);
    if (!in.at_end()) throw ParallelError("a message has the wrong size");
    return value;
  }
}

}  // namespace detail
}  // namespace windrow
