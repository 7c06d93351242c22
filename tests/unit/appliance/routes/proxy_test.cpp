// The cluster proxy over real sockets: a client, our edge with the routes, and a cluster's API that
// the test plays, reached straight or through a tunnel whose agent end runs here too.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>

#include "appliance/net/agent_join.h"
#include "appliance/routes/connect.h"
#include "appliance/routes/proxy.h"
#include "engine/base/websocket.h"
#include "engine/kinds/strategy.h"
#include "storage/memory/memory_store.h"
#include "tests/support/edge_client.h"

using namespace appliance;
using engine::Answer;
using engine::Request;
using engine::Response;

namespace {

class Allow final : public engine::Authorizer {
 public:
  engine::Decision authorize(const engine::User& user, const engine::Attributes& what) override {
    return {user.name == "owner" || (user.name == "member" && what.verb == "get"), ""};
  }
  engine::Json rules_for(const engine::User&, std::string_view) override { return {}; }
  bool covers(const engine::User&, std::string_view, const engine::JsonArray&) override {
    return false;
  }
};

// Sends what it is given back, after the upgrade.
class Echo final : public engine::StreamHandler {
 public:
  void on_open(std::shared_ptr<engine::StreamSink> sink) override { sink_ = std::move(sink); }
  void on_bytes(std::string_view bytes) override {
    sink_->send(std::make_shared<const std::string>(bytes));
  }
  void on_client_end() override { sink_->finish(); }
  void on_closed() override { sink_ = nullptr; }

 private:
  std::shared_ptr<engine::StreamSink> sink_;
};

// A body of many megabytes, made as fast as it is taken.
class Flood final : public engine::StreamHandler {
 public:
  explicit Flood(size_t bytes) : left_(bytes) {}
  void on_open(std::shared_ptr<engine::StreamSink> sink) override {
    sink_ = std::move(sink);
    fill();
  }
  void on_drained() override { fill(); }
  void on_closed() override { sink_ = nullptr; }

 private:
  void fill() {
    static const auto kPiece = std::make_shared<const std::string>(64u << 10, 'f');
    while (left_ > 0 && sink_->queued_bytes() <= (2u << 20)) {
      sink_->send(kPiece);
      left_ -= kPiece->size();
    }
    if (left_ == 0) sink_->finish();
  }
  size_t left_;
  std::shared_ptr<engine::StreamSink> sink_;
};

// The WebSocket below a tunnel without a network: bytes are passed on by the hub.
class Wire final : public engine::StreamSink {
 public:
  Wire(StreamHub& hub, std::weak_ptr<Tunnel> to) : hub_(hub), to_(std::move(to)) {}
  bool send(std::shared_ptr<const std::string> bytes) override {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(bytes));
    if (!std::exchange(running_, true)) {
      hub_.post([self = self_.lock()] { self->run(); });
    }
    queued_ += queue_.back()->size();
    return true;
  }
  size_t queued_bytes() const override { return queued_; }
  void pause_reading() override {}
  void resume_reading() override {}
  void finish() override {}
  void release() override {}
  void abort() override {}
  std::weak_ptr<Wire> self_;
  std::weak_ptr<Tunnel> from_;

 private:
  void run() {
    while (true) {
      std::shared_ptr<const std::string> bytes;
      {
        std::lock_guard lock(mutex_);
        if (queue_.empty()) {
          running_ = false;
          break;
        }
        bytes = queue_.front();
        queue_.erase(queue_.begin());
        queued_ -= bytes->size();
      }
      if (const auto to = to_.lock()) to->received(*bytes);
    }
    if (const auto from = from_.lock()) from->drained();
  }
  StreamHub& hub_;
  std::weak_ptr<Tunnel> to_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const std::string>> queue_;
  std::atomic<size_t> queued_{0};
  bool running_ = false;
};

struct World {
  // Writes down what it sees.
  class Looker final : public Onlooker {
   public:
    Looker(World& world, bool write) : world_(world), write_(write) {}
    void answered(int status, const engine::Headers&) override {
      std::lock_guard lock(world_.told_mutex);
      world_.told.push_back(status);
    }
    bool reads() const override { return write_; }
    bool wants_before() const override { return write_; }
    void sent_part(std::string_view bytes) override { add(sent_, bytes); }
    void answer_part(std::string_view bytes) override { add(answer_, bytes); }
    void before(std::string_view, std::string_view bytes) override { add(before_, bytes); }
    void ended() override {
      std::lock_guard lock(world_.told_mutex);
      if (std::exchange(ended_, true)) return;
      world_.seen.push_back(sent_.substr(0, 40) + "|" + std::to_string(sent_.size()) + "|" +
                            answer_ + "|" + before_);
    }

