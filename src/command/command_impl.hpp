#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "extract.hpp"
#include "mpi_launch.hpp"
#include "point_directory.hpp"
#include "program_files.hpp"
#include "render.hpp"
#include "windrow/command/command.hpp"

namespace windrow {

struct Command::Impl {
  /// A file to render.
  struct File {
    std::string name;      ///< in the point's directory
    std::string known_by;  ///< the hash and length of the template's text
    detail::Template content;
  };

  Impl(CommandSpec command, const Design& design);

  bool names_tag(std::string_view name) const;
  bool has_shell() const { return spec.run.index() == 1; }
  std::filesystem::path directory_of(const Point& point) const;
  detail::Bindings bind(const Point& point) const;
  std::vector<std::string> render_run(const detail::Bindings& bindings) const;
  RenderedCommand render(const Point& point, std::span<const HostSlots> slots) const;
  Outcome<std::vector<Value>> evaluate(const Point& point, const std::function<bool()>& stop_requested,
                                       const std::function<double()>& time_limit,
                                       const std::function<Value(const std::filesystem::path&)>& keep_file,
                                       std::span<const HostSlots> slots);

  CommandSpec spec;
  std::uint64_t seed;
  std::vector<std::string> names;  ///< what tags may name: the parameters, then the placeholders
  std::vector<detail::Template> arguments;
  std::optional<detail::MpiLaunch> mpi;
  std::vector<File> files;
  std::vector<detail::Extractor> extractors;
  std::vector<detail::ProgramFile> own_programs;  ///< that were there when the study was read
  detail::PointDirectory point_directory;
  std::shared_ptr<Launcher> launcher = std::make_shared<Launcher>();

  bool looks_for_files() const;

 private:
  void require_surroundings(const std::filesystem::path& directory, const detail::PointDirectory::Files& written);
  std::string template_text(const std::filesystem::path& file) const;
  void parse_run();
  void parse_launcher(const Design& design);
  void parse_template(const std::filesystem::path& file);
  void find_programs();
  void check_inputs() const;
  void check_outputs(const Design& design);
  void check_program() const;
};

}  // namespace windrow
