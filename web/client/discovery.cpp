#include "web/client/discovery.h"

#include <algorithm>

namespace web {
namespace {

constexpr const char* kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

void take_verbs(ApiKind& k, const Json* verbs) {
  if (verbs == nullptr || !verbs->is_array()) return;
  for (const Json& v : verbs->as_array()) {
    if (!v.is_string()) continue;
    const std::string& s = v.as_string();
    k.can_list |= s == "list";
    k.can_watch |= s == "watch";
    k.can_delete |= s == "delete";
    k.can_create |= s == "create";
    k.can_update |= s == "update";
  }
}

}  // namespace

std::string ApiKind::list_path(std::string_view ns) const {
  std::string p = prefix();
  if (namespaced && !ns.empty()) p += "/namespaces/" + url_escape(ns);
  return p + "/" + plural;
}

std::string ApiKind::object_path(std::string_view ns, std::string_view name) const {
  return list_path(ns) + "/" + url_escape(name);
}

void Discovery::load() {
  if (started_ && error_.empty()) return;
  started_ = true;
  error_.clear();
  kinds_.clear();
  waiting_ = 2;
  for (const char* path : {"/api", "/apis"}) {
    api_.get(
        base_ + path,
        [this](Result<Json> answer) {
          if (!answer) {
            error_ = answer.error().message();
          } else if (answer->str("kind") == "APIGroupDiscoveryList") {
            take_aggregated(*answer);
          } else {
            take_groups(*answer);
          }
          finish();
        },
        kAggregated);
  }
}

void Discovery::finish() {
  if (--waiting_ > 0) return;
  loaded_ = error_.empty() || !kinds_.empty();
  std::stable_sort(kinds_.begin(), kinds_.end(),
                   [](const ApiKind& a, const ApiKind& b) { return a.kind < b.kind; });
}

void Discovery::take_aggregated(const Json& list) {
  const Json* items = list.find("items");
  if (items == nullptr || !items->is_array()) return;
  for (const Json& group : items->as_array()) {
    const Json* versions = group.find("versions");
    if (versions == nullptr || !versions->is_array()) continue;
    for (const Json& version : versions->as_array()) {
      const Json* resources = version.find("resources");
      if (resources == nullptr || !resources->is_array()) continue;
      for (const Json& r : resources->as_array()) {
        ApiKind k;
        k.group = group.str({"metadata", "name"});
        k.version = version.str("version");
        k.plural = r.str("resource");
        k.singular = r.str("singularResource");
        k.kind = r.str({"responseKind", "kind"});
        k.namespaced = r.str("scope") == "Namespaced";
        take_verbs(k, r.find("verbs"));
        if (find(k.group, k.plural) == nullptr)
          kinds_.push_back(std::move(k));  // the preferred version comes first
      }
    }
  }
}

void Discovery::take_groups(const Json& list) {
  auto ask = [this](const std::string& group, const std::string& version) {
    waiting_++;
    const std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
    api_.get(base_ + path, [this, group, version](Result<Json> answer) {
      if (answer) take_resources(*answer, group, version);
      finish();
    });
  };
  if (const Json* versions = list.find("versions"); versions != nullptr && versions->is_array()) {
    for (const Json& v : versions->as_array()) {
      if (v.is_string()) ask("", v.as_string());
    }
  }
  const Json* groups = list.find("groups");
  if (groups == nullptr || !groups->is_array()) return;
  for (const Json& g : groups->as_array()) {
    ask(std::string(g.str("name")), std::string(g.str({"preferredVersion", "version"})));
  }
}

void Discovery::take_resources(const Json& list, const std::string& group,
                               const std::string& version) {
  const Json* resources = list.find("resources");
  if (resources == nullptr || !resources->is_array()) return;
  for (const Json& r : resources->as_array()) {
    ApiKind k;
    k.plural = r.str("name");
    if (k.plural.find('/') != k.plural.npos) continue;
    k.group = group;
    k.version = version;
    k.kind = r.str("kind");
    k.singular = r.str("singularName");
    k.namespaced = r.truth({"namespaced"});
    take_verbs(k, r.find("verbs"));
    kinds_.push_back(std::move(k));
  }
}

const ApiKind* Discovery::find(std::string_view group, std::string_view plural) const {
  for (const ApiKind& k : kinds_) {
    if (k.plural == plural && k.group == group) return &k;
  }
  return nullptr;
}

const ApiKind* Discovery::find_kind(std::string_view api_version, std::string_view kind) const {
  const size_t slash = api_version.find('/');
  const std::string_view group =
      slash == api_version.npos ? std::string_view() : api_version.substr(0, slash);
  for (const ApiKind& k : kinds_) {
    if (k.kind == kind && k.group == group) return &k;
  }
  return nullptr;
}

}  // namespace web
