// A cluster's life on the real registry, with ways that the test plays: pending, waiting, active,
// unavailable, removed, reachable or not; and no writes while nothing changes.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "engine/access/admission/lifecycle.h"
#include "engine/cluster/registration_tokens.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/core/bootstrap.h"
#include "tests/support/api.h"

using namespace engine;
using tests::json;

namespace {

// A cluster's API as far as we ask it.
class FakeApi final : public Transport {
 public:
  void call(ClusterCall call, Done done) override {
    const std::string path = call.target.substr(0, call.target.find('?'));
    // Each watch is told soon that it began too long ago: what is there is listed again.
    if (call.target.find("watch=1") != std::string::npos) {
      std::thread([done = std::move(done)] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        Response gone;
        gone.status = 410;
        done(gone);
      }).detach();
      return;
    }
    Result<Response> answer = reply(call.method, path);
    // Not before call() returns.
    std::thread([done = std::move(done), answer = std::move(answer)] { done(answer); }).detach();
  }
  std::atomic<bool> answers{true}, hangs{false};
  std::atomic<int> nodes{1};
  std::mutex mutex;
  std::vector<std::string> asked;

 private:
  Result<Response> reply(const std::string& method, const std::string& path) {
    {
      std::lock_guard lock(mutex);
      asked.push_back(method + " " + path);
    }
    if (!answers) return Status::service_unavailable("connection refused");
    Response response;
    if (path == "/version") response.body = R"({"gitVersion":"v1.36.3"})";
    if (path == "/api/v1/componentstatuses" || path == "/api/v1/pods")
      response.body = R"({"items":[]})";
    if (path == "/api/v1/nodes") {
      Json items = Json::array();
      for (int i = 0; i < nodes; ++i)
        items.push_back(json(R"({"metadata":{"name":"n)" + std::to_string(i) +
                             R"("},"spec":{},"status":{"capacity":{"cpu":"2"},"conditions":[
          {"type":"Ready","status":"True","lastHeartbeatTime":")" +
                             std::to_string(beat_++) + "\"}]}}"));
      response.body = dump(Json::object({{"items", items}}));
    }
    if (method == "GET" && path.find("cluster") != std::string::npos) response.status = 404;
    if (method == "GET" && path.find("cattle-system") != std::string::npos) response.status = 404;
    return response;
  }
  std::atomic<int> beat_{0};
};

class FakeWays final : public ClusterWays {
 public:
  explicit FakeWays(storage::Env& env) : env_(env) {}
  ClusterLink link(std::string_view id) const override {
    std::lock_guard lock(mutex);
    if (id == "local") return {.way = ClusterLink::Way::local, .open = true};
    auto found = links.find(id);
    if (found == links.end()) return {};
    ClusterLink link = found->second;
    if (link.open && api->answers) link.heartbeat = env_.wall();
    return link;
  }
  std::shared_ptr<Transport> transport(std::string_view id) override {
    return link(id).open ? api : nullptr;
  }
  void use(std::string_view id, const ClusterAccess&) override {
    open(std::string(id), ClusterLink::Way::direct);
  }
  void answered(std::string_view, const std::string&) override {}
  void forget(std::string_view id, const std::string&) override {
    std::lock_guard lock(mutex);
    forgotten.push_back(std::string(id));
    links.erase(std::string(id));
  }
  void withdraw(std::string_view, std::string_view) override {}
  Address address(std::string_view) const override { return {"https://10.0.0.1:443", "PEM"}; }
  void on_change(std::function<void(const std::string&)> listener) override {
    changed = std::move(listener);
  }
  void open(const std::string& id, ClusterLink::Way way) {
    {
      std::lock_guard lock(mutex);
      links[id] = {.way = way, .open = true, .since = env_.wall()};
    }
    changed(id);
  }
  void close(const std::string& id) {
    {
      std::lock_guard lock(mutex);
      links[id].open = false;
      links[id].problem = "the agent went";
    }
    changed(id);
  }

  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  mutable std::mutex mutex;
  std::map<std::string, ClusterLink, std::less<>> links;
  std::vector<std::string> forgotten;
  std::function<void(const std::string&)> changed = [](const std::string&) {};

