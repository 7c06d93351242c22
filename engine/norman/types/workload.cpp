// Workloads below /v3/project: deployments, daemon sets, stateful sets, replica sets, replication
// controllers, jobs and cron jobs, each under its own name and all of them under workloads. Their
// ids begin with what they are (deployment:ns:name), and their links lead to the union.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/norman/types/cluster_resource.h"
#include "engine/norman/types/workload_kinds.h"
#include "engine/norman/types/workload_parts.h"
#include "engine/norman/types/workload_services.h"
#include "engine/norman/types/workload_states.h"

namespace engine {
namespace {

constexpr std::string_view kUnion = "workload";
constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
constexpr std::string_view kTemplateHash = "pod-template-hash";
constexpr std::string_view kRolling[] = {"maxSurge", "maxUnavailable"};

Json& pod_spec_of(Json& stored) {
  return pod_template(stored).make({"spec"});
}

bool is_job(std::string_view schema) {
  return schema == "job" || schema == "cronJob";
}

// The server's and the controllers' marks stay when a client sends all the others.
void keep_marks(const Json* old, Json& changes, std::string_view field) {
  Json* given = changes.find(field);
  if (!given || !old || !old->is_object()) return;
  if (!given->is_object()) *given = Json::object();
  for (const auto& [key, value] : old->as_object()) {
    const bool ours = key.find("cattle.io/") != key.npos && !key.starts_with("field.cattle.io/");
    if (ours || key.starts_with("deployment.kubernetes.io/")) given->set(key, value);
  }
}

class Workload final : public ClusterResource {
 public:
  Workload(TypeParts parts, std::string_view schema, const WorkloadKind& kind)
      : ClusterResource(make_placed_kind(std::string(kind.group), "v1", std::string(kind.kind),
                                         std::string(kind.plural), Scope::namespaced)),
        parts_(std::move(parts)),
        is_union_(schema == kUnion) {}

  Result<const SchemaView*> narrowed(const SchemaSet& schemas, const SchemaView& schema,
                                     const Request& request, std::string& id) const override {
    const size_t colons = static_cast<size_t>(std::count(id.begin(), id.end(), ':'));
    if (!id.empty() && (is_union_ || colons > 1)) {
      const std::string type = id.substr(0, id.find(':'));
      const WorkloadKind* kind = colons > 1 ? workload_kind(type) : nullptr;
      if (!kind || (!is_union_ && lower(schema.id()) != lower(kind->schema)))
        return Status::other(404, "NotFound", "failed to find type " + type);
      id.erase(0, type.size() + 1);
      return schemas.published(schema.path(), kind->schema);
    }
    if (!is_union_ || !id.empty() || request.method != "POST") return &schema;
    // A body that does not parse is refused where it is read.
    auto body = parse_json(request.body);
    for (const WorkloadKind& kind : workload_kinds()) {
      const Json* config = body ? body->find(std::string(kind.schema) + "Config") : nullptr;
      if (config && !config->is_null()) return schemas.published(schema.path(), kind.schema);
    }
    return schemas.published(schema.path(), workload_kinds().front().schema);
  }
  std::vector<const SchemaView*> members(const SchemaSet& schemas,
                                         const SchemaView& schema) const override {
    std::vector<const SchemaView*> out;
    if (is_union_)
      for (const WorkloadKind& kind : workload_kinds())
        out.push_back(schemas.published(schema.path(), kind.schema));
    return out;
  }
  std::string_view subtype(const Json& stored) const override {
    const WorkloadKind* kind = is_union_ ? workload_kind_of(stored) : nullptr;
    return kind ? kind->schema : std::string_view();
  }
  // What a deployment or a cron job made shows with it, as its revisions and its runs.
  bool is_listed(const Json& stored) const override {
    const Json* owners = stored.at({"metadata", "ownerReferences"});
    if (!owners || !owners->is_array()) return true;
    return std::none_of(owners->as_array().begin(), owners->as_array().end(), [](const Json& one) {
      return one.str("kind") == "Deployment" || one.str("kind") == "CronJob";
    });
  }

  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    TRY(ClusterResource::before_create(call, raw, body, place));
    const std::string& schema = call.schema.id();
    const std::string name(body.str("name"));
    if (!is_job(schema)) select_by_label(schema + "-" + place.ns + "-" + name, body);
    if (is_job(schema) && body.str("restartPolicy").empty()) body.set("restartPolicy", "OnFailure");
    if (schema == "statefulSet" && body.str({"statefulSetConfig", "serviceName"}).empty())
      body.make({"statefulSetConfig"}).set("serviceName", name);
    if (recreates(body))
      for (std::string_view field : kRolling) body.make({"deploymentConfig"}).erase(field);
    return complete_ports(name, body);
  }
  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    TRY(complete_ports(old.str({"metadata", "name"}), changes));
    keep_marks(old.at({"metadata", "labels"}), changes, "workloadLabels");
    keep_marks(old.at({"metadata", "annotations"}), changes, "workloadAnnotations");
    // Who says on which nodes pods may run and names none lets them go from theirs.
    const Json* node = changes.at({"scheduling", "node"});
    if (node && node->str("nodeId").empty()) changes.set("nodeId", nullptr);
    if (recreates(changes))
      for (std::string_view field : kRolling)
        changes.make({"deploymentConfig"}).set(field, nullptr);
    return Unit{};
  }
  Result<Unit> to_store(const Call& call, Json& stored) const override {
    drop_unstored(stored);
    Json& spec = pod_spec_of(stored);
    if (Json* volumes = spec.find("volumes"); volumes && volumes->is_array())
      for (Json& volume : volumes->as_array()) name_claim(volume);
    return resolve_node(call, spec);
  }

