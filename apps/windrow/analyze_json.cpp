// What `windrow analyze --json` prints.
#include "analyze.hpp"
#include "json.hpp"
#include "windrow/base/display.hpp"

namespace windrow::app {
namespace {

Json json_number(double x) {
  return app::json_of(Value(x));
}

Json interval_json(const ConfidenceInterval& bounds) {
  return Json::array({json_number(bounds.low), json_number(bounds.high)});
}

Json index_json(const SensitivityIndex& index) {
  return {{"value", json_number(index.value)}, {"interval", interval_json(index.interval)}};
}

Json sample_json(const OutputAnalysis& of) {
  const Moments& m = of.sample;
  Json json = {{"count", m.count},
               {"mean", json_number(m.mean)},
               {"mean_interval", interval_json(m.mean_interval)},
               {"sd", json_number(m.sd)},
               {"sd_interval", interval_json(m.sd_interval)},
               {"skewness", json_number(m.skewness)},
               {"kurtosis", json_number(m.kurtosis)},
               {"least", json_number(m.least)},
               {"largest", json_number(m.largest)},
               {"quantiles", Json::array()}};
  for (std::size_t i = 0; i < of.quantiles.size(); ++i) {
    json["quantiles"].push_back({{"share", kQuantiles[i]},
                                 {"value", json_number(of.quantiles[i])},
                                 {"interval", interval_json(of.quantile_intervals[i])}});
  }
  return json;
}

Json inputs_json(const OutputAnalysis& of, const std::vector<DataColumn>& inputs) {
  Json json = Json::object();
  std::size_t next = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Json one = {{"first_order_by_bins", json_number(of.first_order[i])}};
    if (next < of.numeric.size() && of.numeric[next] == i) {
      const Association& with = of.associations.of[next++];
      one["pearson"] = json_number(with.pearson);
      one["pearson_interval"] = interval_json(with.pearson_interval);
      one["spearman"] = json_number(with.spearman);
      one["spearman_interval"] = interval_json(with.spearman_interval);
      one["partial"] = json_number(with.partial);
      one["partial_rank"] = json_number(with.partial_rank);
      one["standardized"] = json_number(with.standardized);
    }
    if (of.sobol) {
      one["first_order"] = index_json(of.sobol->first[i]);
      one["total"] = index_json(of.sobol->total[i]);
    }
    if (!of.elementary.empty()) {
      const ElementaryEffects& effects = of.elementary[i];
      one["elementary_effects"] = {{"count", effects.count},
                                   {"mu", json_number(effects.mean)},
                                   {"mu_star", json_number(effects.mean_absolute)},
                                   {"mu_star_interval", interval_json(effects.interval)},
                                   {"sigma", json_number(effects.sd)}};
    }
    json[inputs[i].name] = std::move(one);
  }
  return json;
}

Json output_json(const OutputAnalysis& of, const std::vector<DataColumn>& inputs) {
  Json json = sample_json(of);
  json["unit"] = of.column->unit;
  json["rows"] = of.associations.rows;
  json["r_squared"] = json_number(of.associations.r_squared);
  json["rank_r_squared"] = json_number(of.associations.rank_r_squared);
  json["inputs"] = inputs_json(of, inputs);
  if (of.sobol) {
    json["base_points"] = of.sobol->used;
    json["incomplete_base_points"] = of.sobol->incomplete;
    for (std::size_t i = 0; i < of.sobol->second.size(); ++i) {
      for (std::size_t j = i + 1; j < inputs.size(); ++j) {
        Json pair = index_json(of.sobol->second[i][j]);
        pair["inputs"] = {inputs[i].name, inputs[j].name};
        json["second_order"].push_back(std::move(pair));
      }
    }
  }
  for (const FactorEffect& effect : of.factors) {
    Json one = {{"inputs", Json::array()}, {"effect", effect.effect}};
    for (const std::size_t i : effect.inputs) one["inputs"].push_back(inputs[i].name);
    json["effects"].push_back(std::move(one));
  }
  return json;
}

Json failures_json(const std::vector<FailureAnalysis>& failures, const Data& data) {
  Json json = Json::array();
  for (const FailureAnalysis& of : failures) {
    Json one = {{"kind", of.kind.empty() ? Json() : Json(of.kind)}, {"points", of.points}, {"rule", nullptr}};
    if (of.rule) {
      one["rule"] = {{"text", text::as_utf8(of.rule->text(data.inputs))},
                     {"failures_inside", of.rule->failures_inside},
                     {"successes_inside", of.rule->successes_inside},
                     {"successes", of.rule->successes}};
    }
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace

void print_json(const Analyzed& study, const std::vector<DataColumn>& inputs,
                const std::vector<OutputAnalysis>& outputs, const std::vector<FailureAnalysis>& failures,
                double level) {
  Json json = {{"study", study.name}, {"points", study.points},    {"evaluated", study.data.rows()},
               {"level", level},      {"outputs", Json::object()}, {"failures", failures_json(failures, study.data)}};
  for (const OutputAnalysis& of : outputs) json["outputs"][of.column->name] = output_json(of, inputs);
  print(json);
}

}  // namespace windrow::app
