// Designs of several blocks: [[design]].
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "study/study_parts.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/compose.hpp"

namespace windrow::detail {
namespace {

/// What a block says beside its method.
const std::vector<std::string> kBlockKeys = {"parameters", "append", "redraw", "seed", "replicates"};

struct BlockText {
  TomlTable table;
  std::size_t line;
  std::optional<std::vector<std::string>> parameters;

  bool is_table() const { return method() == "table"; }
  /// Keys of parameters that have no meaning for the method.
  std::vector<std::string_view> unread() const {
    if (is_table() || method() == "list") return {"values", "nominal"};
    if (is_centred(&table, method())) return {"values"};
    return {};
  }

 private:
  std::string_view method() const {
    const TomlTable::Member* member = table.find("method");
    const auto* name = member != nullptr ? std::get_if<std::string>(&member->node.value) : nullptr;
    return name != nullptr ? std::string_view(*name) : std::string_view();
  }
};

/// Blocks that are crossed.
using PartText = std::vector<BlockText>;

TomlTable::Member member_of(const std::string& key, std::size_t line, TomlTable table) {
  return {key, line, {line, std::make_shared<const TomlTable>(std::move(table))}};
}

/// A slip in a key of blocks; one in a key of methods is found where these are read.
void check_slips(const TomlTable& block) {
  for (const TomlTable::Member& member : block.members()) {
    const auto near = text::nearest(member.key, kBlockKeys);
    if (near && *near != member.key && near->size() > 4) {
      block.fail(member.key, "unknown key " + block.name_of(member.key) + "; did you mean `" + *near + "`?");
    }
  }
}

std::vector<PartText> parts_of(const TomlTable& root) {
  const TomlTable::Member& member = *root.find("design");
  const auto& array = std::get<TomlNode::Array>(member.node.value);
  std::vector<PartText> parts;
  for (const TomlNode& node : array) {
    const auto* found = std::get_if<std::shared_ptr<const TomlTable>>(&node.value);
    if (found == nullptr) root.wrong_type(member, "a table [design], or blocks [[design]]");
    TomlTable table = (*found)->with("[design]", (*found)->members());
    check_slips(table);
    const bool append = table.boolean("append").value_or(false);
    if (append && parts.empty()) {
      table.fail("append", table.name_of("append") + " begins a further part, but there is none before it");
    }
    if (append || parts.empty()) parts.emplace_back();
    auto names = table.texts("parameters");
    if (names && names->empty()) table.fail("parameters", table.name_of("parameters") + " is empty");
    parts.back().push_back({std::move(table), node.line, std::move(names)});
  }
  if (parts.empty()) root.fail("design", "`design` is an empty list: a study needs a table [design], or none");
  return parts;
}

std::vector<std::string> declared_in(const TomlTable& root) {
  std::vector<std::string> names;
  if (const TomlTable* parameters = root.table("parameters")) {
    for (const TomlTable::Member& member : parameters->members()) {
      if (!is_derived(*parameters, member.key)) names.push_back(member.key);
    }
  }
  return names;
}

/// What each block lays out is said, known and nowhere else in its part.
void check_names(const PartText& part, const std::vector<std::string>& declared) {
  std::map<std::string, std::size_t> line_of;
  for (const BlockText& block : part) {
    if (!block.parameters && part.size() > 1) {
      block.table.fail("parameters", "missing " + block.table.name_of("parameters") +
                                         ": a block that is crossed with others says which parameters it lays out");
    }
    if (!block.parameters) continue;
    for (const std::string& name : *block.parameters) {
      if (!block.is_table() && std::ranges::find(declared, name) == declared.end()) {
        block.table.fail("parameters",
                         fmt::format("unknown parameter `{}` in {}{}", name, block.table.name_of("parameters"),
                                     text::suggestion(name, declared)));
      }
      const auto [other, is_new] = line_of.emplace(name, block.line);
      if (is_new) continue;
      block.table.fail("parameters",
                       other->second == block.line
                           ? fmt::format("`{}` is there twice in {}", name, block.table.name_of("parameters"))
                           : fmt::format("`{}` is in the block of line {} already: every parameter is in exactly one "
                                         "block of each part",
                                         name, other->second));
    }
  }
}

/// Whether a block lays it out that reads all of its keys.
bool needs_values(const std::string& name, const std::vector<PartText>& parts) {
  for (const PartText& part : parts) {
    for (const BlockText& block : part) {
      if (!block.unread().empty()) continue;
      if (!block.parameters || std::ranges::find(*block.parameters, name) != block.parameters->end()) return true;
    }
  }
  return false;
}

/// [parameters] of a block: in its order, and without what other parts need and its method does not.
TomlTable parameters_of(const BlockText& block, const TomlTable& all, const std::vector<PartText>& parts) {
  const std::vector<std::string_view> unread = block.unread();
  std::vector<TomlTable::Member> members;
  const auto add = [&](const TomlTable::Member& member) {
    const auto* table = std::get_if<std::shared_ptr<const TomlTable>>(&member.node.value);
    if (table == nullptr || unread.empty() || !needs_values(member.key, parts)) return members.push_back(member);
    std::vector<TomlTable::Member> kept = (*table)->members();
    std::erase_if(kept, [&](const auto& one) { return std::ranges::find(unread, one.key) != unread.end(); });
    members.push_back(member_of(member.key, member.line, (*table)->with(std::move(kept))));
  };
  if (!block.parameters) {
    for (const TomlTable::Member& member : all.members()) add(member);
  } else {
    for (const std::string& name : *block.parameters) {
      if (const TomlTable::Member* member = all.find(name)) add(*member);
    }
  }
  return all.with(std::move(members));
}

/// [design] of a block: what its method has to say.
TomlTable design_of(const BlockText& block) {
  std::vector<TomlTable::Member> members = block.table.members();
  std::erase_if(
      members, [](const TomlTable::Member& one) { return std::ranges::find(kBlockKeys, one.key) != kBlockKeys.end(); });
  if (block.is_table() && block.parameters && !block.table.has("columns")) {
    TomlTable::Member columns = *block.table.find("parameters");
    columns.key = "columns";
    members.push_back(std::move(columns));
  }
  return block.table.with(std::move(members));
}

std::vector<std::string> names_of(const Design& design) {
  std::vector<std::string> names;  // a field of a bundle goes with it
  for (const Parameter& parameter : design.parameters()) {
    if (parameter.name().find('.') == std::string::npos) names.push_back(parameter.name());
  }
  return names;
}

void check_columns(const BlockText& block, const Design& design) {
  if (!block.parameters) return;
  const std::vector<std::string> names = names_of(design);
  for (const std::string& name : names) {
    if (std::ranges::find(*block.parameters, name) != block.parameters->end()) continue;
    block.table.fail("parameters", fmt::format("the table has the column `{}`, which {} does not name", name,
                                               block.table.name_of("parameters")));
  }
  for (const std::string& name : *block.parameters) {
    if (std::ranges::find(names, name) != names.end()) continue;
    block.table.fail("parameters", fmt::format("the table has no column `{}`{}", name, text::suggestion(name, names)));
  }
}

class BlocksReader {
 public:
  BlocksReader(const TomlTable& root, std::uint64_t seed, const ReadMethod& read)
      : root_(root), seed_(seed), read_(read), parts_(parts_of(root)) {}

