#include "sweep_model.hpp"

#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "function.hpp"
#include "windrow/base/byte_stream.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using Parameters = std::shared_ptr<const std::vector<Parameter>>;

void put_part(ByteWriter& out, std::span<const std::byte> part) {
  out.put(static_cast<std::uint64_t>(part.size()));
  out.put_bytes(part);
}

std::span<const std::byte> get_part(ByteReader& in) {
  return in.take(in.get<std::uint64_t>());
}

/// A table's column as a list of its values: who gets it does not have the table.
Parameter::Source portable_source(const Parameter& parameter) {
  if (!std::holds_alternative<TableColumn>(parameter.source())) return parameter.source();
  Levels levels;
  for (std::uint64_t i = 0; i < parameter.level_count(); ++i) levels.values.push_back(parameter.level(i));
  return levels;
}

void put_values(ByteWriter& out, const std::vector<Value>& values) {
  put_part(out, encode(Evaluated{1, values}));
}

std::vector<Value> get_values(ByteReader& in) {
  return decode(get_part(in)).outputs;
}

void put_numbers(ByteWriter& out, const std::vector<double>& numbers) {
  put_part(out, std::as_bytes(std::span(numbers)));
}

std::vector<double> get_numbers(ByteReader& in) {
  const auto bytes = get_part(in);
  std::vector<double> numbers(bytes.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(double));
  return numbers;
}

// Each kind of source there and back.

template <typename Kind>
requires std::is_trivially_copyable_v<Kind>
void put_kind(ByteWriter& out, const Kind& kind) {
  out.put(kind);
}
void put_kind(ByteWriter& out, const LinearSteps& kind) {
  for (const double number : {kind.from(), kind.to(), kind.step()}) out.put(number);
}
void put_kind(ByteWriter& out, const Integers& kind) {
  for (const std::int64_t number : {kind.from(), kind.to(), kind.step()}) out.put(number);
}
void put_kind(ByteWriter& out, const Levels& kind) {
  put_values(out, kind.values);
}
void put_kind(ByteWriter& /*out*/, const TableColumn& /*kind*/) {}
void put_kind(ByteWriter& out, const Choice& kind) {
  put_values(out, kind.values());
  put_numbers(out, kind.weights());
}
void put_kind(ByteWriter& out, const Samples& kind) {
  put_numbers(out, kind.numbers());
  out.put(static_cast<std::uint8_t>(kind.are_integers() ? 1 : 0));
}
void put_kind(ByteWriter& out, const Distribution& kind) {
  out.put_text(std::string(kind.kind()));
  out.put(static_cast<std::uint64_t>(kind.terms().size()));
  for (const Term& term : kind.terms()) {
    out.put_text(term.name);
    out.put(term.value);
  }
}

void put_kind(ByteWriter& out, const Derived& kind) {
  out.put_text(kind.expression);
}

void put_kind(ByteWriter& out, const Bundle& kind) {
  put_values(out, {kind.fields().begin(), kind.fields().end()});
  std::vector<Value> entries;
  for (std::size_t entry = 0; entry < kind.size(); ++entry) {
    entries.emplace_back(kind.name(entry));
    for (std::size_t field = 0; field < kind.fields().size(); ++field) entries.push_back(kind.value(entry, field));
  }
  put_values(out, entries);
}
void put_kind(ByteWriter& out, const BundleField& kind) {
  put_kind(out, kind.bundle);
  out.put(static_cast<std::uint64_t>(kind.field));
}
void put_kind(ByteWriter& out, const PartsOf& kind);

Bundle get_bundle(ByteReader& in) {
  const std::vector<Value> fields = get_values(in);
  const std::vector<Value> values = get_values(in);
  std::vector<Bundle::Entry> entries;
  for (auto value = values.begin(); value != values.end();) {
    Bundle::Entry& entry = entries.emplace_back(Bundle::Entry{(value++)->text(), {}});
    for (const Value& field : fields) entry.fields.emplace_back(field.text(), *value++);
  }
  return Bundle(std::move(entries));
}

