#include <gmock/gmock.h>

#include <limits>

#include "command_fixture.hpp"

namespace windrow {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class RenderTest : public CommandFixture {
 protected:
  /// What the template text becomes at a point with one parameter.
  std::string rendered(const std::string& text, const std::string& name, const Value& value) const {
    write("input.mustache", text);
    CommandSpec command = spec(sh("true"));
    command.templates = {"input.mustache"};
    const Design design = one(name, value);
    const RenderedCommand result = Command(command, design).render(design.point(0));
    EXPECT_EQ(result.files.size(), 1U);
    EXPECT_EQ(result.files.at(0).name, "input");
    return result.files.at(0).content;
  }
};

TEST_F(RenderTest, numbers_read_back_exactly) {
  for (const double value : {0.1, 1.0 / 3.0, 1e-300, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789}) {
    const std::string text = rendered("{{x}}", "x", value);
    EXPECT_EQ(Value(std::stod(text == "5e-324" ? "0" : text)), Value(text == "5e-324" ? 0.0 : value)) << text;
    EXPECT_EQ(text, Value(value).render());
  }
  EXPECT_EQ(rendered("{{x}}", "x", Value(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
}

TEST_F(RenderTest, nothing_is_escaped_in_any_kind_of_tag) {
  EXPECT_EQ(rendered("{{x}} {{{x}}} {{&x}} {{ x }}\n", "x", "<a & \"b'>"),
            "<a & \"b'> <a & \"b'> <a & \"b'> <a & \"b'>\n");
}

TEST_F(RenderTest, a_value_is_never_read_as_a_template) {
  EXPECT_EQ(rendered("{{x}}", "x", "{{study.dir}} {{#x}}"), "{{study.dir}} {{#x}}");
  EXPECT_EQ(rendered("  {{#x}}\n{{x}}{{/x}}", "x", " \n"), " \n");
}

TEST_F(RenderTest, sections_show_by_truth) {
  const std::string text = "{{#flag}}on{{/flag}}{{^flag}}off{{/flag}} {{flag}}";
  EXPECT_EQ(rendered(text, "flag", true), "on true");
  EXPECT_EQ(rendered(text, "flag", false), "off false");
  EXPECT_EQ(rendered(text, "flag", 0), "off 0");
  EXPECT_EQ(rendered(text, "flag", 2), "on 2");
  EXPECT_EQ(rendered(text, "flag", ""), "off ");
  EXPECT_EQ(rendered("{{#flag}}a{{^flag}}b{{/flag}}c{{#flag}}d{{/flag}}{{/flag}}", "flag", true), "acd");
}

TEST_F(RenderTest, a_line_with_only_a_section_tag_or_a_comment_leaves_no_blank_line) {
  EXPECT_EQ(rendered("a\n{{! note }}\n  {{#flag}}  \n  b\n{{/flag}}\r\n\nc\n", "flag", true), "a\n  b\n\nc\n");
  EXPECT_EQ(rendered("a\n{{#flag}}\nb\n{{/flag}}\nc", "flag", false), "a\nc");
  EXPECT_EQ(rendered("a\n{{flag}}\n", "flag", ""), "a\n\n");
}

TEST_F(RenderTest, delimiters_can_be_changed) {
  EXPECT_EQ(rendered("{{=<% %>=}}{{x}} <% x %>", "x", 3), "{{x}} 3");
}

TEST_F(RenderTest, placeholders_name_the_point_and_the_study) {
  const Design design = grid({linear("x", 0.0, 9.0, 10)}, 42);
  const Command command(
      spec(std::vector<std::string>{"echo", "{{point.index}}", "{{point.dir}}", "{{study.dir}}", "{{seed}}"}), design);
  EXPECT_THAT(command.render(design.point(7)).argv, ElementsAre("echo", "7", point(7).string(), study_.string(), "42"));
}

TEST_F(RenderTest, an_unknown_name_is_found_before_any_point_runs) {
  const Design design = one("resistance", 1.0);
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"echo", "a", "{{resistence}}"}), design),
              AllOf(HasSubstr("run[2]"), HasSubstr("`resistence`"), HasSubstr("did you mean `resistance`?")));
  write("in.mustache", "one\ntwo {{#resistance}}\n{{^resistance}}{{point.indx}}{{/resistance}}{{/resistance}}");
  CommandSpec hidden = spec(sh("true"));
  hidden.templates = {"in.mustache"};
  EXPECT_THAT(complaint(hidden, design), AllOf(HasSubstr("in.mustache:3"), HasSubstr("did you mean `point.index`?")));
  EXPECT_THAT(complaint(spec(sh("{{.}}")), design), HasSubstr("unknown name"));
}