  void before_write(Conversation& conversation, const Old& old, std::shared_ptr<Json> stored,
                    Done done) const override {
    const auto images = [](const Json& object) {
      const Json* pod = pod_template(object);
      const Json* containers = pod ? pod->at({"spec", "containers"}) : nullptr;
      std::vector<std::string> out;
      for (size_t i = 0; containers && containers->is_array() && i < containers->size(); i++)
        out.emplace_back(containers->as_array()[i].str("image"));
      return out;
    };
    if (old && images(*old) == images(*stored)) return done(Unit{});
    add_pull_secrets(conversation, stored, pod_spec_of, std::move(done));
  }
  void after_write(Conversation& conversation, const Old&, std::shared_ptr<const Json> written,
                   Done done) const override {
    keep_services(conversation, *written, std::move(done));
  }
  void before_show(Conversation& conversation, std::shared_ptr<const JsonArray> objects,
                   Done done) const override {
    ask_beside(conversation, objects, {.endpoints = true}, std::move(done));
  }

  State state(const Call&, const Json& stored) const override { return workload_state(stored); }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    ClusterResource::decorate(call, stored, look);
    const WorkloadKind* kind = workload_kind_of(stored);
    if (!kind) return;
    Json& object = *look.object;
    object.set("id", workload_id(stored));
    look.linked_as = kUnion;
    shout_capabilities(object);
    show_node(call, object);
    const PodBeside* beside = beside_of(call);
    if (beside && beside->knows_endpoints && kind->group != "batch" && !controller_of(stored))
      object.set("publicEndpoints", workload_endpoints(stored, beside->parts, beside->nodes));
    const auto ns = stored.str({"metadata", "namespace"}), name = stored.str({"metadata", "name"});
    auto may = [&](std::string_view verb) {
      return !beside || beside->may(ns, verb, kind->group, kind->plural, name);
    };
    look.update = may("update");
    look.remove = may("delete");
    if (kind->schema == "deployment") look.links.emplace_back("revisions");
    if (look.update && stored.str({"metadata", "deletionTimestamp"}).empty())
      look.actions = actions_of(*kind, stored);
  }

  std::string_view linked_type(const SchemaView& schema, std::string_view link) const override {
    return schema.id() == "deployment" && link == "revisions" ? "replicaSet" : std::string_view();
  }
  bool is_linked(const Json& stored, const Json& other) const override {
    const Json* owner = controller_of(other);
    return owner && owner->str("uid") == stored.str({"metadata", "uid"});
  }

  bool act_there(Conversation& conversation, std::string_view action, const Json& input,
                 const std::shared_ptr<Json>& stored, const Done& done) const override {
    const WorkloadKind* kind = workload_kind_of(*stored);
    const std::string wanted = lower(action);
    const auto now = kind ? actions_of(*kind, *stored) : std::vector<std::string>();
    if (std::find(now.begin(), now.end(), wanted) == now.end()) {
      if (!kind || kind->schema != "deployment") return false;
      if (wanted != "pause" && wanted != "resume" && wanted != "rollback") return false;
      const std::string id = workload_id(*stored);
      done(Status::other(422, "InvalidAction",
                         stored->truth({"spec", "paused"})
                             ? "Deployment " + id + " is paused: resume it first"
                             : "Deployment " + id + " is not paused"));
      return true;
    }
    if (wanted == "rollback") {
      roll_back(conversation, input, stored, done);
      return true;
    }
    if (wanted == "redeploy")
      pod_template(*stored)
          .make({"metadata", "annotations"})
          .set("cattle.io/timestamp", to_rfc3339(parts_.env.wall()));
    else
      stored->make({"spec"}).set("paused", wanted == "pause");
    done(Unit{});
    return true;
  }

 private:
  static std::vector<std::string> actions_of(const WorkloadKind& kind, const Json& stored) {
    if (kind.schema == "job") return {};
    if (kind.schema != "deployment") return {"redeploy"};
    if (stored.truth({"spec", "paused"})) return {"redeploy", "resume"};
    return {"redeploy", "pause", "rollback"};
  }

  static void select_by_label(std::string value, Json& body) {
    const Json* selector = body.find("selector");
    if (selector && selector->size() > 0) return;
    // A label's value has 63 characters at most; the beginning and what is made of the whole.
    constexpr size_t kValueMax = 63, kHash = 5;
    if (value.size() > kValueMax)
      value = value.substr(0, kValueMax - kHash - 1) + "-" + checksum_hex(value).substr(0, kHash);
    Json label = Json::object({{kSelectorLabel, value}});
    for (std::string_view field : {"labels", "workloadLabels"})
      body.make({field}).set(kSelectorLabel, value);
    body.set("selector", Json::object({{"matchLabels", std::move(label)}}));
  }

  // What makes all pods anew at once has no pace.
  static bool recreates(const Json& body) {
    return body.str({"deploymentConfig", "strategy"}) == "Recreate";
  }

  // ns:name of a claim is its name: claims are of the same namespace.
  static void name_claim(Json& volume) {
    Json* claim = volume.find("persistentVolumeClaim");
    const std::string name(claim ? claim->str("claimName") : std::string_view());
    if (const size_t colon = name.find(':'); colon != name.npos)
      claim->set("claimName", name.substr(colon + 1));
  }

  static void show_node(const Call& call, Json& object) {
    const std::string name(object.str("nodeId"));
    object.erase("nodeId");
    if (name.empty()) return;
    const PodBeside* beside = beside_of(call);
    const NodePlaces::Node* node = beside ? beside->nodes.find(name) : nullptr;
    object.make({"scheduling", "node"}).set("nodeId", node ? node->id : name);
  }

  // Without a revision named: the one before.
  static void roll_back(Conversation& conversation, const Json& input,
                        const std::shared_ptr<Json>& stored, const Done& done) {
    std::string id(input.str("replicaSetId"));
    if (id.empty()) id = input.str("revisionId");
    const std::string ns(stored->str({"metadata", "namespace"}));
    const std::string name = id.substr(id.rfind(':') == id.npos ? 0 : id.rfind(':') + 1);
    conversation.ask({.target = "/apis/apps/v1/namespaces/" + percent_escaped(ns) + "/replicasets"},
                     [stored, id, name, done](const Result<Json>& heard) {
                       if (!heard) return done(heard.error());
                       const Json* found = revision(*heard, *stored, name);
                       if (!found)
                         return done(Status::field_error(
                             422, "InvalidReference", "replicaSetId",
                             id.empty() ? "there is no revision before this one"
                                        : "deployment has no revision \"" + id + "\""));
                       Json pod = *found->at({"spec", "template"});
                       if (Json* metadata = pod.find("metadata"))
                         if (Json* labels = metadata->find("labels")) labels->erase(kTemplateHash);
                       stored->make({"spec"}).set("template", std::move(pod));
                       done(Unit{});
                     });
  }
  static int64_t number_of(const Json& object) {
    auto number = parse_json(object.str({"metadata", "annotations", kRevision}));
    return number && number->is_int() ? number->as_int() : 0;
  }
  static const Json* revision(const Json& list, const Json& stored, const std::string& name) {
    const Json* items = list.find("items");
    if (!items || !items->is_array()) return nullptr;
    const Json* out = nullptr;
    for (const Json& one : items->as_array()) {
      const Json* owner = controller_of(one);
      if (!owner || owner->str("uid") != stored.str({"metadata", "uid"}) ||
          !one.at({"spec", "template"}))
        continue;
      if (name.empty()
              ? number_of(one) < number_of(stored) && (!out || number_of(*out) < number_of(one))
              : one.str({"metadata", "name"}) == name)
        out = &one;
    }
    return out;
  }

  const TypeParts parts_;
  const bool is_union_;
};

}  // namespace

void register_workload(TypeSet& set, const TypeParts& parts) {
  const WorkloadKind& first = workload_kinds().front();
  set.add("/v3/project workload", std::make_unique<Workload>(parts, kUnion, first));
  for (const WorkloadKind& kind : workload_kinds())
    set.add("/v3/project " + std::string(kind.schema),
            std::make_unique<Workload>(parts, kind.schema, kind));
}

}  // namespace engine
