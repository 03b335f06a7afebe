// A level as values, for a snapshot.
#include <algorithm>

#include "timing/node.hpp"

namespace windrow::detail::timing {

namespace {

void add_unassigned(TimingRecord& record, TimingRecord child) {
  for (PlacedRecord& placed : record.subdivisions) {
    if (placed.position == kUnassigned && placed.record.name == child.name) return merge(placed.record, child);
  }
  record.subdivisions.push_back({std::string(kUnassigned), std::move(child)});
}

void add_parallel(TimingRecord& record, const std::string& position, const std::string& group,
                  const std::vector<TimingRecord>& records) {
  for (ParallelRecords& parallel : record.parallel) {
    if (parallel.position == position && parallel.group == group) return merge(parallel.records, records);
  }
  record.parallel.push_back({position, group, records});
}

}  // namespace

TimingRecord Node::record(std::span<const OpenLevel> open) const {
  TimingRecord record;
  record.name = name_;
  record.total = total;
  record.overhead = overhead;
  record.count = count;
  record.iterations = iterations;
  if (!open.empty()) {
    record.total += open.front().total;
    record.overhead += open.front().overhead;
  }
  for (const Number number : order_) {
    Entry entry = entries_[number];
    entry.finish_iteration();
    record.stamps.push_back(
        {names_[number], entry.cumulative, entry.count, entry.min, entry.max, std::move(entry.iterations)});
  }
  add_subdivisions(record, open);
  for (const Attached& attached : attached_) {
    add_parallel(record, position_name(attached.position), attached.group, attached.records);
  }
  return record;
}

void Node::add_subdivisions(TimingRecord& record, std::span<const OpenLevel> open) const {
  const auto add_those_at = [&](Number position) {
    for (const Place& place : places_) {
      if (place.position != position || !place.node || !is_live(*place.node)) continue;
      record.subdivisions.push_back({position_name(position), place.node->record({})});
    }
  };
  for (const Number position : order_) add_those_at(position);
  add_those_at(unassigned);
  for (const Number number : waiting_) {
    const Node* child = children_[number].node.get();
    const bool is_open = open.size() > 1 && open[1].node == child;
    add_unassigned(record, child->record(is_open ? open.subspan(1) : std::span<const OpenLevel>{}));
  }
}

}  // namespace windrow::detail::timing
