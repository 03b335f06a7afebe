#include "evaluation/interface/evaluator.hpp"

#include <signal.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "evaluation/interface/array_route.hpp"
#include "windrow/base/byte_stream.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint32_t kIndexRead = 0x80000000U;   // beside the number of attempts
constexpr std::uint32_t kStoreError = 0x40000000U;  // a text follows, and nothing else

enum class Kind : std::uint8_t { number, integer, boolean, text, array, file };

void put_shape(ByteWriter& out, std::span<const std::uint64_t> shape) {
  out.put(static_cast<std::uint64_t>(shape.size()));
  out.put_bytes(std::as_bytes(shape));
}

std::vector<std::uint64_t> get_shape(ByteReader& in) {
  ByteReader lengths(in.take(in.get<std::uint64_t>() * sizeof(std::uint64_t)));
  std::vector<std::uint64_t> shape;
  while (!lengths.at_end()) shape.push_back(lengths.get<std::uint64_t>());
  return shape;
}

void put(ByteWriter& out, const Array& array) {
  put_shape(out, array.shape);
  out.put(static_cast<std::uint64_t>(array.values.size()));
  out.put_bytes(std::as_bytes(std::span(array.values)));
}

Array get_array(ByteReader& in) {
  auto shape = get_shape(in);
  const auto bytes = in.take(in.get<std::uint64_t>() * sizeof(double));
  std::vector<double> values(bytes.size() / sizeof(double));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return {std::move(values), std::move(shape)};
}

void put(ByteWriter& out, const ArrayFile& file) {
  out.put(Kind::file);
  out.put_text(file.file.string());
  out.put_text(file.type);
  put_shape(out, file.shape);
  out.put(file.size);
  out.put(file.checksum);
}

ArrayFile get_file(ByteReader& in) {
  ArrayFile file;
  file.file = in.get_text();
  file.type = in.get_text();
  file.shape = get_shape(in);
  file.size = in.get<std::uint64_t>();
  file.checksum = in.get<std::uint64_t>();
  return file;
}

void put(ByteWriter& out, const Value& value) {
  const auto& variant = value.variant();
  out.put(static_cast<Kind>(variant.index()));
  switch (static_cast<Kind>(variant.index())) {
    case Kind::number:
      return out.put(std::get<double>(variant));
    case Kind::integer:
      return out.put(std::get<std::int64_t>(variant));
    case Kind::boolean:
      return out.put(std::get<bool>(variant));
    case Kind::text:
      return out.put_text(std::get<std::string>(variant));
    case Kind::array:
      return put(out, value.array());
    case Kind::file:
      break;
  }
}

Value get(ByteReader& in, Kind kind) {
  switch (kind) {
    case Kind::number:
      return in.get<double>();
    case Kind::integer:
      return in.get<std::int64_t>();
    case Kind::boolean:
      return in.get<bool>();
    case Kind::text:
      return in.get_text();
    case Kind::array:
      return get_array(in);
    case Kind::file:
      break;
  }
  throw ParallelError("an outcome holds a value of an unknown kind");
}

}  // namespace

bool stops_soon(WorkerContext& context) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 25; ++i) {
    if (context.stop_requested()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

bool ended_from_outside(const TaskFailure& failure) {
  if (failure.kind == FailureKind::lost) return true;
  if (failure.kind != FailureKind::crashed) return false;
  return failure.code == -SIGTERM || failure.code == -SIGINT || failure.code == -SIGHUP || failure.code == -SIGUSR1;
}

void encode(const Evaluated& evaluated, ByteWriter& out) {
  const bool failed = !evaluated.store_error.empty();
  out.put(evaluated.attempts | (evaluated.index_read ? kIndexRead : 0U) | (failed ? kStoreError : 0U));
  if (failed) return out.put_text(evaluated.store_error);
  for (const Value& value : evaluated.outputs) put(out, value);
  for (const ArrayFile& file : evaluated.arrays) put(out, file);
}

Bytes encode(const Evaluated& evaluated) {
  ByteWriter out;
  encode(evaluated, out);
  return out.take();
}

Evaluated decode(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto head = in.get<std::uint32_t>();
  Evaluated evaluated{head & ~(kIndexRead | kStoreError), {}, (head & kIndexRead) != 0};
  if ((head & kStoreError) != 0) evaluated.store_error = in.get_text();
  while (!in.at_end()) {
    const auto kind = in.get<Kind>();
    kind == Kind::file ? evaluated.arrays.push_back(get_file(in)) : evaluated.outputs.push_back(get(in, kind));
  }
  return evaluated;
}

std::optional<TaskFailure> report(Outcome<Evaluated> outcome, const ArrayRoute& arrays, WorkerContext& context,
                                  ByteWriter& result) {
  if (!outcome.ok()) return std::move(outcome.failure());
  Evaluated evaluated = std::move(outcome).value();
  if (auto failure = arrays.send(evaluated, context)) return failure;
  encode(evaluated, result);
  return std::nullopt;
}

}  // namespace windrow::detail
