#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "appliance/net/http_client.h"
#include "tests/support/edge_client.h"

using namespace test;
using appliance::Endpoint;
using appliance::Exchange;
using appliance::HttpClient;
using appliance::HttpClientOptions;
using appliance::OutRequest;
using appliance::TcpDialer;
using appliance::TlsClient;
using appliance::TlsDialer;
using engine::Request;
using engine::Status;

namespace {

struct Result {
  std::mutex mutex;
  std::condition_variable changed;
  int status = 0;
  std::string body;
  std::string error;
  int code = 0;
  bool ended = false, gone = false;
  const appliance::Exchange* begun = nullptr;
  bool begun_first = false;  // before the head

  bool wait(const std::function<bool()>& so) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), so);
  }
  bool done() {
    return wait([&] { return gone; });
  }
};

class Collect final : public appliance::ResponseHandler {
 public:
  explicit Collect(std::shared_ptr<Result> into) : into_(std::move(into)) {}
  ~Collect() override {
    std::lock_guard lock(into_->mutex);
    into_->gone = true;
    into_->changed.notify_all();
  }
  void on_begin(const std::shared_ptr<appliance::Exchange>& exchange) override {
    into_->begun = exchange.get();
  }
  void on_head(engine::Response head) override {
    std::lock_guard lock(into_->mutex);
    into_->begun_first = into_->begun != nullptr;
    into_->status = head.status;
    into_->changed.notify_all();
  }
  void on_body(std::string_view bytes) override {
    std::lock_guard lock(into_->mutex);
    into_->body += bytes;
    into_->changed.notify_all();
  }
  void on_end() override {
    std::lock_guard lock(into_->mutex);
    into_->ended = true;
  }
  void on_error(const Status& why) override {
    std::lock_guard lock(into_->mutex);
    into_->error = why.message();
    into_->code = why.code();
  }

 private:
  std::shared_ptr<Result> into_;
};

std::shared_ptr<Result> run(HttpClient& client, OutRequest request) {
  auto result = std::make_shared<Result>();
  client.send(std::move(request), std::make_unique<Collect>(result));
  REQUIRE(result->done());
  return result;
}

OutRequest get(std::string target) {
  OutRequest out;
  out.target = std::move(target);
  return out;
}

engine::Answer echo(Request& request) {
  return text(request.method + " " + request.target + " " + request.body + " " +
              std::string(request.headers.get("X-Test")));
}

// Echoes raw bytes in capitals, after a 101.
class Shout final : public engine::StreamHandler {
 public:
  void on_open(std::shared_ptr<engine::StreamSink> sink) override { sink_ = std::move(sink); }
  void on_bytes(std::string_view bytes) override {
    std::string loud(bytes);
    for (char& c : loud) c = static_cast<char>(std::toupper(c));
    sink_->send(std::make_shared<const std::string>(loud));
    if (loud.find("BYE") != std::string::npos) sink_->finish();
  }
  void on_closed() override {}

 private:
  std::shared_ptr<engine::StreamSink> sink_;
};

// A dialer that counts.
class Counting final : public appliance::Dialer {
 public:
  explicit Counting(appliance::Dialer& below) : below_(below) {}
  void dial(const Endpoint& to, std::unique_ptr<appliance::ConnectionHandler> handler,
            storage::Instant deadline) override {
    ++dialed;
    below_.dial(to, std::move(handler), deadline);
  }
  std::atomic<int> dialed{0};

 private:
  appliance::Dialer& below_;
};

TlsClient trusting(Edge& edge) {
  TlsClient out;
  out.ca_pem = edge.certificates().ca_pem();
  return out;
}

}  // namespace

TEST_CASE("requests go out and answers come back, on kept connections, over TCP and TLS") {
  Edge edge(echo);
  TcpDialer tcp(edge.env(), edge.hub(), {});
  auto tls = TlsDialer::create(edge.hub(), tcp, trusting(edge));
  REQUIRE(tls);
  for (bool secure : {false, true}) {
    Counting dialer(secure ? static_cast<appliance::Dialer&>(**tls) : tcp);
    HttpClient client(edge.env(), edge.hub(), dialer,
                      {secure ? "localhost" : "127.0.0.1", secure ? edge.tls_port() : edge.port()});
    for (int i = 0; i < 100; ++i) {
      OutRequest request = get("/p?q=" + std::to_string(i));
      request.method = "POST";
      request.body = "body";
      request.headers.add("X-Test", "yes");
      auto result = run(client, std::move(request));
      CHECK(result->status == 200);
      CHECK(result->ended);
      CHECK(result->body == "POST /p?q=" + std::to_string(i) + " body yes");
    }
    CHECK(dialer.dialed == 1);
  }
}

