// Usage: what pods and nodes use now, where the cluster serves metrics.k8s.io; asked anew every 15
// seconds while it is looked at. Thread: the one thread. Owns: the figures by namespace and name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "web/client/lifetime.h"
#include "web/client/table_list.h"

namespace web {

class App;
struct ClusterView;

struct Use {
  double cpu = -1;     // cores
  double memory = -1;  // bytes
};

class Usage {
 public:
  // `plural` is pods or nodes. Of one object where `name` is given, else of all (in `ns`).
  void look(App& app, ClusterView& view, std::string_view plural, const std::string& ns,
            const std::string& name = {});
  bool known() const { return known_; }  // figures have come
  uint64_t version() const { return version_; }
  const Use* of(std::string_view ns, std::string_view name) const;

 private:
  void take(const Json& item);
  std::map<std::string, Use, std::less<>> uses_;
  std::string where_;
  double asked_at_ = -1e9;
  bool known_ = false, asking_ = false;
  uint64_t version_ = 0;
  Lifetime alive_;
};

std::string cpu_text(double cores);     // 212m, 12.4
std::string memory_text(double bytes);  // 198Mi, 3.2Gi

}  // namespace web