PartsOf get_parts(ByteReader& in);

template <typename Kind>
Kind get_kind(ByteReader& in) {
  if constexpr (std::is_same_v<Kind, LinearSteps>) {
    const auto from = in.get<double>();
    const auto to = in.get<double>();
    return {from, to, in.get<double>()};
  } else if constexpr (std::is_same_v<Kind, Integers>) {
    const auto from = in.get<std::int64_t>();
    const auto to = in.get<std::int64_t>();
    return {from, to, in.get<std::int64_t>()};
  } else if constexpr (std::is_same_v<Kind, Levels>) {
    return {get_values(in)};
  } else if constexpr (std::is_same_v<Kind, TableColumn>) {
    throw ParallelError("a parameter has a source that cannot be sent");
  } else if constexpr (std::is_same_v<Kind, Choice>) {
    auto values = get_values(in);
    return {std::move(values), get_numbers(in)};
  } else if constexpr (std::is_same_v<Kind, Samples>) {
    auto numbers = get_numbers(in);
    return Samples(std::move(numbers), in.get<std::uint8_t>() != 0);
  } else if constexpr (std::is_same_v<Kind, Distribution>) {
    const std::string kind = in.get_text();
    std::vector<Term> terms;
    for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
      std::string name = in.get_text();
      terms.push_back({std::move(name), in.get<double>()});
    }
    return {kind, std::move(terms)};
  } else if constexpr (std::is_same_v<Kind, Bundle>) {
    return get_bundle(in);
  } else if constexpr (std::is_same_v<Kind, BundleField>) {
    Bundle bundle = get_bundle(in);
    return {std::move(bundle), static_cast<std::size_t>(in.get<std::uint64_t>())};
  } else if constexpr (std::is_same_v<Kind, PartsOf>) {
    return get_parts(in);
  } else if constexpr (std::is_same_v<Kind, Derived>) {
    return {in.get_text()};
  } else {
    return in.get<Kind>();
  }
}

void put_source(ByteWriter& out, const Parameter::Source& source) {
  out.put(static_cast<std::uint8_t>(source.index()));
  std::visit([&out](const auto& kind) { put_kind(out, kind); }, source);
}

template <std::size_t I = 0>
Parameter::Source get_source(ByteReader& in, std::size_t index) {
  if constexpr (I == std::variant_size_v<Parameter::Source>) {
    throw ParallelError("a parameter has a source of an unknown kind");
  } else {
    if (index != I) return get_source<I + 1>(in, index);
    return get_kind<std::variant_alternative_t<I, Parameter::Source>>(in);
  }
}

void put_parameters(ByteWriter& out, const std::vector<Parameter>& parameters) {
  out.put(static_cast<std::uint64_t>(parameters.size()));
  for (const Parameter& parameter : parameters) {
    for (const std::string* text : {&parameter.name(), &parameter.unit(), &parameter.description()})
      out.put_text(*text);
    put_source(out, portable_source(parameter));
  }
}

Parameters get_parameters(ByteReader& in) {
  std::vector<Parameter> parameters;
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    std::string name = in.get_text();
    std::string unit = in.get_text();
    std::string description = in.get_text();
    Parameter parameter(std::move(name), get_source(in, in.get<std::uint8_t>()));
    parameter.unit(std::move(unit)).description(std::move(description));
    parameters.push_back(std::move(parameter));
  }
  return std::make_shared<const std::vector<Parameter>>(std::move(parameters));
}

void put_kind(ByteWriter& out, const PartsOf& kind) {
  put_parameters(out, *kind.parts);
}

PartsOf get_parts(ByteReader& in) {
  return {get_parameters(in)};
}

void put_columns(ByteWriter& out, const std::vector<Column>& columns) {
  out.put(static_cast<std::uint64_t>(columns.size()));
  for (const Column& column : columns) {
    out.put_text(column.name);
    out.put_text(column.type);
  }
}

