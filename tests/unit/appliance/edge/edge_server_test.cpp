#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <latch>
#include <mutex>

#include "tests/support/edge_client.h"

using namespace test;
using engine::Pending;
using engine::Reply;
using engine::Request;
using engine::Response;
using engine::Stream;

namespace {

Response echo(Request& request) {
  std::string body =
      request.method + " " + request.path + " [" + request.raw_query + "] " + request.body;
  Response out = text(std::move(body));
  out.headers.add("X-Peer", request.peer);
  out.headers.add("X-Scheme", request.scheme);
  return out;
}

// A stream that says what it is told to, from any thread.
struct Said {
  std::mutex mutex;
  std::shared_ptr<engine::StreamSink> sink;
  std::string received;
  std::atomic<int> opened{0}, drained{0}, ended{0}, closed{0};

  std::shared_ptr<engine::StreamSink> get() {
    std::lock_guard lock(mutex);
    return sink;
  }
  std::string bytes() {
    std::lock_guard lock(mutex);
    return received;
  }
};

class SayHandler final : public engine::StreamHandler {
 public:
  explicit SayHandler(std::shared_ptr<Said> said) : said_(std::move(said)) {}
  void on_open(std::shared_ptr<engine::StreamSink> sink) override {
    std::lock_guard lock(said_->mutex);
    said_->sink = std::move(sink);
    ++said_->opened;
  }
  void on_bytes(std::string_view bytes) override {
    std::lock_guard lock(said_->mutex);
    said_->received += bytes;
  }
  void on_drained() override { ++said_->drained; }
  void on_client_end() override { ++said_->ended; }
  void on_closed() override { ++said_->closed; }

 private:
  std::shared_ptr<Said> said_;
};

std::shared_ptr<const std::string> chunk(const std::string& text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return std::make_shared<const std::string>(size + text + "\r\n");
}

Stream chunked_stream(std::shared_ptr<Said> said) {
  Response head;
  head.headers.add("Content-Type", "application/json");
  head.headers.add("Transfer-Encoding", "chunked");
  Stream out;
  out.head = std::move(head);
  out.handler = std::make_unique<SayHandler>(std::move(said));
  return out;
}

}  // namespace