 private:
  storage::Env& env_;
};

Sealer make_sealer() {
  return MUST(Sealer::create(std::string(32, 'k')));
}

struct World {
  World() {
    register_builtin_strategies(strategies);
    std::vector<std::unique_ptr<Admission>> admission;
    admission.push_back(make_lifecycle_admission(store, dispatcher, *kinds));
    registry = std::make_unique<Registry>(env, store, *kinds, strategies, std::move(admission));
    MUST(dispatcher.start());
    client = make_local_client(*registry, dispatcher, "test");
    unrecorded = make_local_client(*registry, dispatcher, "");
    facts.url = [] { return std::string("https://p.example"); };
    facts.ca_checksum = [] { return std::string("abc"); };
    facts.agent_image = [] { return std::string("image"); };
    import = std::make_unique<ClusterImport>(env, *client, sealer, ways);
    tokens = std::make_unique<RegistrationTokens>(dispatcher, *kinds);
    set = std::make_unique<ControllerSet>(
        ControllerContext{env, *registry, dispatcher, [] { return std::string("PEM"); }});
    register_builtin_controllers(*set);
    MUST(ensure_bootstrap_objects(env, *client));
    ClusterParts parts{env, *client, ways, *import, facts, storage::Millis{0}};
    set->add(make_cluster_lifecycle(parts));
    set->add(make_registration_tokens(parts));
    auto health = make_cluster_health(parts);
    auto watched = make_cluster_nodes(parts, *unrecorded);
    ways.on_change([h = health.get(), n = watched.get()](const std::string& id) {
      h->way_changed(id);
      n->way_changed(id);
    });
    set->add(std::move(health));
    set->add(std::move(watched));
    MUST(tokens->start([](const std::string&, const std::string&) {}));
    MUST(set->start());
    clusters = kinds->snapshot()->stored("management.cattle.io", "clusters");
    nodes = kinds->snapshot()->stored("management.cattle.io", "nodes");
    registrations = kinds->snapshot()->stored("management.cattle.io", "clusterregistrationtokens");
  }
  ~World() {
    set.reset();
    tokens.reset();
    dispatcher.stop();
  }

