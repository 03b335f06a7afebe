// Stores of one study that are joined into one: what each brings, faults on the way, and kills at any moment.

#include "windrow/store/merge.hpp"

#include <chrono>
#include <random>
#include <sstream>
#include <thread>

#include "support.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Then = StoreMerge::Then;

StudyIdentity array_study(std::uint64_t points) {
  StudyIdentity study = small_study(points);
  study.outputs.push_back({"field", "K", "array", ""});
  return study;
}

Record array_point(std::uint64_t index) {
  const auto x = static_cast<double>(index);
  return success(index, {x, 0.5}, {x * 2.0, Array({x, x + 1.0}, {2})});
}

fs::path array_of(const fs::path& directory, std::uint64_t index) {
  return directory / "arrays" / "field" / (std::to_string(index) + ".npy");
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

Record at(Record record, double started) {
  record.started = started;
  return record;
}

/// A store with every record.
void fill(const fs::path& directory, const StudyIdentity& study, const std::vector<Record>& records,
          const std::string& name = "somebody") {
  Store store(directory, study, {{"who", name}});
  for (const Record& record : records) store.record(record);
  store.commit();
}

std::string csv(const fs::path& directory) {
  std::ostringstream out;
  export_csv(StoreReader(directory), out);
  return out.str();
}

/// All that a store knows, as text.
std::string contents(const fs::path& directory) {
  std::ostringstream out;
  export_csv(StoreReader(directory), out);
  export_evaluations_csv(StoreReader(directory), out);
  out << query(directory / "results.sqlite", R"(SELECT "index" || status || started FROM attempts ORDER BY 1)");
  out << query(directory / "results.sqlite", "SELECT p.text FROM runs JOIN provenance p USING(run) ORDER BY 1");
  return out.str();
}

class MergeTest : public testing::Test {
 protected:
  fs::path main() const { return directory_.path() / "main"; }
  fs::path part(int number) const { return directory_.path() / "parts" / std::to_string(number); }
  Taken take(int number, Then then = Then::remove, const StudyIdentity& study = small_study()) const {
    return StoreMerge(main(), study).take(part(number), then);
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(MergeTest, a_store_that_knows_no_content_of_programs_is_of_the_study_that_does) {
  StudyIdentity knowing = small_study();
  knowing.definition.emplace_back("command.program.sim", "0123 (4 bytes)");
  fill(part(1), small_study(), {success(1, {1.0, 0.5}, {2.0})});
  fill(part(2), knowing, {success(2, {2.0, 0.5}, {4.0})});
  const Taken taken = take(1, Then::remove, knowing);
  EXPECT_EQ(taken.outcomes, 1u);
  EXPECT_TRUE(taken.removed);
  ASSERT_TRUE(taken.found.has_value());
  EXPECT_THAT(taken.found->differences, ElementsAre(HasSubstr("the content of sim is now part of what a point is")));
  EXPECT_FALSE(take(2, Then::remove, knowing).found.has_value());
  EXPECT_EQ(StoreReader(main()).status().succeeded, 2u);
  StudyIdentity other = knowing;
  other.definition.back().second = "4567 (4 bytes)";
  fill(part(3), other, {success(3, {3.0, 0.5}, {6.0})});
  EXPECT_THROW(take(3, Then::remove, knowing), StoreError);
}

TEST_F(MergeTest, so_is_one_that_knows_none_of_programs_that_values_name) {
  StudyIdentity knowing = small_study();
  knowing.definition.emplace_back("command.program.sim", "0123 (4 bytes)");
  fill(part(1), knowing, {success(1, {1.0, 0.5}, {2.0})});
  knowing.definition.emplace_back("command.program_of.a=1", "4567 (4 bytes)");
  EXPECT_TRUE(take(1, Then::remove, knowing).removed);
  StudyIdentity other = knowing;
  other.definition.back().second = "89ab (4 bytes)";
  fill(part(2), other, {success(2, {2.0, 0.5}, {4.0})});
  EXPECT_THROW(take(2, Then::remove, knowing), StoreError);
}

TEST_F(MergeTest, parts_give_the_same_bytes_as_one_store) {
  std::vector<Record> all, odd, even;
  for (std::uint64_t i = 0; i < 10; ++i) {
    all.push_back(at(i == 4 ? failure(i) : point(i), 100.0 + static_cast<double>(i)));
    (i % 2 == 0 ? even : odd).push_back(all.back());
  }
  fill(part(0), small_study(), all);
  fill(part(1), small_study(), odd, "one");
  fill(part(2), small_study(), even, "two");
  EXPECT_EQ(take(1).outcomes, 5U);
  EXPECT_EQ(take(2).outcomes, 5U);
  EXPECT_EQ(csv(main()), csv(part(0)));
  const auto runs = StoreReader(main()).runs();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].front().second, "one");
  EXPECT_EQ(runs[1].front().second, "two");
  EXPECT_FALSE(fs::exists(part(1)));
  EXPECT_EQ(query(main() / "results.sqlite", "PRAGMA integrity_check"), "ok\n");
}

TEST_F(MergeTest, to_take_the_same_again_changes_nothing) {
  {
    Store store(part(1), small_study(), {{"who", "one"}});
    TaskFailure first = failure(3).outcome.failure();
    first.index = 3;
    store.record_attempt({first, 50.0});
    store.record(at(point(3), 60.0));
    store.record(at(failure(4), 70.0));
  }
  EXPECT_EQ(take(1, Then::keep).outcomes, 2U);
  const std::string once = contents(main());
  EXPECT_THAT(once, HasSubstr("one"));
  EXPECT_EQ(take(1, Then::keep).outcomes, 0U);
  EXPECT_EQ(contents(main()), once);
  EXPECT_EQ(StoreReader(main()).attempts(3).size(), 1U);
  EXPECT_EQ(StoreReader(main()).attempts(4).size(), 0U);
}

TEST_F(MergeTest, a_result_is_never_replaced_and_failures_that_do_not_stand_become_attempts) {
  fill(main(), small_study(), {at(point(0), 10), at(failure(1), 10), at(failure(2), 10), at(failure(3), 30)});
  Record other = at(point(0), 20);
  other.outcome = std::vector<Value>{99.0};
  fill(part(1), small_study(), {at(failure(0), 20), at(point(1), 20), at(failure(2), 20), at(failure(3), 20)});
  fill(part(2), small_study(), {other});
  EXPECT_EQ(take(1).outcomes, 2U);  // the result of 1, the later failure of 2
  EXPECT_EQ(take(2).outcomes, 0U);
  const StoreReader store(main());
  EXPECT_EQ(store.find(0)->outcome.value()[0], Value(0.0));
  EXPECT_TRUE(store.find(1)->outcome.ok());
  EXPECT_EQ(store.find(2)->started, 20.0);
  EXPECT_EQ(store.find(3)->started, 30.0);
  const std::vector<double> lost = {20.0, 10.0, 10.0, 20.0};
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::vector<Attempt> attempts = store.attempts(i);
    ASSERT_EQ(attempts.size(), 1U) << i;
    EXPECT_EQ(attempts[0].started, lost[i]) << i;
  }
  EXPECT_EQ(store.status().failed, 2U);
}

