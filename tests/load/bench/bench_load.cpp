// bench_load: the load generator of scripts/bench. Each command measures one thing of one server
// over TLS and prints one line of JSON; without --target the server is a trivial one of its own,
// and what comes out is the generator's ceiling.
//   bench_load COMMAND --target PORT [--address A] [--cert F --key F] [--bearer T] [--pids P,P]
//   create|get|update  --space S --from N --objects N --count N --connections N --seconds N
//   path               --path P [--post BODY, # in it is a number] --from N --count N ...
//   list               --space S --page N --seconds N --times N
//   watch              --space S (or --setting NAME) --watchers N --silent N --events N --window N
//   --rate N ... pair               --space S --other-target PORT --other-prefix P --other-bearer T
//   ready              --since NS --limit S
//   fsync              --dir D --seconds N
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "tests/load/bench/request_load.h"
#include "tests/load/bench/trivial_server.h"
#include "tests/load/bench/watch_load.h"

namespace bench {
namespace {

class Options {
 public:
  Options(int argc, char** argv) {
    for (int i = 2; i + 1 < argc; i += 2) values_[argv[i] + 2] = argv[i + 1];
  }
  std::string text(const std::string& name, const std::string& otherwise = "") const {
    auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  double number(const std::string& name, double otherwise) const {
    auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::strtod(found->second.c_str(), nullptr);
  }
  uint64_t whole(const std::string& name, uint64_t otherwise) const {
    return static_cast<uint64_t>(number(name, static_cast<double>(otherwise)));
  }

 private:
  std::map<std::string, std::string> values_;
};

std::optional<Side> side_of(const Options& options, const std::string& which = "") {
  Side out;
  out.target.port = static_cast<uint16_t>(options.whole(which + "target", 0));
  out.target.address = options.text(which + "address", "127.0.0.1");
  out.context = load::client_context();
  std::string cert = options.text(which + "cert"), key = options.text(which + "key");
  SSL_CTX* context = out.context.get();
  if (!cert.empty() &&
      (SSL_CTX_use_certificate_file(context, cert.c_str(), SSL_FILETYPE_PEM) != 1 ||
       SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    std::fprintf(stderr, "bench_load: %s or %s cannot be read\n", cert.c_str(), key.c_str());
    return std::nullopt;
  }
  std::string bearer = options.text(which + "bearer");
  if (!bearer.empty()) out.authorization = "Authorization: Bearer " + bearer + "\r\n";
  out.prefix = options.text(which + "prefix");
  std::istringstream pids(options.text("pids"));
  for (std::string pid; std::getline(pids, pid, ',');) out.pids.push_back(std::atoi(pid.c_str()));
  return out;
}

void print(const char* name, const load::Figures& f) {
  std::printf("\"%s\":{\"done\":%llu,\"failed\":%llu,\"seconds\":%.4f,\"per_second\":%.1f,", name,
              static_cast<unsigned long long>(f.done), static_cast<unsigned long long>(f.failed),
              f.seconds, f.per_second());
  std::printf("\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f}", f.p50_ms, f.p99_ms, f.max_ms);
}

std::string numbered(std::string text, uint64_t number) {
  for (size_t at = 0; (at = text.find('#', at)) != std::string::npos;)
    text.replace(at, 1, std::to_string(number));
  return text;
}

int requests(const std::string& verb, const Side& side, const Options& options) {
  std::string path = config_maps(options.text("space", "bench"));
  uint64_t from = options.whole("from", 0), objects = options.whole("objects", 10'000);
  size_t size = options.whole("value", 1024);
  RequestLoad what;
  what.connections = static_cast<int>(options.whole("connections", 16));
  what.seconds = options.number("seconds", 5);
  what.count = options.whole("count", 0);
  uint64_t round = static_cast<uint64_t>(Clock::now().time_since_epoch().count());
  if (verb == "create") {
    what.make = [&](uint64_t n, std::string& text) {
      text = with_body(side, "POST", path, config_map(name_of(from + n), from + n, size));
    };
  } else if (verb == "path") {
    what.make = [&, path = options.text("path"), body = options.text("post")](uint64_t n,
                                                                              std::string& text) {
      text =
          body.empty() ? get(side, path) : with_body(side, "POST", path, numbered(body, from + n));
    };
  } else if (verb == "update") {
    what.make = [&](uint64_t n, std::string& text) {
      std::string name = name_of(n * 7919 % objects);
      text = with_body(side, "PUT", path + "/" + name, config_map(name, round + n, size));
    };
  } else {
    what.make = [&](uint64_t n, std::string& text) {
      text = get(side, path + "/" + name_of(n * 7919 % objects));
    };
  }
  RequestFigures figures = run_requests(side, what);
  std::printf("{");
  print("times", figures.times);
  std::printf(",\"busy\":%.3f}\n", figures.busy);
  if (figures.times.failed > 0) {
    std::fprintf(stderr, "bench_load %s: %llu failed; the first was told: %s\n", verb.c_str(),
                 static_cast<unsigned long long>(figures.times.failed),
                 figures.first_failure.c_str());
  }
  return figures.times.failed == 0 && figures.times.done > 0 ? 0 : 1;
}

int list(const Side& side, const Options& options) {
  std::string path = config_maps(options.text("space", "bench"));
  if (options.text("target").empty()) path = "/list";
  ListFigures figures =
      run_lists(side, path, static_cast<int>(options.whole("page", 0)),
                options.number("seconds", 5), static_cast<int>(options.whole("times", 20)));
  std::printf("{");
  print("times", figures.times);
  std::printf(",\"bytes\":%llu,\"requests\":%llu,\"busy\":%.3f}\n",
              static_cast<unsigned long long>(figures.bytes),
              static_cast<unsigned long long>(figures.requests), figures.busy);
  return figures.times.failed == 0 ? 0 : 1;
}

int watch(const Side& side, const Options& options) {
  WatchPlan plan;
  plan.space = options.text("space", plan.space);
  plan.setting = options.text("setting");
  plan.watchers = options.whole("watchers", plan.watchers);
  plan.silent = options.whole("silent", plan.silent);
  plan.events = options.whole("events", plan.events);
  plan.window = options.whole("window", plan.window);
  plan.per_second = options.number("rate", plan.per_second);
  plan.value_bytes = options.whole("value", plan.value_bytes);
  plan.write_s = options.number("seconds", plan.write_s);
  plan.limit_s = options.number("limit", plan.limit_s);
  WatchLoad load(side, plan);
  WatchFigures f = load.run();
  std::printf("{\"open\":%zu,\"closed\":%zu,\"writes\":%llu,\"failed_writes\":%llu,", f.open,
              f.closed, static_cast<unsigned long long>(f.writes),
              static_cast<unsigned long long>(f.failed_writes));
  std::printf("\"delivered\":%llu,\"missing\":%llu,\"seconds\":%.4f,\"open_seconds\":%.3f,",
              static_cast<unsigned long long>(f.delivered),
              static_cast<unsigned long long>(f.missing), f.seconds, f.open_seconds);
  std::printf("\"busy\":%.3f,\"before_kib\":%ld,\"open_kib\":%ld,\"after_kib\":%ld,", f.busy,
              f.before_kib, f.open_kib, f.after_kib);
  print("each", f.each);
  std::printf(",");
  print("all", f.all);
  std::printf("}\n");
  return f.failed_writes == 0 && f.open == plan.watchers ? 0 : 1;
}

int pair(const Side& side, const Options& options) {
  auto other = side_of(options, "other-");
  if (!other) return 2;
  PairFigures f =
      run_pair(side, *other, config_maps(options.text("space", "bench")) + "/" + name_of(0),
               options.number("seconds", 5));
  std::printf("{");
  print("one", f.one);
  std::printf(",");
  print("other", f.other);
  std::printf("}\n");
  return f.one.failed + f.other.failed == 0 ? 0 : 1;
}

// What the disk does alone: small writes round a file that has its size already, as a log that is
// used again does, each made durable before the next.
int fsync_rate(const Options& options) {
  std::string path = options.text("dir", ".") + "/fsync-XXXXXX";
  int fd = mkstemp(path.data());
  if (fd < 0) {
    std::perror(path.c_str());
    return 1;
  }
  unlink(path.c_str());
  constexpr uint64_t kBlocks = 2048;
  std::string block(4096, 'b');
  for (uint64_t i = 0; i < kBlocks; ++i) {
    if (write(fd, block.data(), block.size()) < 0) return 1;
  }
  if (fsync(fd) != 0) return 1;
  load::Figures figures;
  std::vector<float> times;
  auto begin = Clock::now();
  while (ms_between(begin, Clock::now()) < options.number("seconds", 2) * 1000) {
    auto start = Clock::now();
    auto at = static_cast<off_t>(figures.done % kBlocks * block.size());
    if (pwrite(fd, block.data(), block.size(), at) < 0 || fdatasync(fd) != 0) return 1;
    times.push_back(static_cast<float>(ms_between(start, Clock::now())));
    ++figures.done;
  }
  figures.seconds = ms_between(begin, Clock::now()) / 1000;
  ::close(fd);
  load::quantiles(times, figures);
  std::printf("{");
  print("times", figures);
  std::printf("}\n");
  return 0;
}

int run(const std::string& command, const Options& options) {
  if (command == "fsync") return fsync_rate(options);
  auto side = side_of(options);
  if (!side) return 2;
  std::optional<TrivialServer> trivial;
  if (side->target.port == 0) {
    trivial.emplace(options.whole("answer", 1500), options.whole("list-bytes", 15 << 20),
                    options.whole("event", 600));
    side = trivial->side();
  }
  if (command == "create" || command == "get" || command == "update" || command == "path") {
    return requests(command, *side, options);
  }
  if (command == "list") return list(*side, options);
  if (command == "watch") return watch(*side, options);
  if (command == "pair") return pair(*side, options);
  if (command == "ready") {
    auto since = static_cast<int64_t>(std::atoll(options.text("since", "0").c_str()));
    double ms = run_ready(*side, since, options.number("limit", 60));
    std::printf("{\"ms\":%.2f}\n", ms);
    return ms >= 0 ? 0 : 1;
  }
  std::fprintf(stderr,
               "bench_load create|get|update|path|list|watch|pair|ready|fsync --target PORT\n");
  return 2;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  return bench::run(argc > 1 ? argv[1] : "", bench::Options(argc, argv));
}