std::vector<Column> get_columns(ByteReader& in) {
  std::vector<Column> columns;
  for (auto left = in.get<std::uint64_t>(); left > 0; --left) {
    Column column;
    column.name = in.get_text();
    column.type = in.get_text();
    columns.push_back(std::move(column));
  }
  return columns;
}

enum class ReplyKind : std::uint8_t { result, failure, interrupted };

class SweepModel : public ForkedModel {
 public:
  SweepModel(Parameters parameters, std::vector<Column> outputs, SweepFunctions functions)
      : parameters_(std::move(parameters)), outputs_(std::move(outputs)), evaluator_(outputs_, std::move(functions)) {
    evaluator_.build();
  }

  Bytes evaluate(std::span<const std::byte> request) override {
    ByteReader in(request);
    const auto index = in.get<std::uint64_t>();
    const Point point(index, parameters_, decode(in.remaining()).outputs);
    try {
      return reply(evaluator_.evaluate(point));
    } catch (const Interrupted&) {
      return Bytes{static_cast<std::byte>(ReplyKind::interrupted)};
    }  // anything else is told by whoever calls this
  }

 private:
  static Bytes reply(const Outcome<Evaluated>& outcome) {
    ByteWriter out;
    out.put(outcome.ok() ? ReplyKind::result : ReplyKind::failure);
    if (outcome.ok()) {
      encode(outcome.value(), out);
    } else {
      out.put(outcome.failure().kind);
      out.put(outcome.failure().attempts);
      out.put_text(outcome.failure().message);
    }
    return out.take();
  }

  Parameters parameters_;
  std::vector<Column> outputs_;
  FunctionEvaluator evaluator_;
};

}  // namespace

Bytes portable_argument(const FunctionSource& functions, const std::vector<Column>& outputs, const Design& design) {
  ByteWriter out;
  out.put(encode_address(reinterpret_cast<const void*>(functions.make_elsewhere)));
  put_part(out, functions.bytes);
  put_columns(out, outputs);
  put_parameters(out, design.parameters());
  return out.take();
}

std::unique_ptr<ForkedModel> make_portable_model(std::span<const std::byte> argument) {
  ByteReader in(argument);
  const auto make = reinterpret_cast<decltype(FunctionSource::make_elsewhere)>(
      const_cast<void*>(decode_address(in.get<CodeAddress>())));
  SweepFunctions functions = make(get_part(in));
  std::vector<Column> outputs = get_columns(in);
  return std::make_unique<SweepModel>(get_parameters(in), std::move(outputs), std::move(functions));
}

Bytes local_argument(const LocalSweep& sweep) {
  ByteWriter out;
  out.put(&sweep);
  return out.take();
}

std::unique_ptr<ForkedModel> make_local_model(std::span<const std::byte> argument) {
  const auto& sweep = *ByteReader(argument).get<const LocalSweep*>();
  return std::make_unique<SweepModel>(std::make_shared<const std::vector<Parameter>>(sweep.design.parameters()),
                                      sweep.outputs, sweep.functions.make());
}

Bytes encode_request(const Point& point) {
  ByteWriter out;
  out.put(point.index());
  out.put_bytes(encode(Evaluated{1, point.values()}));
  return out.take();
}

Outcome<std::span<const std::byte>> decode_reply(std::span<const std::byte> reply) {
  ByteReader in(reply);
  switch (in.get<ReplyKind>()) {
    case ReplyKind::result:
      return in.remaining();
    case ReplyKind::failure: {
      TaskFailure failure;
      failure.kind = in.get<FailureKind>();
      failure.attempts = in.get<int>();
      failure.message = in.get_text();
      return failure;
    }
    case ReplyKind::interrupted:
      throw Interrupted();
  }
  throw ParallelError("the reply of an evaluation is garbled");
}

}  // namespace windrow::detail