TEST_F(MergeTest, arrays_and_kept_directories_come_along) {
  fill(part(1), array_study(4), {array_point(0), array_point(2), at(failure(3), 5)});
  write(part(1) / "points" / "3" / "stderr", "boom");
  write(part(1) / "points" / "1" / "stderr", "of a point without an outcome");
  fill(main(), array_study(4), {at(failure(2), 1), at(failure(3), 1)});
  write(main() / "points" / "2" / "stderr", "old");
  write(main() / "points" / "3" / "stderr", "old");
  const Taken taken = take(1, Then::remove, array_study(4));
  EXPECT_THAT(taken.problems, IsEmpty());
  EXPECT_TRUE(taken.removed);
  const StoreReader store(main());
  EXPECT_THAT(store.array(0, "field").values, ElementsAre(0.0, 1.0));
  EXPECT_THAT(store.array(2, "field").values, ElementsAre(2.0, 3.0));
  EXPECT_EQ(bytes_of(main() / "points" / "3" / "stderr"), "boom");
  EXPECT_FALSE(fs::exists(main() / "points" / "2")) << "of the failure that a result replaced";
  EXPECT_FALSE(fs::exists(main() / "points" / "1"));
  EXPECT_FALSE(fs::exists(main() / "arrays.incoming"));
}

TEST_F(MergeTest, what_is_to_be_kept_is_kept) {
  fill(part(1), array_study(4), {array_point(0), failure(3)});
  write(part(1) / "points" / "3" / "stderr", "boom");
  for (int again = 0; again < 2; ++again) {
    EXPECT_FALSE(take(1, Then::keep, array_study(4)).removed);
    for (const fs::path& where : {main(), part(1)}) {
      EXPECT_THAT(StoreReader(where).array(0, "field").values, ElementsAre(0.0, 1.0));
      EXPECT_EQ(bytes_of(where / "points" / "3" / "stderr"), "boom");
    }
  }
}

