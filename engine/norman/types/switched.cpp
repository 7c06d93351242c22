// clusterTemplateRevision: enabled or not; the one that a template uses by itself stays enabled.
// globalDns: for which projects it is, projects are added and taken away.
#include <algorithm>

#include "engine/norman/norman.h"
#include "engine/norman/target.h"
#include "engine/norman/types/bindings.h"

namespace engine {
namespace {

std::optional<std::pair<KindPtr, std::string>> changeable(const Call& call, const Json& stored) {
  KindPtr kind = call.norman.holder(call.schema);
  std::string ns(stored.str({"metadata", "namespace"}));
  if (!kind || !call.norman.may(call.user(), "update", *kind, ns, stored.str({"metadata", "name"})))
    return std::nullopt;
  return std::pair(kind, std::move(ns));
}

Answer changed(const TypeParts& parts, const Call& call, const Json& stored, const Kind& kind,
               const std::function<Result<bool>(Json&)>& change) {
  auto written = parts.registry.modify(kind, stored.str({"metadata", "namespace"}),
                                       stored.str({"metadata", "name"}),
                                       {.user = call.user(), .field_manager = "paddock"}, change);
  if (!written) return norman_error(written.error());
  return norman_response(200, call.norman.present(call, written->object.json()), call.base);
}

class TemplateRevisionType final : public Type {
 public:
  explicit TemplateRevisionType(TypeParts parts) : parts_(std::move(parts)) {}

  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }
  bool is_shown_as_stored(std::string_view) const override { return true; }

  void decorate(const Call&, const Json& stored, Look& look) const override {
    if (look.update) look.actions.emplace_back(enabled(stored) ? "disable" : "enable");
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json&) const override {
    const bool on = action == "enable";
    auto kind = changeable(call, stored);
    if (!kind || on == enabled(stored)) return std::nullopt;
    if (!on) {
      auto used = is_default(stored);
      if (!used) return norman_error(used.error());
      if (*used)
        return norman_error(Status::other(422, "InvalidAction",
                                          "the default revision of a template stays enabled"));
    }
    return changed(parts_, call, stored, *kind->first, [&](Json& now) -> Result<bool> {
      now.make({"spec"}).set("enabled", on);
      return true;
    });
  }
  std::optional<Answer> collection_action(const Call&, std::string_view,
                                          const Json&) const override {
    return norman_error(Status::other(404, "ActionNotAvailable",
                                      "listquestions is not available: this server makes no "
                                      "clusters from templates"));
  }

 private:
  static bool enabled(const Json& stored) {
    const Json* value = stored.at({"spec", "enabled"});
    return !value || value->is_null() || *value == Json(true);
  }
  Result<bool> is_default(const Json& stored) const {
    const std::string id = std::string(stored.str({"metadata", "namespace"})) + ":" +
                           std::string(stored.str({"metadata", "name"}));
    const std::string_view of = stored.str({"spec", "clusterTemplateName"});
    const size_t colon = of.find(':');
    if (colon == std::string_view::npos) return false;
    auto found =
        TRY(find_cached(parts_, "clustertemplates", of.substr(0, colon), of.substr(colon + 1)));
    return found && found->str({"spec", "defaultRevisionName"}) == id;
  }

  const TypeParts parts_;
};

class GlobalDnsType final : public Type {
 public:
  explicit GlobalDnsType(TypeParts parts) : parts_(std::move(parts)) {}

  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }
  bool is_shown_as_stored(std::string_view) const override { return true; }

  void decorate(const Call&, const Json&, Look& look) const override {
    if (look.update) look.actions = {"addProjects", "removeProjects"};
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json& input) const override {
    auto kind = changeable(call, stored);
    if (!kind) return std::nullopt;
    const Json* ids = input.find("projectIds");
    if (!ids || !ids->is_array())
      return norman_error(Status::field_error(422, "MissingRequired", "projectIds", ""));
    const bool adds = action == "addProjects";
    if (adds)
      if (auto good = all_there(call, ids->as_array()); !good) return norman_error(good.error());
    return changed(parts_, call, stored, *kind->first, [&](Json& now) -> Result<bool> {
      Json& names = now.make({"spec"})["projectNames"];
      if (!names.is_array()) names = Json(JsonArray{});
      JsonArray& list = names.as_array();
      for (const Json& id : ids->as_array()) {
        std::erase(list, id);
        if (adds) list.push_back(id);
      }
      return true;
    });
  }

 private:
  Result<Unit> all_there(const Call& call, const JsonArray& ids) const {
    KindPtr kind = parts_.registry.kinds().snapshot()->stored("management.cattle.io", "projects");
    for (const Json& id : ids) {
      const std::string text = id.is_string() ? id.as_string() : dump(id);
      const size_t colon = text.find(':');
      const std::string ns = text.substr(0, colon);
      const std::string name = colon == std::string::npos ? std::string() : text.substr(colon + 1);
      if (name.empty() || !call.norman.may(call.user(), "get", *kind, ns, name) ||
          !TRY(parts_.dispatcher.get(*kind, ns, name)))
        return Status::field_error(422, "InvalidReference", "projectIds",
                                   "there is no project " + text);
    }
    return Unit{};
  }

  const TypeParts parts_;
};

}  // namespace

void register_switched(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 clusterTemplateRevision", std::make_unique<TemplateRevisionType>(parts));
  set.add("/v3 globalDns", std::make_unique<GlobalDnsType>(parts));
}

}  // namespace engine
