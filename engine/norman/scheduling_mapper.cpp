#include <algorithm>
#include <array>

#include "engine/norman/workload_mappers.h"

namespace engine {
namespace {

constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";
constexpr int64_t kWeightMax = 100;

using Texts = std::vector<std::string>;

std::string joined(const Texts& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Texts texts_of(const Json* list) {
  Texts out;
  if (!list || !list->is_array()) return out;
  for (const Json& item : list->as_array())
    if (item.is_string()) out.push_back(item.as_string());
  return out;
}

Json list_of(const Texts& texts) {
  JsonArray out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

// {key, operator, values} as text; empty for what says nothing.
std::string expression_text(const Json& one) {
  const std::string key(one.str("key"));
  const std::string_view sign = one.str("operator");
  const Texts values = texts_of(one.find("values"));
  const std::string first = values.empty() ? std::string() : values.front();
  if (sign == "Exists") return key;
  if (sign == "DoesNotExist") return "!" + key;
  if (values.empty()) return {};
  const bool several = values.size() > 1;
  if (sign == "In")
    return several ? key + " in (" + joined(values, ", ") + ")" : key + " = " + first;
  if (sign == "NotIn")
    return several ? key + " notin (" + joined(values, ", ") + ")" : key + " != " + first;
  if (sign == "Gt" && !several) return key + " > " + first;
  if (sign == "Lt" && !several) return key + " < " + first;
  return {};
}

Texts term_texts(const Json& term) {
  Texts out;
  const Json* expressions = term.find("matchExpressions");
  if (!expressions || !expressions->is_array()) return out;
  for (const Json& one : expressions->as_array())
    if (std::string text = expression_text(one); !text.empty()) out.push_back(std::move(text));
  return out;
}

struct Sign {
  std::string_view text, name;
};
// The first of them that a text has divides it: "!=" before "=", words with their spaces.
constexpr std::array<Sign, 6> kSigns = {
    {{"!=", "NotIn"}, {"=", "In"}, {"<", "Lt"}, {">", "Gt"}, {" notin ", "NotIn"}, {" in ", "In"}}};

Json values_of(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  JsonArray out;
  for (size_t from = 0; from <= text.size();) {
    const size_t comma = std::min(text.find(',', from), text.size());
    out.emplace_back(trimmed(text.substr(from, comma - from)));
    from = comma + 1;
  }
  return out;
}

Json expression_of(std::string_view text) {
  text = trimmed(text);
  const Sign* found = nullptr;
  size_t at = std::string_view::npos;
  for (const Sign& sign : kSigns) {
    const size_t here = text.find(sign.text);
    if (here == std::string_view::npos || (found && here >= at)) continue;
    found = &sign;
    at = here;
  }
  if (found)
    return Json::object({{"key", trimmed(text.substr(0, at))},
                         {"operator", found->name},
                         {"values", values_of(text.substr(at + found->text.size()))}});
  const bool absent = text.starts_with('!');
  return Json::object({{"key", trimmed(absent ? text.substr(1) : text)},
                       {"operator", absent ? "DoesNotExist" : "Exists"}});
}

void add_expressions(std::string_view text, Json& term) {
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find("&&", from), text.size());
    term["matchExpressions"].push_back(expression_of(text.substr(from, end - from)));
    from = end + 2;
  }
}

Json term_of(std::string_view text) {
  Json term = Json::object();
  add_expressions(text, term);
  return term;
}

// Nodes have to match one of the terms. One term alone is a list of what must all hold.
void required_to_api(const Json& required, Json& node) {
  const Json* terms = required.find("nodeSelectorTerms");
  if (!terms || !terms->is_array()) return;
  std::vector<Texts> found;
  for (const Json& term : terms->as_array())
    if (Texts texts = term_texts(term); !texts.empty()) found.push_back(std::move(texts));
  if (found.size() == 1) {
    Texts all = texts_of(node.find("requireAll"));
    all.insert(all.end(), found.front().begin(), found.front().end());
    node.set("requireAll", list_of(all));
  } else if (!found.empty()) {
    Texts any;
    for (const Texts& texts : found) any.push_back(joined(texts, " && "));
    node.set("requireAny", list_of(any));
  }
}

void preferred_to_api(const Json& preferred, Json& node) {
  if (!preferred.is_array()) return;
  JsonArray terms = preferred.as_array();
  std::stable_sort(terms.begin(), terms.end(), [](const Json& a, const Json& b) {
    return a.integer({"weight"}) > b.integer({"weight"});
  });
  Texts out;
  for (const Json& term : terms)
    if (const Json* wish = term.find("preference"))
      out.push_back(joined(term_texts(*wish), " && "));
  if (!out.empty()) node.set("preferred", list_of(out));
}

void to_api(Json& pod) {
  Json node = Json::object();
  if (const Json* selector = pod.find("nodeSelector"); selector && selector->is_object()) {
    Texts all;
    for (const auto& [key, value] : selector->as_object())
      all.push_back(
          value.is_string() && !value.as_string().empty() ? key + " = " + value.as_string() : key);
    if (!all.empty()) node.set("requireAll", list_of(all));
  }
  if (const Json* required = pod.at({"affinity", "nodeAffinity", kRequired}))
    required_to_api(*required, node);
  if (const Json* preferred = pod.at({"affinity", "nodeAffinity", kPreferred}))
    preferred_to_api(*preferred, node);
  pod.erase("nodeSelector");
  pod.erase("affinity");
  if (node.size() > 0) pod.set("scheduling", Json::object({{"node", std::move(node)}}));
}

void to_stored(Json& pod) {
  const Json* scheduling = pod.find("scheduling");
  const Json* node = scheduling ? scheduling->find("node") : nullptr;
  if (!node || !node->is_object()) {
    pod.erase("scheduling");
    return;
  }
  const std::string name(node->str("nodeId"));
  const Texts all = texts_of(node->find("requireAll")), any = texts_of(node->find("requireAny")),
              preferred = texts_of(node->find("preferred"));
  Json affinity = Json::object();
  if (!any.empty()) {
    for (const std::string& text : any)
      affinity.make({"nodeAffinity", kRequired})["nodeSelectorTerms"].push_back(term_of(text));
  } else if (!all.empty()) {
    Json term = Json::object();
    for (const std::string& text : all) add_expressions(text, term);
    affinity.make({"nodeAffinity", kRequired})["nodeSelectorTerms"].push_back(std::move(term));
  }
  int64_t weight = kWeightMax;
  for (const std::string& text : preferred) {
    affinity.make({"nodeAffinity"})[kPreferred].push_back(
        Json::object({{"weight", weight}, {"preference", term_of(text)}}));
    if (weight > 1) --weight;
  }
  pod.erase("scheduling");
  if (!name.empty()) pod.set("nodeName", name);
  if (affinity.size() > 0) pod.set("affinity", std::move(affinity));
}

}  // namespace

void map_scheduling(MapWay way, Json& pod) {
  way == MapWay::to_api ? to_api(pod) : to_stored(pod);
}

}  // namespace engine