   private:
    void add(std::string& to, std::string_view bytes) {
      std::lock_guard lock(world_.told_mutex);
      to.append(bytes);
    }
    World& world_;
    const bool write_;
    bool ended_ = false;
    std::string sent_, answer_, before_;
  };

  RealEnv env;
  StreamHub hub{env, {}};
  TcpDialer tcp{env, hub, ProxySettings{}};
  TcpDialer agents_tcp{env, hub, ProxySettings{}, join_options()};
  Clusters clusters{env, hub, tcp};
  storage::MemoryStore store{env};
  std::unique_ptr<engine::KindSet> kinds = engine::KindSet::builtin();
  engine::Dispatcher dispatcher{env, store, *kinds};
  engine::StrategySet strategies;
  engine::Registry registry{env, store, *kinds, strategies, {}};
  Allow authorizer;
  ProxyRoute proxy{hub,        clusters,
                   authorizer, dispatcher,
                   *kinds,     [](Request& request) { return text("local " + request.target); }};
  std::atomic<int> served{0};
  std::atomic<bool> got_kept{false};
  std::mutex told_mutex;
  std::vector<int> told;                // what clusters answered, in order
  std::vector<std::string> seen;        // of each write: what was sent, answered, there before
  std::atomic<bool> has_before = true;  // whether the cluster's object can be had
  std::unique_ptr<EdgeServer> api, front;
  std::shared_ptr<Tunnel> server_end, agent_end;

  static Response text(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
  }

  World() {
    REQUIRE(dispatcher.start());
    make_cluster("c-1");
    EdgeOptions cluster;
    cluster.listen = {{}};
    cluster.body_bytes_max = [](std::string_view, std::string_view) { return size_t{64} << 20; };
    api = std::make_unique<EdgeServer>(cluster, env, hub,
                                       [this](Request& request) { return serve(request); });
    REQUIRE(api->start());
    EdgeOptions ours;
    ours.listen = {{}};
    ours.streams_body = [](std::string_view, std::string_view) { return true; };
    front = std::make_unique<EdgeServer>(ours, env, hub, [this](Request& request) {
      request.user.name = request.headers.get("X-Test-User");
      const bool write = request.path.ends_with("/kept");
      return proxy.handle(request, std::make_shared<Looker>(*this, write));
    });
    REQUIRE(front->start());
  }
  ~World() {
    const auto now = env.now();
    front->stop(now);
    api->stop(now);
    clusters.forget("c-1", "the test ends");
    hub.stop(now + std::chrono::seconds(2));
    dispatcher.stop();
    env.stop();
  }

  void make_cluster(const std::string& id) {
    const auto kind = kinds->snapshot()->stored("management.cattle.io", "clusters");
    REQUIRE(kind);
    REQUIRE(
        registry.create(*kind, "",
                        engine::Json::object({{"apiVersion", "management.cattle.io/v3"},
                                              {"kind", "Cluster"},
                                              {"metadata", engine::Json::object({{"name", id}})}}),
                        {}));
    REQUIRE(dispatcher.fresh(env.now() + std::chrono::seconds(5)));
  }

  engine::ClusterAccess access() {
    engine::ClusterAccess access;
    access.host = "127.0.0.1";
    access.port = api->ports()[0];
    access.tls = false;
    access.token = "ours";
    return access;
  }

  void straight() { clusters.use("c-1", access()); }

  void through_tunnel() {
    TunnelOptions server;
    server.on_closed = [this](const std::string& why) {
      clusters.left("c-1", server_end.get(), why);
    };
    server_end = Tunnel::create(env, hub, std::move(server));
    TunnelOptions agent;
    agent.role = engine::TunnelSession::Role::agent;
    agent.limits = join_limits();
    agent.on_connect = [this](const engine::TunnelAddress&, std::shared_ptr<TunnelStream> stream) {
      join_stream(env, agents_tcp, {"127.0.0.1", api->ports()[0]}, std::move(stream));
    };
    agent_end = Tunnel::create(env, hub, std::move(agent));
    const auto wire = [&](const std::shared_ptr<Tunnel>& from, const std::shared_ptr<Tunnel>& to) {
      auto made = std::make_shared<Wire>(hub, to);
      made->self_ = made;
      made->from_ = from;
      from->opened(made);
    };
    wire(server_end, agent_end);
    wire(agent_end, server_end);
    REQUIRE(clusters.arrived({"c-1", "default-token", access()}, server_end));
  }

