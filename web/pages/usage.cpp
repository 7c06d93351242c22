#include "web/pages/usage.h"

#include <cstdio>

#include "web/pages/app.h"
#include "web/pages/cluster_facts.h"

namespace web {
namespace {

constexpr double kEvery = 15000;  // ms; metrics-server's own step

void add(double& sum, std::string_view quantity) {
  const double n = parse_quantity(quantity);
  if (n >= 0) sum = (sum < 0 ? 0 : sum) + n;
}

}  // namespace

std::string cpu_text(double cores) {
  if (cores < 0) return "\xe2\x80\x93";
  char s[32];
  if (cores < 10)
    snprintf(s, sizeof s, "%.0fm", cores * 1000);
  else
    snprintf(s, sizeof s, "%.1f", cores);
  return s;
}

std::string memory_text(double bytes) {
  if (bytes < 0) return "\xe2\x80\x93";
  char s[32];
  const double mib = bytes / 1048576;
  if (mib < 10240)
    snprintf(s, sizeof s, "%.0fMi", mib);
  else
    snprintf(s, sizeof s, "%.1fGi", mib / 1024);
  return s;
}

void Usage::take(const Json& item) {
  Use use;
  auto of = [&](const Json& holder) {
    add(use.cpu, holder.str({"usage", "cpu"}));
    add(use.memory, holder.str({"usage", "memory"}));
  };
  of(item);
  if (const Json* all = item.find("containers"); all != nullptr && all->is_array()) {
    for (const Json& c : all->as_array()) of(c);
  }
  uses_[std::string(item.str({"metadata", "namespace"})) + "/" +
        std::string(item.str({"metadata", "name"}))] = use;
}

void Usage::look(App& app, ClusterView& view, std::string_view plural, const std::string& ns,
                 const std::string& name) {
  const ApiKind* kind = view.discovery.find("metrics.k8s.io", plural);
  if (kind == nullptr) return;
  const std::string url =
      view.base + (name.empty() ? kind->list_path(ns) : kind->object_path(ns, name));
  if (url != where_) {
    where_ = url;
    asked_at_ = -1e9;
    uses_.clear();
  }
  const double wait = asked_at_ + kEvery - ui().now;
  if (wait > 0 || asking_) {
    if (wait > 0) ui().after(wait);
    return;
  }
  asking_ = true;
  asked_at_ = ui().now;
  app.api.get(url, alive_.guard([this, url](Result<Json> answer) {
    asking_ = false;
    if (!answer || url != where_) return;  // a cluster without its metrics server says 503
    uses_.clear();
    if (const Json* items = answer->find("items"); items != nullptr && items->is_array()) {
      for (const Json& item : items->as_array()) take(item);
    } else {
      take(*answer);
    }
    known_ = true;
    version_++;
  }));
}

const Use* Usage::of(std::string_view ns, std::string_view name) const {
  std::string key(ns);
  key += '/';
  key += name;
  const auto it = uses_.find(key);
  return it == uses_.end() ? nullptr : &it->second;
}

}  // namespace web
