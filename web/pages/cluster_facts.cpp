#include "web/pages/cluster_facts.h"

#include <cmath>
#include <cstdlib>

namespace web {
namespace {

double amount(const engine::Json& cluster, std::string_view section, std::string_view what) {
  const engine::Json* v = cluster.at({section, what});
  if (v == nullptr) return -1;
  if (v->is_number()) return v->as_real();
  return v->is_string() ? parse_quantity(v->as_string()) : -1;
}

std::string type_label(std::string_view provider) {
  struct Known {
    const char *id, *label;
  };
  static const Known known[] = {{"k3s", "K3s"},
                                {"rke2", "RKE2"},
                                {"rke", "RKE"},
                                {"eks", "EKS"},
                                {"gke", "GKE"},
                                {"aks", "AKS"},
                                {"kubeadm", "kubeadm"},
                                {"kind", "kind"},
                                {"minikube", "minikube"},
                                {"imported", "Kubernetes"},
                                {"local", "Paddock"},
                                {"paddock", "Paddock"},
                                {"kubernetes", "Kubernetes"}};
  for (const Known& k : known) {
    if (provider == k.id) return k.label;
  }
  return provider.empty() ? "\xe2\x80\x93" : state_label(provider);
}

bool holds(std::string_view text, std::string_view word) {
  auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (size_t i = 0; i + word.size() <= text.size(); i++) {
    size_t k = 0;
    while (k < word.size() && low(text[i + k]) == low(word[k])) k++;
    if (k == word.size()) return true;
  }
  return false;
}

}  // namespace

double parse_quantity(std::string_view text) {
  const std::string s(text);
  char* end = nullptr;
  const double n = std::strtod(s.c_str(), &end);
  if (end == s.c_str()) return -1;
  const std::string_view unit(end);
  struct Unit {
    const char* name;
    double factor;
  };
  static const Unit units[] = {{"", 1},
                               {"m", 1e-3},
                               {"u", 1e-6},
                               {"n", 1e-9},
                               {"k", 1e3},
                               {"M", 1e6},
                               {"G", 1e9},
                               {"T", 1e12},
                               {"P", 1e15},
                               {"Ki", 1024.0},
                               {"Mi", 1048576.0},
                               {"Gi", 1073741824.0},
                               {"Ti", 1099511627776.0},
                               {"Pi", 1125899906842624.0}};
  for (const Unit& u : units) {
    if (unit == u.name) return n * u.factor;
  }
  return -1;
}

bool ClusterFacts::matches(std::string_view filter) const {
  for (const std::string* s : {&name, &id, &state, &type, &version, &place, &labels}) {
    if (holds(*s, filter)) return true;
  }
  return false;
}

std::string ClusterFacts::nodes_text() const {
  if (nodes < 0) return "\xe2\x80\x93";
  if (nodes_ready >= 0 && nodes_ready < nodes)
    return std::to_string(nodes_ready) + "/" + std::to_string(nodes);
  return std::to_string(nodes);
}

std::string ClusterFacts::percent(float fraction) {
  if (fraction < 0) return "\xe2\x80\x93";
  return std::to_string(static_cast<int>(std::lround(fraction * 100))) + "%";
}

namespace {

// "since 2026-11-24T07:30:23Z" as people say it: "for 3m".
std::string with_age(std::string text, int64_t wall_ms) {
  const size_t at = text.find("since 2");
  if (at == text.npos || at + 26 > text.size()) return text;
  const int64_t then = parse_time(std::string_view(text).substr(at + 6, 20));
  if (then > 0) text.replace(at, 26, "for " + age_text(then, wall_ms));
  return text;
}

}  // namespace

ClusterFacts cluster_facts(const engine::Json& o, int64_t wall_ms) {
  ClusterFacts c;
  c.id = o.str("id");
  c.name = o.str("name").empty() ? o.str("id") : o.str("name");
  const std::string_view state = o.str("state");
  c.state = state_label(state);
  c.tone = tone_of(state);
  c.waiting = state == "waiting" || state == "pending";
  c.type = type_label(o.str("provider").empty() ? o.str("driver") : o.str("provider"));
  c.version = o.str({"version", "gitVersion"}, "\xe2\x80\x93");
  c.created = parse_time(o.str("created"));
  if (const engine::Json* labels = o.find("labels"); labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->as_object()) {
      if (!value.is_string()) continue;
      c.labels += key + "=" + value.as_string() + " ";
      if (key == "topology.kubernetes.io/region" || key == "region" || key == "site")
        c.place = value.as_string();
    }
  }
  if (const engine::Json* n = o.find("nodeCount"); n != nullptr && n->is_int()) {
    c.nodes = c.nodes_ready = static_cast<int>(n->as_int());
    const engine::Json* ready = o.find("nodesReady");
    if (ready != nullptr && ready->is_int()) c.nodes_ready = static_cast<int>(ready->as_int());
  }
  if (c.waiting) c.nodes = -1;
  auto share = [&](std::string_view what, double& used, double& all) {
    all = amount(o, "allocatable", what);
    if (all <= 0) all = amount(o, "capacity", what);
    used = amount(o, "requested", what);
    return all > 0 && used >= 0 ? static_cast<float>(used / all) : -1.0f;
  };
  double pods_used = -1, pods_all = -1;
  c.cpu = share("cpu", c.cpu_used, c.cpu_all);
  c.memory = share("memory", c.memory_used, c.memory_all);
  c.pods = share("pods", pods_used, pods_all);
  if (c.pods >= 0)
    c.pods_used = static_cast<int64_t>(pods_used), c.pods_all = static_cast<int64_t>(pods_all);
  if (state == "unavailable" || c.waiting) {
    c.cpu = c.memory = c.pods = -1;
    c.pods_used = -1;
  }
  if (c.tone != Tone::kSuccess) {
    c.reason = with_age(std::string(o.str("transitioningMessage")), wall_ms);
    const int64_t seen = parse_time(o.str("agentLastSeen"));
    if (state == "unavailable" && seen > 0 && c.reason.empty())
      c.reason = "Agent last seen " + age_text(seen, wall_ms) + " ago";
    if (c.reason.empty() && c.waiting) c.reason = "Waiting for the agent to connect";
  }
  return c;
}

}  // namespace web
