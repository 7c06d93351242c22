// Reasons: why a pod is not well, in words, read from the object itself for the few rows in trouble
// that are on top of a list. Thread: the one thread. Owns: the words by uid.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "web/client/lifetime.h"
#include "web/client/table_list.h"

namespace web {

class App;

// "Container api exits with 137 (OOMKilled) at its limit of 256Mi"
std::string pod_reason(const engine::Json& pod);

class Reasons {
 public:
  void look(App& app, const std::string& base, const TableList& list,
            const std::vector<uint32_t>& order,
            const std::function<bool(const TableRow&)>& in_trouble);
  std::string_view of(std::string_view uid) const;
  uint64_t version() const { return version_; }

 private:
  struct Known {
    std::string cells, words;  // asked anew when the row's cells change
  };
  std::map<std::string, Known, std::less<>> known_;
  uint64_t version_ = 0;
  uint64_t seen_ = ~0ull;
  Lifetime alive_;
};

}  // namespace web