  Design read() {
    const std::vector<std::string> declared = declared_in(root_);
    for (const PartText& part : parts_) check_names(part, declared);
    std::vector<Design> designs;
    std::vector<std::string> all = declared;
    for (const PartText& part : parts_) {
      designs.push_back(read_part(part));
      for (const std::string& name : names_of(designs.back())) {
        if (std::ranges::find(all, name) == all.end()) all.push_back(name);
      }
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) check_complete(parts_[i], designs[i], all);
    replicate(designs);
    if (designs.size() == 1) return designs.front();
    return root_.locate("design", [&] { return appended(std::move(designs), seed_); });
  }

 private:
  Design read_block(const BlockText& block) const {
    std::vector<TomlTable::Member> members;
    const TomlTable* parameters = root_.table("parameters");
    if (parameters != nullptr) {
      members.push_back(member_of("parameters", block.line, parameters_of(block, *parameters, parts_)));
    }
    members.push_back(member_of("design", block.line, design_of(block)));
    if (const TomlTable::Member* outputs = root_.find("outputs")) members.push_back(*outputs);
    const Design design = read_(root_.with(std::move(members)), seed_of(block));
    if (block.is_table()) check_columns(block, design);
    return design;
  }

  std::uint64_t seed_of(const BlockText& block) const {
    const auto own = block.table.integer("seed", 0);
    return own ? static_cast<std::uint64_t>(*own) : seed_;
  }

