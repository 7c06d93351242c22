#include "engine/api/discovery.h"

#include <algorithm>
#include <vector>

#include "engine/base/digest.h"

namespace engine {

namespace {

Json strings(const std::vector<std::string>& list) {
  JsonArray out;
  for (const std::string& s : list) out.emplace_back(s);
  return Json(std::move(out));
}

Json group_version(const Kind& kind) {
  return Json::object({{"groupVersion", kind.api_version()}, {"version", kind.version}});
}

// The versions of one group in order, one kind for each.
std::vector<const Kind*> versions_of(const KindSnapshot& kinds, std::string_view group) {
  std::vector<const Kind*> out;
  for (const KindPtr& kind : kinds.all()) {
    if (kind->group == group && (out.empty() || out.back()->version != kind->version)) {
      out.push_back(kind.get());
    }
  }
  return out;
}

// In discovery order, the core group left out.
std::vector<std::string> named_groups(const KindSnapshot& kinds) {
  std::vector<std::string> out;
  for (const KindPtr& kind : kinds.all()) {
    if (!kind->group.empty() && (out.empty() || out.back() != kind->group))
      out.push_back(kind->group);
  }
  return out;
}

Json group_entry(const std::vector<const Kind*>& versions) {
  Json out = Json::object({{"name", versions[0]->group}});
  JsonArray list;
  for (const Kind* kind : versions) list.push_back(group_version(*kind));
  out.set("versions", Json(std::move(list)));
  out.set("preferredVersion", group_version(*versions[0]));
  return out;
}

Json legacy_resource(const Kind& kind) {
  Json out = Json::object({{"name", kind.plural},
                           {"singularName", kind.singular},
                           {"namespaced", kind.namespaced()},
                           {"kind", kind.kind},
                           {"verbs", strings(kind.verbs)}});
  if (!kind.short_names.empty()) out.set("shortNames", strings(kind.short_names));
  if (!kind.categories.empty()) out.set("categories", strings(kind.categories));
  if (!kind.storage_hash.empty()) out.set("storageVersionHash", Json(kind.storage_hash));
  return out;
}

Json legacy_subresource(const Kind& kind, const Subresource& sub) {
  Json out = Json::object({{"name", kind.plural + "/" + sub.name},
                           {"singularName", ""},
                           {"namespaced", kind.namespaced()}});
  if (sub.group != kind.group || sub.version != kind.version) {
    out.set("group", Json(sub.group));
    out.set("version", Json(sub.version));
  }
  out.set("kind", Json(sub.kind));
  out.set("verbs", strings(sub.verbs));
  return out;
}

// Group and version are left empty where they are those of the document.
Json response_kind(const Kind& kind, std::string_view group, std::string_view version,
                   std::string_view name) {
  bool same = group == kind.group && version == kind.version;
  return Json::object(
      {{"group", same ? "" : group}, {"version", same ? "" : version}, {"kind", name}});
}

Json aggregated_resource(const Kind& kind) {
  Json out =
      Json::object({{"resource", kind.plural},
                    {"responseKind", response_kind(kind, kind.group, kind.version, kind.kind)},
                    {"scope", kind.namespaced() ? "Namespaced" : "Cluster"},
                    {"singularResource", kind.singular},
                    {"verbs", strings(kind.verbs)}});
  if (!kind.short_names.empty()) out.set("shortNames", strings(kind.short_names));
  if (!kind.categories.empty()) out.set("categories", strings(kind.categories));
  JsonArray subresources;
  for (const Subresource& sub : kind.subresource_details) {
    subresources.push_back(
        Json::object({{"subresource", sub.name},
                      {"responseKind", response_kind(kind, sub.group, sub.version, sub.kind)},
                      {"verbs", strings(sub.verbs)}}));
  }
  std::sort(subresources.begin(), subresources.end(), [](const Json& a, const Json& b) {
    return a.str("subresource") < b.str("subresource");
  });
  if (!subresources.empty()) out.set("subresources", Json(std::move(subresources)));
  return out;
}

Json aggregated_group(const KindSnapshot& kinds, std::string_view group) {
  JsonArray versions;
  for (const Kind* first : versions_of(kinds, group)) {
    JsonArray resources;
    for (const KindPtr& kind : kinds.all()) {
      if (kind->group == group && kind->version == first->version) {
        resources.push_back(aggregated_resource(*kind));
      }
    }
    versions.push_back(Json::object({{"version", first->version},
                                     {"resources", Json(std::move(resources))},
                                     {"freshness", "Current"}}));
  }
  Json metadata = Json::object();
  if (!group.empty()) metadata.set("name", Json(group));
  return Json::object({{"metadata", std::move(metadata)}, {"versions", Json(std::move(versions))}});
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

enum class Form : uint8_t { none, plain, v2, v2beta1 };

// What one clause of Accept asks for.
Form form_of(std::string_view clause) {
  size_t semicolon = std::min(clause.find(';'), clause.size());
  std::string_view type = trimmed(clause.substr(0, semicolon));
  if (type != "application/json" && type != "*/*" && type != "application/*") return Form::none;
  std::string_view group, version, as;
  clause.remove_prefix(std::min(semicolon + 1, clause.size()));
  while (!clause.empty()) {
    size_t end = std::min(clause.find(';'), clause.size());
    std::string_view parameter = trimmed(clause.substr(0, end));
    if (parameter.starts_with("g=")) group = parameter.substr(2);
    if (parameter.starts_with("v=")) version = parameter.substr(2);
    if (parameter.starts_with("as=")) as = parameter.substr(3);
    clause.remove_prefix(std::min(end + 1, clause.size()));
  }
  if (as.empty()) return Form::plain;
  if (group != "apidiscovery.k8s.io" || as != "APIGroupDiscoveryList") return Form::none;
  return version == "v2" ? Form::v2 : version == "v2beta1" ? Form::v2beta1 : Form::none;
}

// The first clause that we can satisfy; the order of the client's list stands for its preference.
Form wanted_form(const Request& request) {
  std::string all;
  for (std::string_view value : request.headers.all("Accept")) {
    all += (all.empty() ? "" : ",") + std::string(value);
  }
  std::string_view rest = all;
  if (trimmed(rest).empty()) return Form::plain;
  while (!rest.empty()) {
    size_t end = std::min(rest.find(','), rest.size());
    Form form = form_of(rest.substr(0, end));
    if (form != Form::none) return form;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return Form::none;
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    size_t end = std::min(path.find('/'), path.size());
    if (end > 0) out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

Response json_response(const Json& document) {
  Response out;
  out.headers.set("Content-Type", "application/json");
  out.body = dump(document);
  out.body += '\n';
  return out;
}

}  // namespace

Json api_versions_document(std::string_view address) {
  return Json::object(
      {{"kind", "APIVersions"},
       {"versions", Json::array({"v1"})},
       {"serverAddressByClientCIDRs",
        Json::array({Json::object({{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", address}})})}});
}

Json api_groups_document(const KindSnapshot& kinds) {
  JsonArray groups;
  for (const std::string& group : named_groups(kinds)) {
    groups.push_back(group_entry(versions_of(kinds, group)));
  }
  return Json::object(
      {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json(std::move(groups))}});
}

std::optional<Json> api_group_document(const KindSnapshot& kinds, std::string_view group) {
  std::vector<const Kind*> versions = versions_of(kinds, group);
  if (versions.empty() || group.empty()) return std::nullopt;
  Json out = Json::object({{"kind", "APIGroup"}, {"apiVersion", "v1"}});
  Json entry = group_entry(versions);
  for (auto& [key, value] : entry.as_object()) out.set(key, std::move(value));
  return out;
}

std::optional<Json> api_resources_document(const KindSnapshot& kinds, std::string_view group,
                                           std::string_view version) {
  JsonArray resources;
  for (const KindPtr& kind : kinds.all()) {
    if (kind->group != group || kind->version != version) continue;
    resources.push_back(legacy_resource(*kind));
    for (const Subresource& sub : kind->subresource_details) {
      resources.push_back(legacy_subresource(*kind, sub));
    }
  }
  if (resources.empty()) return std::nullopt;
  std::sort(resources.begin(), resources.end(),
            [](const Json& a, const Json& b) { return a.str("name") < b.str("name"); });
  Json out = Json::object({{"kind", "APIResourceList"}});
  if (!group.empty()) out.set("apiVersion", Json("v1"));
  out.set("groupVersion", Json(group.empty() ? std::string(version)
                                             : std::string(group) + "/" + std::string(version)));
  out.set("resources", Json(std::move(resources)));
  return out;
}

Json aggregated_document(const KindSnapshot& kinds, DiscoveryRoot root,
                         std::string_view meta_version) {
  JsonArray items;
  if (root == DiscoveryRoot::api) {
    items.push_back(aggregated_group(kinds, ""));
  } else {
    for (const std::string& group : named_groups(kinds)) {
      items.push_back(aggregated_group(kinds, group));
    }
  }
  return Json::object({{"kind", "APIGroupDiscoveryList"},
                       {"apiVersion", "apidiscovery.k8s.io/" + std::string(meta_version)},
                       {"metadata", Json::object()},
                       {"items", Json(std::move(items))}});
}

Discovery::Kept Discovery::aggregated(const KindSnapshot& kinds, DiscoveryRoot root,
                                      std::string_view meta_version) {
  size_t place = (root == DiscoveryRoot::api ? 0 : 1) + (meta_version == "v2" ? 0 : 2);
  {
    std::lock_guard lock(mutex_);
    if (generation_ == kinds.generation() && kept_[place].body != nullptr) return kept_[place];
  }
  std::string body = dump(aggregated_document(kinds, root, meta_version)) + "\n";
  Kept made{nullptr, "\"" + sha256_hex(body) + "\""};
  made.body = std::make_shared<const std::string>(std::move(body));
  std::lock_guard lock(mutex_);
  if (kinds.generation() > generation_) {
    generation_ = kinds.generation();
    for (Kept& kept : kept_) kept = {};
  }
  if (kinds.generation() == generation_) kept_[place] = made;
  return made;
}

std::optional<Result<Response>> Discovery::answer(const Request& request,
                                                  const KindSnapshot& kinds) {
  std::vector<std::string_view> path = segments(request.path);
  if (path.empty() || (path[0] != "api" && path[0] != "apis")) return std::nullopt;
  bool core = path[0] == "api";
  if (path.size() > (core ? 2u : 3u)) return std::nullopt;
  Form form = wanted_form(request);
  if (form == Form::none) return Result<Response>(Status::not_acceptable("application/json"));
  if (path.size() == 1 && form != Form::plain) {
    std::string version = form == Form::v2 ? "v2" : "v2beta1";
    Kept kept = aggregated(kinds, core ? DiscoveryRoot::api : DiscoveryRoot::apis, version);
    Response out;
    out.headers.set("ETag", kept.etag);
    out.headers.set("Vary", "Accept");
    out.headers.set("Cache-Control", "public");
    if (request.headers.get("If-None-Match") == kept.etag) {
      out.status = 304;
      return Result<Response>(std::move(out));
    }
    out.headers.set("Content-Type", "application/json;g=apidiscovery.k8s.io;v=" + version +
                                        ";as=APIGroupDiscoveryList");
    out.body = *kept.body;
    return Result<Response>(std::move(out));
  }
  std::optional<Json> document;
  if (path.size() == 1) {
    document =
        core ? api_versions_document(request.headers.get("Host")) : api_groups_document(kinds);
  } else if (path.size() == 2) {
    document =
        core ? api_resources_document(kinds, "", path[1]) : api_group_document(kinds, path[1]);
  } else {
    document = api_resources_document(kinds, path[1], path[2]);
  }
  if (!document) return Result<Response>(Status::not_found_path());
  Response out = json_response(*document);
  out.headers.set("Vary", "Accept");
  return Result<Response>(std::move(out));
}

}  // namespace engine