TEST_CASE("a request is answered, over plain TCP and over TLS, again and again on one connection") {
  Edge edge([](Request& request) -> engine::Answer { return echo(request); });
  Client plain(edge.port());
  Client secure(edge.tls_port());
  REQUIRE(secure.tls(edge.context(), "\x08http/1.1", "localhost"));
  for (Client* client : {&plain, &secure}) {
    for (int i = 0; i < 20; ++i) {
      Answer answer =
          client->ask("POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
      REQUIRE(answer.status == 200);
      CHECK(answer.body == "POST /a b [x=1] hello");
      CHECK(answer.head.find("X-Peer: 127.0.0.1\r\n") != std::string::npos);
      CHECK(answer.head.find(client == &plain ? "X-Scheme: http\r\n" : "X-Scheme: https\r\n") !=
            std::string::npos);
    }
  }
}

TEST_CASE("pipelined requests are answered in order, and a half one waits for its rest") {
  Edge edge([](Request& request) -> engine::Answer { return echo(request); });
  Client client(edge.port());
  std::string many;
  for (int i = 0; i < 50; ++i) many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  many += "GET /last HT";
  REQUIRE(client.send(many));
  for (int i = 0; i < 50; ++i) CHECK(client.answer().body == "GET /" + std::to_string(i) + " [] ");
  REQUIRE(client.send("TP/1.1\r\nHost: h\r\n\r\n"));
  CHECK(client.answer().body == "GET /last [] ");
}

TEST_CASE("bytes that come one at a time make the same request") {
  Edge edge([](Request& request) -> engine::Answer { return echo(request); });
  Client client(edge.port());
  for (char c : std::string("PUT /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n")) {
    REQUIRE(client.send(std::string_view(&c, 1)));
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  CHECK(client.answer().body == "PUT /slow [] abcde");
}

TEST_CASE("HEAD has the length and no body; HTTP/1.0 and Connection: close end the connection") {
  Edge edge([](Request& request) -> engine::Answer { return echo(request); });
  Client client(edge.port());
  REQUIRE(client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n"));
  Answer head = client.answer(true);
  CHECK(head.status == 200);
  CHECK(head.head.find("Content-Length: 11\r\n") != std::string::npos);
  CHECK(client.get("/y").body == "GET /y [] ");
  Answer last = client.ask("GET /z HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(last.head.find("Connection: close\r\n") != std::string::npos);
  CHECK(client.closed());

  Client old(edge.port());
  CHECK(old.ask("GET /old HTTP/1.0\r\n\r\n").body == "GET /old [] ");
  CHECK(old.closed());
  Client kept(edge.port());
  Answer first = kept.ask("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(first.head.find("Connection: keep-alive\r\n") != std::string::npos);
  CHECK(kept.ask("GET /old2 HTTP/1.0\r\n\r\n").body == "GET /old2 [] ");
  CHECK(kept.closed());
}

TEST_CASE("Expect: 100-continue is answered before the body is sent") {
  Edge edge([](Request& request) -> engine::Answer { return echo(request); });
  Client client(edge.port());
  REQUIRE(client.send(
      "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  CHECK(client.answer().status == 100);
  REQUIRE(client.send("ok"));
  CHECK(client.answer().body == "POST /e [] ok");
  CHECK(client.ask("POST /e HTTP/1.1\r\nHost: h\r\nExpect: a-miracle\r\nContent-Length: 2\r\n\r\n")
            .status == 417);
}

TEST_CASE("a large answer reaches a slow reader while others are served") {
  std::string large(20u << 20, 'x');
  Edge edge([&](Request& request) -> engine::Answer {
    return request.path == "/large" ? text(large) : echo(request);
  });
  for (bool secure : {false, true}) {
    Client slow(secure ? edge.tls_port() : edge.port(), 8192);
    if (secure) REQUIRE(slow.tls(edge.context()));
    REQUIRE(slow.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
    Client other(edge.port());
    for (int i = 0; i < 100; ++i) REQUIRE(other.get("/o").status == 200);
    Answer answer = slow.answer();
    CHECK(answer.body.size() == large.size());
    CHECK(slow.get("/after").body == "GET /after [] ");
  }
}

TEST_CASE("a body of parts arrives as one, whatever the reader takes at a time") {
  const std::string between = ",\n";
  engine::Parts::List list;
  std::string expected = "[";
  for (size_t i = 0; i < 3000; ++i) {
    // Empty ones, tiny ones, and some that are longer than a TLS record.
    std::string part(i % 7 == 0     ? 0
                     : i % 500 == 1 ? 40'000
                                    : i % 900,
                     static_cast<char>('a' + i % 26));
    expected += (i == 0 ? "" : between) + part;
    list.push_back(std::make_shared<const std::string>(std::move(part)));
  }
  expected += "]";
  auto parts = std::make_shared<const engine::Parts>(std::move(list), between, "]");
  Edge edge([&](Request& request) -> engine::Answer {
    if (request.path != "/parts") return echo(request);
    Response out = text("[");
    out.parts = parts;
    return out;
  });
  for (bool secure : {false, true}) {
    for (int buffer : {0, 4096}) {
      Client client(secure ? edge.tls_port() : edge.port(), buffer);
      if (secure) REQUIRE(client.tls(edge.context()));
      for (int i = 0; i < 3; ++i) CHECK((client.get("/parts").body == expected));
      CHECK(client.get("/after").body == "GET /after [] ");
      client.send("HEAD /parts HTTP/1.1\r\nHost: h\r\n\r\n");
      Answer head = client.answer(true);
      CHECK(head.head.find("Content-Length: " + std::to_string(expected.size()) + "\r\n") !=
            std::string::npos);
      CHECK(client.get("/after").body == "GET /after [] ");
    }
  }
}

TEST_CASE("what a handler throws is an internal error, and the connection goes on") {
  Edge edge([](Request& request) -> engine::Answer {
    if (request.path == "/throw") throw std::runtime_error("secret detail");
    return echo(request);
  });
  Client client(edge.port());
  Answer answer = client.get("/throw");
  CHECK(answer.status == 500);
  CHECK(answer.body.find("\"reason\":\"InternalError\"") != std::string::npos);
  CHECK((answer.head + answer.body).find("secret") == std::string::npos);
  CHECK(client.get("/fine").status == 200);
}

TEST_CASE("a handler's header cannot start another line") {
  Edge edge([](Request&) -> engine::Answer {
    Response out = text("x");
    out.headers.add("X-Value", "a\r\nSet-Cookie: stolen=1");
    out.headers.add("Bad Name", "v");
    return out;
  });
  Client client(edge.port());
  Answer answer = client.get("/");
  CHECK(answer.head.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(answer.head.find("Bad Name") == std::string::npos);
}

TEST_CASE("statuses without a body have no length") {
  Edge edge([](Request&) -> engine::Answer {
    Response out;
    out.status = 204;
    return out;
  });
  Client client(edge.port());
  Answer answer = client.get("/");
  CHECK(answer.status == 204);
  CHECK(answer.head.find("Content-Length") == std::string::npos);
  CHECK(client.get("/").status == 204);
}

TEST_CASE("a pending answer holds no thread") {
  std::mutex mutex;
  std::vector<Reply> parked;
  Edge edge(
      [&](Request& request) -> engine::Answer {
        if (request.path != "/wait") return echo(request);
        return Pending{[&](Reply reply) {
          std::lock_guard lock(mutex);
          parked.push_back(std::move(reply));
        }};
      },
      [](appliance::EdgeOptions& options) { options.pool_threads = 2; });
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<Client>(edge.port()));
    REQUIRE(clients.back()->send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"));
  }
  REQUIRE(eventually([&] { return edge.server().counters().pending == 50; }));
  Client other(edge.port());
  CHECK(other.get("/now").status == 200);
  {
    std::lock_guard lock(mutex);
    for (size_t i = 0; i < parked.size(); ++i) {
      if (i == 0) continue;  // this one is dropped uncalled
      parked[i](text("later"));
      parked[i](text("twice"));
    }
    parked.clear();
  }
  int later = 0, failed = 0;
  for (auto& client : clients) {
    Answer answer = client->answer();
    later += answer.status == 200 && answer.body == "later";
    failed += answer.status == 500;
    CHECK(client->get("/again").body == "GET /again [] ");
  }
  CHECK(later == 49);
  CHECK(failed == 1);
}

TEST_CASE("a pending answer may come from within start") {
  Edge edge([](Request&) -> engine::Answer {
    return Pending{[](Reply reply) { reply(text("at once")); }};
  });
  Client client(edge.port());
  for (int i = 0; i < 200; ++i) REQUIRE(client.get("/").body == "at once");
}

TEST_CASE("a stream: head, frames, a client that goes away") {
  auto said = std::make_shared<Said>();
  Edge edge([&](Request&) -> engine::Answer { return chunked_stream(said); });
  for (bool secure : {false, true}) {
    said->closed = 0;
    said->sink = nullptr;
    Client client(secure ? edge.tls_port() : edge.port());
    if (secure) REQUIRE(client.tls(edge.context()));
    REQUIRE(client.send("GET /watch HTTP/1.1\r\nHost: h\r\n\r\n"));
    REQUIRE(client.until("\r\n\r\n"));
    CHECK(client.buffer().find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(client.buffer().find("Content-Length") == std::string::npos);
    REQUIRE(eventually([&] { return said->get() != nullptr; }));
    REQUIRE(said->get()->send(chunk("one")));
    REQUIRE(client.until("3\r\none\r\n"));
    CHECK(edge.hub().counters().streams == 1);
    client.drop();
    CHECK(eventually([&] { return said->closed == 1; }));
    CHECK_FALSE(said->get()->send(chunk("two")));
    CHECK(edge.hub().counters().queued_bytes == 0);
  }
}

TEST_CASE(
    "a stream that is released gives the connection back, with what the client has sent "
    "meanwhile") {
  auto said = std::make_shared<Said>();
  Edge edge([&](Request& request) -> engine::Answer {
    if (request.path == "/watch") return chunked_stream(said);
    return echo(request);
  });
  for (bool secure : {false, true}) {
    said->sink = nullptr;
    Client client(secure ? edge.tls_port() : edge.port());
    if (secure) REQUIRE(client.tls(edge.context()));
    REQUIRE(client.send(
        "GET /watch HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\nGET /la"));
    REQUIRE(eventually([&] { return said->get() != nullptr; }));
    auto sink = said->get();
    sink->send(chunk("end"));
    sink->send(std::make_shared<const std::string>("0\r\n\r\n"));
    sink->release();
    REQUIRE(client.until("0\r\n\r\n"));
    client.buffer().erase(0, client.buffer().find("0\r\n\r\n") + 5);
    CHECK(client.answer().body == "GET /next [] ");
    CHECK(client.ask("st HTTP/1.1\r\nHost: h\r\n\r\n").body == "GET /last [] ");
    CHECK(client.get("/more").body == "GET /more [] ");
  }
}

TEST_CASE("an upgraded stream gets the client's bytes, finish() ends the connection") {
  auto said = std::make_shared<Said>();
  Edge edge([&](Request&) -> engine::Answer {
    Response head;
    head.status = 101;
    head.headers.add("Connection", "Upgrade");
    head.headers.add("Upgrade", "raw");
    Stream out;
    out.head = std::move(head);
    out.handler = std::make_unique<SayHandler>(said);
    return out;
  });
  Client client(edge.port());
  REQUIRE(client.send(
      "GET /raw HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nearly "));
  REQUIRE(client.until("\r\n\r\n"));
  CHECK(client.buffer().find("Upgrade: raw") != std::string::npos);
  REQUIRE(client.send("late"));
  REQUIRE(eventually([&] { return said->bytes() == "early late"; }));
  said->get()->send(std::make_shared<const std::string>("bye"));
  said->get()->finish();
  CHECK_FALSE(said->get()->send(std::make_shared<const std::string>("more")));
  client.buffer().clear();
  CHECK(client.rest() == "bye");
  client.drop();
  CHECK(eventually([&] { return said->closed == 1; }));
}

TEST_CASE("a reader that never reads is closed at its queue's limit, and others do not feel it") {
  auto slow = std::make_shared<Said>();
  auto good = std::make_shared<Said>();
  Edge edge([&](Request& request) -> engine::Answer {
    Stream stream = chunked_stream(request.path == "/slow" ? slow : good);
    stream.options.queue_bytes_max = 256u << 10;
    return stream;
  });
  Client never(edge.port(), 4096);
  REQUIRE(never.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"));
  Client reads(edge.port());
  REQUIRE(reads.send("GET /good HTTP/1.1\r\nHost: h\r\n\r\n"));
  REQUIRE(eventually([&] { return slow->get() && good->get(); }));
  auto frame = chunk(std::string(16u << 10, 'x'));
  size_t total = 0;
  std::thread reader([&] {
    while (total < 2000 * frame->size()) {
      size_t got = reads.receive().size();
      if (got == 0) break;
      total += got;
    }
  });
  int taken = 0;
  for (int i = 0; i < 2000; ++i) {
    taken += slow->get()->send(frame);
    while (good->get()->queued_bytes() > 128u << 10) std::this_thread::yield();
    REQUIRE(good->get()->send(frame));
  }
  reader.join();
  CHECK(total >= 2000 * frame->size());
  CHECK(taken < 2000);
  CHECK(eventually([&] { return slow->closed == 1; }));
  CHECK(edge.hub().counters().closed_slow == 1);
  CHECK(good->closed == 0);
}

TEST_CASE("back-pressure: reading pauses and resumes, and drained is told") {
  auto said = std::make_shared<Said>();
  Edge edge([&](Request&) -> engine::Answer {
    Stream out;
    out.handler = std::make_unique<SayHandler>(said);
    out.options.queue_bytes_max = 16u << 20;
    return out;
  });
  Client client(edge.port(), 8192);
  REQUIRE(client.send("GET /raw HTTP/1.1\r\nHost: h\r\n\r\n"));
  REQUIRE(eventually([&] { return said->get() != nullptr; }));
  said->get()->pause_reading();
  REQUIRE(client.send("unseen"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(said->bytes().empty());
  said->get()->resume_reading();
  CHECK(eventually([&] { return said->bytes() == "unseen"; }));
  auto frame = std::make_shared<const std::string>(12u << 20, 'y');
  REQUIRE(said->get()->send(frame));
  CHECK(said->drained == 0);
  size_t total = 0;
  while (total < frame->size()) total += client.receive().size();
  CHECK(eventually([&] { return said->drained == 1; }));
  CHECK(said->get()->queued_bytes() == 0);
}

TEST_CASE("stopping: requests under way end, streams end properly, nothing new is taken") {
  auto said = std::make_shared<Said>();
  std::latch inside(1);
  auto edge = std::make_unique<Edge>([&](Request& request) -> engine::Answer {
    if (request.path == "/watch") return chunked_stream(said);
    if (request.path == "/slow") {
      inside.count_down();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return echo(request);
  });
  Client watcher(edge->tls_port());
  REQUIRE(watcher.tls(edge->context()));
  REQUIRE(watcher.send("GET /watch HTTP/1.1\r\nHost: h\r\n\r\n"));
  REQUIRE(eventually([&] { return said->get() != nullptr; }));
  said->get()->send(chunk("one"));
  Client slow(edge->port());
  REQUIRE(slow.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"));
  inside.wait();
  Client idle(edge->port());
  REQUIRE(idle.get("/").status == 200);
  auto begin = std::chrono::steady_clock::now();
  auto deadline = edge->env().now() + storage::Millis(4000);
  edge->server().stop(deadline);
  edge->hub().stop(deadline);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  Answer last = slow.answer();
  CHECK(last.body == "GET /slow [] ");
  CHECK(last.head.find("Connection: close") != std::string::npos);
  CHECK(idle.closed());
  std::string all = watcher.rest();
  CHECK(all.substr(all.size() - 5) == "0\r\n\r\n");
  CHECK(said->closed == 1);
  Client refused(edge->port());
  CHECK_FALSE(refused.connected());
}

TEST_CASE("a taken port is an error that names it") {
  Edge edge([](Request& request) -> engine::Answer { return echo(request); });
  appliance::EdgeOptions options;
  options.listen = {{"127.0.0.1", edge.port(), nullptr}};
  appliance::EdgeServer second(options, edge.env(), edge.hub(),
                               [](Request&) -> engine::Answer { return text(""); });
  auto started = second.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().message().find(std::to_string(edge.port())) != std::string::npos);
}