  static bool redraws(const BlockText& block, const Design& design, bool is_first) {
    const bool redraw = block.table.boolean("redraw").value_or(false);
    if (redraw && is_first) {
      block.table.fail("redraw", block.table.name_of("redraw") + " has no meaning: there is no block before it");
    }
    if (redraw && !design.draws() && !design.exclusions().empty()) {
      block.table.fail("redraw", fmt::format("{} does not go with `where`: which points are left is found once. Leave "
                                             "`redraw` out, and they are the same for each point of the blocks before",
                                             block.table.name_of("redraw")));
    }
    if (redraw && !design.draws()) {
      block.table.fail("redraw", fmt::format("{} has no meaning for method `{}`: it draws nothing",
                                             block.table.name_of("redraw"), design.method()));
    }
    return redraw;
  }

  Design read_part(const PartText& part) const {
    std::vector<Block> blocks;
    for (const BlockText& block : part) {
      Design design = read_block(block);
      const bool redraw = redraws(block, design, blocks.empty());
      blocks.emplace_back(std::move(design), redraw);
    }
    if (blocks.size() == 1 && blocks.front().design.seed() == seed_) return blocks.front().design;
    return part.front().table.locate("", [&] { return crossed(std::move(blocks), seed_); });
  }

  static void check_complete(const PartText& part, const Design& design, const std::vector<std::string>& all) {
    const std::vector<std::string> names = names_of(design);
    for (const std::string& name : all) {
      if (std::ranges::find(names, name) != names.end()) continue;
      part.front().table.fail(
          "",
          fmt::format("`{}` is in no block of this part: every parameter is in exactly one block of each part", name));
    }
  }

  /// Once some parts are replicated, the others are there once.
  void replicate(std::vector<Design>& designs) const {
    std::vector<const BlockText*> owners;
    for (const PartText& part : parts_) owners.push_back(owner_of_replicates(part));
    if (std::ranges::all_of(owners, [](const BlockText* owner) { return owner == nullptr; })) return;
    for (std::size_t i = 0; i < designs.size(); ++i) {
      const TomlTable& table = owners[i] != nullptr ? owners[i]->table : parts_[i].front().table;
      const auto count = static_cast<std::uint64_t>(table.integer("replicates", 1).value_or(1));
      designs[i] = table.locate("replicates", [&] { return replicated(designs[i], count); });
    }
  }

  static const BlockText* owner_of_replicates(const PartText& part) {
    const BlockText* owner = nullptr;
    for (const BlockText& block : part) {
      if (!block.table.has("replicates")) continue;
      if (owner != nullptr) {
        block.table.fail("replicates", fmt::format("{} is in the block of line {} already: it is of all blocks of a "
                                                   "part, each point of which is there so many times",
                                                   block.table.name_of("replicates"), owner->line));
      }
      owner = &block;
    }
    return owner;
  }

  const TomlTable& root_;
  std::uint64_t seed_;
  const ReadMethod& read_;
  std::vector<PartText> parts_;
};

}  // namespace

Design read_blocks(const TomlTable& root, std::uint64_t seed, const ReadMethod& read) {
  return BlocksReader(root, seed, read).read();
}

std::vector<std::vector<std::string>> read_groups(const TomlTable& design) {
  constexpr const char* kForm = "a list of lists of parameters, as [[\"a\", \"b\"]]";
  const TomlTable::Member& member = design.required("zip");
  const auto* array = std::get_if<TomlNode::Array>(&member.node.value);
  if (array == nullptr) design.wrong_type(member, kForm);
  std::vector<std::vector<std::string>> groups;
  for (const TomlNode& node : *array) {
    const auto* names = std::get_if<TomlNode::Array>(&node.value);
    if (names == nullptr) {
      design.fail("zip", fmt::format("{} must be {}; item {} is {}", design.name_of("zip"), kForm, groups.size() + 1,
                                     node.kind()));
    }
    std::vector<std::string>& group = groups.emplace_back();
    for (const TomlNode& name : *names) {
      const auto* text = std::get_if<std::string>(&name.value);
      if (text == nullptr) {
        design.fail("zip", fmt::format("{} must be {}; one name is {}", design.name_of("zip"), kForm, name.kind()));
      }
      group.push_back(*text);
    }
  }
  return groups;
}

}  // namespace windrow::detail
