// cluster: made pending, with its own namespace; a kubeconfig may be handed over with it; gives
// kubeconfigs that go through this server.
#include "engine/access/server_user.h"
#include "engine/base/base64.h"
#include "engine/base/yaml.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

// A kubeconfig handed over: importedConfig.kubeConfig of the facts, write-only.
constexpr std::string_view kHandedKubeconfig = "importedConfig.kubeConfig";

class ClusterType final : public Type {
 public:
  explicit ClusterType(TypeParts parts) : parts_(std::move(parts)) {}

  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    if (body.str("name").empty())
      return Status::field_error(422, "MissingRequired", "Cluster name", "");
    if (const Json* kubeconfig = raw.at({"importedConfig", "kubeConfig"})) {
      if (!kubeconfig->is_string() || kubeconfig->as_string().empty())
        return Status::field_error(422, "InvalidFormat", std::string(kHandedKubeconfig),
                                   "a kubeconfig as text is wanted");
      if (!parts_.keep_kubeconfig)
        return Status::field_error(422, "InvalidOption", std::string(kHandedKubeconfig),
                                   "this server keeps no kubeconfigs");
      call.shown_once = kubeconfig->as_string();  // held until the cluster has its id
    }
    place.generate_name = "c-";
    return refuse_second_name(call, body.str("name"));
  }

  Result<Unit> after_create(const Call& call, const Json& stored, Json& object) const override {
    std::string id(stored.str({"metadata", "name"}));
    TRY(ensure_namespace(call.norman.parts().registry, stored));
    if (call.shown_once.empty()) return Unit{};
    auto kept = parts_.keep_kubeconfig(id, call.shown_once);
    if (kept) return Unit{};
    // A cluster whose way in was refused would wait for ever: it goes again, and the caller learns
    // why.
    KindPtr kind = holder(*call.norman.parts().registry.kinds().snapshot(), call.schema);
    auto removed = call.norman.parts().registry.remove(*kind, "", id, {.user = server_user()});
    if (!removed) object.set("transitioningMessage", removed.error().message());
    return kept.error();
  }

  bool is_shown_as_stored(std::string_view) const override { return true; }
  // The way to it: what state() and refresh() say is the same as long as this is.
  uint64_t shown_with(std::string_view name) const override {
    return parts_.sessions ? way_number(parts_.sessions->link(name), parts_.env.wall()) : 0;
  }

  void refresh(const Call&, Json& stored) const override {
    if (parts_.sessions)
      show_connection(stored, parts_.sessions->link(stored.str({"metadata", "name"})),
                      parts_.env.wall());
  }

  State state(const Call&, const Json& stored) const override {
    if (!parts_.sessions) return state_of(stored);
    auto now = cluster_state(stored, parts_.sessions->link(stored.str({"metadata", "name"})),
                             parts_.env.wall());
    return {now.state, now.transitioning, now.message};
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    std::string_view name = stored.str({"metadata", "name"});
    KindPtr kind = call.norman.holder(call.schema);
    if (kind && call.norman.may(call.user(), "get", *kind, "", name))
      look.actions.push_back("generateKubeconfig");
    if (kind && call.norman.parts().import_yaml &&
        call.norman.may(call.user(), "get", *kind, "", name))
      look.actions.push_back("importYaml");
    if (kind && call.norman.may(call.user(), "update", *kind, "", name))
      look.actions.push_back("exportYaml");
    if (name == "local") look.remove = false;
  }

  Result<Unit> before_remove(const Call&, const Json& stored) const override {
    if (stored.str({"metadata", "name"}) == "local")
      return Status::other(422, "InvalidAction",
                           "the local cluster is this server's own and can't be removed");
    return Unit{};
  }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json& input) const override {
    if (action == "exportYaml") return export_yaml(call, stored);
    if (const auto& import = call.norman.parts().import_yaml; import && action == "importYaml")
      return import(call, std::string(stored.str({"metadata", "name"})), input);
    if (action != "generateKubeconfig") return not_available(call, action, stored);
    auto made = kubeconfig(call, stored);
    if (!made) return norman_error(made.error());
    Json out = Json::object({{"type", "generateKubeConfigOutput"},
                             {"baseType", "generateKubeConfigOutput"},
                             {"config", *made}});
    return norman_response(200, out, call.base);
  }

 private:
  static bool may_update(const Call& call, const Json& stored) {
    KindPtr kind = call.norman.holder(call.schema);
    return kind &&
           call.norman.may(call.user(), "update", *kind, "", stored.str({"metadata", "name"}));
  }

  // What the schema names and this server cannot do with such a cluster is said, not done halfway.
  static std::optional<Answer> not_available(const Call& call, std::string_view action,
                                             const Json& stored) {
    if (!may_update(call, stored)) return std::nullopt;
    std::string why = "this server does not do it";
    if (action == "rotateCertificates" || action == "rotateEncryptionKey" ||
        action == "backupEtcd" || action == "restoreFromEtcdBackup" || action == "saveAsTemplate")
      why = "this server did not make the cluster and does not run its control plane";
    if (action.ends_with("Monitoring")) why = "this server deploys no monitoring";
    return norman_error(Status::other(404, "ActionNotAvailable",
                                      std::string(action) + " is not available for cluster " +
                                          std::string(stored.str({"metadata", "name"})) + ": " +
                                          why));
  }

  // The cluster as it was asked for, without what is secret or seen.
  static std::optional<Answer> export_yaml(const Call& call, const Json& stored) {
    if (!may_update(call, stored)) return std::nullopt;
    Json shown = Json::object({{"apiVersion", stored.str("apiVersion")},
                               {"kind", stored.str("kind")},
                               {"metadata", Json::object()}});
    for (std::string_view name : {"name", "labels"})
      if (const Json* value = stored.at({"metadata", name})) shown["metadata"].set(name, *value);
    Json spec = stored.find("spec") ? *stored.find("spec") : Json::object();
    for (std::string_view secret : {"importedConfig", "clusterSecrets"}) spec.erase(secret);
    shown.set("spec", std::move(spec));
    Json out = Json::object(
        {{"type", "exportOutput"}, {"baseType", "exportOutput"}, {"yamlOutput", to_yaml(shown)}});
    return norman_response(200, out, call.base);
  }

  static Result<Unit> ensure_namespace(Registry& registry, const Json& cluster) {
    auto kinds = registry.kinds().snapshot();
    std::string id(cluster.str({"metadata", "name"}));
    Json ns = Json::object(
        {{"apiVersion", "v1"},
         {"kind", "Namespace"},
         {"metadata",
          Json::object({{"name", id},
                        {"annotations",
                         Json::object({{"management.cattle.io/system-namespace", "true"}})}})}});
    auto made = registry.create(*kinds->stored("", "namespaces"), "", std::move(ns),
                                {.user = server_user(), .field_manager = "paddock"});
    if (!made && !made.error().is("AlreadyExists")) return made.error();
    return Unit{};
  }

  Result<Unit> refuse_second_name(const Call& call, std::string_view name) const {
    KindPtr kind = call.norman.holder(call.schema);
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto all = TRY(parts_.dispatcher.list(*kind, "", nullptr, "", 0));
    const std::string mark = "\"displayName\":" + dump(Json(name));
    for (const auto& cached : all.objects) {
      if (cached->bytes->find(mark) == std::string::npos) continue;
      Json other = TRY(parse_json(*cached->bytes));
      if (other.str({"spec", "displayName"}) == name)
        return Status::field_error(409, "Conflict", "name",
                                   "a cluster named " + std::string(name) + " is there already");
    }
    return Unit{};
  }

  Result<std::string> kubeconfig(const Call& call, const Json& stored) const {
    std::string id(stored.str({"metadata", "name"})), name(stored.str({"spec", "displayName"}, id));
    std::string server =
        call.norman.parts().server_url ? call.norman.parts().server_url() : std::string();
    if (server.empty()) server = call.base;
    Json cluster = Json::object({{"server", server + "/k8s/clusters/" + id}});
    std::string ca = parts_.ca_certificates ? parts_.ca_certificates() : std::string();
    if (!ca.empty()) cluster.set("certificate-authority-data", base64_encode(ca));
    auto named = [&](std::string_view key, Json value) {
      return Json::array({Json::object({{"name", name}, {key, std::move(value)}})});
    };
    Json config = Json::object(
        {{"apiVersion", "v1"},
         {"kind", "Config"},
         {"clusters", named("cluster", std::move(cluster))},
         {"users", named("user", TRY(kubeconfig_user(call, server, id)))},
         {"contexts", named("context", Json::object({{"user", name}, {"cluster", name}}))},
         {"current-context", name}});
    return to_yaml(config);
  }

  // A token that is in the file, or, where the settings want none in files, our own program, which
  // logs its owner in when there is need.
  Result<Json> kubeconfig_user(const Call& call, const std::string& server,
                               const std::string& cluster) const {
    if (parts_.tokens.settings().truth("kubeconfig-generate-token", true)) {
      NewToken token =
          TRY(parts_.tokens.create({.user = call.user().name,
                                    .description = "Kubeconfig token",
                                    .ttl_ms = parts_.tokens.ttl_ms(Tokens::Life::api, 0),
                                    .kind = "kubeconfig"}));
      return Json::object({{"token", token.credential()}});
    }
    Json args = Json::array(
        {"token", "--server=" + server, "--user=" + call.user().name, "--cluster=" + cluster});
    return Json::object(
        {{"exec", Json::object({{"apiVersion", "client.authentication.k8s.io/v1"},
                                {"command", "paddock"},
                                {"args", std::move(args)},
                                {"interactiveMode", "IfAvailable"},
                                {"provideClusterInfo", true},
                                {"installHint",
                                 "kubectl needs the program paddock on the path: one file, "
                                 "the same that the server is"}})}});
  }

  TypeParts parts_;
};

}  // namespace

void register_cluster(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 cluster", std::make_unique<ClusterType>(parts));
}

}  // namespace engine