TEST_F(RenderTest, broken_templates_are_found_with_their_line) {
  const auto broken = [this](const std::string& text) {
    write("in.mustache", text);
    CommandSpec command = spec(sh("true"));
    command.templates = {"in.mustache"};
    return complaint(command);
  };
  EXPECT_THAT(broken("a\nb {{x"), AllOf(HasSubstr("in.mustache:2"), HasSubstr("Unclosed tag")));
  EXPECT_THAT(broken("\n\n{{#x}}"), AllOf(HasSubstr("in.mustache:3"), HasSubstr("Unclosed section")));
  EXPECT_THAT(broken("{{#x}}{{/y}}"), HasSubstr("in.mustache:1"));
  EXPECT_THAT(broken("{{> other}}"), HasSubstr("cannot include"));
}

TEST_F(RenderTest, an_argument_stays_one_argument) {
  const std::string hostile = "a b\t'\"$(touch pwned)`;\n*";
  const Design design = one("x", hostile);
  EXPECT_THAT(
      Command(spec(std::vector<std::string>{"echo", "--v={{x}}", "{{x}}"}), design).render(design.point(0)).argv,
      ElementsAre("echo", "--v=" + hostile, hostile));
}

TEST_F(RenderTest, only_a_program_with_a_slash_starts_at_the_study) {
  write("solve", "#!/bin/sh\n");
  std::filesystem::permissions(study_ / "solve", std::filesystem::perms::owner_all);
  const Design design = one("x", 1.0);
  EXPECT_THAT(Command(spec(std::vector<std::string>{"./solve", "./solve"}), design).render(design.point(0)).argv,
              ElementsAre((study_ / "./solve").string(), "./solve"));
}

TEST_F(RenderTest, templates_are_checked_for_names_that_clash) {
  std::filesystem::create_directories(study_ / "sub");
  for (const char* name : {"in.mustache", "sub/in", "stdout.mustache", "plain"}) write(name, "text");
  const auto complain = [this](std::vector<std::filesystem::path> templates) {
    CommandSpec command = spec(sh("true"));
    command.templates = std::move(templates);
    return complaint(command);
  };
  EXPECT_THAT(complain({"in.mustache", "sub/./in"}), HasSubstr("two templates"));
  EXPECT_THAT(complain({"in.mustache", study_ / "sub/in"}), HasSubstr("two templates"));
  EXPECT_EQ(complain({"in.mustache", "sub/in"}), "");
  EXPECT_THAT(complain({"stdout.mustache"}), HasSubstr("`stdout`"));
  EXPECT_THAT(complain({"missing.mustache"}), HasSubstr("missing.mustache"));
  EXPECT_EQ(complain({"in.mustache", "plain"}), "");
}

TEST_F(RenderTest, a_template_keeps_its_folder) {
  std::filesystem::create_directories(study_ / "case/system");
  for (const char* name : {"case/system/controlDict", "case/system/fvSchemes.mustache", "in"}) write(name, "{{x}}");
  const Design design = one("x", 1.0);
  const auto names = [&](std::vector<std::filesystem::path> templates) {
    CommandSpec command = spec(sh("true"));
    command.templates = std::move(templates);
    std::vector<std::string> result;
    for (const auto& file : Command(command, design).render(design.point(0)).files) result.push_back(file.name);
    return result;
  };
  EXPECT_THAT(names({"case/system/controlDict"}), ElementsAre("case/system/controlDict"));
  EXPECT_THAT(names({"case/./system/fvSchemes.mustache", "./in"}), ElementsAre("system/fvSchemes", "in"));
  EXPECT_THAT(names({study_ / "case/system/controlDict"}), ElementsAre("controlDict"));
  EXPECT_THAT(names({"case/../case/system/controlDict"}), ElementsAre("case/system/controlDict"));
}

