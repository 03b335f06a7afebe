#include "command/arguments.hpp"

#include <gmock/gmock.h>

#include "command_fixture.hpp"
#include "windrow/base/text.hpp"

namespace windrow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Argv = std::vector<std::string>;

class ArgumentsTest : public CommandFixture {
 protected:
  Argv argv(const Argv& run, const std::string& name, const Value& value) const {
    const Design design = one(name, value);
    return Command(spec(run), design).render(design.point(0)).argv;
  }
};

TEST_F(ArgumentsTest, an_argument_of_hidden_sections_alone_is_dropped) {
  const Argv run = {"echo", "{{#v}}--verbose{{/v}}", "end"};
  EXPECT_THAT(argv(run, "v", true), ElementsAre("echo", "--verbose", "end"));
  EXPECT_THAT(argv(run, "v", false), ElementsAre("echo", "end"));
  EXPECT_THAT(argv({"echo", "{{#v}}-a{{/v}}{{^v}}-b{{/v}}"}, "v", false), ElementsAre("echo", "-b"));
  EXPECT_THAT(argv({"echo", "{{#v}}-o{{/v}}", "{{#v}}{{v}}{{/v}}"}, "v", "x y"), ElementsAre("echo", "-o", "x y"));
  EXPECT_THAT(argv({"echo", "{{#v}}-o{{/v}}", "{{#v}}{{v}}{{/v}}"}, "v", ""), ElementsAre("echo"));
}

TEST_F(ArgumentsTest, an_argument_that_is_empty_for_another_reason_stays) {
  EXPECT_THAT(argv({"echo", "{{v}}", ""}, "v", ""), ElementsAre("echo", "", ""));
  EXPECT_THAT(argv({"echo", "a{{#v}}b{{/v}}"}, "v", false), ElementsAre("echo", "a"));
  EXPECT_THAT(argv({"echo", "{{#v}}b{{/v}} "}, "v", false), ElementsAre("echo", " "));
}

TEST_F(ArgumentsTest, the_program_may_come_after_an_argument_that_is_left_out) {
  write("sim", "#!/bin/sh\n");
  std::filesystem::permissions(study_ / "sim", std::filesystem::perms::owner_all);
  EXPECT_THAT(argv({"{{#v}}nice{{/v}}", "./sim"}, "v", false), ElementsAre((study_ / "./sim").string()));
  EXPECT_THAT(argv({"{{#v}}nice{{/v}}", "./sim"}, "v", true), ElementsAre("nice", "./sim"));
  EXPECT_THAT(complaint(spec(Argv{"{{#v}}nice{{/v}}"}), one("v", false)), HasSubstr("empty here"));
}

TEST_F(ArgumentsTest, a_list_is_several_arguments) {
  const Argv run = {"cat", "{{*files}}", "end"};
  EXPECT_THAT(argv(run, "files", "a.txt b.txt"), ElementsAre("cat", "a.txt", "b.txt", "end"));
  EXPECT_THAT(argv(run, "files", "'b c.txt' \"d'e\" f\\ g ''"), ElementsAre("cat", "b c.txt", "d'e", "f g", "", "end"));
  EXPECT_THAT(argv(run, "files", "$(touch pwned) *"), ElementsAre("cat", "$(touch", "pwned)", "*", "end"));
  EXPECT_THAT(argv(run, "files", ""), ElementsAre("cat", "end"));
  EXPECT_THAT(argv(run, "files", 3), ElementsAre("cat", "3", "end"));
  EXPECT_THAT(argv({"cat", "{{#files}}{{* files}}{{/files}}"}, "files", "a b"), ElementsAre("cat", "a", "b"));
  EXPECT_THAT(complaint(spec(run), one("files", "it's")), HasSubstr("a quote is not closed"));
}

TEST_F(ArgumentsTest, what_a_list_was_made_of_comes_back) {
  const Argv texts = {"plain", "two words", "it's", "\"", "\\", "$x", "", "a\nb", "=z", "*", "caf\xc3\xa9"};
  EXPECT_EQ(detail::words_of(text::shell_line(texts), "x"), texts);
}

TEST_F(ArgumentsTest, a_list_in_a_shell_text_is_quoted_word_by_word) {
  const auto printed = [this](const std::string& text, const std::string& files) {
    CommandSpec command = spec(text, {{"y", RegexSource{"stdout", "(?s).*"}, "string"}});
    const Design design = one("files", files);
    const auto outcome = evaluate(Command(command, design), design);
    return outcome.ok() ? outcome.value().at(0).text() : "failed: " + outcome.failure().message;
  };
  EXPECT_EQ(printed("printf '<%s>' {{*files}}", "a 'b c' '$(touch pwned)' \"it's\""), "<a><b c><$(touch pwned)><it's>");
  EXPECT_EQ(printed("printf '<%s>' x {{*files}}; echo", "a b"), "<x><a><b>\n");
  EXPECT_THAT(complaint(spec(std::string("echo \"{{*files}}\"")), one("files", "a")), HasSubstr("a word of its own"));
  EXPECT_THAT(complaint(spec(std::string("echo \" {{*files}} \"")), one("files", "a b")), HasSubstr("quotes"));
  EXPECT_THAT(complaint(spec(std::string("echo -I{{*files}}")), one("files", "a")), HasSubstr("a word of its own"));
}

TEST_F(ArgumentsTest, a_list_stands_alone_and_in_run_only) {
  EXPECT_THAT(complaint(spec(Argv{"cat", "-I{{*x}}"})), HasSubstr("run[1]: `{{*name}}`"));
  EXPECT_THAT(complaint(spec(Argv{"cat", "{{*y}}"})), HasSubstr("unknown name `y`"));
  write("in.mustache", "{{*x}}");
  CommandSpec command = spec(Argv{"cat"});
  command.templates = {"in.mustache"};
  EXPECT_THAT(complaint(command), HasSubstr("in `run` only"));
}

}  // namespace
}  // namespace windrow
