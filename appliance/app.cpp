#include "appliance/app.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "appliance/assets/build_info.h"
#include "appliance/assets/dashboard.h"
#include "appliance/audit/audit_export.h"
#include "appliance/audit/audit_log.h"
#include "appliance/base/data_dir.h"
#include "appliance/base/host_names.h"
#include "appliance/base/secret_file.h"
#include "appliance/edge/certificates.h"
#include "appliance/edge/stream_hub.h"
#include "appliance/first_password.h"
#include "appliance/net/clusters.h"
#include "appliance/routes/audit.h"
#include "appliance/routes/connect.h"
#include "appliance/routes/import.h"
#include "appliance/routes/k8s.h"
#include "appliance/routes/own_api.h"
#include "appliance/routes/proxy.h"
#include "appliance/routes/proxy_audit.h"
#include "appliance/routes/routes.h"
#include "appliance/server_objects.h"
#include "engine/access/admission/grants.h"
#include "engine/access/admission/lifecycle.h"
#include "engine/access/admission/limit_ranger.h"
#include "engine/access/admission/lockout.h"
#include "engine/access/admission/projects.h"
#include "engine/access/admission/resource_quota.h"
#include "engine/access/admission/settings.h"
#include "engine/access/audit_limits.h"
#include "engine/access/escalation.h"
#include "engine/access/live_streams.h"
#include "engine/access/principals.h"
#include "engine/access/service_account.h"
#include "engine/access/settings.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/cluster/namespace_watch.h"
#include "engine/controllers/cluster/node_wishes.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/core/custom_resource_definitions.h"
#include "engine/controllers/management/authorization.h"
#include "engine/controllers/management/first_start.h"
#include "engine/kinds/strategies.h"
#include "engine/norman/access_questions.h"
#include "engine/norman/remote.h"
#include "engine/norman/subscribe.h"
#include "engine/norman/types/types.h"
#include "storage/all.h"
#include "storage/base/log.h"
#include "storage/kv/compactor.h"
#include "storage/kv/limits.h"
#include "storage/kv/stall_watch.h"

namespace appliance {

using engine::Result;
using engine::Status;
using engine::Unit;

// In the order of making; C++ takes them apart in reverse.
struct App::Parts {
  storage::Env& env;
  AppOptions options;
  std::atomic<bool> failed = false;
  std::function<void()> wake;

  std::unique_ptr<storage::Store> store;
  std::unique_ptr<Certificates> certificates;
  std::unique_ptr<engine::Sealer> sealer;
  std::unique_ptr<engine::TokenIssuer> issuer;
  std::unique_ptr<storage::Compactor> compactor;
  std::unique_ptr<storage::StallWatch> stall_watch;

  std::unique_ptr<engine::KindSet> kinds;
  engine::StrategySet strategies;
  std::unique_ptr<engine::Dispatcher> dispatcher;
  std::unique_ptr<engine::Authorizer> authorizer;
  std::unique_ptr<engine::Grants> grants;
  std::unique_ptr<engine::Groups> groups;
  std::unique_ptr<engine::Registry> registry;
  std::unique_ptr<engine::Client> client, unrecorded;

  std::unique_ptr<StreamHub> hub;
  std::unique_ptr<TcpDialer> tcp;
  std::unique_ptr<Clusters> clusters;

  std::unique_ptr<engine::Passwords> passwords;
  std::unique_ptr<engine::LoginThrottle> throttle;
  std::unique_ptr<engine::Users> users;
  std::unique_ptr<engine::Tokens> tokens;
  engine::AuthenticatorChain authenticators;
  engine::Principals principals;
  std::unique_ptr<engine::LiveStreams> streams;
  std::unique_ptr<engine::Settings> settings;
  std::unique_ptr<AuditExport> audit_export;
  std::unique_ptr<AuditLog> audit;