TEST_F(MergeTest, a_missing_array_costs_its_point_and_the_part_stays) {
  fill(part(1), array_study(4), {array_point(0), array_point(1), array_point(2)});
  fs::remove(array_of(part(1), 1));
  const Taken taken = take(1, Then::remove, array_study(4));
  EXPECT_EQ(taken.outcomes, 2U);
  ASSERT_EQ(taken.problems.size(), 1U);
  EXPECT_THAT(taken.problems[0], AllOf(HasSubstr("1.npy"), HasSubstr("retries failed points")));
  EXPECT_TRUE(fs::exists(part(1) / "results.sqlite"));
  EXPECT_THAT(indices_in(main()), ElementsAre(0, 2));
  {
    Store store(part(1), array_study(4), {});
    store.record(array_point(1));
  }
  EXPECT_TRUE(take(1, Then::remove, array_study(4)).removed);
  EXPECT_THAT(indices_in(main()), ElementsAre(0, 1, 2));
}

TEST_F(MergeTest, arrays_are_copied_to_another_file_system_and_a_changed_bit_is_noticed) {
  fill(part(1), array_study(4), {array_point(0), array_point(1)});
  fs::create_directories(main());
  SmallFileSystem disk(main());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  {
    std::fstream file(array_of(part(1), 1), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('!');
  }
  const Taken taken = take(1, Then::remove, array_study(4));
  EXPECT_THAT(StoreReader(main()).array(0, "field").values, ElementsAre(0.0, 1.0));
  EXPECT_THAT(indices_in(main()), ElementsAre(0));
  ASSERT_EQ(taken.problems.size(), 1U);
  EXPECT_THAT(taken.problems[0], HasSubstr("its contents are not those that were stored"));
}

TEST_F(MergeTest, another_form_of_the_study_is_refused_and_named) {
  StudyIdentity other = small_study();
  other.definition.back().second = "linear(1, 3, 5)";
  fill(part(1), other, {point(0)});
  EXPECT_THAT(error_of<StoreError>([&] { take(1); }),
              AllOf(HasSubstr("another form of the study"), HasSubstr("linear(1, 3, 5) -> linear(1, 2, 5)")));
  EXPECT_TRUE(fs::exists(part(1) / "results.sqlite"));
}

TEST_F(MergeTest, a_store_of_an_earlier_form_is_brought_to_the_present_one) {
  StudyIdentity longer = small_study(12);
  longer.definition.back().second = "linear(1, 2, 6)";
  fill(main(), small_study(10), {point(0), point(1)});
  fill(part(1), longer, {point(10), point(11)});
  const auto points = [](std::uint64_t index) { return point(index).parameters; };
  StoreMerge merge(main(), longer, points);
  ASSERT_TRUE(merge.resumption().has_value());
  EXPECT_EQ(merge.resumption()->succeeded, 2U);
  EXPECT_EQ(merge.take(part(1), Then::remove).outcomes, 2U);
  EXPECT_THAT(indices_in(main()), ElementsAre(0, 1, 10, 11));
}

TEST_F(MergeTest, outcomes_of_earlier_forms_stay_where_they_are) {
  fill(part(1), small_study(10), {point(0), point(1), point(2)});
  StudyIdentity other = small_study(2);
  other.definition.back().second = "linear(2, 1, 2)";
  {
    const auto points = [](std::uint64_t index) { return point(2 - index).parameters; };
    Store changed(part(1), other, {}, Journal::automatic, points);
    EXPECT_EQ(changed.resumption()->succeeded, 2U);
  }
  const Taken taken = take(1, Then::remove, other);
  EXPECT_EQ(taken.outcomes, 2U);
  ASSERT_EQ(taken.problems.size(), 1U);
  EXPECT_THAT(taken.problems[0], HasSubstr("1 outcomes of earlier forms"));
  EXPECT_TRUE(fs::exists(part(1) / "results.sqlite"));
}

TEST_F(MergeTest, a_running_a_missing_and_a_damaged_part_are_named) {
  EXPECT_THAT(error_of<StoreError>([&] { take(1, Then::remove, small_study(3000)); }), HasSubstr("did not begin"));
  {
    const Store running(part(2), small_study(3000), {});
    EXPECT_THAT(error_of<StoreError>([&] { take(2, Then::remove, small_study(3000)); }),
                HasSubstr("results are being written by"));
  }
  std::vector<Record> many;
  for (std::uint64_t i = 0; i < 3000; ++i) many.push_back(point(i));
  fill(part(3), small_study(3000), many);
  fs::resize_file(part(3) / "results.sqlite", 40000);
  EXPECT_THAT(error_of<StoreError>([&] { take(3, Then::remove, small_study(3000)); }),
              AllOf(HasSubstr("3/results.sqlite"), HasSubstr("damaged")));
  EXPECT_TRUE(fs::exists(part(3) / "results.sqlite"));
  EXPECT_THAT(indices_in(main()), IsEmpty());
}

TEST_F(MergeTest, a_bit_that_changed_in_a_page_is_noticed_before_anything_is_removed) {
  std::vector<Record> many;
  for (std::uint64_t i = 0; i < 3000; ++i) many.push_back(point(i));
  fill(part(1), small_study(3000), many);
  {
    std::fstream file(part(1) / "results.sqlite", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20 * 4096 + 5);
    file.write("\xff\xff\xff\xff", 4);
  }
  EXPECT_THAT(error_of<StoreError>([&] { take(1, Then::remove, small_study(3000)); }), HasSubstr("damaged"));
  EXPECT_TRUE(fs::exists(part(1) / "results.sqlite"));
}

TEST_F(MergeTest, a_full_disk_leaves_what_was_there) {
  std::vector<Record> many;
  for (std::uint64_t i = 0; i < 30000; ++i) many.push_back(at(point(i), 1.0));
  fill(part(1), small_study(30000), many);
  fs::create_directories(main());
  SmallFileSystem disk(main());
  if (!disk.mounted()) GTEST_SKIP() << disk.reason();
  fill(main(), small_study(30000), {point(7)});
  EXPECT_THAT(error_of<StoreError>([&] { take(1, Then::remove, small_study(30000)); }),
              AllOf(HasSubstr("what was there before is safe"), HasSubstr("free some space")));
  EXPECT_THAT(indices_in(main()), ElementsAre(7));
  EXPECT_TRUE(fs::exists(part(1) / "results.sqlite"));
  ASSERT_TRUE(disk.remount(0, "size=60m"));
  EXPECT_EQ(take(1, Then::remove, small_study(30000)).outcomes, 29999U);
}

/// Three parts of a study with arrays, failures and kept directories, and the whole of it in part 0.
class MergeKillTest : public MergeTest {
 protected:
  static constexpr std::uint64_t kPoints = 150;

  void SetUp() override {
    std::array<std::vector<Record>, 4> shares;
    for (std::uint64_t i = 0; i < kPoints; ++i) {
      const Record record = at(i % 10 == 3 ? failure(i) : array_point(i), 100.0 + static_cast<double>(i));
      shares[0].push_back(record);
      shares[1 + i % 3].push_back(record);
      if (!record.outcome.ok())
        write(part(1 + static_cast<int>(i % 3)) / "points" / std::to_string(i) / "stderr", "boom");
    }
    for (int k = 0; k <= 3; ++k) fill(part(k), array_study(kPoints), shares[static_cast<std::size_t>(k)]);
    fs::rename(part(1).parent_path(), main().parent_path() / "templates");
  }

  void start_afresh() const {
    fs::remove_all(main());
    fs::remove_all(part(1).parent_path());
    fs::copy(main().parent_path() / "templates", part(1).parent_path(), fs::copy_options::recursive);
  }

  void merge_all() const {
    StoreMerge merge(main(), array_study(kPoints));
    for (int k = 1; k <= 3; ++k) {
      if (fs::exists(part(k))) merge.take(part(k), Then::remove);
    }
  }

  void expect_whole() const {
    const StoreReader store(main());
    EXPECT_EQ(csv(main()), csv(part(0)));
    for (std::uint64_t i = 0; i < kPoints; ++i) {
      if (i % 10 != 3) {
        EXPECT_EQ(store.array(i, "field").values[1], static_cast<double>(i) + 1.0);
      } else {
        EXPECT_EQ(bytes_of(main() / "points" / std::to_string(i) / "stderr"), "boom") << i;
      }
    }
    EXPECT_EQ(store.runs().size(), 3U);
    for (int k = 1; k <= 3; ++k) EXPECT_FALSE(fs::exists(part(k)));
  }
};

TEST_F(MergeKillTest, killed_at_any_moment_and_called_again_it_ends_the_same) {
  std::mt19937 generator(7);
  int halfway = 0;
  for (int round = 0; round < 15 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    start_afresh();
    Child child([&](int to) {
      Child::say(to, "go\n");
      merge_all();
    });
    ASSERT_EQ(child.line(), "go");
    std::this_thread::sleep_for(std::chrono::microseconds(generator() % 60000));
    child.kill_and_wait();
    halfway += fs::exists(part(3)) ? 1 : 0;
    merge_all();
    expect_whole();
  }
  EXPECT_GT(halfway, 0) << "no kill came in the middle";
}

}  // namespace
}  // namespace windrow
