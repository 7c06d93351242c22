// What the edge alone can do, and what the load generator can at most see: each measure runs
// against a server in a process of its own, and the ceiling is the same load against a server that
// parses nothing.
//   edge_load requests [connections] [seconds]
//   edge_load watchers [count]            one event to all over TLS, and what each costs
//   edge_load idle [count]                idle connections, plain
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "appliance/base/real_env.h"
#include "appliance/edge/certificates.h"
#include "appliance/edge/edge_server.h"
#include "appliance/edge/stream_hub.h"
#include "tests/load/edge/load_client.h"

namespace {

// Every watcher's sink; /event sends one frame to all of them.
class Hall {
 public:
  void add(std::shared_ptr<engine::StreamSink> sink) {
    std::lock_guard lock(mutex_);
    sinks_.push_back(std::move(sink));
  }
  size_t tell(const std::string& text) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    auto frame = std::make_shared<const std::string>(size + text + "\r\n");
    std::lock_guard lock(mutex_);
    size_t sent = 0;
    for (auto& sink : sinks_) sent += sink->send(frame);
    return sent;
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<engine::StreamSink>> sinks_;
};

class Watcher final : public engine::StreamHandler {
 public:
  explicit Watcher(Hall& hall) : hall_(hall) {}
  void on_open(std::shared_ptr<engine::StreamSink> sink) override {
    sink->send(std::make_shared<const std::string>("6\r\nbegin\n\r\n"));
    hall_.add(std::move(sink));
  }
  void on_closed() override {}