  engine::ServerFacts facts;
  std::unique_ptr<engine::ClusterImport> import;
  std::unique_ptr<engine::RegistrationTokens> registrations;
  std::unique_ptr<engine::ControllerSet> controllers;
  engine::ClusterHealth* cluster_health = nullptr;
  engine::ClusterNodes* cluster_nodes = nullptr;
  engine::NamespaceWatch* namespaces_watched = nullptr;
  engine::WayFollower* first_projects = nullptr;
  engine::Authorization* authorization = nullptr;

  engine::TypeSet types;
  std::unique_ptr<engine::Norman> norman;
  std::unique_ptr<engine::Remote> remote;
  std::unique_ptr<engine::Subscribe> subscribe;
  std::unique_ptr<engine::Api> api;

  Health health;
  Metrics metrics;
  Dashboard dashboard;
  std::unique_ptr<K8sRoute> kubernetes;
  std::unique_ptr<ConnectRoute> connect;
  std::unique_ptr<ImportRoute> import_route;
  std::unique_ptr<ProxyRoute> proxy;
  std::unique_ptr<AuditRoute> audit_route;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<EdgeServer> edge;

  std::unique_ptr<engine::FirstStart> first_start;
  std::unique_ptr<FirstPassword> first_password;
  std::atomic<bool> objects_ready = false, administrator_ready = false;
  std::unique_ptr<storage::Gate> administrator_gate;
  Result<bool> administrator_made = false;  // written before the gate opens, read after
  std::atomic<bool> administrator_tried = false;

  explicit Parts(storage::Env& e, AppOptions o) : env(e), options(std::move(o)) {}

