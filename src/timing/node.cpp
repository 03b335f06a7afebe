#include "timing/node.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace windrow::detail::timing {

void Entry::forget(Serial now) {
  first = now;
  cumulative = min = max = nanoseconds{0};
  count = 0;
  loop = 0;
  iterations.clear();
}

void Entry::add_interval(nanoseconds time) {
  min = count == 0 ? time : std::min(min, time);
  max = count == 0 ? time : std::max(max, time);
  ++count;
}

void Entry::finish_iteration() {
  if (loop == 0) return;
  add_interval(unfinished.time);
  iterations.push_back(unfinished);
  loop = 0;
}

/// @pre both have finished their iterations
void Entry::merge(const Entry& next) {
  if (next.count > 0) {
    min = count == 0 ? next.min : std::min(min, next.min);
    max = count == 0 ? next.max : std::max(max, next.max);
  }
  cumulative += next.cumulative;
  count += next.count;
  iterations.insert(iterations.end(), next.iterations.begin(), next.iterations.end());
}

void Node::clear(Serial now) {
  epoch_ = now;
  total = overhead = nanoseconds{0};
  count = 0;
  iterations.clear();
  order_.clear();
  for (const Number child : waiting_) children_[child].waits = false;
  waiting_.clear();
  attached_.clear();
  attached_waits_ = false;
}

Node::Number Node::new_stamp(std::string_view name) {
  if (name.empty()) throw TimingError("a stamp needs a name");
  if (name == kUnassigned) throw TimingError(fmt::format("no stamp can have the name {}", kUnassigned));
  entries_.emplace_back();
  return names_.add(name);
}

Entry& Node::live_entry(Number number, Serial now) {
  Entry& entry = entries_[number];
  if (!is_live(entry)) {
    order_.push_back(number);
    entry.forget(now);
  }
  return entry;
}

void Node::record(Number number, nanoseconds time, Serial now, Serial loop, Serial iteration, std::uint64_t index) {
  Entry& at = live_entry(number, now);
  if (loop == 0) {
    at.finish_iteration();
    at.add_interval(time);
  } else if (at.loop == loop && at.last >= iteration) {
    at.unfinished.time += time;
  } else {
    at.finish_iteration();
    at.loop = loop;
    at.unfinished = {index, time};
  }
  at.cumulative += time;
  at.last = now;
}

void Node::miss(Number number, Serial now, std::uint64_t index) {
  Entry& at = live_entry(number, now);
  at.finish_iteration();
  at.iterations.push_back({index, nanoseconds{0}});
  at.last = now;
}

Node& Node::open_child(std::string_view name, Serial& serial) {
  Number number = child_names_.find(name);
  if (number == NameTable::none) {
    if (name.empty()) throw TimingError("a subdivision needs a name");
    children_.emplace_back();
    number = child_names_.add(name);
  }
  Child& child = children_[number];
  if (!child.node) child.node = std::make_unique<Node>(name);
  if (!child.waits) {
    waiting_.push_back(number);
    child.node->clear(++serial);
    child.waits = true;
  }
  child.node->opened = ++serial;
  ++child.node->count;
  return *child.node;
}

void Node::attach(std::string_view group, std::span<const TimingRecord> records) {
  std::vector<TimingRecord> batch;
  windrow::merge(batch, records);  // which may refuse them
  windrow::merge(attached_at(waiting, group).records, batch);
  attached_waits_ = true;
}

Node::Attached& Node::attached_at(Number position, std::string_view group) {
  for (Attached& attached : attached_) {
    if (attached.position == position && attached.group == group) return attached;
  }
  return attached_.emplace_back(Attached{position, std::string(group), {}});
}

void Node::assign(Number position, Serial now) {
  for (const Number number : waiting_) {
    Child& child = children_[number];
    place(place_of(position, number, child.last_place), child.node, now);
    child.waits = false;
  }
  waiting_.clear();
  if (!attached_waits_) return;
  std::vector<Attached> arrived;
  for (Attached& attached : attached_) {
    if (attached.position == waiting) arrived.push_back(std::move(attached));
  }
  std::erase_if(attached_, [](const Attached& attached) { return attached.position == waiting; });
  for (const Attached& attached : arrived) {
    windrow::merge(attached_at(position, attached.group).records, attached.records);
  }
  attached_waits_ = false;
}

Node::Place& Node::place_of(Number position, Number child, std::size_t& last_place) {
  const auto is_it = [&](const Place& place) { return place.position == position && place.child == child; };
  if (last_place < places_.size() && is_it(places_[last_place])) return places_[last_place];
  const auto found = std::find_if(places_.begin(), places_.end(), is_it);
  last_place = static_cast<std::size_t>(found - places_.begin());
  return found != places_.end() ? *found : places_.emplace_back(Place{position, child, nullptr});
}

/// Puts a node where it belongs. `node` is left with one to use again, or with none.
void Node::place(Place& place, std::unique_ptr<Node>& node, Serial now) {
  if (place.node && is_live(*place.node)) {
    place.node->merge(*node, now);
  } else {
    std::swap(place.node, node);
  }
}

/// Leaves `next` with nothing that may be looked at before it is cleared.
void Node::merge(Node& next, Serial now) {
  total += next.total;
  overhead += next.overhead;
  count += next.count;
  iterations.insert(iterations.end(), next.iterations.begin(), next.iterations.end());
  merge_entries(next, now);
  for (Place& place : next.places_) {
    if (!place.node || !next.is_live(*place.node)) continue;
    Number child = child_names_.find(next.child_names_[place.child]);
    if (child == NameTable::none) {
      children_.emplace_back();
      child = child_names_.add(next.child_names_[place.child]);
    }
    this->place(place_of(counterpart(place.position, next), child, children_[child].last_place), place.node, now);
  }
  for (const Attached& attached : next.attached_) {
    windrow::merge(attached_at(counterpart(attached.position, next), attached.group).records, attached.records);
  }
}

void Node::merge_entries(Node& next, Serial now) {
  for (const Number number : next.order_) {
    Entry& from = next.entries_[number];
    from.finish_iteration();
    Entry& into = live_entry(stamp_number(next.names_[number]), now);
    into.finish_iteration();
    into.merge(from);
    into.last = now;
  }
}

/// The number here of a position there.
Node::Number Node::counterpart(Number position, const Node& of) {
  return position == unassigned ? unassigned : stamp_number(of.names_[position]);
}

std::string Node::position_name(Number position) const {
  return position < names_.size() ? names_[position] : std::string(kUnassigned);
}

}  // namespace windrow::detail::timing
