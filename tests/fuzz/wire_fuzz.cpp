// Messages between processes: what is no message is refused, and what is one says the same when it is sent again.
// Input: a byte that says of which kind the message is, then the message.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <variant>

#include "fuzz.hpp"
#include "parallel/interface/wire.hpp"
#include "process/service_wire.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;
using Message = std::span<const std::byte>;

std::vector<detail::Result> results_of(detail::ResultReader& in) {
  constexpr std::size_t most = 10'000;
  std::vector<detail::Result> results;
  for (detail::Result result; results.size() < most && in.next(result);) results.push_back(result);
  return results;
}

bool is_same_result(const detail::Result& a, const detail::Result& b) {
  const bool known_time = std::isfinite(a.started) && std::isfinite(a.elapsed);
  return a.index == b.index && a.failed == b.failed && is_same(a.elapsed, b.elapsed) &&
         std::ranges::equal(a.payload, b.payload) &&
         (!known_time || std::abs(a.started - b.started) < 1e-3 ||
          std::abs(a.started - b.started) < 1e-9 * std::abs(a.started));
}

void check_results(Message message) {
  detail::ResultReader in(message);
  const auto results = results_of(in);
  detail::ResultWriter out;
  for (const detail::Result& result : results) out.add(result);
  const auto written = out.message(in.finished(), in.times());
  detail::ResultReader again(written);
  require(again.finished() == in.finished(), "the number of finished assignments is the same");
  const auto back = results_of(again);
  require(std::ranges::equal(results, back, is_same_result), "outcomes that were sent are received");
}

void check_failure(Message message) {
  detail::ByteReader in(message);
  const TaskFailure failure = detail::get_failure(in);
  detail::ByteWriter out;
  detail::put_failure(out, failure);
  require(std::ranges::equal(out.bytes(), message.first(message.size() - in.remaining().size())),
          "a failure is sent as it was received");
  describe(failure);
}

void check_call(Message message) {
  const Frame frame{detail::kCall, {message.begin(), message.end()}};
  const detail::ServiceCall call = detail::decode_call(frame);
  require(call.packed.size() <= message.size(), "the arguments are a part of the message");
}

void check_service_failure(Message message) {
  const detail::ServiceFailure failure = detail::decode_failure(message);
  const detail::ServiceFailure back = detail::decode_failure(detail::encode_failure(failure));
  require(back.id == failure.id && back.handler == failure.handler && back.type == failure.type &&
              back.message == failure.message,
          "a failure of a service is received as it was sent");
}

struct Item {
  std::string name;
  std::vector<double> numbers;
  std::optional<std::int32_t> code;
  bool good = false;
};
using Values = std::tuple<std::vector<Item>, std::map<std::string, std::uint16_t>,
                          std::variant<double, std::string, std::vector<bool>>, std::set<std::int64_t>>;

template <typename T>
void check_value_of(Message message) {
  const T value = detail::from_bytes<T>(message);
  const Bytes first = detail::to_bytes(value);
  const Bytes second = detail::to_bytes(detail::from_bytes<T>(first));
  require(first == second, "a value is received as it was sent");
}

void check(std::uint8_t kind, Message message) {
  switch (kind) {
    case '0':
      return check_results(message);
    case '1':
      return check_failure(message);
    case '2':
      return check_call(message);
    case '3':
      return check_service_failure(message);
    case '4':
      return check_value_of<Values>(message);
    case '5':
      return check_value_of<std::vector<std::string>>(message);
    case '6':
      return check_value_of<std::vector<std::vector<bool>>>(message);
    default:
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t kind = input.byte();
  const std::string_view rest = input.rest();
  try {
    check(kind, std::as_bytes(std::span(rest)));
  } catch (const ParallelError&) {
  }
  return 0;
}