  Result<Unit> open_store();
  Result<Unit> open_keys();
  Result<Unit> make_engine();
  void make_access();
  Result<Unit> make_audit();
  Result<Unit> make_clusters();
  void add_cluster_controllers(const engine::ClusterParts& parts);
  void make_remote();
  void make_norman();
  void make_surfaces();
  void follow_ways();
  void make_health();
  Result<Unit> make_edge();
  void begin_first_start();
  std::string path(std::string_view name) const {
    return options.data_dir + "/" + std::string(name);
  }
  std::string server_url() const;
};

Result<Unit> App::Parts::open_store() {
  TRY(prepare_data_dir(options.data_dir));
  storage::StoreSet stores;
  storage::register_all(stores);
  const storage::StoreEntry* entry = stores.find(options.store);
  if (!entry) return Status::bad_request("there is no store named " + options.store);
  auto opened = entry->open(
      env, {.data_dir = options.data_dir, .on_fatal = [this](const storage::Error& error) {
              storage::log::error("the store has failed; this process ends",
                                  {{"reason", error.message}});
              failed = true;
              if (wake) wake();
            }});
  if (!opened) return Status::other(1, "Store", opened.error().message);
  store = std::move(*opened);
  compactor = std::make_unique<storage::Compactor>(env, *store, storage::CompactorOptions{});
  stall_watch = std::make_unique<storage::StallWatch>(env, *store);
  first_password = std::make_unique<FirstPassword>(env, options.bootstrap_password);
  // Hashing takes longer than making everything else of an empty store: it begins at once.
  auto current = store->current();
  if (current && *current == storage::kFirstRevision) first_password->begin();
  return Unit{};
}

Result<Unit> App::Parts::open_keys() {
  certificates = TRY(Certificates::open({.dir = path("tls"),
                                         .names = host_names(options.server_url),
                                         .cert_file = options.tls_cert,
                                         .key_file = options.tls_key},
                                        env));
  std::string seal_key = TRY(secret_file(
      path("seal.key"), [this]() -> Result<std::string> { return engine::Sealer::new_key(env); }));
  sealer = std::make_unique<engine::Sealer>(TRY(engine::Sealer::create(seal_key)));
  std::string account_key = TRY(
      secret_file(path("service-accounts.key"), [] { return engine::TokenIssuer::new_key_pem(); }));
  issuer = TRY(engine::TokenIssuer::open(env, account_key, "https://kubernetes.default.svc"));
  return Unit{};
}

Result<Unit> App::Parts::make_engine() {
  kinds = engine::KindSet::builtin();
  engine::register_builtin_strategies(strategies);
  dispatcher = std::make_unique<engine::Dispatcher>(env, *store, *kinds);
  TRY(dispatcher->start());
  authorizer = engine::make_rbac(env, *dispatcher, *kinds);
  grants = std::make_unique<engine::Grants>(env, *dispatcher, *kinds);
  groups = std::make_unique<engine::Groups>(*dispatcher, *kinds);
  std::vector<std::unique_ptr<engine::Admission>> admissions;
  admissions.push_back(engine::make_lifecycle_admission(*store, *dispatcher, *kinds));
  admissions.push_back(engine::make_limit_ranger_admission(*dispatcher, *kinds));
  admissions.push_back(engine::make_projects_admission(*store, *dispatcher, *kinds, *authorizer));
  admissions.push_back(std::make_unique<engine::EscalationCheck>(*authorizer, *dispatcher, *kinds));
  admissions.push_back(engine::make_grant_admission(*authorizer, *grants));
  admissions.push_back(engine::make_resource_quota_admission(*store, *dispatcher, *kinds));
  admissions.push_back(engine::make_lockout_admission(*authorizer, *dispatcher, *kinds));
  admissions.push_back(engine::make_settings_admission(env));
  registry =
      std::make_unique<engine::Registry>(env, *store, *kinds, strategies, std::move(admissions));
  TRY(engine::serve_established_crds(*registry));
  client = engine::make_local_client(*registry, *dispatcher, "paddock");
  unrecorded = engine::make_local_client(*registry, *dispatcher, "");
  return Unit{};
}

void App::Parts::make_access() {
  passwords = std::make_unique<engine::Passwords>(env);
  throttle = std::make_unique<engine::LoginThrottle>(env);
  users = std::make_unique<engine::Users>(env, *registry, *dispatcher, *passwords, *throttle);
  tokens = std::make_unique<engine::Tokens>(env, *registry, *dispatcher);
  principals.add(engine::make_local_principals(*dispatcher, *kinds));
  streams = std::make_unique<engine::LiveStreams>(*dispatcher, *kinds);
  authenticators.add(std::make_unique<engine::CertificateAuthenticator>());
  authenticators.add(std::make_unique<engine::TokenAuthenticator>(*tokens));
  authenticators.add(
      std::make_unique<engine::ServiceAccountAuthenticator>(*issuer, *dispatcher, *kinds, env));
}

Result<Unit> App::Parts::make_audit() {
  settings = std::make_unique<engine::Settings>(*dispatcher, *kinds);
  if (!options.audit_export.empty()) audit_export = TRY(AuditExport::open(options.audit_export));
  auto number = [this](std::string_view name, int64_t otherwise) {
    return [this, name, otherwise] { return settings->number(name, otherwise); };
  };
  AuditOptions wanted{.dir = path("audit"),
                      .level =
                          [this] {
                            return static_cast<engine::AuditLevel>(
                                std::min<int64_t>(settings->number("audit-level", 1), 3));
                          },
                      .age_days = number("audit-max-age-days", engine::limits::kAuditAgeDays),
                      .size_mb = number("audit-max-size-mb", engine::limits::kAuditSizeMb),
                      .read = read_kubernetes_body};
  if (audit_export)
    wanted.on_line = [this](std::string_view line, int64_t at_ms) {
      audit_export->line(line, at_ms);
    };
  audit = TRY(AuditLog::open(env, std::move(wanted)));
  auto add = [this](std::string name, std::string help, Metrics::Type type,
                    uint64_t AuditLog::Numbers::*field) {
    metrics.add(std::move(name), std::move(help), type,
                [this, field] { return static_cast<double>(audit->numbers().*field); });
  };
  using Numbers = AuditLog::Numbers;
  using Type = Metrics::Type;
  add("paddock_audit_records_total", "Audit records written.", Type::counter, &Numbers::written);
  add("paddock_audit_lost_total", "What was done and could not be written down in time.",
      Type::counter, &Numbers::lost);
  add("paddock_audit_counted_total", "Refusals that were counted together instead of recorded.",
      Type::counter, &Numbers::counted);
  add("paddock_audit_failures_total", "Writes of the audit log that failed.", Type::counter,
      &Numbers::failed);
  add("paddock_audit_bytes", "Bytes of the audit log on disk.", Type::gauge, &Numbers::bytes);
  return Unit{};
}

std::string App::Parts::server_url() const {
  std::string configured = setting_value(*dispatcher, *kinds, "server-url");
  return configured.empty() ? options.server_url : configured;
}

// Those that are told when a way to a cluster comes or goes, and who acts on nodes.
void App::Parts::add_cluster_controllers(const engine::ClusterParts& parts) {
  auto cluster_facts = engine::make_cluster_health(parts);
  cluster_health = cluster_facts.get();
  controllers->add(std::move(cluster_facts));
  auto nodes_watched = engine::make_cluster_nodes(parts, *unrecorded);
  cluster_nodes = nodes_watched.get();
  controllers->add(std::move(nodes_watched));
  controllers->add(engine::make_node_wishes(parts));
  auto quotas_kept = engine::make_cluster_namespaces(parts);
  namespaces_watched->follow(quotas_kept.follower);
  controllers->add(std::move(quotas_kept.module));
  auto projects_made = engine::make_first_projects(parts);
  first_projects = projects_made.get();
  controllers->add(std::move(projects_made));
}

Result<Unit> App::Parts::make_clusters() {
  hub = std::make_unique<StreamHub>(env, HubOptions{});
  tcp = std::make_unique<TcpDialer>(env, *hub, ProxySettings::from_environment());
  clusters = std::make_unique<Clusters>(env, *hub, *tcp);
  facts.url = [this] { return server_url(); };
  facts.ca_checksum = [this] { return certificates->ca_checksum(); };
  facts.agent_image = [this] { return setting_value(*dispatcher, *kinds, "agent-image"); };
  import = std::make_unique<engine::ClusterImport>(env, *client, *sealer, *clusters);
  registrations = std::make_unique<engine::RegistrationTokens>(*dispatcher, *kinds);
  controllers = std::make_unique<engine::ControllerSet>(engine::ControllerContext{
      env, *registry, *dispatcher, [this] { return certificates->ca_pem(); }});
  engine::register_builtin_controllers(*controllers);
  engine::ClusterParts parts{env, *client, *clusters, *import, facts};
  parts.leave = [this](const std::string& id) { authorization->leave(id); };
  auto watched = std::make_unique<engine::NamespaceWatch>(env, *client, *clusters);
  namespaces_watched = watched.get();
  controllers->add(engine::make_cluster_lifecycle(parts));
  controllers->add(engine::make_registration_tokens(parts));
  add_cluster_controllers(parts);
  auto authorization_made =
      engine::make_authorization({env, *registry, *dispatcher, clusters.get()});
  authorization = authorization_made.get();
  watched->follow(*authorization->follower());
  controllers->add(std::move(authorization_made));
  controllers->add(std::move(watched));  // begins last, ends first
  return Unit{};
}

void App::Parts::follow_ways() {
  clusters->on_change([this](const std::string& id) {
    cluster_health->way_changed(id);
    cluster_nodes->way_changed(id);
    namespaces_watched->way_changed(id);
    first_projects->way_changed(id);
    authorization->way_changed(id);
    subscribe->touch("cluster", id);
  });
}

void App::Parts::make_remote() {
  remote = std::make_unique<engine::Remote>(*norman, *clusters, [this](const engine::User& user) {
    return own_api({env, *api, *authorizer, *kinds}, user);
  });
}

void App::Parts::make_norman() {
  engine::TypeParts type_parts{env,     *registry, *dispatcher,
                               *tokens, *users,    [this] { return certificates->ca_pem(); },
                               {},      {}};
  type_parts.sessions = clusters.get();
  type_parts.keep_kubeconfig = [this](const std::string& id, const std::string& text) {
    return import->keep(id, text);
  };
  type_parts.principals = &principals;
  engine::register_types(types, type_parts);
  norman = std::make_unique<engine::Norman>(engine::Norman::Parts{
      env, *registry, *dispatcher, *authorizer, types, [this] { return server_url(); },
      [this](const engine::Call& call, std::string_view id) { return remote->handle(call, id); },
      [this](const engine::User& asker, const engine::Json& question) {
        return engine::AccessQuestions({*grants, *authorizer, *dispatcher, *kinds, *groups})
            .answer(asker, question);
      },
      [this](const engine::Call& call, const std::string& cluster, const engine::Json& input) {
        return remote->import(call, cluster, input);
      }});
}

void App::Parts::make_surfaces() {
  make_norman();
  make_remote();
  subscribe = std::make_unique<engine::Subscribe>(*norman, authenticators, *remote);
  follow_ways();
  api = std::make_unique<engine::Api>(engine::Api::Needs{
      env, *registry, *dispatcher, *kinds, *authorizer, authenticators, issuer.get()});
  kubernetes = std::make_unique<K8sRoute>(K8sRoute::Parts{env,
                                                          *api,
                                                          *kinds,
                                                          authenticators,
                                                          *authorizer,
                                                          issuer.get(),
                                                          health,
                                                          metrics,
                                                          log_audit,
                                                          {},
                                                          streams.get(),
                                                          audit.get()});
  connect = std::make_unique<ConnectRoute>(env, *hub, *clusters, *registrations);
  import_route = std::make_unique<ImportRoute>(*registrations, facts);
  proxy = std::make_unique<ProxyRoute>(
      *hub, *clusters, *authorizer, *dispatcher, *kinds,
      [this](engine::Request& request) { return kubernetes->handle(request); });
  audit_route = std::make_unique<AuditRoute>(env, *audit, *authorizer);
  routes = std::make_unique<Routes>(Surfaces{
      .kubernetes = [this](engine::Request& r) { return kubernetes->handle(r); },
      .connect = [this](engine::Request& r) { return connect->handle(r); },
      .import_manifest = [this](engine::Request& r) -> engine::Answer {
        return import_route->handle(r);
      },
      .proxy =
          [this](engine::Request& r, std::shared_ptr<Onlooker> onlooker) {
            return proxy->handle(r, std::move(onlooker));
          },
      .subscribe = [this](engine::Request& r) { return subscribe->handle(r); },
      .audit = [this](engine::Request& r) { return audit_route->handle(r); },
      .env = env,
      .audit_log = audit.get(),
      .norman = *norman,
      .authenticators = authenticators,
      .streams = *streams,
      .dashboard = dashboard,
      .ca_pem = [this] { return certificates->ca_pem(); },
  });
}

void App::Parts::make_health() {
  health.add("ping", Health::Kind::live, [] { return std::nullopt; });
  health.add("store", Health::Kind::live, [this]() -> std::optional<std::string> {
    auto current = store->current();
    return current ? std::nullopt : std::optional(current.error().message);
  });
  health.add("disk", Health::Kind::ready, [this]() -> std::optional<std::string> {
    auto waited = store->writing_for();
    if (waited <= storage::kWriteStallMax) return std::nullopt;
    return "the disk has not answered a write for " + std::to_string(waited.count() / 1000) + " s";
  });
  health.add("first-start", Health::Kind::ready, [this]() -> std::optional<std::string> {
    return objects_ready ? std::nullopt
                         : std::optional<std::string>("the server's first objects are being made");
  });
  health.add("administrator", Health::Kind::ready, [this]() -> std::optional<std::string> {
    return administrator_ready ? std::nullopt
                               : std::optional<std::string>("the administrator cannot log in yet");
  });
  add_process_metrics(metrics);
  add_server_metrics(metrics,
                     {*store, *dispatcher, *hub, *clusters, *subscribe,
                      [this] { return edge ? edge->counters() : EdgeCounters{}; }, *controllers});
}

Result<Unit> App::Parts::make_edge() {
  Listen listen = TRY(parse_listen(options.listen));
  listen.tls = certificates.get();
  EdgeOptions edge_options{.listen = {listen}};
  edge_options.server_url = options.server_url;
  edge_options.body_bytes_max = body_bytes_max;
  edge_options.streams_body = streams_body;
  edge = std::make_unique<EdgeServer>(edge_options, env, *hub, [this](engine::Request& request) {
    return routes->handle(request);
  });
  return Unit{};
}

void App::Parts::begin_first_start() {
  first_start = std::make_unique<engine::FirstStart>(
      *registry, *dispatcher, *users,
      engine::FirstStartOptions{.version = kBuildVersion,
                                .agent_image = std::string("paddock/paddock:") + kBuildVersion,
                                .password_hash = [this] { return first_password->hash(); },
                                .environment =
                                    [](const std::string& name) {
                                      const char* value = std::getenv(name.c_str());
                                      return std::string(value ? value : "");
                                    }});
  administrator_gate = env.make_gate();
  env.post_slow([this] {
    auto made = first_start->objects();
    if (!made)
      storage::log::error("the server's first objects could not be made",
                          {{"reason", made.error().message()}});
    objects_ready = made.ok();
  });
  env.post_slow([this] {
    administrator_made = first_start->administrator();
    if (!administrator_made)
      storage::log::error("the administrator could not be made",
                          {{"reason", administrator_made.error().message()}});
    administrator_ready = administrator_made.ok();
    administrator_tried = true;
    administrator_gate->open();
  });
}

Result<std::unique_ptr<App>> App::open(AppOptions options, storage::Env& env) {
  auto parts = std::make_unique<Parts>(env, std::move(options));
  TRY(parts->open_store());
  TRY(parts->open_keys());
  TRY(parts->make_engine());
  parts->make_access();
  TRY(parts->make_audit());
  TRY(parts->make_clusters());
  parts->make_surfaces();
  parts->make_health();
  TRY(parts->make_edge());
  return std::unique_ptr<App>(new App(std::move(parts)));
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() {
  if (parts_) stop(parts_->env.now());
}

Result<Unit> App::serve() {
  TRY(parts_->edge->start());
  TRY(write_admin_kubeconfig(*parts_->certificates, url(), parts_->path("admin.kubeconfig")));
  TRY(parts_->registrations->start([this](const std::string& cluster, const std::string& token) {
    parts_->clusters->withdraw(cluster, token);
  }));
  TRY(parts_->streams->start());
  TRY(parts_->controllers->start());
  parts_->begin_first_start();
  return Unit{};
}

std::string App::url() const {
  return "https://localhost:" + std::to_string(parts_->edge->ports().front());
}

Result<std::string> App::first_password() {
  while (!parts_->administrator_tried) {
    uint64_t seen = parts_->administrator_gate->seen();
    if (!parts_->administrator_tried)
      parts_->administrator_gate->wait(seen, parts_->env.now() + std::chrono::seconds(30));
  }
  const bool tell = TRY(parts_->administrator_made) && parts_->options.bootstrap_password.empty();
  return tell ? parts_->first_password->text() : std::string();
}

bool App::failed() const {
  return parts_->failed;
}
void App::on_failure(std::function<void()> wake) {
  parts_->wake = std::move(wake);
}

void App::stop(storage::Instant deadline) {
  if (!parts_->edge) return;
  parts_->edge->stop(deadline);
  parts_->hub->stop(deadline);
  parts_->controllers->stop();
  parts_->audit->stop();
  parts_->edge.reset();
  parts_->compactor.reset();
  parts_->stall_watch.reset();
  parts_->dispatcher->stop();
}

}  // namespace appliance
