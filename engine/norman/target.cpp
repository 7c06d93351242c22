#include "engine/norman/target.h"

namespace engine {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    size_t slash = path.find('/');
    if (slash != 0) out.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return out;
}

Status no_schema(std::string_view name) {
  return Status::other(404, "NotFound", "failed to find schema " + std::string(name));
}

// A type of /v3 whose objects belong to a cluster or a project, asked for inside of it.
bool scope(const SchemaSet& schemas, Target& target, std::string_view name) {
  if (target.context.empty() || !target.path.starts_with("/v3/")) return false;
  const SchemaView* schema = schemas.published("/v3", name);
  if (!schema) return false;
  const std::string wanted = "reference[" + target.path.substr(4) + "]";
  for (const Field& field : schema->fields()) {
    if (field.type != wanted) continue;
    target.scope_field = field.name;
    target.scope_id = std::move(target.context);
    target.context.clear();
    target.path = "/v3";
    target.schema = schema;
    return true;
  }
  return false;
}

// What comes after the version path (and its context).
Result<Target> inside(const SchemaSet& schemas, Target target,
                      std::span<const std::string_view> rest) {
  if (rest.empty()) return target;
  if (rest[0] == "schemas") {
    target.what = Target::What::schemas;
    if (rest.size() == 1) return target;
    target.schema = schemas.published(target.path, rest[1]);
    target.id = target.schema ? target.schema->id() : std::string(rest[1]);
    if (schemas.described_text(target.path, target.id).empty()) return no_schema(rest[1]);
    return target;
  }
  target.schema = schemas.published(target.path, rest[0]);
  if (!target.schema && !scope(schemas, target, rest[0])) return no_schema(rest[0]);
  if (rest.size() > 3)
    return Status::other(404, "NotFound", "no such link: " + std::string(rest[3]));
  target.what = rest.size() == 1 ? Target::What::collection : Target::What::object;
  if (rest.size() >= 2) target.id = rest[1];
  if (rest.size() == 3) target.link = rest[2];
  return target;
}

}  // namespace

Result<Target> resolve_target(const SchemaSet& schemas, std::string_view path) {
  // The one id that holds slashes: local://u-xxxxx.
  constexpr std::string_view kPrincipals = "/v3/principals/";
  if (path.starts_with(kPrincipals) && path.size() > kPrincipals.size()) {
    Target one;
    one.path = "/v3";
    one.what = Target::What::object;
    one.schema = schemas.published("/v3", "principal");
    one.id = path.substr(kPrincipals.size());
    return one;
  }
  auto parts = segments_of(path);
  std::span<const std::string_view> rest(parts);
  Target target;
  if (rest.empty()) return no_schema("");
  target.path = "/" + std::string(rest[0]);
  rest = rest.subspan(1);
  if (target.path != "/v3" || rest.empty()) return inside(schemas, std::move(target), rest);
  // /v3/cluster/ID and /v3/clusters/ID are the cluster; behind them is what a cluster holds. The
  // same for projects.
  for (auto [one, many] : {std::pair{"cluster", "clusters"}, std::pair{"project", "projects"}}) {
    if (rest[0] != one && rest[0] != many) continue;
    std::string inner = "/v3/" + std::string(one);
    if (rest.size() >= 2 && rest[1] == "schemas") {
      target.path = inner;
      return inside(schemas, std::move(target), rest.subspan(1));
    }
    bool contents = rest.size() >= 3;
    if (contents) {
      target.path = inner;
      target.context = rest[1];
      return inside(schemas, std::move(target), rest.subspan(2));
    }
  }
  return inside(schemas, std::move(target), rest);
}

std::pair<std::string, std::string> split_id(const SchemaView& schema, std::string_view id) {
  size_t colon = id.find(':');
  if (!schema.namespaced() || colon == std::string_view::npos)
    return {std::string(), std::string(id)};
  return {std::string(id.substr(0, colon)), std::string(id.substr(colon + 1))};
}

}  // namespace engine
