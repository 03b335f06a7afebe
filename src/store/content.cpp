#include "content.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace windrow::detail {
namespace {

constexpr std::uint64_t c1 = 0x87c37b91114253d5U;
constexpr std::uint64_t c2 = 0x4cf5ad432745937fU;

/// Up to eight bytes as a number, the first the lowest, on any machine.
std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8U | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::uint64_t mix_first(std::uint64_t k) {
  return std::rotl(k * c1, 31) * c2;
}

std::uint64_t mix_second(std::uint64_t k) {
  return std::rotl(k * c2, 33) * c1;
}

std::uint64_t finish(std::uint64_t k) {
  k = (k ^ (k >> 33U)) * 0xff51afd7ed558ccdU;
  k = (k ^ (k >> 33U)) * 0xc4ceb9fe1a85ec53U;
  return k ^ (k >> 33U);
}

void append_number(std::string& bytes, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xffU);
}

/// With its length, so that no two sequences of texts are the same bytes.
void append_text(std::string& bytes, std::string_view text) {
  append_number(bytes, text.size());
  bytes += text;
}

bool is_of_the_design(const std::string& name) {
  return name.starts_with("design.") || name.starts_with("parameters.");
}

std::string spell_outputs(const StudyIdentity& study, bool by_name) {
  std::vector<std::string> columns;
  for (const Column& output : study.outputs) columns.push_back(output.name + " (" + output.type + ")");
  if (by_name) std::ranges::sort(columns);
  std::string text;
  for (const std::string& column : columns) text += (text.empty() ? "" : ", ") + column;
  return text;
}

/// Numbers and integers count as they are written: a list that gets a level 2.5 has no integers any more.
char kind_of(const Value& value) {
  if (value.is_text()) return 't';
  return value.is_number() ? 'n' : 'b';
}

}  // namespace

ContentKey hash_128(std::string_view bytes) {
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  const std::size_t size = bytes.size();
  for (; bytes.size() >= 16; bytes.remove_prefix(16)) {
    h1 ^= mix_first(little_endian(bytes.substr(0, 8)));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729U;
    h2 ^= mix_second(little_endian(bytes.substr(8, 8)));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5U;
  }
  if (bytes.size() > 8) h2 ^= mix_second(little_endian(bytes.substr(8)));
  h1 ^= mix_first(little_endian(bytes.substr(0, 8)));
  h1 ^= size;
  h2 ^= size;
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  return {h1, h1 + h2};
}

std::vector<std::pair<std::string, std::string>> evaluation_of(const StudyIdentity& study, const StudyIdentity& as) {
  std::vector<std::pair<std::string, std::string>> evaluation;
  for (const auto& item : study.definition) {
    if (!is_of_the_design(item.first)) evaluation.push_back(item);
    if (item.first == "design.seed" && as.seed_matters) evaluation.emplace_back("seed", item.second);
  }
  evaluation.emplace_back("outputs", spell_outputs(study, as.outputs_by_name));
  std::ranges::sort(evaluation);
  return evaluation;
}

PointHash::PointHash(const StudyIdentity& study, const StudyIdentity& as) : index_matters_(as.index_matters) {
  for (std::size_t i = 0; i < study.parameters.size(); ++i) parameters_.push_back({study.parameters[i].name, i});
  std::ranges::sort(parameters_, {}, &Named::name);
  std::string evaluation;
  for (const auto& [name, text] : evaluation_of(study, as)) {
    append_text(evaluation, name);
    append_text(evaluation, text);
  }
  const ContentKey key = hash_128(evaluation);
  append_number(common_, key.first);
  append_number(common_, key.second);
}

ContentKey PointHash::operator()(std::uint64_t index, const std::vector<Value>& values) {
  bytes_ = common_;
  if (index_matters_) append_number(bytes_, index);
  for (const Named& parameter : parameters_) {
    const Value& value = values[parameter.position];
    append_text(bytes_, parameter.name);
    bytes_ += kind_of(value);
    append_text(bytes_, value.render());
  }
  return hash_128(bytes_);
}

}  // namespace windrow::detail
