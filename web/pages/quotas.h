// Quotas: the limits of projects and namespaces: their names and amounts in words, bars of what is
// used, and a form to change them. Thread: the one thread. Owns: what is typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace web {

using engine::Json;

struct QuotaField {
  const char *id, *label, *hint;
  enum { kCpu, kMemory, kCount } unit;
};
const std::vector<QuotaField>& quota_fields();
// What containers get that ask for nothing.
const std::vector<QuotaField>& container_fields();
std::string quota_label(std::string_view id);
// The quantity of one field; empty where there is none.
std::string quota_value(const Json* limits, std::string_view id);
// "2 cores", "4Gi", "20" from a quantity.
std::string quota_amount(std::string_view id, std::string_view quantity);
// The same of a number, in cores, bytes or pieces.
std::string quota_amount_of(std::string_view id, double amount);
// "CPU limit 2 cores, pods 20"; empty without limits.
std::string quota_words(const Json* limit);

struct QuotaUse {
  std::string id, used, limit;
  float fraction = 0;
};
std::vector<QuotaUse> quota_uses(const Json& project);
// What a project's quota would say with these namespaces in it too, a line each limit; `over`: one
// would not fit. They bring what they have, or get what the project gives each.
std::vector<std::string> quota_with(const Json& project, const std::vector<const Json*>& more,
                                    bool& over);
// One bar below the other; returns where they end.
float quota_bars(const std::vector<QuotaUse>& uses, float x, float y, float w);

// A project's limit and what a namespace gets by default, a row each; or, for a namespace, its
// limit alone, of the fields that its project has.
class QuotaForm {
 public:
  void load(const Json& project);
  float draw(float x, float y, float w);
  std::string problem() const;  // empty when it can be saved
  // Sets resourceQuota, namespaceDefaultResourceQuota and containerDefaultResourceLimit.
  void store(Json& project) const;

 private:
  struct Row {
    std::string id, limit, each;
  };
  std::vector<Row> rows_;
  std::string container_[4];
};

}  // namespace web
