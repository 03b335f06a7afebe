#include "windrow/study/study.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>

#include "parallel/interface/node_memory.hpp"
#include "run/interface/on_root.hpp"
#include "study/study_parts.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/parallel/manager.hpp"

namespace windrow {

namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  if (fs::is_directory(file)) throw SpecError(file.string() + ": is a directory, not a study file");
  if (auto text = detail::read_file(file)) return *std::move(text);
  throw SpecError(fmt::format("{}: cannot read the study file: {}", file.string(), std::strerror(errno)));
}

/// The name becomes part of a directory's name, so it stays plain.
bool is_study_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::string read_name(const detail::TomlTable& root, const detail::TomlTable* table, const fs::path& file) {
  constexpr const char* rule = "letters, digits, `.`, `_` and `-` only";
  if (const auto name = table ? table->text("name") : std::nullopt) {
    if (!is_study_name(*name)) table->fail("name", fmt::format("`{}` cannot name a study: {}", *name, rule));
    return *name;
  }
  std::string stem = file.stem().string();
  if (!is_study_name(stem)) {
    root.fail("study", fmt::format("the file's name cannot name the study ({}): add `name` to [study]", rule));
  }
  return stem;
}

/// @param files  what the files' texts are taken from; null: the files
Study load(const fs::path& file, const fs::path& results_directory, const std::shared_ptr<detail::FileTexts>& files,
           detail::StudyTables& tables) {
  const auto read = [&file] { return read_text(file); };
  std::string source = files ? files->text("study", read) : read();
  const auto root = detail::TomlTable::parse(source, file.string());
  root.allow_only({"study", "parameters", "design", "command", "outputs", "run"});
  const detail::TomlTable* table = root.table("study");
  if (table) table->allow_only({"name", "seed", "description"});

  const std::string name = read_name(root, table, file);
  const fs::path path = fs::absolute(file).lexically_normal();
  const fs::path folder = path.parent_path();
  const fs::path directory =
      results_directory.empty() ? folder / (name + ".windrow") : fs::absolute(results_directory).lexically_normal();
  const auto seed = static_cast<std::uint64_t>(table ? table->integer("seed", 0).value_or(0) : 0);
  const std::string description = table ? table->text("description").value_or("") : "";

  Design design = detail::read_design(root, file.parent_path(), seed, tables);
  CommandSpec command = detail::read_command(root, design, folder, directory / "points", files);
  detail::RunPolicy policy = detail::read_run_policy(root);
  return Study{name,
               description,
               path,
               directory,
               std::move(source),
               seed,
               std::move(design),
               std::move(command),
               std::move(policy.failures),
               policy.limits};
}

detail::TextMemory made_by(detail::NodeMemory& memory, std::size_t bytes) {
  const detail::NodeBytes made = memory.make(bytes);
  return {made.owner, made.bytes};
}

/// What is said of a table's text beside it.
struct TableHead {
  std::string path;
  std::uint64_t size = 0;
  char separator = '\0';  // none
  std::vector<std::string> notes;
  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& path& size& separator& notes;
  }
};

/// The root's tables on every rank, each once on each node. Collective.
/// @param memories  of the tables at the root, in their order; none elsewhere
detail::StudyTables shared(ParallelManager& manager, std::list<detail::NodeMemory>& memories,
                           const detail::StudyTables& at_root) {
  std::vector<TableHead> heads;
  for (const auto& [path, text] : at_root.known()) {
    heads.push_back({path, text.text.size(), text.separator.value_or('\0'), text.notes});
  }
  heads = manager.broadcast(heads);
  memories.resize(heads.size());
  std::vector<detail::StudyTables::Known> known;
  auto memory = memories.begin();
  for (std::size_t i = 0; i < heads.size(); ++i, ++memory) {
    const TableHead& head = heads[i];
    const detail::SharedBytes bytes =
        memory->share(manager, manager.is_root() ? at_root.known()[i].text.text : std::string_view());
    detail::TableText text{bytes.owner, bytes.bytes, std::nullopt, head.notes};
    if (head.separator != '\0') text.separator = head.separator;
    known.push_back({head.path, std::move(text)});
  }
  detail::StudyTables told(std::move(known));
  told.set_found(manager.broadcast(at_root.found()));
  return told;
}

}  // namespace

Study load_study(const fs::path& file, const fs::path& results_directory) {
  detail::StudyTables tables;
  return load(file, results_directory, nullptr, tables);
}

Study load_study(ParallelManager& manager, const fs::path& file, const fs::path& results_directory) {
  if (manager.size() == 1) return load_study(file, results_directory);
  std::optional<Study> study;
  auto files = std::make_shared<detail::FileTexts>();
  std::list<detail::NodeMemory> memories;
  detail::StudyTables tables([&]() -> detail::MakeMemory {
    detail::NodeMemory& memory = memories.emplace_back();
    return [&memory](std::size_t bytes) { return made_by(memory, bytes); };
  });
  detail::on_root(manager, [&] { study = load(file, results_directory, files, tables); });
  const auto texts = manager.broadcast(files->all());
  detail::StudyTables at_hand = shared(manager, memories, tables);
  if (!manager.is_root()) {
    files = std::make_shared<detail::FileTexts>(texts);
    study = load(file, results_directory, files, at_hand);
  }
  files->forget("study");  // what it says is in the study
  return *std::move(study);
}

}  // namespace windrow
