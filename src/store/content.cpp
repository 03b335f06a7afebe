#include "content.hpp"

#include <algorithm>
#include <iterator>

namespace windrow::detail {
namespace {

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

/// Of programs that values of parameters name, by parameter and value.
std::map<std::string, std::map<std::string, std::string>> contents_of(const StudyIdentity& study) {
  std::map<std::string, std::map<std::string, std::string>> contents;
  for (const auto& [name, content] : study.definition) {
    if (const auto value = value_of_program(name)) contents[value->first][value->second] = content;
  }
  return contents;
}

}  // namespace

bool is_reading(const std::string& name) {
  return name.starts_with("outputs.");
}

bool is_spelling(const std::string& name) {
  return name.starts_with("parameters.") && name.ends_with(".written");
}

bool is_condition(const std::string& name) {
  return name == "command.fail_if" || name == "command.require" || name == "command.valid" ||
         name == "command.success_codes";
}

bool is_program(const std::string& name) {
  return name.starts_with("command.program.");
}

std::string program_name(const std::string& name) {
  return name.substr(std::string_view("command.program.").size());
}

std::optional<std::pair<std::string, std::string>> value_of_program(const std::string& name) {
  constexpr std::string_view beginning = "command.program_of.";
  const std::size_t end = name.find('=');
  if (!name.starts_with(beginning) || end == std::string::npos) return std::nullopt;
  return std::pair(name.substr(beginning.size(), end - beginning.size()), name.substr(end + 1));
}

ValuePrograms::ValuePrograms(const StudyIdentity& study, const StudyIdentity& as) : contents_(contents_of(study)) {
  contents_.merge(contents_of(as));
}

const std::string* ValuePrograms::find(const std::string& parameter, const Value& value) const {
  const auto of_it = contents_.find(parameter);
  if (of_it == contents_.end()) return nullptr;
  const auto content = of_it->second.find(value.identity_text());
  return content != of_it->second.end() ? &content->second : nullptr;
}

bool same_value_programs(const StudyIdentity& stored, const StudyIdentity& present) {
  const auto now = contents_of(present);
  return std::ranges::all_of(contents_of(stored), [&](const auto& of_it) {
    const auto found = now.find(of_it.first);
    return found != now.end() && found->second == of_it.second;
  });
}

bool knows_programs(const StudyIdentity& study) {
  return std::ranges::any_of(study.definition, [](const auto& item) { return is_program(item.first); });
}

std::vector<std::pair<std::string, std::string>> evaluation_of(const StudyIdentity& study, const StudyIdentity& as) {
  std::vector<std::pair<std::string, std::string>> evaluation;
  for (const auto& item : study.definition) {
    const bool judges = as.outputs_are_read && (is_reading(item.first) || is_condition(item.first));
    const bool is_of_point = is_of_the_design(item.first) || value_of_program(item.first).has_value();
    if (!judges && !is_of_point) evaluation.push_back(item);
    if (item.first == "design.seed" && as.seed_matters) evaluation.emplace_back("seed", item.second);
  }
  if (!knows_programs(study)) {
    std::ranges::copy_if(as.definition, std::back_inserter(evaluation),
                         [](const auto& item) { return is_program(item.first); });
  }
  if (!as.outputs_are_read) evaluation.emplace_back("outputs", spell_outputs(study, as.outputs_by_name));
  std::ranges::sort(evaluation);
  return evaluation;
}

PointHash::PointHash(const StudyIdentity& study, const StudyIdentity& as)
    : programs_(study, as), index_matters_(as.index_matters) {
  for (std::size_t i = 0; i < study.parameters.size(); ++i) parameters_.push_back({study.parameters[i].name, i});
  std::ranges::sort(parameters_, {}, &Named::name);
  std::string evaluation;
  for (const auto& [name, text] : evaluation_of(study, as)) {
    append_text(evaluation, name);
    append_text(evaluation, text);
  }
  const Hash128 hash = hash128(evaluation);
  append_number(common_, hash.high);
  append_number(common_, hash.low);
}

Hash128 PointHash::operator()(std::uint64_t index, const std::vector<Value>& values) {
  bytes_ = common_;
  if (index_matters_) append_number(bytes_, index);
  for (const Named& parameter : parameters_) {
    const Value& value = values[parameter.position];
    append_text(bytes_, parameter.name);
    bytes_ += kind_of(value);
    append_text(bytes_, value.identity_text());
    if (const std::string* program = programs_.find(parameter.name, value)) append_text(bytes_, *program);
  }
  return hash128(bytes_);
}

}  // namespace windrow::detail