  // The cluster's API.
  Answer serve(Request& request) {
    ++served;
    if (request.path == "/headers") {
      std::string out;
      for (const auto& [name, value] : request.headers) out += name + ": " + value + "\n";
      return text(out + request.body);
    }
    if (request.path == "/kept") {
      // As an API server: the write takes its time, the object is read at once.
      if (request.method == "GET") {
        got_kept = true;
        Response response = text("was");
        if (!has_before) response.status = 404;
        return response;
      }
      for (int i = 0; i < 400 && !got_kept; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return text(request.headers.has("Accept-Encoding") ? "compressed" : "is");
    }
    if (request.path == "/count") return text(std::to_string(request.body.size()));
    if (request.path == "/away") {
      Response response;
      response.status = 302;
      response.headers.add("Location", "https://evil.example/");
      return response;
    }
    if (request.path == "/refused") {
      Response response;
      response.status = 401;
      return response;
    }
    engine::Stream stream;
    stream.head.emplace();
    if (request.path == "/exec") {
      if (!request.headers.has("Upgrade")) return text("no upgrade");
      stream.head->status = 101;
      stream.head->headers.add("Connection", "Upgrade");
      stream.head->headers.add("Upgrade", "SPDY/3.1");
      stream.handler = std::make_unique<Echo>();
      return stream;
    }
    if (request.path == "/flood") {
      const size_t bytes = 64u << 20;
      stream.head->headers.add("Content-Length", std::to_string(bytes));
      stream.handler = std::make_unique<Flood>(bytes);
      return stream;
    }
    return text("hello " + request.target);
  }
};

std::string ask(const std::string& path, const std::string& user, const std::string& more = "") {
  return "GET /k8s/clusters/c-1" + path + " HTTP/1.1\r\nHost: p\r\nX-Test-User: " + user + "\r\n" +
         more + "\r\n";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void works(World& world) {
  test::Client client(world.front->ports()[0]);
  auto answer = client.ask(ask("/x?a=1", "owner"));
  CHECK(answer.status == 200);
  CHECK(answer.body == "hello /x?a=1");
  // The same connection serves the next request, as the owner with the owners' group.
  answer = client.ask(ask("/headers", "owner", "Cookie: R_SESS=x\r\nX-Remote-User: root\r\n"));
  CHECK(has(answer.body, "Impersonate-User: owner\n"));
  CHECK(has(answer.body, "Impersonate-Group: paddock:cluster-owners\n"));
  CHECK(has(answer.body, "Authorization: Bearer ours\n"));
  CHECK_FALSE(has(answer.body, "R_SESS"));
  CHECK_FALSE(has(answer.body, "root"));
  answer = client.ask(ask("/headers", "member"));
  CHECK(has(answer.body, "Impersonate-User: member\n"));
  CHECK_FALSE(has(answer.body, "paddock:cluster-owners"));
  CHECK(client.ask(ask("/x", "stranger")).status == 403);
  CHECK(client.ask(ask("/x", "owner", "Impersonate-User: root\r\n")).status == 403);
  CHECK(client.ask(ask("/away", "owner")).status == 502);
  CHECK(client.get("/k8s/clusters/c-none/x").status == 401);
  client.send(
      "POST /k8s/clusters/c-1/headers HTTP/1.1\r\nHost: p\r\nX-Test-User: owner\r\n"
      "Content-Length: 4\r\n\r\nbody");
  CHECK(has(client.answer().body, "\nbody"));
}

void upgrades(World& world) {
  test::Client client(world.front->ports()[0]);
  client.send(ask("/exec", "owner", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n") + "early");
  REQUIRE(client.until("\r\n\r\n"));
  CHECK(has(client.buffer(), "HTTP/1.1 101"));
  REQUIRE(client.until("early"));
  client.buffer().clear();
  const std::string big(3u << 20, 'x');
  std::thread writer([&] { client.send(big); });
  size_t got = 0;
  while (got < big.size()) {
    const std::string part = client.receive();
    if (part.empty()) break;
    got += part.size();
  }
  writer.join();
  CHECK(got == big.size());
  client.end_writing();
  CHECK(client.closed());
}

void uploads(World& world) {
  const std::string big(20u << 20, 'u');
  const std::string post =
      "POST /k8s/clusters/c-1/count HTTP/1.1\r\nHost: p\r\nX-Test-User: owner\r\n";
  {
    test::Client client(world.front->ports()[0]);
    client.send(post + "Expect: 100-continue\r\nContent-Length: " + std::to_string(big.size()) +
                "\r\n\r\n");
    REQUIRE(client.until("100 Continue\r\n\r\n"));
    client.buffer().clear();
    client.send(big);
    CHECK(client.answer().body == std::to_string(big.size()));
    CHECK(client.closed());
  }
  {
    // Chunks are made anew; what follows the last one is no request of anybody's.
    const int before = world.served;
    test::Client client(world.front->ports()[0]);
    client.send(post +
                "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"
                "GET /headers HTTP/1.1\r\nHost: p\r\nImpersonate-User: root\r\n\r\n");
    CHECK(client.answer().body == "5");
    CHECK(client.closed());
    CHECK(world.served == before + 1);
  }
  {
    test::Client client(world.front->ports()[0]);
    client.send(post + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n");
    CHECK(client.answer().status == 400);
  }
  {
    test::Client client(world.front->ports()[0]);
    client.send(
        "POST /k8s/clusters/c-1/count HTTP/1.1\r\nHost: p\r\nX-Test-User: stranger\r\n"
        "Content-Length: 9000000\r\n\r\nbegun");
    CHECK(client.answer().status == 403);
  }
}

void floods(World& world) {
  // One reads all of it, one opens it and reads nothing; a third is not kept waiting.
  test::Client stuck(world.front->ports()[0], 4096);
  stuck.send(ask("/flood", "owner"));
  test::Client reader(world.front->ports()[0]);
  reader.send(ask("/flood", "owner"));
  std::atomic<size_t> got{0};
  std::thread reading([&] {
    while (got < (64u << 20)) {
      const std::string part = reader.receive();
      if (part.empty()) return;
      got += part.size();
    }
  });
  test::Client beside(world.front->ports()[0]);
  for (int i = 0; i < 50; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    CHECK(beside.ask(ask("/x", "owner")).status == 200);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
  }
  reading.join();
  CHECK(got >= (64u << 20));
}

}  // namespace

TEST_CASE("a cluster reached straight") {
  World world;
  world.straight();
  works(world);
  upgrades(world);
  uploads(world);
  floods(world);
}

TEST_CASE("a cluster reached through a tunnel") {
  World world;
  world.through_tunnel();
  works(world);
  upgrades(world);
  uploads(world);
  floods(world);
  // The tunnel's end is told at once, with the time.
  world.server_end->close("the test closes it");
  test::Client client(world.front->ports()[0]);
  const auto answer = client.ask(ask("/x", "owner"));
  CHECK(answer.status == 503);
  CHECK(has(answer.body, "not connected since"));
}

TEST_CASE("what a cluster answers is told once, for the audit") {
  World world;
  world.straight();
  test::Client client(world.front->ports()[0]);
  CHECK(client.ask(ask("/x", "owner")).status == 200);
  // Answers that are not passed on: told is what the client got.
  CHECK(client.ask(ask("/away", "owner")).status == 502);
  CHECK(client.ask(ask("/refused", "owner")).status == 502);
  // What does not go on to the cluster is an answer of ours, and told as that.
  world.clusters.forget("c-1", "gone");
  test::Client late(world.front->ports()[0]);
  CHECK(late.ask(ask("/x", "owner")).status == 503);
  std::lock_guard lock(world.told_mutex);
  CHECK(world.told == std::vector<int>{200, 502, 502});
}

TEST_CASE("a withdrawn token ends the tunnels that came with it") {
  World world;
  world.through_tunnel();
  world.clusters.withdraw("c-1", "another-token");
  CHECK(world.clusters.link("c-1").open);
  world.clusters.withdraw("c-1", "default-token");
  CHECK_FALSE(world.clusters.link("c-1").open);
}

TEST_CASE("the local cluster is the embedded API, without the prefix") {
  World world;
  test::Client client(world.front->ports()[0]);
  const auto answer = client.ask(
      "GET /k8s/clusters/local/api/v1?x=1 HTTP/1.1\r\nHost: p\r\nX-Test-User: owner\r\n\r\n");
  CHECK(answer.body == "local /api/v1?x=1");
}

TEST_CASE("a write is read along both ways, with the object that was there, and not held up") {
  World world;
  world.straight();
  const std::string big(3u << 20, 'b');
  const auto put = [&](const std::string& body) {
    test::Client client(world.front->ports()[0]);
    client.send(
        "PUT /k8s/clusters/c-1/kept?x=1 HTTP/1.1\r\nHost: p\r\nX-Test-User: owner\r\n"
        "Accept-Encoding: gzip\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    CHECK(client.answer().body == "is");
  };
  put("now");
  put(big);
  world.has_before = false;
  put("none");
  // Reads are told of by their status alone.
  test::Client client(world.front->ports()[0]);
  CHECK(client.ask(ask("/x", "owner")).status == 200);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < end) {
    std::lock_guard lock(world.told_mutex);
    if (world.seen.size() >= 3) break;
  }
  std::lock_guard lock(world.told_mutex);
  CHECK(world.seen == std::vector<std::string>{
                          "now|3|is|was", big.substr(0, 40) + "|3145728|is|was", "none|4|is|"});
}
