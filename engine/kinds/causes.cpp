#include "engine/kinds/causes.h"

namespace engine {

void check_immutable(Causes& out, std::string_view field, const Json* value, const Json* old) {
  static const Json kNothing;
  const Json& now = value == nullptr ? kNothing : *value;
  const Json& before = old == nullptr ? kNothing : *old;
  if (!(now == before)) out.push_back(cause_invalid(std::string(field), now, "field is immutable"));
}

void add_reasons(Causes& out, std::string_view field, std::string_view value,
                 const std::vector<std::string>& reasons) {
  for (const std::string& reason : reasons)
    out.push_back(cause_invalid(std::string(field), Json(value), reason));
}

}  // namespace engine
