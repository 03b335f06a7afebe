#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace windrow::test {

using Json = nlohmann::json;

/// What the format demands of an event of each phase that occurs.
inline void expect_valid(const Json& trace) {
  ASSERT_TRUE(trace.is_object());
  ASSERT_TRUE(trace["traceEvents"].is_array());
  std::map<std::pair<int, int>, std::string> threads;
  std::map<int, std::string> processes;
  for (const Json& event : trace["traceEvents"]) {
    ASSERT_TRUE(event["ph"].is_string());
    ASSERT_TRUE(event["name"].is_string());
    ASSERT_TRUE(event["pid"].is_number_integer());
    ASSERT_TRUE(event["tid"].is_number_integer());
    const int process = event["pid"], thread = event["tid"];
    if (event["ph"] == "M" && event["name"] == "process_name") {
      EXPECT_TRUE(processes.emplace(process, event["args"]["name"]).second);
    } else if (event["ph"] == "M" && event["name"] == "thread_name") {
      EXPECT_TRUE(threads.emplace(std::pair(process, thread), event["args"]["name"]).second);
    } else if (event["ph"] == "M") {
      EXPECT_EQ(event["name"], "thread_sort_index");
      EXPECT_TRUE(event["args"]["sort_index"].is_number_integer());
    } else {
      ASSERT_EQ(event["ph"], "X");
      EXPECT_TRUE(event["ts"].is_number());
      EXPECT_TRUE(event["dur"].is_number() && event["dur"] >= 0.0);
      EXPECT_TRUE(!event.contains("args") || event["args"].is_object());
      EXPECT_TRUE(threads.contains({process, thread})) << "a slice on a track without a name";
      EXPECT_TRUE(processes.contains(process));
    }
  }
}

inline std::vector<Json> slices_of(const Json& trace) {
  std::vector<Json> slices;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "X") slices.push_back(event);
  }
  return slices;
}

/// Slices of each track, by its process and thread; they must follow each other and never overlap.
inline std::map<std::string, std::vector<Json>> tracks_of(const Json& trace) {
  std::map<std::pair<int, int>, std::string> names;
  std::map<std::string, std::vector<Json>> tracks;
  for (const Json& event : trace["traceEvents"]) {
    const std::pair<int, int> thread(event["pid"], event["tid"]);
    if (event["name"] == "thread_name") tracks[names[thread] = event["args"]["name"]] = {};
    if (event["ph"] != "X") continue;
    auto& track = tracks[names[thread]];
    if (!track.empty()) {
      const double end = track.back()["ts"].get<double>() + track.back()["dur"].get<double>();
      EXPECT_GE(event["ts"].get<double>(), end - 0.0015) << names[thread] << ": " << event;  // the last digit
    }
    EXPECT_GE(event["ts"].get<double>(), 0.0);
    track.push_back(event);
  }
  return tracks;
}

}  // namespace windrow::test
