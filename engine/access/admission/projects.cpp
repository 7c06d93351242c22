#include "engine/access/admission/projects.h"

#include <algorithm>

#include "engine/access/admission/project_limits.h"
#include "engine/access/project_places.h"
#include "engine/registry/metadata.h"
#include "engine/registry/object_bytes.h"

namespace engine {

namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kQuotaField = "resourceQuota";
constexpr std::string_view kDefaultField = "namespaceDefaultResourceQuota";

using Operation = AdmissionRequest::Operation;

// What a project says of quotas.
struct ProjectQuota {
  Amounts limit, otherwise, used;
  static Result<ProjectQuota> of(const Json& project) {
    return ProjectQuota{
        TRY(read_limit(project.at({"spec", kQuotaField, "limit"}), kQuotaField)),
        TRY(read_limit(project.at({"spec", kDefaultField, "limit"}), kDefaultField)),
        TRY(read_limit(project.at({"spec", kQuotaField, "usedLimit"}), kQuotaField))};
  }
};

// Names of fields where `part` is more than `whole`; what `whole` does not name has no limit.
std::string over(const Amounts& part, const Amounts& whole) {
  std::string out;
  for (const auto& [name, quantity] : part.all())
    if (const Quantity* most = whole.find(name); most != nullptr && *most < quantity)
      out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string missing(const Amounts& of, const Amounts& in) {
  std::string out;
  for (const auto& [name, quantity] : of.all())
    if (in.find(name) == nullptr) out += (out.empty() ? "" : ", ") + name;
  return out;
}

bool is_server(const User& user) {
  return std::find(user.groups.begin(), user.groups.end(), "system:masters") != user.groups.end();
}

void set_or_erase(Json& object, std::string_view map, std::string_view key, std::string value) {
  Json& metadata = metadata_of(object);
  if (!value.empty()) {
    metadata[map].set(key, std::move(value));
  } else if (Json* there = metadata.find(map)) {
    there->erase(key);
  }
}

class Projects final : public Admission {
 public:
  Projects(storage::Store& store, Dispatcher& dispatcher, KindSet& kinds, Authorizer& authorizer)
      : store_(store), dispatcher_(dispatcher), places_(dispatcher, kinds, authorizer) {
    auto all = kinds.snapshot();
    projects_ = all->stored(kGroup, "projects");
    clusters_ = all->stored(kGroup, "clusters");
  }

  Result<Unit> mutate(AdmissionRequest& request) override {
    if (request.object == nullptr) return Unit{};
    if (is_namespaces(request.kind)) return place(request);
    if (is_projects(request.kind)) keep_own(request);
    return Unit{};
  }

  Result<Unit> validate(const AdmissionRequest& request) override {
    if (!is_projects(request.kind)) return Unit{};
    if (request.operation == Operation::remove) return keep_first(request);
    if (!request.subresource.empty() || is_terminating(*request.object)) return Unit{};
    if (request.old != nullptr &&
        request.old->str({"spec", "clusterName"}) != request.object->str({"spec", "clusterName"}))
      return Status::field_error(422, "InvalidOption", "clusterId",
                                 "a project stays in its cluster");
    return check_quota(*request.object);
  }

  Result<Unit> accompany(const AdmittedWrite& write, Companions& out) override {
    if (!is_namespaces(write.kind)) return Unit{};
    const Share before = share_of(write.old), after = share_of(write.object);
    if (before.project == after.project) {
      Amounts delta = after.limit;
      delta.take(before.limit);
      delta.drop_zeros();
      return charge(after.project, delta, out);
    }
    Amounts given_back;
    given_back.take(before.limit);
    TRY(charge(before.project, given_back, out));
    return charge(after.project, after.limit, out);
  }

 private:
  static bool is_namespaces(const Kind& kind) {
    return kind.group.empty() && kind.plural == "namespaces";
  }
  static bool is_projects(const Kind& kind) {
    return kind.group == kGroup && kind.plural == "projects";
  }

  // ---- namespaces

  struct Share {
    std::string project;
    Amounts limit;
  };
  static Share share_of(const Json* ns) {
    if (ns == nullptr || is_terminating(*ns)) return {};
    Share out{std::string(project_in(kLocalCluster, *ns)), {}};
    if (!out.project.empty()) out.limit = namespace_limit(*ns);
    return out;
  }

  Result<std::optional<Json>> cached(const Kind& kind, std::string_view ns, std::string_view name) {
    auto found = TRY(dispatcher_.get(kind, ns, name));
    if (found == nullptr) return std::optional<Json>();
    return std::optional<Json>(TRY(parse_json(*found->bytes)));
  }

  // Where the namespace belongs, and what it takes there.
  Result<Unit> place(AdmissionRequest& request) {
    Json& ns = *request.object;
    if (!request.subresource.empty() || is_terminating(ns)) return Unit{};
    const std::string before(
        request.old ? request.old->str({"metadata", "annotations", kProjectIdAnnotation}) : "");
    if (request.operation == Operation::create && !is_server(request.user)) {
      TRY(places_.place(request.user, kLocalCluster, ns));
      return settle_limit(request,
                          !ns.str({"metadata", "annotations", kProjectIdAnnotation}).empty());
    }
    const std::string id(ns.str({"metadata", "annotations", kProjectIdAnnotation}));
    if (id != before) {
      set_project_label(ns, id);
      if (!is_server(request.user) && !id.empty())
        TRY(places_.may_use(request.user, kLocalCluster, ns.str({"metadata", "name"}), id));
    }
    return settle_limit(request, id != before);
  }

  Result<Unit> settle_limit(AdmissionRequest& request, bool moved) {
    Json& ns = *request.object;
    const std::string name(project_in(kLocalCluster, ns));
    const bool named = !ns.str({"metadata", "annotations", kQuotaAnnotation}).empty();
    if (name.empty() || projects_ == nullptr) {
      if (named && moved) set_or_erase(ns, "annotations", kQuotaAnnotation, "");
      return Unit{};
    }
    auto project = TRY(cached(*projects_, kLocalCluster, name));
    if (!project) return Unit{};
    auto quota = ProjectQuota::of(*project);
    if (!quota || quota->limit.empty()) {
      if (named) set_or_erase(ns, "annotations", kQuotaAnnotation, "");
      return Unit{};
    }
    if (!named && !moved) return Unit{};  // its controller gives it the default
    Json given = annotation_of(ns, kQuotaAnnotation);
    const Amounts own = TRY(read_limit(given.find("limit"), kQuotaField));
    const Amounts limit = completed_limit(own, quota->otherwise, quota->limit);
    if (named && given.find("limit") != nullptr && limit_json(limit) == *given.find("limit"))
      return Unit{};
    if (!given.is_object()) given = Json::object();
    given.set("limit", limit_json(limit));
    set_or_erase(ns, "annotations", kQuotaAnnotation, dump(given));
    return Unit{};
  }

  Result<Unit> charge(const std::string& name, const Amounts& delta, Companions& out) {
    if (name.empty() || delta.empty() || projects_ == nullptr) return Unit{};
    std::string key = projects_->key(kLocalCluster, name);
    auto found = store_.get(key);
    if (!found) return Status::service_unavailable(found.error().message);
    if (!found.value()) return Unit{};
    const storage::Record& record = *found.value();
    Json project = TRY(decode_object(record.value, projects_->api_version(), record.modified));
    ProjectQuota quota = TRY(ProjectQuota::of(project));
    Amounts used = quota.used, grown;
    used.add(delta);
    for (const auto& [field, quantity] : delta.all())
      if (quantity.milli > 0) grown.set(field, *used.find(field));
    if (std::string fields = over(grown, quota.limit); !fields.empty())
      return Status::field_error(422, "MaxLimitExceeded", std::string(kQuotaField),
                                 "exceeds the limit of project " + name + " on fields: " + fields);
    used.drop_zeros();
    write_used(project, used);
    out.checks.push_back({key, record.modified});
    out.writes.push_back(
        {std::move(key), encode_object(projects_->kind, projects_->stored_api_version(), project)});
    return Unit{};
  }

  // ---- projects

  static void write_used(Json& project, const Amounts& used) {
    Json& quota = project.make({"spec", kQuotaField});
    if (used.empty() && quota.find("limit") == nullptr) {
      project["spec"].erase(kQuotaField);
    } else {
      quota.set("usedLimit", limit_json(used));
    }
  }

  // What is the server's own to say: what is used, and that namespaces are let go before the end.
  static void keep_own(AdmissionRequest& request) {
    if (!request.subresource.empty()) return;
    Json& project = *request.object;
    if (request.operation == Operation::create && request.ns == kLocalCluster)
      add_finalizer(project, kProjectFinalizer);
    // Of other clusters' namespaces their controller keeps the sum.
    if (request.ns != kLocalCluster && is_server(request.user)) return;
    const Json* had = request.old ? request.old->at({"spec", kQuotaField, "usedLimit"}) : nullptr;
    auto used = read_limit(had, kQuotaField);
    if (!used) return;
    Json* quota = project.find("spec") ? project["spec"].find(kQuotaField) : nullptr;
    if (quota != nullptr && !quota->is_object()) *quota = Json::object();
    if (quota == nullptr && used->empty()) return;
    write_used(project, *used);
  }

  static Result<Unit> check_quota(const Json& project) {
    const ProjectQuota quota = TRY(ProjectQuota::of(project));
    auto refuse = [](const char* code, std::string_view field, std::string why) {
      return Status::field_error(422, code, std::string(field), std::move(why));
    };
    if (quota.limit.empty() && quota.otherwise.empty()) return Unit{};
    if (quota.limit.empty())
      return refuse("MissingRequired", kQuotaField,
                    "a quota of namespaces wants one of the project");
    if (quota.otherwise.empty())
      return refuse("MissingRequired", kDefaultField,
                    "a quota of the project wants a default for its namespaces");
    if (std::string fields = missing(quota.limit, quota.otherwise); !fields.empty())
      return refuse("MissingRequired", kDefaultField,
                    "does not have all fields of the project's quota: " + fields);
    if (std::string fields = missing(quota.otherwise, quota.limit); !fields.empty())
      return refuse("MissingRequired", kQuotaField,
                    "does not have all fields of the namespaces' default: " + fields);
    if (std::string fields = over(quota.otherwise, quota.limit); !fields.empty())
      return refuse("MaxLimitExceeded", kDefaultField,
                    "exceeds the project's limit on fields: " + fields);
    if (std::string fields = over(quota.used, quota.limit); !fields.empty())
      return refuse("MaxLimitExceeded", kQuotaField,
                    "is less than what the project's namespaces have on fields: " + fields);
    return Unit{};
  }

  Result<Unit> keep_first(const AdmissionRequest& request) {
    for (std::string_view label : {kDefaultProjectLabel, kSystemProjectLabel}) {
      if (request.old->str({"metadata", "labels", label}) != "true") continue;
      auto cluster = TRY(cached(*clusters_, "", request.ns));
      if (!cluster || is_terminating(*cluster)) return Unit{};
      return Status::forbidden(
          request.kind.about(request.name), "",
          label == kSystemProjectLabel ? "the system project stays" : "the default project stays");
    }
    return Unit{};
  }

  storage::Store& store_;
  Dispatcher& dispatcher_;
  ProjectPlaces places_;
  KindPtr projects_, clusters_;
};

}  // namespace

std::unique_ptr<Admission> make_projects_admission(storage::Store& store, Dispatcher& dispatcher,
                                                   KindSet& kinds, Authorizer& authorizer) {
  return std::make_unique<Projects>(store, dispatcher, kinds, authorizer);
}

}  // namespace engine
