#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extract.hpp"
#include "mpi_launch.hpp"
#include "parallel/interface/stop_question.hpp"
#include "point_directory.hpp"
#include "program_files.hpp"
#include "render.hpp"
#include "shell_text.hpp"
#include "staging.hpp"
#include "windrow/command/command.hpp"

namespace windrow {

struct Command::Impl {
  /// A file to render.
  struct File {
    std::string name;      ///< in the point's directory
    std::string known_as;  ///< in the definition: its last part, where that tells it apart
    std::string known_by;  ///< the hash and length of the template's text
    detail::Template content;
  };

  Impl(CommandSpec command, const Design& design);

  bool names_tag(std::string_view name) const;
  /// The same, or the launcher, a file's name or a condition names it. @pre the outputs have been read
  bool depends_on(std::string_view name) const;
  bool has_shell() const { return spec.run.index() == 1; }
  std::filesystem::path directory_of(const Point& point) const;
  detail::Bindings bind(const Point& point) const;
  std::string stdin_known_by() const;
  std::vector<std::pair<std::string, std::string>> definition_of_value_programs() const;
  std::vector<std::string> render_run(const detail::Bindings& bindings) const;
  RenderedCommand render(const Point& point, std::span<const HostSlots> slots) const;
  Outcome<std::vector<Value>> evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                       const std::function<double()>& time_limit,
                                       const std::function<Value(const std::filesystem::path&)>& keep_file,
                                       std::span<const HostSlots> slots);

  CommandSpec spec;
  std::uint64_t seed;
  std::vector<std::string> names;  ///< what tags may name: the parameters, then the placeholders
  std::vector<std::pair<std::string, std::string>> formats;  ///< of parameters that have one
  bool sees_point_seed = false;
  std::vector<detail::Template> arguments;
  std::optional<detail::MpiLaunch> mpi;
  std::vector<File> files;
  std::optional<detail::Extraction> extraction;
  detail::ShellStart shell;  ///< of a text `run`
  std::vector<std::pair<std::string, detail::Template>> variables;
  std::optional<detail::Template> stdin_file;
  std::vector<StagedFile> staged;
  detail::StagedOriginals originals;
  std::vector<std::string> warnings;
  std::vector<detail::ProgramFile> own_programs;     ///< that were there when the study was read
  std::vector<detail::ValueProgram> value_programs;  ///< the same, by values of parameters; on a rank that looks
  detail::PointDirectory point_directory;
  std::shared_ptr<Launcher> launcher = std::make_shared<Launcher>();

  bool looks_for_files() const;
  EvaluatedPoint without_doubtful(EvaluatedPoint evaluated) const;

 private:
  void enter(const std::filesystem::path& directory, const detail::PointDirectory::Files& written);
  void require_surroundings(const std::filesystem::path& directory, const detail::PointDirectory::Files& written,
                            const std::string& failure);
  std::string template_text(const std::filesystem::path& file) const;
  void parse_run();
  void parse_launcher(const Design& design);
  void parse_shell_text();
  void parse_template(const std::filesystem::path& file);
  void check_formats(const Design& design) const;
  void try_first_point(const Design& design) const;
  void name_templates();
  void parse_environment();
  void find_staged();
  void parse_stdin();
  void expect_own_files();
  std::filesystem::path stdin_path(const std::string& name, const std::filesystem::path& directory) const;
  bool is_laid_into_points(const std::string& name) const;
  std::string moved_template(const std::string& message, const std::filesystem::path& directory) const;
  std::optional<TaskFailure> run_program(RenderedCommand& command, detail::StopQuestion& stop);
  void leave(const std::filesystem::path& directory, const detail::PointDirectory::Files& written, bool failed);
  void find_programs(const Design& design);
  void check_inputs() const;
  void check_outputs(const Design& design);
  void check_program();
  void check_script() const;
};

}  // namespace windrow