// Stored points know templates by the names that files had before they kept their folders.
TEST_F(RenderTest, templates_are_known_by_their_last_part_where_that_tells_them_apart) {
  std::filesystem::create_directories(study_ / "a");
  std::filesystem::create_directories(study_ / "b");
  for (const char* name : {"a/in", "b/in", "a/deck.mustache"}) write(name, "{{x}}");
  const Design design = one("x", 1.0);
  const auto keys = [&](std::vector<std::filesystem::path> templates) {
    CommandSpec command = spec(sh("true"));
    command.templates = std::move(templates);
    std::vector<std::string> result;
    for (const auto& [key, text] : Command(command, design).definition()) result.push_back(key);
    return result;
  };
  EXPECT_THAT(keys({"a/in", "a/deck.mustache"}),
              ElementsAre("command.run", "command.templates.in", "command.templates.deck"));
  EXPECT_THAT(keys({"a/in", "b/in"}), ElementsAre("command.run", "command.templates.a/in", "command.templates.b/in"));
}

TEST_F(RenderTest, braces_of_the_file_itself_are_told_from_tags) {
  const auto made = [this](const std::string& text) {
    write("in.mustache", text);
    CommandSpec command = spec(sh("true"));
    command.templates = {"in.mustache"};
    return command;
  };
  const std::string advice = "begin it with `{{=<% %>=}}` and write tags as `<% name %>`";
  EXPECT_THAT(complaint(made("int m[2][2] = {{1,2},{3,4}};")), AllOf(HasSubstr("in.mustache:1"), HasSubstr(advice)));
  EXPECT_THAT(complaint(made("a = {{alpha}}")), HasSubstr(advice));
  EXPECT_THAT(complaint(made("a = {{x")), HasSubstr(advice));
  EXPECT_THAT(complaint(made("nu {{x}};\nset{{{x}}}")), AllOf(HasSubstr("all braces vanish"), HasSubstr(advice)));
  const Design design = one("x", 1.0);
  EXPECT_THAT(Command(made("set{{{x}}}"), design).warnings(), ElementsAre(HasSubstr("all braces vanish")));
  EXPECT_THAT(Command(made("{{x}} {{{x}}}"), design).warnings(), ElementsAre(HasSubstr("all braces vanish")));
  EXPECT_THAT(Command(made("{{=<% %>=}}{{{x}}} <% x %>"), design).warnings(), ElementsAre());
  EXPECT_THAT(Command(made("{{x}}"), design).warnings(), ElementsAre());
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"echo", "{{y}}"})), testing::Not(HasSubstr("braces")));
}

TEST_F(RenderTest, the_program_is_looked_for_at_once) {
  write("plain", "");
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"no-such-program-here"})), HasSubstr("`no-such-program-here`"));
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"./none"})), HasSubstr("does not exist"));
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"./plain"})), HasSubstr("no executable"));
  EXPECT_THAT(complaint(spec(std::vector<std::string>{})), HasSubstr("empty"));
  EXPECT_THAT(complaint(spec(std::string("  "))), HasSubstr("empty"));
  EXPECT_EQ(complaint(spec(std::vector<std::string>{"{{x}}"})), "");
}

TEST_F(RenderTest, outputs_are_checked_at_once) {
  const auto complain = [this](std::vector<OutputSpec> outputs) {
    return complaint(spec(sh("true"), std::move(outputs)));
  };
  const RegexSource fine{"stdout", "a"};
  EXPECT_THAT(complain({{"y", RegexSource{"stdout", "(a"}}}), AllOf(HasSubstr("`y`"), HasSubstr("(a")));
  EXPECT_THAT(complain({{"y", JsonSource{"out.json", "a/b"}}}), HasSubstr("JSON pointer"));
  EXPECT_THAT(complain({{"y", fine, "nmber"}}), HasSubstr("did you mean `number`?"));
  EXPECT_THAT(complain({{"y", RegexSource{"", "a"}}}), HasSubstr("no file"));
  EXPECT_THAT(complain({{"x", fine}}), HasSubstr("`x`"));
  EXPECT_THAT(complain({{"y", fine}, {"y", fine}}), HasSubstr("`y`"));
  EXPECT_THAT(complain({{"status", fine}}), HasSubstr("`status`"));
}