 private:
  Hall& hall_;
};

[[noreturn]] void serve_edge(bool tls, int port_fd) {
  appliance::RealEnv env;
  char dir[] = "/tmp/edge-load-XXXXXX";
  appliance::CertificateOptions options;
  options.dir = mkdtemp(dir);
  options.names = {"localhost"};
  auto certificates = appliance::Certificates::open(options, env);
  appliance::StreamHub hub(env, {});
  Hall hall;
  appliance::EdgeOptions edge;
  edge.listen = {{"127.0.0.1", 0, tls ? certificates->get() : nullptr}};
  if (const char* threads = std::getenv("EDGE_POOL")) edge.pool_threads = std::atoi(threads);
  appliance::EdgeServer server(edge, env, hub, [&](engine::Request& request) -> engine::Answer {
    engine::Response out;
    out.headers.add("Content-Type", "application/json");
    if (request.path == "/watch") {
      engine::Stream stream;
      out.headers.add("Transfer-Encoding", "chunked");
      stream.head = std::move(out);
      stream.handler = std::make_unique<Watcher>(hall);
      return stream;
    }
    out.body = request.path == "/event"
                   ? std::to_string(hall.tell(std::string(request.query.get("text")) +
                                              std::string(1000, 'e') + "\n"))
                   : "ok";
    return out;
  });
  if (!server.start()) std::abort();
  dprintf(port_fd, "%d\n", server.ports()[0]);
  for (;;) pause();
}

struct Server {
  pid_t pid = 0;
  uint16_t port = 0;
  ~Server() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
};

std::unique_ptr<Server> start(void (*serve)(bool, int), bool tls) {
  int pipe_fds[2];
  if (pipe(pipe_fds) != 0) std::abort();
  auto out = std::make_unique<Server>();
  out->pid = fork();
  if (out->pid == 0) {
    close(pipe_fds[0]);
    serve(tls, pipe_fds[1]);
  }
  close(pipe_fds[1]);
  char line[16] = "";
  if (read(pipe_fds[0], line, sizeof line - 1) <= 0) std::abort();
  close(pipe_fds[0]);
  out->port = static_cast<uint16_t>(std::atoi(line));
  return out;
}

void serve_trivial(bool tls, int port_fd) {
  load::serve_trivially(tls, port_fd);
}

void requests(int connections, double seconds) {
  std::printf("requests, %d connections, %.0f s each\n", connections, seconds);
  std::string text =
      "GET /api/v1/namespaces/default/configmaps/one HTTP/1.1\r\nHost: localhost\r\nAccept: "
      "application/json\r\n"
      "User-Agent: load\r\nAuthorization: Bearer "
      "token-abc12:0123456789abcdef0123456789abcdef\r\n\r\n";
  for (bool tls : {false, true}) {
    for (auto [name, serve] :
         {std::pair("edge", &serve_edge), std::pair("ceiling", &serve_trivial)}) {
      auto server = start(serve, tls);
      load::ClosedLoop loop;
      loop.target = {server->port, tls};
      loop.connections = connections;
      loop.seconds = seconds;
      loop.request = [&](uint64_t) { return text; };
      double ours = load::cpu_seconds(getpid());
      load::Figures figures = load::run_closed_loop(loop);
      double each = 1e6 / static_cast<double>(figures.done);
      std::printf(
          "  %-5s %-8s %8.0f requests/s   p50 %.3f ms  p99 %.3f ms  failed %lu   CPU per request: "
          "server %.1f us, load %.1f us\n",
          tls ? "TLS" : "plain", name, figures.per_second(), figures.p50_ms, figures.p99_ms,
          figures.failed, load::cpu_seconds(server->pid) * each,
          (load::cpu_seconds(getpid()) - ours) * each);
    }
  }
}

void watchers(size_t count) {
  auto server = start(&serve_edge, true);
  long before = load::rss_kib(server->pid);
  load::Watchers all({server->port, true});
  size_t open = all.open(count, "GET /watch HTTP/1.1\r\nHost: localhost\r\n\r\n", "begin\n");
  long after = load::rss_kib(server->pid);
  std::printf(
      "watchers over TLS: %zu of %zu open; server %ld KiB before, %ld KiB after: %.1f KiB each\n",
      open, count, before, after, static_cast<double>(after - before) / static_cast<double>(open));
  auto context = load::client_context();
  for (int round = 0; round < 5; ++round) {
    load::Socket teller;
    if (!teller.open({server->port, true}, context.get())) std::abort();
    std::string mark = "event-" + std::to_string(round);
    std::string ask = "GET /event?text=" + mark + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    teller.write(ask);
    load::Figures figures = all.wait_for(mark, 10'000);
    std::printf("  one event of 1 KB to %lu: p50 %.1f ms  p99 %.1f ms  all %.1f ms\n", figures.done,
                figures.p50_ms, figures.p99_ms, figures.max_ms);
  }
  std::printf("  server afterwards %ld KiB\n", load::rss_kib(server->pid));
}

void idle(size_t count) {
  for (bool tls : {false, true}) {
    auto server = start(&serve_edge, tls);
    long before = load::rss_kib(server->pid);
    std::vector<std::unique_ptr<load::Socket>> sockets;
    auto context = load::client_context();
    for (size_t i = 0; i < count; ++i) {
      sockets.push_back(std::make_unique<load::Socket>());
      if (!sockets.back()->open({server->port, tls}, context.get())) {
        sockets.pop_back();
        break;
      }
    }
    load::ClosedLoop loop;
    loop.target = {server->port, tls};
    loop.connections = 1;
    loop.seconds = 1;
    loop.request = [](uint64_t) { return "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"; };
    load::Figures figures = load::run_closed_loop(loop);
    long after = load::rss_kib(server->pid);
    std::printf(
        "%zu idle %s connections: %.2f KiB each; a GET beside them p50 %.3f ms p99 %.3f ms\n",
        sockets.size(), tls ? "TLS" : "plain",
        static_cast<double>(after - before) / static_cast<double>(sockets.size()), figures.p50_ms,
        figures.p99_ms);
  }
}

}  // namespace

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  rlimit more{65536, std::max<rlim_t>(files.rlim_max, 65536)};
  if (setrlimit(RLIMIT_NOFILE, &more) != 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  signal(SIGPIPE, SIG_IGN);
  std::string what = argc > 1 ? argv[1] : "";
  int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (what == "requests") {
    requests(number > 0 ? number : 16, argc > 3 ? std::atof(argv[3]) : 3);
  } else if (what == "watchers") {
    watchers(static_cast<size_t>(number > 0 ? number : 10'000));
  } else if (what == "idle") {
    idle(static_cast<size_t>(number > 0 ? number : 20'000));
  } else {
    std::fprintf(stderr, "edge_load requests|watchers|idle [number] [seconds]\n");
    return 2;
  }
}
