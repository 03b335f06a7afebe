#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timing/name_table.hpp"
#include "windrow/timing/record.hpp"

namespace windrow::detail::timing {

using std::chrono::nanoseconds;

/// Numbers that only grow tell earlier from later without a clock: what was stamped before a level was opened, or
/// before an iteration began. They also make forgetting cheap: what is older than a node's `epoch` is not there any
/// more.
using Serial = std::uint64_t;

/// What is measured under one name in one level.
struct Entry {
  Serial first = 0;  ///< in this opening of the level; in a loop, in this iteration of the loop around it
  Serial last = 0;
  nanoseconds cumulative{0};
  std::uint64_t count = 0;
  nanoseconds min{0};
  nanoseconds max{0};
  Serial loop = 0;  ///< whose iteration is not finished yet; 0: none
  IterationTime unfinished;
  std::vector<IterationTime> iterations;

  void forget(Serial now);
  void add_interval(nanoseconds time);
  void finish_iteration();
  void merge(const Entry& next);
};

struct OpenLevel;

/// A level of the timer: what was measured in it, however often it was opened since its parent's last stamp.
class Node {
 public:
  using Number = NameTable::Number;
  static constexpr Number unassigned = NameTable::none;
  static constexpr Number waiting = NameTable::none - 1;

  explicit Node(std::string_view name) : name_(name) {}

  /// Everything in it is gone; what was allocated stays for the next time.
  void clear(Serial now);

  /// The number of a stamp's name. @throws TimingError if it can be none
  Number stamp_number(std::string_view name) {
    const Number number = names_.find(name);
    return number != NameTable::none ? number : new_stamp(name);
  }
  const std::string& stamp_name(Number number) const { return names_[number]; }
  Entry& entry(Number number) { return entries_[number]; }

  /// Adds an interval; within an iteration of `loop` (0: none) to the time of that iteration.
  void record(Number number, nanoseconds time, Serial now, Serial loop, Serial iteration, std::uint64_t index);

  /// The iteration `index` is over and did not stamp this name: listed with a time of 0, and not counted.
  void miss(Number number, Serial now, std::uint64_t index);

  /// The subdivision of this name that waits for the next stamp; made if there is none.
  Node& open_child(std::string_view name, Serial& serial);

  void attach(std::string_view group, std::span<const TimingRecord> records);

  /// What waits gets its position: a stamp, or unassigned.
  void assign_waiting(Number position, Serial now) {
    if (!waiting_.empty() || attached_waits_) assign(position, now);
  }
  bool something_waits() const { return !waiting_.empty() || attached_waits_; }

  /// As values; open[0] tells about this node if it is open, the rest about the open levels below.
  TimingRecord record(std::span<const OpenLevel> open) const;

  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }

  nanoseconds total{0};
  nanoseconds overhead{0};
  std::uint64_t count = 0;
  std::vector<IterationTime> iterations;
  Serial opened = 0;  ///< when it was opened last

 private:
  struct Child {
    std::unique_ptr<Node> node;  // null after it was given away
    std::size_t last_place = 0;
    bool waits = false;
  };
  struct Place {
    Number position;
    Number child;  // its name
    std::unique_ptr<Node> node;
  };
  struct Attached {
    Number position;
    std::string group;
    std::vector<TimingRecord> records;
  };

  Number new_stamp(std::string_view name);
  Entry& live_entry(Number number, Serial now);
  bool is_live(const Entry& entry) const { return entry.last >= epoch_; }
  bool is_live(const Node& child) const { return child.opened >= epoch_; }
  void assign(Number position, Serial now);
  Place& place_of(Number position, Number child, std::size_t& last_place);
  void place(Place& place, std::unique_ptr<Node>& node, Serial now);
  void merge(Node& next, Serial now);
  void merge_entries(Node& next, Serial now);
  Attached& attached_at(Number position, std::string_view group);
  Number counterpart(Number position, const Node& of);
  std::string position_name(Number position) const;
  void add_subdivisions(TimingRecord& record, std::span<const OpenLevel> open) const;

  std::string name_;
  Serial epoch_ = 1;  // an entry that was never used is older
  NameTable names_;
  std::vector<Entry> entries_;  // by number
  std::vector<Number> order_;   // of those that are live
  NameTable child_names_;
  std::vector<Child> children_;  // by number
  std::vector<Number> waiting_;  // children, in the order in which they were opened first
  std::vector<Place> places_;
  std::vector<Attached> attached_;
  bool attached_waits_ = false;
};

/// A level that is open, as a snapshot sees it.
struct OpenLevel {
  const Node* node;
  nanoseconds total;  ///< of this opening
  nanoseconds overhead;
};

}  // namespace windrow::detail::timing
