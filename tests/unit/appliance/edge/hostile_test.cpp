// Clients that are slow, many, gone or broken: each is survived, and the server goes on answering
// others.
#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>

#include "appliance/edge/http_engine.h"
#include "tests/support/edge_client.h"

using namespace test;

namespace {

engine::Answer fine(engine::Request&) {
  return text("fine");
}

bool answers(Edge& edge) {
  Client plain(edge.port());
  Client secure(edge.tls_port());
  return plain.get("/").status == 200 && secure.tls(edge.context()) &&
         secure.get("/").status == 200;
}

}  // namespace

TEST_CASE("slow senders: 500 half heads hold no thread and are ended with 408") {
  Edge edge(fine, [](appliance::EdgeOptions& options) {
    options.pool_threads = 2;
    options.header_timeout_ms = 400;
  });
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(std::make_unique<Client>(edge.port()));
    slow.back()->send("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ");
  }
  CHECK(answers(edge));
  for (auto& client : slow) {
    Answer answer = client->answer();
    CHECK(answer.status == 408);
    CHECK(answer.body.find("did not arrive in time") != std::string::npos);
  }
  CHECK(edge.server().counters().timeouts == 500);
}

TEST_CASE("a body that stops coming ends with 408; one that goes on slowly does not") {
  Edge edge(fine, [](appliance::EdgeOptions& options) { options.body_progress_timeout_ms = 300; });
  Client stops(edge.port());
  stops.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  Client goes(edge.port());
  goes.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    goes.send("x");
  }
  CHECK(goes.answer().status == 200);
  CHECK(stops.answer().status == 408);
}

TEST_CASE("a reader that takes nothing of its answer is closed") {
  Edge edge([](engine::Request&) -> engine::Answer { return text(std::string(30u << 20, 'x')); },
            [](appliance::EdgeOptions& options) { options.write_progress_timeout_ms = 300; });
  for (bool secure : {false, true}) {
    Client client(secure ? edge.tls_port() : edge.port(), 4096);
    if (secure) REQUIRE(client.tls(edge.context()));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(eventually([&] { return edge.server().counters().timeouts == (secure ? 2u : 1u); }));
    CHECK(eventually([&] { return edge.server().counters().connections == 0; }));
  }
}

TEST_CASE("connections that never handshake, or never ask, end after their time") {
  Edge edge(fine, [](appliance::EdgeOptions& options) {
    options.handshake_timeout_ms = 200;
    options.idle_timeout_ms = 600;
  });
  Client silent(edge.tls_port());
  Client half(edge.tls_port());
  half.send(std::string("\x16\x03\x01\x02", 4));
  Client idle(edge.port());
  Client asked(edge.port());
  CHECK(asked.get("/").status == 200);
  CHECK(silent.closed());
  CHECK(half.closed());
  CHECK(idle.closed());
  CHECK(asked.closed());
}

TEST_CASE("clients that reset in the middle of everything") {
  Edge edge([](engine::Request& request) -> engine::Answer {
    if (request.path == "/large") return text(std::string(4u << 20, 'x'));
    if (request.path == "/later") {
      return engine::Pending{[](engine::Reply reply) {
        std::thread([reply] {
          std::this_thread::sleep_for(std::chrono::milliseconds(3));
          reply(text("later"));
        }).detach();
      }};
    }
    return text("fine");
  });
  const char* beginnings[] = {"",
                              "GET",
                              "GET / HTTP/1.1\r\nHost: h\r\n",
                              "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                              "GET /large HTTP/1.1\r\nHost: h\r\n\r\n",
                              "GET /later HTTP/1.1\r\nHost: h\r\n\r\n",
                              "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"};
  for (int round = 0; round < 30; ++round) {
    for (const char* beginning : beginnings) {
      for (bool secure : {false, true}) {
        Client client(secure ? edge.tls_port() : edge.port());
        if (secure && !client.tls(edge.context())) continue;
        client.send(beginning);
        if (round % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(500));
        round % 2 ? client.reset() : client.drop();
      }
    }
  }
  CHECK(answers(edge));
  CHECK(eventually([&] {
    return edge.server().counters().connections == 0 && edge.server().counters().pending == 0;
  }));
}

