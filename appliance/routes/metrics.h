// Metrics: what the process counts, as Prometheus text. Requests by verb and resource with their
// durations; anything else is a gauge or counter that its owner adds a reader for. Thread: any.
// Owns: its numbers.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/http.h"

namespace appliance {

class Metrics {
 public:
  // What one request was: labels as kube-apiserver names them.
  struct RequestLabels {
    std::string_view verb, group, version, resource, subresource, scope;
  };
  void record(const RequestLabels& labels, int code, double seconds);

  enum class Type : uint8_t { gauge, counter };
  // `read` is called while metrics are printed. REQUIRES: added before requests are served.
  void add(std::string name, std::string help, Type type, std::function<double()> read);

  // Cumulative counts by upper bound, without the last (+Inf), which is `count`.
  struct Histogram {
    std::vector<std::pair<double, uint64_t>> buckets;
    uint64_t count = 0;
    double sum = 0;
  };
  void add_histogram(std::string name, std::string help, std::function<Histogram()> read);

  std::string print() const;
  engine::Response answer() const;

  static constexpr std::array<double, 12> kBuckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                   0.05,   0.1,   0.25,   0.5,   1,    5};

 private:
  struct Series {
    std::array<uint64_t, kBuckets.size()> buckets{};
    uint64_t count = 0;
    double sum = 0;
    std::map<int, uint64_t> codes;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::map<std::string, Series, std::less<>> series;  // by printed labels
  };
  struct Reader {
    std::string name, help;
    Type type;
    std::function<double()> read;
  };
  struct HistogramReader {
    std::string name, help;
    std::function<Histogram()> read;
  };
  static constexpr size_t kShards = 8;
  static constexpr size_t kSeriesMax = 4096;  // a shard takes no more label sets than that

  void print_requests(std::string& out) const;
  std::array<Shard, kShards> shards_;
  std::vector<Reader> readers_;
  std::vector<HistogramReader> histograms_;
};

// Memory, processor time, file descriptors and start of this process, read from /proc.
void add_process_metrics(Metrics& metrics);

}  // namespace appliance
