#include "staging.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "windrow/base/files.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view of_the_point = "/./";  // before what is kept of a path, as rsync has it

std::string without_slash(std::string text) {
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text == "." ? "" : text;
}

bool is_results_directory(const fs::path& directory) {
  std::error_code none;
  return directory.filename().string().ends_with(".windrow") || fs::exists(directory / "results.sqlite", none);
}

[[noreturn]] void cannot_read(const char* what, const fs::path& path) {
  throw SpecError(fmt::format("the {} {} cannot be read", what, path.lexically_normal().string()));
}

/// Characters that mean something in a pattern are escaped.
std::string as_pattern(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// The paths in the study's directory that match, as they would be written.
std::vector<std::string> matches(const fs::path& study_directory, const std::string& pattern) {
  const bool absolute = fs::path(pattern).is_absolute();
  const std::string folder = study_directory.string() + "/";
  glob_t found{};
  std::vector<std::string> paths;
  if (glob((absolute ? pattern : as_pattern(folder) + pattern).c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      paths.push_back(absolute ? path : path.substr(folder.size()));
    }
  }
  globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

void add_folder(const fs::path& folder, const std::string& name, std::vector<FoundFile>& found) {
  const fs::path below = name;
  const auto options = fs::directory_options::none;
  for (fs::recursive_directory_iterator entry(folder, options), end; entry != end; ++entry) {
    const bool is_folder = entry->is_directory() && !entry->is_symlink();
    if (is_folder && is_results_directory(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    const bool counts = is_folder ? fs::is_empty(entry->path()) : entry->is_regular_file() || entry->is_symlink();
    if (counts) found.push_back({entry->path(), (below / entry->path().lexically_relative(folder)).string()});
  }
}

void add_path(const fs::path& study_directory, const std::string& path, const char* what,
              std::vector<FoundFile>& found) {
  const fs::path file = study_directory / path;
  std::error_code none;
  if (fs::is_directory(file, none)) {
    try {
      add_folder(file.string().ends_with('/') ? fs::path(without_slash(file.string())) : file, name_in_point(path),
                 found);
    } catch (const fs::filesystem_error&) {
      cannot_read(what, file);
    }
  } else if (fs::is_regular_file(file, none)) {
    found.push_back({file, name_in_point(path)});
  } else {
    cannot_read(what, file);
  }
}

void add_content(const fs::path& file, const char* what, ContentHash& hash) {
  std::ifstream in(file, std::ios::binary);
  if (!in) cannot_read(what, file);
  std::vector<char> part(std::size_t{1} << 20U);
  while (in) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    hash.add({part.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (!in.eof()) cannot_read(what, file);
}

/// Of several files: names and contents.
std::string known_by_all(const std::vector<FoundFile>& files, const char* what) {
  ContentHash all;
  std::uint64_t bytes = 0;
  for (const FoundFile& file : files) {
    ContentHash hash;
    std::error_code none;
    if (fs::is_regular_file(file.path, none)) add_content(file.path, what, hash);
    bytes += hash.size();
    const std::string line = fmt::format("{}\n{}\n", file.name, hash.value().text());
    all.add(line);
  }
  return fmt::format("{} ({} file{}, {} bytes)", all.value().text(), files.size(), files.size() == 1 ? "" : "s", bytes);
}

class Stage {
 public:
  Stage(const std::vector<std::string>& rendered) : rendered_(rendered.begin(), rendered.end()) {}

  void add(FoundFile file, const StageSpec& spec, bool by_its_name) {
    const fs::path path(file.name);
    const std::string first = path.empty() ? "" : path.begin()->string();
    if (first == "stdout" || first == "stderr" || first == "command") {
      throw SpecError(fmt::format("`stage`: {} would become `{}`, which windrow itself writes", spec.path, file.name));
    }
    if (rendered_.contains(file.name)) {
      if (!by_its_name) return;
      throw SpecError(fmt::format("`stage`: {} would become `{}`, as a template does", spec.path, file.name));
    }
    const auto [known, is_new] = files_.try_emplace(file.name, StagedFile{file.name, file.path, spec.copy});
    if (!is_new && known->second.source.lexically_normal() != file.path.lexically_normal()) {
      throw SpecError(fmt::format("`stage`: two files would become `{}`: {} and {}", file.name,
                                  known->second.source.string(), file.path.string()));
    }
    known->second.copy = known->second.copy || spec.copy;
  }

  std::vector<StagedFile> take() {
    std::vector<StagedFile> staged;
    for (auto& [name, file] : files_) {
      for (fs::path folder = fs::path(name).parent_path(); !folder.empty(); folder = folder.parent_path()) {
        if (files_.contains(folder.string()) || rendered_.contains(folder.string())) {
          throw SpecError(fmt::format("`stage`: `{}` would be a file and the folder of `{}`", folder.string(), name));
        }
      }
      staged.push_back(std::move(file));
    }
    return staged;
  }

 private:
  std::set<std::string> rendered_;
  std::map<std::string, StagedFile> files_;
};

void copy_for_a_program(const StagedFile& file, const fs::path& to) {
  fs::copy_file(file.source, to);
  const auto mode = fs::status(to).permissions();
  if ((mode & fs::perms::owner_write) == fs::perms::none) fs::permissions(to, mode | fs::perms::owner_write);
}

}  // namespace

std::string name_in_point(const fs::path& path) {
  const std::string text = path.string() + (path.string().ends_with("/.") ? "/" : "");
  if (const auto at = text.rfind(of_the_point); at != std::string::npos) {
    const std::string rest = text.substr(at + of_the_point.size());
    return rest.empty() ? "" : without_slash(fs::path(rest).lexically_normal().string());
  }
  const fs::path normal(without_slash(path.lexically_normal().string()));
  const bool outside = normal.is_absolute() || (!normal.empty() && *normal.begin() == "..");
  return outside ? normal.filename().string() : normal.string();
}

bool is_pattern(const fs::path& study_directory, const std::string& path) {
  std::error_code none;
  return path.find_first_of("*?[") != std::string::npos && !fs::exists(study_directory / path, none);
}

std::vector<FoundFile> find_files(const fs::path& study_directory, const std::string& path, const char* what) {
  std::vector<FoundFile> found;
  if (!is_pattern(study_directory, path)) {
    add_path(study_directory, path, what, found);
  } else {
    if (path.find("**") != std::string::npos) {
      throw SpecError(
          fmt::format("the {} `{}`: `**` is no pattern here; a folder stands for all that is in it", what, path));
    }
    for (const std::string& match : matches(study_directory, path)) {
      const bool results = fs::is_directory(study_directory / match) && is_results_directory(study_directory / match);
      if (!results) add_path(study_directory, match, what, found);
    }
    if (found.empty()) throw SpecError(fmt::format("the {} `{}` matches no file", what, path));
  }
  std::ranges::sort(found, {}, &FoundFile::name);
  return found;
}

std::string content_known_by(const fs::path& study_directory, const std::string& path, const char* what) {
  std::error_code none;
  const bool several = is_pattern(study_directory, path) || fs::is_directory(study_directory / path, none);
  const std::vector<FoundFile> files = find_files(study_directory, path, what);
  if (several) return known_by_all(files, what);
  ContentHash hash;
  add_content(files.front().path, what, hash);
  return fmt::format("{} ({} bytes)", hash.value().text(), hash.size());
}

std::vector<StagedFile> find_staged(const std::vector<StageSpec>& stage, const fs::path& study_directory,
                                    const std::vector<std::string>& rendered) {
  Stage all(rendered);
  for (const StageSpec& spec : stage) {
    if (spec.path.empty()) throw SpecError("`stage` holds a path that is empty");
    std::error_code none;
    const bool by_its_name =
        !is_pattern(study_directory, spec.path) && !fs::is_directory(study_directory / spec.path, none);
    for (FoundFile& file : find_files(study_directory, spec.path, "staged file")) {
      all.add(std::move(file), spec, by_its_name);
    }
  }
  return all.take();
}

std::string encode(const std::vector<StagedFile>& staged, const fs::path& study_directory) {
  std::string text;
  const std::string folder = study_directory.string() + "/";
  for (const StagedFile& file : staged) {
    const std::string source = file.source.string();
    text += file.name + '\0' + (source.starts_with(folder) ? source.substr(folder.size()) : source) + '\0';
    text += file.copy ? std::string("copy") + '\0' : std::string("link") + '\0';
  }
  return text;
}

std::vector<StagedFile> decode_staged(std::string_view text, const fs::path& study_directory) {
  std::vector<StagedFile> staged;
  const auto next = [&text] {
    const std::size_t end = text.find('\0');
    const std::string part(text.substr(0, end));
    text.remove_prefix(end + 1);
    return part;
  };
  while (!text.empty()) {
    StagedFile file;
    file.name = next();
    file.source = study_directory / next();
    file.copy = next() == "copy";
    staged.push_back(std::move(file));
  }
  return staged;
}

void StagedOriginals::lay(const std::vector<StagedFile>& staged, const fs::path& directory) {
  states_.clear();
  fs::path made;  // the folder that the last file needed: they are sorted
  for (const StagedFile& file : staged) {
    const fs::path to = directory / file.name;
    if (const fs::path folder = to.parent_path(); folder != made && folder != directory) {
      fs::create_directories(folder);
      made = folder;
    }
    struct stat status {};
    if (lstat(file.source.c_str(), &status) != 0) throw SystemError("cannot read " + file.source.string(), errno);
    if (S_ISDIR(status.st_mode)) {
      fs::create_directories(to);
    } else if (file.copy) {
      copy_for_a_program(file, to);
    } else if (symlink(file.source.c_str(), to.c_str()) != 0) {
      throw SystemError("cannot make the link " + to.string(), errno);
    }
    states_.push_back(state_of(file));
  }
}

const StagedFile* StagedOriginals::changed(const std::vector<StagedFile>& staged) const {
  for (std::size_t i = 0; i < staged.size() && i < states_.size(); ++i) {
    if (state_of(staged[i]) != states_[i]) return &staged[i];
  }
  return nullptr;
}

/// Of a copy nothing, nor of a folder: those may change.
StagedOriginals::State StagedOriginals::state_of(const StagedFile& file) {
  struct stat status {};
  if (file.copy || stat(file.source.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

bool matches_kept(const std::string& path, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&path](const std::string& pattern) {
    const bool by_path = without_slash(pattern).find('/') != std::string::npos;
    if (!pattern.ends_with('/')) {
      const std::string compared = by_path ? path : fs::path(path).filename().string();
      return fnmatch(pattern.c_str(), compared.c_str(), FNM_PATHNAME) == 0;
    }
    const std::string folder = without_slash(pattern);
    for (fs::path above = fs::path(path).parent_path(); !above.empty(); above = above.parent_path()) {
      const std::string compared = by_path ? above.string() : above.filename().string();
      if (fnmatch(folder.c_str(), compared.c_str(), FNM_PATHNAME) == 0) return true;
    }
    return false;
  });
}

void keep_matching(const fs::path& directory, const std::vector<std::string>& patterns) noexcept {
  make_removable(directory);
  std::vector<fs::path> folders, others;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_directory(error) && !entry->is_symlink(error)) {
      folders.push_back(entry->path());
    } else if (!matches_kept(entry->path().lexically_relative(directory).string(), patterns)) {
      others.push_back(entry->path());
    }
  }
  for (const fs::path& file : others) fs::remove(file, error);
  std::ranges::sort(folders, std::greater<>());                  // the deepest first
  for (const fs::path& folder : folders) rmdir(folder.c_str());  // refused where something is left
  rmdir(directory.c_str());
}

void check_keep_pattern(const std::string& pattern) {
  const std::string normal = fs::path(pattern).lexically_normal().string();
  if (pattern.empty() || fs::path(pattern).is_absolute() || normal != pattern || normal.starts_with("..")) {
    throw SpecError(fmt::format(
        "`keep`: `{}` matches no file: a pattern is a name, a path in the point's directory, or a folder with a `/`",
        pattern));
  }
  if (pattern.find("**") != std::string::npos) {
    throw SpecError(
        fmt::format("`keep`: `**` in `{}` is no pattern here: a name is looked for in every folder", pattern));
  }
}

}  // namespace windrow::detail
