#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "appliance/base/log_sink.h"
#include "appliance/base/real_env.h"
#include "appliance/base/sd_notify.h"

using appliance::LogFormat;
using appliance::LogSink;
using appliance::RealEnv;
using storage::Millis;
namespace slog = storage::log;

namespace {

template <class So>
bool eventually(So so) {
  for (int i = 0; i < 1000 && !so(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return so();
}

struct Pipe {
  int in[2];
  Pipe() { REQUIRE(pipe2(in, O_CLOEXEC) == 0); }
  ~Pipe() {
    close(in[0]);
    if (in[1] >= 0) close(in[1]);
  }
  std::string read_some() {
    char buffer[65536];
    ssize_t got = ::read(in[0], buffer, sizeof buffer);
    return std::string(buffer, static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }
};

}  // namespace

TEST_CASE("tasks run, timers run in order and not early, a task that throws harms nothing") {
  RealEnv env;
  std::mutex mutex;
  std::vector<int> order;
  auto note = [&](int what) {
    std::lock_guard lock(mutex);
    order.push_back(what);
  };
  env.post([] { throw 1; });
  auto begin = env.now();
  env.post_after(Millis(60), [&] { note(2); });
  env.post_after(Millis(20), [&] { note(1); });
  env.post_slow([&] { note(0); });
  REQUIRE(eventually([&] {
    std::lock_guard lock(mutex);
    return order.size() == 3;
  }));
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(env.now() - begin >= Millis(60));
}

TEST_CASE("stop runs what is queued, drops timers, and is told twice without harm") {
  std::atomic<int> ran{0};
  auto env = std::make_unique<RealEnv>();
  for (int i = 0; i < 100; ++i) env->post([&] { ++ran; });
  env->post_after(Millis(60'000), [&] { ran += 1000; });
  env->stop();
  env->stop();
  env.reset();
  CHECK(ran == 100);
}

TEST_CASE("a timer that is dropped may ask the env for things as it goes") {
  struct Owner {
    RealEnv& env;
    ~Owner() {
      env.post_after(std::chrono::hours(1), [] {});
    }
  };
  RealEnv env;
  auto owner = std::make_shared<Owner>(env);
  env.post_after(std::chrono::hours(1), [owner] {});
  owner.reset();
  env.stop();
}

TEST_CASE("a gate: an opening is never lost, a deadline is kept, waiting is told to the hook") {
  RealEnv env;
  auto gate = env.make_gate();
  uint64_t seen = gate->seen();
  gate->open();
  CHECK(gate->wait(seen, storage::Instant::max()));
  seen = gate->seen();
  auto begin = env.now();
  CHECK_FALSE(gate->wait(seen, begin + Millis(20)));
  CHECK(env.now() - begin >= Millis(20));
  struct Hook final : RealEnv::WaitHook {
    int before = 0, after = 0;
    void before_wait() override { ++before; }
    void after_wait() override { ++after; }
  } hook;
  RealEnv::on_wait(&hook);
  env.post_after(Millis(10), [&] { gate->open(); });
  CHECK(gate->wait(seen, storage::Instant::max()));
  RealEnv::on_wait(nullptr);
  CHECK(hook.before == 1);
  CHECK(hook.after == 1);
}

TEST_CASE("chance is even and secrets differ") {
  RealEnv env;
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    uint64_t value = env.random(10);
    REQUIRE(value < 10);
    seen.insert(value);
  }
  CHECK(seen.size() == 10);
  CHECK(env.random(0) == 0);
  CHECK(env.random(1) == 0);
  CHECK_NOTHROW(env.random(std::numeric_limits<uint64_t>::max()));
  std::array<std::byte, 32> a{}, b{};
  env.random_secret(a);
  env.random_secret(b);
  CHECK(a != b);
}

TEST_CASE("log lines as text and as JSON; what a client says stays in its place") {
  for (LogFormat format : {LogFormat::text, LogFormat::json}) {
    Pipe pipe;
    {
      LogSink sink({slog::Level::info, format, pipe.in[1]});
      sink.write({slog::Level::debug, "not this", {}});
      sink.write({slog::Level::warn,
                  "a message",
                  {{"path", "/a b\n{\"x\":1}"},
                   {"n", 7},
                   {"ok", true},
                   {"share", 0.5},
                   {"password", slog::Secret{"geheim"}}}});
    }
    std::string out = pipe.read_some();
    CHECK(std::count(out.begin(), out.end(), '\n') == 1);
    CHECK(out.find("geheim") == std::string::npos);
    CHECK(out.find("not this") == std::string::npos);
    if (format == LogFormat::json) {
      CHECK(
          out.find("\"level\":\"warn\",\"message\":\"a message\",\"path\":\"/a "
                   "b\\n{\\\"x\\\":1}\",\"n\":7,\"ok\":true,\"share\":0.5,\"password\":\"***\"}") !=
          std::string::npos);
    } else {
      CHECK(out.find(" warn a message path=\"/a b\\n{\\\"x\\\":1}\" n=7 ok=true share=0.5 "
                     "password=***\n") != std::string::npos);
    }
  }
}

TEST_CASE(
    "a pipe that nobody reads blocks nobody: lines are dropped, counted, and the count is told") {
  Pipe pipe;
  LogSink sink({slog::Level::info, LogFormat::text, pipe.in[1], 64u << 10});
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5000; ++i)
    sink.write({slog::Level::info, "a line of some length that fills the pipe soon", {{"i", i}}});
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
  CHECK(sink.dropped() > 1000);
  std::string all;
  while (all.find("log lines were dropped") == std::string::npos && all.size() < (2u << 20)) {
    all += pipe.read_some();
    sink.write({slog::Level::info, "again", {}});
  }
  CHECK(all.find("log lines were dropped: nobody read them lines=") != std::string::npos);
}

TEST_CASE("sd_notify: nobody to tell, a path, an abstract name") {
  unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(appliance::sd_notify("READY=1"));
  for (std::string name : {std::string("/tmp/paddock-notify-" + std::to_string(getpid())),
                           "@paddock-notify-" + std::to_string(getpid())}) {
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), at.sun_path);
    if (at.sun_path[0] == '@') at.sun_path[0] = '\0';
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&at),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    CHECK(appliance::sd_notify("READY=1\nSTATUS=serving"));
    char buffer[100];
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    CHECK(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(got, 0))) ==
          "READY=1\nSTATUS=serving");
    close(fd);
    if (name[0] == '/') unlink(name.c_str());
  }
  unsetenv("NOTIFY_SOCKET");
}