TEST_CASE("a half-closed client gets its answer") {
  Edge edge(fine);
  Client client(edge.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.end_writing();
  CHECK(client.answer().status == 200);
  CHECK(eventually([&] { return edge.server().counters().connections == 0; }));
}

TEST_CASE("2,000 idle connections and 16 busy ones on two pool threads") {
  Edge edge(fine, [](appliance::EdgeOptions& options) { options.pool_threads = 2; });
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.push_back(std::make_unique<Client>(edge.port()));
    if (i % 2) idle.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  std::atomic<int> good{0};
  std::vector<std::thread> busy;
  for (int i = 0; i < 16; ++i) {
    busy.emplace_back([&] {
      Client client(edge.port());
      for (int k = 0; k < 50; ++k) good += client.get("/").status == 200;
    });
  }
  for (auto& thread : busy) thread.join();
  CHECK(good == 800);
  CHECK(edge.server().counters().connections >= 2000);
  for (size_t i = 1; i < idle.size(); i += 2) CHECK(idle[i]->answer().status == 200);
}

TEST_CASE("over the connection limit a new one is closed at once, and the old ones work") {
  Edge edge(fine, [](appliance::EdgeOptions& options) { options.connections_max = 10; });
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 10; ++i) {
    held.push_back(std::make_unique<Client>(edge.port()));
    REQUIRE(held.back()->get("/").status == 200);
  }
  Client more(edge.port());
  CHECK(more.closed());
  CHECK(held[0]->get("/").status == 200);
  held.clear();
  REQUIRE(eventually([&] { return edge.server().counters().connections == 0; }));
  CHECK(answers(edge));
  CHECK(edge.server().counters().refused == 1);
}

TEST_CASE(
    "without file descriptors: refused without spinning, and well again when there are some") {
  Edge edge(fine);
  Client kept(edge.port());
  REQUIRE(kept.get("/").status == 200);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // Sockets of the test need descriptors too: they are made first, then the rest is used up.
  std::vector<int> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit tight = before;
  int probe = dup(0);
  ::close(probe);
  tight.rlim_cur = static_cast<rlim_t>(probe);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(edge.port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int fd : waiting) connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  CHECK(eventually([&] { return edge.server().counters().refused >= 20; }));
  rusage usage_before{}, usage_after{};
  getrusage(RUSAGE_SELF, &usage_before);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  getrusage(RUSAGE_SELF, &usage_after);
  auto ms = [](const rusage& usage) {
    return usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
           usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
  };
  CHECK(ms(usage_after) - ms(usage_before) < 100);
  CHECK(kept.get("/").status == 200);
  setrlimit(RLIMIT_NOFILE, &before);
  for (int fd : waiting) ::close(fd);
  CHECK(answers(edge));
}

TEST_CASE("a flood of handshakes does not keep a request waiting") {
  Edge edge(fine);
  Client client(edge.port());
  REQUIRE(client.get("/").status == 200);
  std::atomic<bool> stop{false};
  std::vector<std::thread> flood;
  for (int i = 0; i < 4; ++i) {
    flood.emplace_back([&] {
      while (!stop) {
        Client one(edge.tls_port());
        one.tls(edge.context());
      }
    });
  }
  int slow = 0;
  for (int i = 0; i < 200; ++i) {
    auto begin = std::chrono::steady_clock::now();
    REQUIRE(client.get("/").status == 200);
    slow += std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(250);
  }
  stop = true;
  for (auto& thread : flood) thread.join();
  CHECK(slow < 5);
}

// If a newer cpp-httplib changes what happens between process_request and its hooks, this is where
// it shows: the head's exact bytes, that the handler runs once, and that the body is left to us.
TEST_CASE("the seam to cpp-httplib is as we know it") {
  int calls = 0;
  appliance::HttpEngine::Handler handler = [&](engine::Request& request) -> engine::Answer {
    ++calls;
    engine::Response out = text("body of " + request.path);
    out.status = 201;
    out.headers.add("X-Second", "2");
    return out;
  };
  appliance::HttpEngine engine(handler);
  engine::Request request;
  request.method = "POST";
  request.path = "/x";
  auto outcome = engine.run({"POST", "/x", false, true}, request);
  CHECK(calls == 1);
  size_t date = outcome.head.find("Date: ");
  REQUIRE(date != std::string::npos);
  size_t end = outcome.head.find("\r\n", date);
  outcome.head.erase(date, end + 2 - date);
  CHECK(outcome.head ==
        "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nX-Second: 2\r\nContent-Length: "
        "10\r\n\r\n");
  CHECK(outcome.body == "body of /x");
  CHECK_FALSE(outcome.close);
  for (const char* method : {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    request.method = method;
    auto other = engine.run({method, "/x", true, false}, request);
    CHECK(other.head.find("HTTP/1.1 201 Created\r\n") == 0);
    CHECK(other.close);
    CHECK(other.body.empty() == (std::string(method) == "HEAD"));
  }
  CHECK(calls == 7);
  auto later = engine.answer({"GET", "/x", false, true}, text("later", 202));
  CHECK(later.head.find("HTTP/1.1 202 Accepted\r\n") == 0);
  CHECK(calls == 7);
  auto pending = engine.answer({"GET", "/x", false, true}, engine::Pending{});
  CHECK(pending.pending);
  CHECK(pending.head.empty());
}