TEST_CASE("many requests at once") {
  Edge edge([](Request& request) -> engine::Answer {
    return text(std::string(100'000, 'x') + request.path);
  });
  TcpDialer tcp(edge.env(), edge.hub(), {});
  auto tls = TlsDialer::create(edge.hub(), tcp, trusting(edge));
  HttpClient client(edge.env(), edge.hub(), **tls, {"127.0.0.1", edge.tls_port()});
  std::vector<std::shared_ptr<Result>> results;
  for (int i = 0; i < 200; ++i) {
    results.push_back(std::make_shared<Result>());
    auto exchange =
        client.send(get("/" + std::to_string(i)), std::make_unique<Collect>(results.back()));
    CHECK(results.back()->begun == exchange.get());
  }
  for (size_t i = 0; i < results.size(); ++i) {
    REQUIRE(results[i]->done());
    CHECK(results[i]->begun_first);
    CHECK(results[i]->error.empty());
    CHECK(results[i]->body == std::string(100'000, 'x') + "/" + std::to_string(i));
  }
}

TEST_CASE("an upgraded exchange is raw bytes both ways") {
  Edge edge([](Request&) -> engine::Answer {
    engine::Response head;
    head.status = 101;
    head.headers.add("Connection", "Upgrade");
    head.headers.add("Upgrade", "shout");
    engine::Stream out;
    out.head = std::move(head);
    out.handler = std::make_unique<Shout>();
    return out;
  });
  TcpDialer tcp(edge.env(), edge.hub(), {});
  HttpClient client(edge.env(), edge.hub(), tcp, {"127.0.0.1", edge.port()});
  OutRequest request = get("/exec");
  request.headers.add("Connection", "Upgrade");
  request.headers.add("Upgrade", "shout");
  auto result = std::make_shared<Result>();
  auto exchange = client.send(std::move(request), std::make_unique<Collect>(result));
  REQUIRE(result->wait([&] { return result->status == 101; }));
  REQUIRE(exchange->send(std::make_shared<const std::string>("hello")));
  REQUIRE(result->wait([&] { return result->body == "HELLO"; }));
  REQUIRE(exchange->send(std::make_shared<const std::string>(" bye")));
  REQUIRE(result->done());
  CHECK(result->body == "HELLO BYE");
  CHECK(result->ended);
}

TEST_CASE(
    "what goes wrong is said: nobody there, too slow, cancelled, wrong name, wrong CA, pinned") {
  std::atomic<bool> hold{true};
  Edge edge([&](Request& request) -> engine::Answer {
    if (request.path == "/never")
      return engine::Pending{[&](engine::Reply reply) {
        std::thread([&hold, reply] {
          while (hold) std::this_thread::sleep_for(std::chrono::milliseconds(5));
          reply(text("late"));
        }).detach();
      }};
    return echo(request);
  });
  TcpDialer tcp(edge.env(), edge.hub(), {});
  {
    HttpClient nobody(edge.env(), edge.hub(), tcp, {"127.0.0.1", 1});
    auto result = run(nobody, get("/"));
    CHECK(result->code == 503);
    CHECK(result->error.find("127.0.0.1 port 1") != std::string::npos);
  }
  {
    HttpClient unknown(edge.env(), edge.hub(), tcp, {"no-such-host.invalid", 443});
    CHECK(run(unknown, get("/"))->error.find("no-such-host.invalid") != std::string::npos);
  }
  {
    HttpClient client(edge.env(), edge.hub(), tcp, {"127.0.0.1", edge.port()});
    OutRequest slow = get("/never");
    slow.head_timeout = storage::Millis(100);
    auto result = run(client, std::move(slow));
    CHECK(result->code == 504);
    auto cancelled = std::make_shared<Result>();
    auto exchange = client.send(get("/never"), std::make_unique<Collect>(cancelled));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    exchange->cancel();
    REQUIRE(cancelled->done());
    CHECK(cancelled->error.empty());
    CHECK_FALSE(cancelled->ended);
  }
  {
    TlsClient named = trusting(edge);
    named.server_name = "other.example";
    auto tls = TlsDialer::create(edge.hub(), tcp, named);
    HttpClient client(edge.env(), edge.hub(), **tls, {"127.0.0.1", edge.tls_port()});
    CHECK(run(client, get("/"))->error.find("mismatch") != std::string::npos);
  }
  {
    TlsClient system;
    auto tls = TlsDialer::create(edge.hub(), tcp, system);
    HttpClient client(edge.env(), edge.hub(), **tls, {"127.0.0.1", edge.tls_port()});
    CHECK(run(client, get("/"))->error.find("TLS with 127.0.0.1: ") == 0);
  }
  for (bool good : {false, true}) {
    TlsClient pinned;
    pinned.insecure = true;
    pinned.verify = [good](const std::vector<std::string>& chain) -> engine::Result<engine::Unit> {
      if (chain.empty() || !good) return Status::unauthorized("the CA has another checksum");
      return engine::Unit{};
    };
    auto tls = TlsDialer::create(edge.hub(), tcp, pinned);
    HttpClient client(edge.env(), edge.hub(), **tls, {"127.0.0.1", edge.tls_port()});
    auto result = run(client, get("/"));
    CHECK((result->status == 200) == good);
    CHECK((result->error.find("another checksum") != std::string::npos) == !good);
  }
  {  // TLS to a port that does not speak it
    auto tls = TlsDialer::create(edge.hub(), tcp, trusting(edge));
    HttpClient client(edge.env(), edge.hub(), **tls, {"127.0.0.1", edge.port()});
    CHECK_FALSE(run(client, get("/"))->error.empty());
  }
  hold = false;
  REQUIRE(eventually([&] { return edge.server().counters().pending == 0; }));
}

TEST_CASE("a kept connection that the server has closed is not felt") {
  auto edge = std::make_unique<Edge>(
      echo, [](appliance::EdgeOptions& options) { options.idle_timeout_ms = 150; });
  TcpDialer tcp(edge->env(), edge->hub(), {});
  HttpClient client(edge->env(), edge->hub(), tcp, {"127.0.0.1", edge->port()});
  for (int i = 0; i < 6; ++i) {
    auto result = run(client, get("/"));
    CHECK(result->status == 200);
    CHECK(result->error.empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(i < 3 ? 400 : 150));
  }
}

TEST_CASE("the client may go while requests are under way") {
  Edge edge([](Request&) -> engine::Answer {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return text("x");
  });
  TcpDialer tcp(edge.env(), edge.hub(), {});
  auto client =
      std::make_unique<HttpClient>(edge.env(), edge.hub(), tcp, Endpoint{"127.0.0.1", edge.port()});
  std::vector<std::shared_ptr<Result>> results;
  for (int i = 0; i < 20; ++i) {
    results.push_back(std::make_shared<Result>());
    client->send(get("/"), std::make_unique<Collect>(results.back()));
  }
  client.reset();
  for (auto& result : results) {
    REQUIRE(result->done());
    CHECK(result->code == 503);
  }
}

TEST_CASE("which destinations go through a proxy") {
  appliance::ProxySettings settings;
  settings.https_proxy = "http://p:3128";
  settings.http_proxy = "http://q:3128";
  settings.no_proxy = "internal.example, .dotted.example,10.0.0.0/8,192.168.1.7,fd00::/8";
  auto goes = [&](const char* host) { return !settings.for_host(host, "https").empty(); };
  CHECK(goes("example.com"));
  CHECK(goes("notinternal.example"));
  CHECK_FALSE(goes("internal.example"));
  CHECK_FALSE(goes("a.Internal.example"));
  CHECK(goes("dotted.example"));
  CHECK_FALSE(goes("a.dotted.example"));
  CHECK_FALSE(goes("10.200.3.4"));
  CHECK(goes("11.0.0.1"));
  CHECK_FALSE(goes("192.168.1.7"));
  CHECK(goes("192.168.1.8"));
  CHECK_FALSE(goes("fd12::1"));
  CHECK_FALSE(goes("127.0.0.1"));
  CHECK_FALSE(goes("localhost"));
  CHECK(settings.for_host("example.com", "http") == "http://q:3128");
  settings.no_proxy = "*";
  CHECK_FALSE(goes("example.com"));
}

TEST_CASE("a connection through a proxy: CONNECT, then the tunnel; a refusal is said") {
  Edge edge(echo);
  // A proxy of one connection at a time: answers CONNECT by joining to the edge's plain port,
  // whatever name was asked for.
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(bind(listening, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(listen(listening, 8) == 0);
  getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size);
  std::string asked;
  std::thread proxy([&] {
    for (int turn = 0; turn < 2; ++turn) {
      int from = accept(listening, nullptr, nullptr);
      char buffer[4096];
      asked.clear();
      while (asked.find("\r\n\r\n") == std::string::npos) {
        ssize_t got = recv(from, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        asked.append(buffer, static_cast<size_t>(got));
      }
      std::string answer =
          turn == 0 ? "HTTP/1.1 407 No\r\n\r\n" : "HTTP/1.1 200 Connection established\r\n\r\n";
      send(from, answer.data(), answer.size(), MSG_NOSIGNAL);
      if (turn == 1) {
        Client to(edge.port());
        ssize_t got = recv(from, buffer, sizeof buffer, 0);
        to.send(std::string_view(buffer, static_cast<size_t>(std::max<ssize_t>(got, 0))));
        std::string back = to.receive();
        send(from, back.data(), back.size(), MSG_NOSIGNAL);
        recv(from, buffer, sizeof buffer, 0);
      }
      close(from);
    }
  });
  appliance::ProxySettings settings;
  settings.https_proxy = "http://me:pw@127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  TcpDialer tcp(edge.env(), edge.hub(), settings);
  {
    HttpClient client(edge.env(), edge.hub(), tcp, {"cluster.example", 6443});
    CHECK(run(client, get("/x"))->error.find("407") != std::string::npos);
    CHECK(run(client, get("/y"))->body == "GET /y  ");
  }
  proxy.join();
  close(listening);
  CHECK(asked.find("CONNECT cluster.example:6443 HTTP/1.1\r\n") == 0);
  CHECK(asked.find("Proxy-Authorization: Basic bWU6cHc=\r\n") != std::string::npos);
}