  void create(const std::string& id) {
    MUST(client->create(*clusters, "", json(R"({"metadata":{"name":")" + id + R"("},
      "spec":{"displayName":"prod"}})")));
  }
  ClusterState state(const std::string& id) {
    auto found = client->get(*clusters, "", id);
    if (!found) return {"gone", "", ""};
    return cluster_state(found->json(), ways.link(id), env.wall());
  }
  template <class Test>
  bool soon(Test test, int seconds = 5) {
    for (int i = 0; i < seconds * 200; i++) {
      if (test()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool becomes(const std::string& id, std::string_view wanted) {
    return soon([&] { return state(id).state == wanted; });
  }
  size_t count(const Kind& kind, std::string_view ns) {
    return MUST(client->list(kind, ns, storage::kLatest, "", 100)).objects.size();
  }

  tests::ThreadEnv env{1, 4};
  storage::MemoryStore store{env};
  std::unique_ptr<KindSet> kinds = KindSet::builtin();
  StrategySet strategies;
  Dispatcher dispatcher{env, store, *kinds};
  Sealer sealer = make_sealer();
  FakeWays ways{env};
  ServerFacts facts;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Client> client, unrecorded;
  std::unique_ptr<ClusterImport> import;
  std::unique_ptr<RegistrationTokens> tokens;
  std::unique_ptr<ControllerSet> set;
  KindPtr clusters, nodes, registrations;
};

constexpr const char* kKubeconfig =
    "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: "
    "c, cluster: {server: 'https://10.0.0.1'}}]\nusers: [{name: u, user: {token: very-secret}}]\n";

}  // namespace

TEST_CASE("a cluster waits for an agent, is mirrored, is lost and comes back", "[cluster]") {
  World w;
  w.create("c-1");
  REQUIRE(w.becomes("c-1", "pending"));
  CHECK(w.state("c-1").message.find("since 2") != std::string::npos);
  std::string token;
  REQUIRE(w.soon([&] {
    auto found = w.client->get(*w.registrations, "c-1", "default-token");
    token = found ? found->json().str({"status", "token"}) : "";
    return token.size() == 54 && w.tokens->find(token);
  }));
  CHECK(w.tokens->find(token)->cluster_id == "c-1");
  CHECK(w.tokens->find("wrong").error().code() == 401);

  w.ways.api->answers = false;
  w.ways.open("c-1", ClusterLink::Way::tunnel);
  REQUIRE(w.becomes("c-1", "waiting"));
  REQUIRE(w.soon([&] { return w.state("c-1").message.find("refused") != std::string::npos; }));
  w.ways.api->answers = true;
  w.ways.changed("c-1");
  REQUIRE(w.becomes("c-1", "active"));
  REQUIRE(w.soon([&] { return w.count(*w.nodes, "c-1") == 1; }));
  const Json cluster = MUST(w.client->get(*w.clusters, "", "c-1")).json();
  CHECK(cluster.str({"status", "version", "gitVersion"}) == "v1.36.3");
  CHECK(cluster.str({"status", "apiEndpoint"}) == "https://10.0.0.1:443");

  // Asked again, nodes beat, nothing is written.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto before = MUST(w.store.current());
  for (int i = 0; i < 3; ++i) {
    w.ways.changed("c-1");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(MUST(w.store.current()) == before);
  w.ways.api->nodes = 2;
  w.ways.changed("c-1");
  CHECK(w.soon([&] { return w.count(*w.nodes, "c-1") == 2; }));
  w.ways.api->nodes = 0;
  w.ways.changed("c-1");
  CHECK(w.soon([&] { return w.count(*w.nodes, "c-1") == 0; }));

  w.ways.close("c-1");
  REQUIRE(w.becomes("c-1", "unavailable"));
  CHECK(w.state("c-1").message.find("the agent went") != std::string::npos);
  REQUIRE(w.soon([&] {
    const Json stored = MUST(w.client->get(*w.clusters, "", "c-1")).json();
    const Json* connected = find_condition(stored, "Connected");
    return connected && connected->str("status") == "False";
  }));
  w.ways.open("c-1", ClusterLink::Way::tunnel);
  CHECK(w.becomes("c-1", "active"));
}

TEST_CASE("a handed-over kubeconfig is used, sealed in the store, and used after a restart") {
  World w;
  w.create("c-1");
  CHECK_FALSE(w.import->keep("c-1", "not a kubeconfig"));
  REQUIRE(w.import->keep("c-1", kKubeconfig));
  CHECK(w.becomes("c-1", "active"));
  for (const auto& record : MUST(w.store.list({.prefix = "", .limit_max = 0})).records)
    CHECK(record.value.find("very-secret") == std::string::npos);
  const auto loaded = MUST(w.import->load("c-1"));
  REQUIRE(loaded);
  CHECK(loaded->token == "very-secret");
}

TEST_CASE("removing a cluster leaves nothing here and tells what stays there", "[cluster]") {
  World w;
  w.create("c-1");
  const bool reachable = GENERATE(true, false);
  REQUIRE(w.soon([&] { return w.count(*w.registrations, "c-1") == 1; }));
  REQUIRE(w.import->keep("c-1", kKubeconfig));
  REQUIRE(w.becomes("c-1", "active"));
  REQUIRE(w.soon([&] { return w.count(*w.nodes, "c-1") == 1; }));
  if (!reachable) {
    w.ways.api->answers = false;
    w.ways.close("c-1");
  }
  MUST(w.client->remove(*w.clusters, "", "c-1", {}));
  CHECK(w.soon([&] { return w.state("c-1").state == "gone"; }, 10));
  CHECK(w.soon([&] { return w.count(*w.registrations, "c-1") == 0; }));
  CHECK(w.soon([&] { return w.count(*w.nodes, "c-1") == 0; }));
  CHECK_FALSE(MUST(w.import->load("c-1")));
  const auto namespaces = w.kinds->snapshot()->stored("", "namespaces");
  CHECK(w.soon([&] { return !w.client->get(*namespaces, "", "c-1").ok(); }));
  const auto events = w.kinds->snapshot()->stored("", "events");
  REQUIRE(w.soon([&] { return w.count(*events, "default") == 1; }));
  const auto event =
      MUST(w.client->list(*events, "default", storage::kLatest, "", 1)).objects[0].json();
  CHECK(event.str("reason") == "ClusterRemoved");
  const bool tells = event.str("message").find("cattle-system") != std::string::npos;
  CHECK(tells == !reachable);
}
