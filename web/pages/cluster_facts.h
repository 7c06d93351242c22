// ClusterFacts: what the dashboard shows of a /v3 cluster object. Fractions are requested of
// allocatable; -1 where it is not known. Thread: a value. Owns: its strings.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "web/widgets/parts.h"

namespace web {

struct ClusterFacts {
  std::string id, name, state, reason, type, version, place, labels;
  Tone tone = Tone::kNeutral;
  bool waiting = false;  // for its agent
  int nodes = -1, nodes_ready = -1;
  float cpu = -1, memory = -1, pods = -1;
  double cpu_used = 0, cpu_all = 0, memory_used = 0, memory_all = 0;
  int64_t pods_used = -1, pods_all = -1;
  int64_t created = 0;
  bool matches(std::string_view filter) const;
  std::string nodes_text() const;
  static std::string percent(float fraction);
};

ClusterFacts cluster_facts(const engine::Json& cluster, int64_t wall_ms);
// 3900m, 16Gi, 4e3 as a number; -1 when it is none.
double parse_quantity(std::string_view text);

}  // namespace web
