#include "appliance/routes/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>

namespace appliance {
namespace {

std::string label_value(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string printed(const Metrics::RequestLabels& labels) {
  std::string out;
  auto add = [&](std::string_view name, std::string_view value) {
    if (!out.empty()) out += ',';
    out.append(name).append("=\"").append(label_value(value)).append("\"");
  };
  add("group", labels.group);
  add("resource", labels.resource);
  add("scope", labels.scope);
  add("subresource", labels.subresource);
  add("verb", labels.verb);
  add("version", labels.version);
  return out;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_descriptors() {
  DIR* dir = opendir("/proc/self/fd");
  if (!dir) return 0;
  int count = -3;  // ".", ".." and the directory's own
  while (readdir(dir)) ++count;
  closedir(dir);
  return count;
}

double threads() {
  DIR* dir = opendir("/proc/self/task");
  if (!dir) return 0;
  int count = -2;
  while (readdir(dir)) ++count;
  closedir(dir);
  return count;
}

}  // namespace

void Metrics::record(const RequestLabels& labels, int code, double seconds) {
  std::string key = printed(labels);
  Shard& shard = shards_[std::hash<std::string>()(key) % kShards];
  std::lock_guard lock(shard.mutex);
  auto found = shard.series.find(key);
  if (found == shard.series.end()) {
    if (shard.series.size() >= kSeriesMax) return;
    found = shard.series.emplace(std::move(key), Series{}).first;
  }
  Series& series = found->second;
  ++series.count;
  series.sum += seconds;
  ++series.codes[code];
  for (size_t i = 0; i < kBuckets.size(); ++i)
    if (seconds <= kBuckets[i]) ++series.buckets[i];
}

void Metrics::add(std::string name, std::string help, Type type, std::function<double()> read) {
  readers_.push_back({std::move(name), std::move(help), type, std::move(read)});
}

void Metrics::add_histogram(std::string name, std::string help, std::function<Histogram()> read) {
  histograms_.push_back({std::move(name), std::move(help), std::move(read)});
}

void Metrics::print_requests(std::string& out) const {
  std::string totals;
  out +=
      "# HELP apiserver_request_duration_seconds Response latency distribution in seconds for "
      "each verb, group, version, resource, subresource and scope.\n"
      "# TYPE apiserver_request_duration_seconds histogram\n";
  for (const auto& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    for (const auto& [labels, series] : shard.series) {
      const std::string name = "apiserver_request_duration_seconds";
      for (size_t i = 0; i < kBuckets.size(); ++i)
        out += name + "_bucket{" + labels + ",le=\"" + number(kBuckets[i]) + "\"} " +
               std::to_string(series.buckets[i]) + "\n";
      out += name + "_bucket{" + labels + ",le=\"+Inf\"} " + std::to_string(series.count) + "\n";
      out += name + "_sum{" + labels + "} " + number(series.sum) + "\n";
      out += name + "_count{" + labels + "} " + std::to_string(series.count) + "\n";
      for (const auto& [code, count] : series.codes)
        totals += "apiserver_request_total{code=\"" + std::to_string(code) + "\"," + labels + "} " +
                  std::to_string(count) + "\n";
    }
  }
  out +=
      "# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, "
      "group, version, resource, scope and HTTP response code.\n"
      "# TYPE apiserver_request_total counter\n" +
      totals;
}

std::string Metrics::print() const {
  std::string out;
  for (const auto& reader : readers_) {
    // Labels in a name belong to its sample only.
    std::string bare = reader.name.substr(0, reader.name.find('{'));
    out += "# HELP " + bare + " " + reader.help + "\n# TYPE " + bare +
           (reader.type == Type::gauge ? " gauge\n" : " counter\n");
    out += reader.name + " " + number(reader.read()) + "\n";
  }
  for (const auto& [name, help, read] : histograms_) {
    const Histogram now = read();
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " histogram\n";
    for (const auto& [bound, count] : now.buckets)
      out += name + "_bucket{le=\"" + number(bound) + "\"} " + std::to_string(count) + "\n";
    out += name + "_bucket{le=\"+Inf\"} " + std::to_string(now.count) + "\n";
    out += name + "_sum " + number(now.sum) + "\n";
    out += name + "_count " + std::to_string(now.count) + "\n";
  }
  print_requests(out);
  return out;
}

engine::Response Metrics::answer() const {
  engine::Response out;
  out.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  out.body = print();
  return out;
}

void add_process_metrics(Metrics& metrics) {
  using Type = Metrics::Type;
  auto started = static_cast<double>(std::time(nullptr));
  metrics.add("process_resident_memory_bytes", "Resident memory size in bytes.", Type::gauge,
              resident_bytes);
  metrics.add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
              Type::counter, cpu_seconds);
  metrics.add("process_open_fds", "Number of open file descriptors.", Type::gauge,
              open_descriptors);
  metrics.add("process_threads", "Number of threads.", Type::gauge, threads);
  metrics.add("process_start_time_seconds", "Start time of the process since the epoch in seconds.",
              Type::gauge, [started] { return started; });
}

}  // namespace appliance
