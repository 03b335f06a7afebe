// Study files: what is refused is refused by a SpecError, and what is read is read the same way again.
// Input: the study file. Beside it are a table, a template and a program.
#include <memory>

#include "base/interface/file_texts.hpp"
#include "fuzz.hpp"
#include "study/study_parts.hpp"
#include "windrow/error.hpp"
#include "windrow/study/study.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;
namespace fs = std::filesystem;

constexpr const char* kTable = "x,y\n1,steel\n2.5,copper\n";
constexpr const char* kTemplate = "x = {{x}}\n{{#y}}y = {{y}}{{/y}}\n";

/// The folder of the study.
class StudyFolder {
 public:
  StudyFolder() : path_(folder_.path() / "study") {
    fs::create_directories(path_);
    folder_.write("study/points.csv", kTable);
    folder_.write("study/input.mustache", kTemplate);
    fs::permissions(folder_.write("study/sim", "#!/bin/sh\n"), fs::perms::owner_all);
  }
  fs::path write(std::string_view text) const { return folder_.write("study/study.toml", text); }

 private:
  Folder folder_;
  fs::path path_;
};

/// Whether no path in it can lead out of the study's folder, however it is written.
bool stays_inside(std::string_view text) {
  return text.find_first_of("/\\~") == std::string_view::npos && text.find("..") == std::string_view::npos;
}

void check_design(const Design& design) {
  const std::uint64_t size = design.size();
  require(size > 0 && size <= std::uint64_t{1} << 62U, "a design has from 1 to 2^62 points");
  for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
    const Point point = design.point(index);
    require(point.values().size() == design.parameters().size(), "a point has a value of each parameter");
    for (const Value& value : point.values()) require_reads_back(value);
    point.seed();
    point.seed31();
  }
  bool refused = false;
  try {
    design.point(size);
  } catch (const SpecError&) {
    refused = true;
  }
  require(refused, "there is no point behind the last");
  design.notes();
  if (size <= 1000) design.equal_points();
}

void check_command(const CommandSpec& spec, const Design& design) {
  const Command command(spec, design);
  command.definition();
  command.warnings();
  for (const std::uint64_t index : {std::uint64_t{0}, design.size() - 1}) {
    try {
      command.render(design.point(index)).line();
    } catch (const SpecError&) {  // of the point alone
    } catch (const Rejected&) {
    }
  }
}

void check_file(std::string_view text) {
  static const StudyFolder folder;
  const fs::path file = folder.write(text);
  const Study study = load_study(file);
  check_design(study.design);
  check_command(study.command, study.design);
  const Study again = load_study(file);
  require(study.design.definition() == again.design.definition(), "a study that is read again has the same design");
  require(Command(study.command, study.design).definition() == Command(again.command, again.design).definition(),
          "a study that is read again has the same command");
}

/// As on a rank that opens no file.
void check_text(std::string_view text) {
  const auto root = detail::TomlTable::parse(text, "study.toml");
  detail::StudyTables tables({{"study/points.csv", detail::TableText{nullptr, kTable, std::nullopt, {}}}});
  const Design design = detail::read_design(root, "study", 1, tables);
  check_design(design);
  detail::read_run_policy(root);
  const auto files = std::make_shared<detail::FileTexts>(detail::FileTexts::Texts{});
  check_command(detail::read_command(root, design, "/study", "/study/points", files), design);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Input(data, size).rest();
  try {
    if (stays_inside(text)) check_file(text);
  } catch (const SpecError&) {
  }
  try {
    check_text(text);
  } catch (const SpecError&) {
  } catch (const ParallelError&) {  // a file that the root would have read
  }
  return 0;
}