TEST_F(RenderTest, the_definition_changes_exactly_with_what_results_depend_on) {
  write("in.mustache", "{{x}}");
  const Design design = one("x", 1.0);
  CommandSpec base = spec(sh("true"), {{"y", RegexSource{"stdout", "a"}}});
  base.templates = {"in.mustache"};
  const auto definition = Command(base, design).definition();
  CommandSpec moved = base;
  moved.points_directory = study_ / "elsewhere";
  moved.keep = Keep::all;
  EXPECT_EQ(Command(moved, design).definition(), definition);
  CommandSpec slower = base;
  slower.timeout = std::chrono::seconds(3);
  EXPECT_EQ(Command(slower, design).definition(), definition);
  CommandSpec split = base;
  split.run = std::vector<std::string>{"sh", "-c", "true", ""};
  EXPECT_NE(Command(split, design).definition(), definition);
  CommandSpec typed = base;
  typed.outputs[0].type = "string";
  EXPECT_NE(Command(typed, design).definition(), definition);
  write("in.mustache", "{{x}} ");
  EXPECT_NE(Command(base, design).definition(), definition);
  EXPECT_THAT(definition, testing::Contains(Pair("command.run", "[\"sh\", \"-c\", \"true\"]")));
}

TEST_F(RenderTest, a_whole_number_keeps_its_point) {
  EXPECT_EQ(rendered("{{x}}", "x", 1.0), "1.0");
  EXPECT_EQ(rendered("{{x}}", "x", 100000.0), "100000.0");
  EXPECT_EQ(rendered("{{x}}", "x", 1), "1");
  EXPECT_EQ(rendered("{{x}}", "x", Value(1.1).spelled("1.10")), "1.10");
}

TEST_F(RenderTest, a_tag_may_have_a_format) {
  EXPECT_EQ(rendered("[{{x:%08.3f}}] [{{{x:%.1e}}}] [{{ x : %+.2f }}] {{x}}", "x", 3.14159),
            "[0003.142] [3.1e+00] [+3.14] 3.14159");
  EXPECT_EQ(rendered("run{{point.index:%04d}}.txt", "x", 1), "run0000.txt");
  EXPECT_THROW(rendered("{{x:%5d}}", "x", 0.5), SpecError);
  EXPECT_THROW(rendered("{{x:%5}}", "x", 0.5), SpecError);
  EXPECT_THROW(rendered("{{y:%5f}}", "x", 0.5), SpecError);
  EXPECT_THROW(rendered("{{x:%5.3f}}", "x", 1000.5), Rejected);
}

TEST_F(RenderTest, the_text_false_hides_a_section) {
  const std::string text = "{{#flag}}on{{/flag}}{{^flag}}off{{/flag}}";
  for (const char* no : {"false", "False", "FALSE", ""}) EXPECT_EQ(rendered(text, "flag", no), "off") << no;
  for (const char* yes : {"true", "True", "no", "0", "F"}) EXPECT_EQ(rendered(text, "flag", yes), "on") << yes;
}

TEST_F(RenderTest, sections_within_sections_have_a_bound) {
  const auto nested = [this](int depth, const std::string& open, const std::string& close, const std::string& head) {
    std::string text = head;
    for (int i = 0; i < depth; ++i) text += open;
    for (int i = 0; i < depth; ++i) text += close;
    write("deep.mustache", text);
    CommandSpec command = spec(std::vector<std::string>{"true"});
    command.templates = {"deep.mustache"};
    return complaint(command);
  };
  EXPECT_EQ(nested(100, "{{#x}}\n", "{{/x}}", ""), "");
  const auto refused = HasSubstr("deep.mustache:101: sections are nested more than 100 deep");
  EXPECT_THAT(nested(101, "{{#x}}\n", "{{/x}}", ""), refused);
  EXPECT_THAT(nested(100'000, "{{^ x }}\n", "{{/x}}", ""), refused);
  EXPECT_THAT(nested(100'000, "{{#x}}\n", "", ""), refused);
  EXPECT_THAT(nested(101, "<%#x%>\n", "<%/x%>", "{{=<% %>=}}"), refused);
  EXPECT_EQ(nested(2000, "{{#x}}a{{/x}}", "", ""), "") << "one after the other";
}

}  // namespace
}  // namespace windrow
